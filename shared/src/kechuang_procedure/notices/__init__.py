"""Notices (公示): a list of items shown to the public for a legal period before they are decided."""

from kechuang_procedure.notices.domain import Notice
from kechuang_procedure.notices.feature import Notices

__all__ = ["Notice", "Notices"]
