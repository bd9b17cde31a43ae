"""The size class, and the line of those above scale, that follow from verified filings (统计上大中小微型企业划分办法)."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from enterprise_registry.assessments.factbases import FormOf, form_reader, gathered
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.periods import year_of
from enterprise_registry.filings.store import filings
from enterprise_registry.ladders.factbase import FactBase
from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.organisations.store import organisations
from enterprise_registry.organisations.use_cases import classify
from enterprise_registry.policy.facts import vocabulary_of
from enterprise_registry.policy.library import library
from kechuang.db.unit import UnitOfWork

SIZE_CLASS = "size_class"
SCALE_LINE = "scale_line"  # 规模以上（限额以上）: above or below


async def classify_after(uow: UnitOfWork, verified: Sequence[Filing]) -> None:
    """Compute both where one of these filings is the latest year that is verified; unknown inputs change nothing.

    Statistical filings are left out: they feed totals only. What is held is read at once, however many they are.
    """
    counting = [each for each in verified if not each.statistical]
    firms, stated = await _held(uow, [each.organisation or "" for each in counting])
    form_of = form_reader(library(uow))
    for filing in counting:
        uscc = filing.organisation or ""
        if uscc not in firms:
            continue
        found = _classes(uow, filing, firms[uscc], stated.get(uscc, ()), form_of)
        if found is not None:
            await classify(uow, uscc, *found)


async def _held(
    uow: UnitOfWork, usccs: Sequence[str]
) -> tuple[Mapping[str, Organisation], Mapping[str, Sequence[Filing]]]:
    """The organisations, and all that they filed but statistics."""
    wanted = sa.literal(sorted(set(usccs)), ARRAY(sa.Text))
    firms = await uow.execute(
        sa.select(*organisations.columns).where(organisations.table.c.uscc == sa.any_(wanted))
    )
    table = filings.table
    rows = await uow.execute(
        sa.select(*filings.columns).where(table.c.organisation == sa.any_(wanted), ~table.c.statistical)
    )
    stated: dict[str, list[Filing]] = {}
    for each in map(filings.row, rows):
        stated.setdefault(each.organisation or "", []).append(each)
    return {each.uscc: each for each in map(organisations.row, firms)}, stated


def _classes(
    uow: UnitOfWork, filing: Filing, firm: Organisation, stated: Sequence[Filing], form_of: FormOf
) -> tuple[str | None, bool | None] | None:
    """The size class and whether above scale by the filing's year; None where a later year is verified."""
    shelf = library(uow)
    words = vocabulary_of(shelf.packs, shelf.stamped(filing.pack or ""))
    facts = gathered(words, firm.facts, stated, form_of, on=uow.today, verified_only=True)
    base = FactBase(words, uow.today, facts)
    latest = max((year for _, year in base.filed if year is not None), default=year_of(filing.period))
    if latest != year_of(filing.period):
        return None
    size, line = (_of(base, key, base.on.year - latest) for key in (SIZE_CLASS, SCALE_LINE))
    return size, None if line is None else line == "above"


def _of(base: FactBase, key: str, years_ago: int) -> str | None:
    value = base.lookup(key, years_ago) if key in base.vocabulary.facts else None
    return value if isinstance(value, str) else None
