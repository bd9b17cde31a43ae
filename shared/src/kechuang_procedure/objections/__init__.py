"""Objections (异议): in a real name, in writing, with evidence; they hold their item only."""

from kechuang_procedure.objections.domain import Objection
from kechuang_procedure.objections.feature import Objections

__all__ = ["Objection", "Objections"]
