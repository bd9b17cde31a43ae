"""The fact base of an organisation: registration facts and its filings, verified before submitted ones."""

from collections.abc import Iterable
from datetime import date

from enterprise_registry.filings.checks import filed_facts
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.store import filings
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.vocabulary import Vocabulary
from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.organisations.store import organisations
from enterprise_registry.policy.facts import FactFormatError, stored, vocabulary_of
from enterprise_registry.policy.library import Library, library
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_packs import Pack


async def fact_base(
    unit: ReadUnit | UnitOfWork, pack: Pack, uscc: str, *, on: date, verified_only: bool = False
) -> FactBase:
    """Collect the facts of an organisation as known at the end of a day.

    A verified value comes before a submitted one, a correction before what it corrects. Statistical
    filings are never read.
    """
    shelf = library(unit)
    words = vocabulary_of(shelf.packs, pack)
    found: dict[FactRef, Filed] = {}
    organisation = await organisations.lookup_one(unit, uscc=uscc)
    if organisation is not None:
        found |= _registered(words, organisation)
    candidates = [
        each
        for each in await filings.lookup(unit, organisation=uscc, statistical=False)
        if each.state in (("verified",) if verified_only else ("verified", "submitted", "superseded"))
    ]
    for filing in _in_force(candidates, on):
        for ref, value in _of(shelf, words, filing, on).items():
            if value.verified or ref not in found or not found[ref].verified:
                found[ref] = value
    if verified_only:
        found = {ref: value for ref, value in found.items() if value.verified}
    return FactBase(words, on, found)


def _registered(words: Vocabulary, organisation: Organisation) -> dict[FactRef, Filed]:
    found: dict[FactRef, Filed] = {}
    for key, each in organisation.facts.items():
        fact = words.facts.get(key)
        if fact is None:
            continue
        try:
            found[key, None] = Filed(stored(fact, each["value"]), bool(each["verified"]))
        except FactFormatError:
            continue  # a later pack version reads the fact in another unit: unknown, never wrong
    return found


def _verified_by(filing: Filing, on: date) -> bool:
    return filing.verified_on is not None and filing.verified_on <= on


def _in_force(candidates: Iterable[Filing], on: date) -> list[Filing]:
    """What was known on the day, submitted ones first, so that verified ones are laid over them."""
    known = [each for each in candidates if each.submitted_on is not None and each.submitted_on <= on]
    replaced = {each.supersedes for each in known if _verified_by(each, on)}
    return sorted(
        (each for each in known if each.id not in replaced),
        key=lambda each: (_verified_by(each, on), each.created_at, each.id),
    )


def _of(shelf: Library, words: Vocabulary, filing: Filing, on: date) -> dict[FactRef, Filed]:
    form = shelf.form(shelf.stamped(filing.pack or ""), filing.form)
    return filed_facts(words, form, filing.period, filing.facts, verified=_verified_by(filing, on))
