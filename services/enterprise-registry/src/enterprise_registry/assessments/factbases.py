"""The fact base of an organisation: registration facts and its filings, verified before submitted ones."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from enterprise_registry.filings.checks import filed_facts
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.store import filings
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.vocabulary import Vocabulary
from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.organisations.store import organisations
from enterprise_registry.policy.facts import FactFormatError, stored, vocabulary_of
from enterprise_registry.policy.library import library
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_packs import Pack

_READ = ("submitted", "verified", "superseded")


async def fact_base(
    unit: ReadUnit | UnitOfWork, pack: Pack, uscc: str, *, on: date, verified_only: bool = False
) -> FactBase:
    """Collect the facts of an organisation as known at the end of a day.

    A verified value comes before a submitted one, a correction before what it corrects, and of a fact with
    one value only the latest statement counts. Statistical filings are never read.
    """
    shelf = library(unit)
    words = vocabulary_of(shelf.packs, pack)
    stated: list[_Stated] = []
    organisation = await organisations.lookup_one(unit, uscc=uscc)
    if organisation is not None:
        stated += _registered(words, organisation)
    day = date.min
    for filing in _in_force(await filings.lookup(unit, organisation=uscc, statistical=False), on):
        # A year that was verified late does not state anew what a later year has stated since.
        day = max(day, (filing.verified_on if _verified_by(filing, on) else filing.submitted_on) or on)
        form = shelf.form(shelf.stamped(filing.pack or ""), filing.form)
        values = filed_facts(words, form, filing.period, filing.facts, verified=_verified_by(filing, on))
        stated += [_Stated(day, filing.period, ref, each) for ref, each in values.items()]
    stated.sort(key=lambda each: (each.filed.verified, each.day, each.period))
    return FactBase(
        words, on, {each.ref: each.filed for each in stated if each.filed.verified or not verified_only}
    )


class _Stated(NamedTuple):
    """A fact as it was stated: what has one value only is taken from the latest statement."""

    day: date
    period: str
    ref: FactRef
    filed: Filed


def _registered(words: Vocabulary, organisation: Organisation) -> Iterator[_Stated]:
    for key, each in organisation.facts.items():
        fact = words.facts.get(key)
        if fact is None:
            continue
        try:
            filed = Filed(stored(fact, each["value"]), bool(each["verified"]))
        except FactFormatError:
            continue  # a later pack version reads the fact in another unit: unknown, never wrong
        yield _Stated(date.fromisoformat(each["on"]), "", (key, None), filed)


def _verified_by(filing: Filing, on: date) -> bool:
    return filing.verified_on is not None and filing.verified_on <= on


def _in_force(found: Iterable[Filing], on: date) -> list[Filing]:
    """The filings known on the day, without those that a correction verified by then replaced."""
    known = [
        each
        for each in found
        if each.state in _READ and each.submitted_on is not None and each.submitted_on <= on
    ]
    replaced = {each.supersedes for each in known if _verified_by(each, on)}
    return sorted((each for each in known if each.id not in replaced), key=lambda each: each.period)
