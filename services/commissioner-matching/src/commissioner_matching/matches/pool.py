"""Who could serve a need: commissioners as the ranking reads them, and the index of their works."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from commissioner_matching.commissioners.store import commissioners
from commissioner_matching.dispatches import ledger
from commissioner_matching.dispatches.store import dispatches
from commissioner_matching.integrity import barred
from commissioner_matching.matches.model import Candidate, Conflict
from commissioner_matching.matches.text import TextIndex, Work
from commissioner_matching.persons.domain import Person, conflicts_on
from commissioner_matching.persons.store import persons
from commissioner_matching.technical_needs.store import needs
from kechuang.db.unit import UnitOfWork

_KEPT = 8
_indexes: OrderedDict[tuple[str, str], TextIndex] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates of one city with their labels, and the index of their works; `corpus` names its state."""

    candidates: tuple[Candidate, ...]
    labels: Mapping[str, str]
    index: TextIndex
    corpus: str


async def pool_for(uow: UnitOfWork, city: str | None, organisation: str) -> Pool:
    """Give everybody enrolled in a city's programmes, as they stand today towards an organisation."""
    table = commissioners.table
    enrolled = [
        commissioners.row(row)
        for row in await uow.execute(
            sa.select(*commissioners.columns)
            .where(table.c.city == city, table.c.state.in_(("active", "suspended")))
            .order_by(table.c.id)
        )
    ]
    files = await _files(uow, sorted({each.person for each in enrolled}))
    enrolled = [each for each in enrolled if each.person in files]  # the others were merged elsewhere
    keys = {each.id: ledger.server_key("commissioner", each.id) for each in enrolled}
    taken = await ledger.loads(uow, list(keys.values()))
    results = await _results(uow)
    bars = await barred(uow, [*files], uow.today)
    candidates = []
    for each in enrolled:
        person = files[each.person]
        resolved, ended = results.get(each.id, (0, 0))
        stop = bars.get(each.person, "") or (each.number if each.state == "suspended" else "")
        candidates.append(
            Candidate(
                id=each.id, kind="commissioner", programmes=(each.programme,), capacity=each.capacity,
                disciplines=tuple(person.disciplines), chains=tuple(person.chains),
                place=tuple(area for area in (each.city, each.division) if area), suspended=stop,
                load=taken[keys[each.id]], resolved=resolved, ended=ended,
                conflicts=_ties(person, organisation, uow.today),
            )
        )  # fmt: skip
    versions = sum(each.version for each in (*enrolled, *files.values()))
    corpus = f"{city}:{len(enrolled)}:{len(files)}:{versions}"
    index = await _index(uow, corpus, {each.id: files[each.person] for each in enrolled})
    return Pool(tuple(candidates), {each.id: each.label for each in enrolled}, index, corpus)


async def _files(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, Person]:
    rows = await uow.execute(
        sa.select(*persons.columns).where(persons.table.c.id.in_(ids), persons.table.c.state == "active")
    )
    return {row.id: persons.row(row) for row in rows}


async def _results(uow: UnitOfWork) -> dict[str, tuple[int, int]]:
    """Per server: needs confirmed as solved, out of services for a need that ended."""
    served, need = dispatches.table, needs.table
    rows = await uow.execute(
        sa.select(
            served.c.server,
            sa.func.count().filter(need.c.state == "confirmed").label("resolved"),
            sa.func.count().label("ended"),
        )
        .join(need, need.c.id == served.c.need)
        .where(served.c.state.in_(("completed", "assessed")))
        .group_by(served.c.server)
    )
    return {row.server: (row.resolved, row.ended) for row in rows}


def _ties(person: Person, organisation: str, on: date) -> tuple[Conflict, ...]:
    return tuple(
        Conflict(organisation, each["kind"], each["evidence"])
        for each in conflicts_on(person, organisation, on)
    )


def _works(files: Mapping[str, Person]) -> list[Work]:
    """The works of every candidate; the profile's own words count as one."""
    found = []
    for candidate, person in files.items():
        if person.specialty:
            found.append(Work(f"{candidate}/specialty", candidate, person.specialty))
        for each in person.achievements:
            text = "\n".join(part for part in (each["title"], each.get("text")) if part)
            found.append(Work(f"{candidate}/{each['id']}", candidate, text))
    return found


async def _index(uow: UnitOfWork, corpus: str, files: Mapping[str, Person]) -> TextIndex:
    """Build the index outside the event loop, once for each state of the corpus."""
    key = (uow.database.settings.database_url.get_secret_value(), corpus)
    if key not in _indexes:
        _indexes[key] = await asyncio.to_thread(TextIndex.build, _works(files))
        while len(_indexes) > _KEPT:
            _indexes.popitem(last=False)
    return _indexes[key]
