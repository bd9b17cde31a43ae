"""Who could be drawn: the city's active experts, by pseudonyms, with the reasons for recusal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from commissioner_matching.expert_draws.domain import ExpertDraw
from commissioner_matching.expert_draws.seating import Candidate
from commissioner_matching.expert_draws.sequence import pseudonym
from commissioner_matching.experts.domain import Expert
from commissioner_matching.experts.store import experts
from commissioner_matching.integrity import barred
from commissioner_matching.metadata import parties
from commissioner_matching.persons.domain import Person, conflicts_on
from commissioner_matching.persons.store import persons
from kechuang.db.unit import UnitOfWork
from kechuang.personal import Secret
from kechuang.personal.store import vault

_FIRST_LEVEL = 3  # characters of a first-level code of GB/T 13745


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates by pseudonym, and who they are."""

    candidates: tuple[Candidate, ...]
    people: Mapping[str, Mapping[str, str]]


async def pool_of(uow: UnitOfWork, draw: ExpertDraw, declared: Mapping[str, str]) -> Pool:
    """Gather the pool; `declared` are recusals by expert id that officers know of, with their reason."""
    enrolled = await experts.lookup(uow, city=draw.city, state="active")
    rows = await uow.execute(
        sa.select(*persons.columns).where(
            persons.table.c.id.in_([each.person for each in enrolled]), persons.table.c.state == "active"
        )
    )
    files = {row.id: persons.row(row) for row in rows}
    recused = await _with_affiliates(uow, draw.recused_organisations)
    bars = await barred(uow, list(files), uow.today)
    key = vault(uow).index("expert-draw", Secret(draw.id))
    wanted = {each["kind"] for each in draw.strata}
    candidates, people = [], {}
    for each in enrolled:
        person = files.get(each.person)
        if person is None:  # merged into another file: one person has one chance
            continue
        kinds = _kinds(each, person, wanted, draw.disciplines)
        if not kinds:
            continue
        name = pseudonym(key, draw.id, each.id)
        employer = pseudonym(key, draw.id, person.organisation or person.employer)
        reason = "declared" if each.id in declared else _recusal(draw, person, recused, uow.today)
        if not reason and person.id in bars:
            reason = "integrity_record"
        candidates.append(Candidate(name, employer, kinds, reason))
        people[name] = {"expert": each.id, "person": person.id, "label": each.label}
    return Pool(tuple(candidates), people)


async def _with_affiliates(uow: UnitOfWork, organisations: Iterable[str]) -> set[str]:
    found = set(organisations)
    for each in (await parties.find_many(uow, found)).values():
        found |= set(each.affiliates)
    return found


def _kinds(expert: Expert, person: Person, wanted: set[str], disciplines: Iterable[str]) -> tuple[str, ...]:
    """What the expert can sit as; as a technical one only within the disciplines that are asked for."""
    asked = [each[:_FIRST_LEVEL] for each in disciplines]
    fits = not asked or any(each[:_FIRST_LEVEL] in asked for each in person.disciplines)
    return tuple(kind for kind in expert.kinds if kind in wanted and (kind != "technical" or fits))


def _recusal(draw: ExpertDraw, person: Person, organisations: set[str], on: date) -> str:
    if person.id in draw.recused_persons:
        return "named"
    if person.organisation in organisations:
        return "employer"
    if any(conflicts_on(person, each, on) for each in sorted(organisations)):
        return "conflict_of_interest"
    return ""
