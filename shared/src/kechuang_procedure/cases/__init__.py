"""Cases (事项): assistance, plans, visits, campaigns, supervision: an owner, a last day, measures, a confirmed end."""

from kechuang_procedure.cases.domain import Case
from kechuang_procedure.cases.feature import Cases
from kechuang_procedure.cases.hooks import CasePlace
from kechuang_procedure.cases.kinds import Kind, Level, Limits

__all__ = ["Case", "CasePlace", "Cases", "Kind", "Level", "Limits"]
