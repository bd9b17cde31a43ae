"""The size class that follows from a verified filing (统计上大中小微型企业划分办法)."""

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.periods import year_of
from enterprise_registry.organisations.use_cases import classify
from enterprise_registry.policy.library import library
from kechuang.db.unit import UnitOfWork

SIZE_CLASS = "size_class"


async def classify_after(uow: UnitOfWork, filing: Filing) -> None:
    """Compute the size class for the latest year that is verified; unknown inputs change nothing."""
    uscc = filing.organisation or ""
    shelf = library(uow)
    pack = shelf.stamped(filing.pack or "")
    base = await fact_base(uow, pack, uscc, on=uow.today, verified_only=True)
    if SIZE_CLASS not in base.vocabulary.facts:
        return
    latest = max((year for _, year in base.filed if year is not None), default=year_of(filing.period))
    if latest != year_of(filing.period):
        return
    value = base.lookup(SIZE_CLASS, base.on.year - latest)
    await classify(uow, uscc, value if isinstance(value, str) else None)
