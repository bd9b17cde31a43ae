"""The size class, and the line of those above scale, that follow from a verified filing (统计上大中小微型企业划分办法)."""

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.periods import year_of
from enterprise_registry.ladders.factbase import FactBase
from enterprise_registry.organisations.use_cases import classify
from enterprise_registry.policy.library import library
from kechuang.db.unit import UnitOfWork

SIZE_CLASS = "size_class"
SCALE_LINE = "scale_line"  # 规模以上（限额以上）: above or below


async def classify_after(uow: UnitOfWork, filing: Filing) -> None:
    """Compute them for the latest year that is verified; unknown inputs change nothing."""
    uscc = filing.organisation or ""
    shelf = library(uow)
    pack = shelf.stamped(filing.pack or "")
    base = await fact_base(uow, pack, uscc, on=uow.today, verified_only=True)
    latest = max((year for _, year in base.filed if year is not None), default=year_of(filing.period))
    if latest != year_of(filing.period):
        return
    years_ago = base.on.year - latest
    size, line = (_of(base, key, years_ago) for key in (SIZE_CLASS, SCALE_LINE))
    await classify(uow, uscc, size, None if line is None else line == "above")


def _of(base: FactBase, key: str, years_ago: int) -> str | None:
    value = base.lookup(key, years_ago) if key in base.vocabulary.facts else None
    return value if isinstance(value, str) else None
