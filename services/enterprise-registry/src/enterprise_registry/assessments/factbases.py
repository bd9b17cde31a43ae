"""The fact base of an organisation: registration facts and its filings, verified before submitted ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy.engine import Row

from enterprise_registry.filings.checks import filed_facts
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.store import filings
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.vocabulary import Vocabulary
from enterprise_registry.organisations.store import organisations
from enterprise_registry.policy.facts import FactFormatError, stored, vocabulary_of
from enterprise_registry.policy.library import Library, library
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_packs import Pack
from kechuang_packs.models.content import FormDefinition

_READ = ("submitted", "verified", "superseded")


Statement = Filing | Row[Any]
"""A filing's record, or a row of a query that reads the same columns of many."""

FormOf = Callable[[str, str], FormDefinition]
"""The form of a pack version (`id@version`) by its code."""


async def fact_base(
    unit: ReadUnit | UnitOfWork, pack: Pack, uscc: str, *, on: date, verified_only: bool = False
) -> FactBase:
    """Collect the facts of an organisation as known at the end of a day.

    A verified value comes before a submitted one, a correction before what it corrects, and of a fact with
    one value only the latest statement counts. Statistical filings are never read.
    """
    shelf = library(unit)
    words = vocabulary_of(shelf.packs, pack)
    organisation = await organisations.lookup_one(unit, uscc=uscc)
    registered = {} if organisation is None else organisation.facts
    found = await filings.lookup(unit, organisation=uscc, statistical=False)
    facts = gathered(words, registered, found, form_reader(shelf), on=on, verified_only=verified_only)
    return FactBase(words, on, facts)


def form_reader(shelf: Library) -> FormOf:
    """Give forms by pack version and code, each looked up once."""
    return cache(lambda pack, code: shelf.form(shelf.stamped(pack), code))


def gathered(
    words: Vocabulary,
    registered: Mapping[str, Mapping[str, Any]],
    found: Iterable[Statement],
    form_of: FormOf,
    *,
    on: date,
    verified_only: bool = False,
) -> dict[FactRef, Filed]:
    """Gather what was registered and filed into facts."""
    stated = sourced(words, registered, found, form_of, on=on, verified_only=verified_only)
    return {ref: each.filed for ref, each in stated.items()}


def sourced(
    words: Vocabulary,
    registered: Mapping[str, Mapping[str, Any]],
    found: Iterable[Statement],
    form_of: FormOf,
    *,
    on: date,
    verified_only: bool = False,
) -> dict[FactRef, "Stated"]:
    """Give each fact with the statement it is taken from; the one place that says which statement counts."""
    stated = list(_registered(words, registered))
    day = date.min
    for filing in _in_force(found, on):
        # A year that was verified late does not state anew what a later year has stated since.
        day = max(day, (filing.verified_on if _verified_by(filing, on) else filing.submitted_on) or on)
        form = form_of(filing.pack or "", filing.form)
        values = filed_facts(words, form, filing.period, filing.facts, verified=_verified_by(filing, on))
        stated += [Stated(day, filing.period, ref, each, filing.id) for ref, each in values.items()]
    stated.sort(key=lambda each: (each.filed.verified, each.day, each.period))
    return {each.ref: each for each in stated if each.filed.verified or not verified_only}


class Stated(NamedTuple):
    """A fact as it was stated: what has one value only is taken from the latest statement.

    `filing` is the id of the filing that states it, None for a fact of registration.
    """

    day: date
    period: str
    ref: FactRef
    filed: Filed
    filing: str | None


def _registered(words: Vocabulary, registered: Mapping[str, Mapping[str, Any]]) -> Iterator[Stated]:
    for key, each in registered.items():
        fact = words.facts.get(key)
        if fact is None:
            continue
        try:
            filed = Filed(stored(fact, each["value"]), bool(each["verified"]))
        except FactFormatError:
            continue  # a later pack version reads the fact in another unit: unknown, never wrong
        yield Stated(date.fromisoformat(each["on"]), "", (key, None), filed, None)


def _verified_by(filing: Statement, on: date) -> bool:
    return filing.verified_on is not None and filing.verified_on <= on


def _in_force(found: Iterable[Statement], on: date) -> list[Statement]:
    """The filings known on the day, without those that a correction verified by then replaced."""
    known = [
        each
        for each in found
        if each.state in _READ and each.submitted_on is not None and each.submitted_on <= on
    ]
    replaced = {each.supersedes for each in known if _verified_by(each, on)}
    return sorted((each for each in known if each.id not in replaced), key=lambda each: each.period)
