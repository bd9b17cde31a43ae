"""The enterprises of a city as they were known at the end of a day: place, industry, size, facts of registration.

An organisation's row holds the present. What changed since the day is read back from its history, so a portrait
of last year that is made again today is made of last year's data.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from enterprise_registry.organisations.store import organisations
from kechuang.clock import end_of_day
from kechuang.db.tables import history
from kechuang.db.unit import ReadUnit, UnitOfWork

CHUNK = 200
_COLUMNS = ("id", "uscc", "number", "name", "state", "kind", "city", "division", "zones", "industry", "scale", "facts",
            "updated_at")  # fmt: skip
_table = organisations.table


@dataclass(frozen=True, slots=True)
class Profile:
    """An enterprise on the day. `industry` is a code of GB/T 4754, `scale` a size class."""

    id: str
    uscc: str
    number: str
    name: str
    state: str
    kind: str
    city: str | None
    division: str | None
    zones: Sequence[str]
    industry: str | None
    scale: str | None
    facts: Mapping[str, Mapping[str, Any]]

    @property
    def industry_division(self) -> str | None:
        """The division of the industry (大类): the first two digits, after the letter of the section if one is given."""
        digits = (self.industry or "").lstrip("ABCDEFGHIJKLMNOPQRST")
        return digits[:2] if len(digits) >= 2 else None  # noqa: PLR2004  a division has two digits


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """Who is compared: enterprises of a city, of one industry division, of one size, or of both."""

    city: str
    industry: str | None = None
    scale: str | None = None

    def holds(self, each: Profile) -> bool:
        """Whether an enterprise belongs to it."""
        return (
            each.city == self.city
            and each.kind == "enterprise"
            and each.state == "active"
            and self.industry in (None, each.industry_division)
            and self.scale in (None, each.scale)
        )


def widening(profile: Profile) -> list[PeerGroup]:
    """The groups to try in turn: industry × size, industry, size, the whole city.

    What is unknown of the enterprise is no ground to compare by, so those steps are left out.
    """
    city, industry, scale = profile.city or "", profile.industry_division, profile.scale
    steps = [
        PeerGroup(city, industry, scale) if industry and scale else None,
        PeerGroup(city, industry, None) if industry else None,
        PeerGroup(city, None, scale) if scale else None,
        PeerGroup(city),
    ]
    return [each for each in steps if each is not None]


async def profile_of(unit: ReadUnit | UnitOfWork, uscc: str, on: date) -> Profile | None:
    """One organisation as known on the day; None when it was not registered yet."""
    end = end_of_day(on)
    rows = await unit.execute(_select().where(_table.c.uscc == uscc, _table.c.created_at < end))
    found = await _known_then(unit, list(rows), end)
    return found[0] if found else None


async def members(
    unit: ReadUnit | UnitOfWork, group: PeerGroup, on: date, usccs: Sequence[str] | None = None
) -> AsyncIterator[list[Profile]]:
    """Give the members of a group on the day in chunks by credit code; `usccs` narrows to some."""
    end = end_of_day(on)
    now = [_table.c.city == group.city]
    if group.industry is not None:
        now.append(
            sa.func.left(sa.func.ltrim(_table.c.industry, "ABCDEFGHIJKLMNOPQRST"), 2) == group.industry
        )
    if group.scale is not None:
        now.append(_table.c.scale == group.scale)
    statement = _select().where(
        _table.c.kind == "enterprise",
        _table.c.created_at < end,
        sa.or_(sa.and_(*now), _table.c.updated_at >= end),
    )
    if usccs is not None:
        statement = statement.where(_table.c.uscc.in_(usccs))
    after = ""
    while True:
        page = statement.where(_table.c.uscc > after).order_by(_table.c.uscc).limit(CHUNK)
        rows = list(await unit.execute(page))
        if not rows:
            return
        after = rows[-1].uscc
        found = [each for each in await _known_then(unit, rows, end) if group.holds(each)]
        if found:
            yield found


def _select() -> sa.Select[Any]:
    return sa.select(*(_table.c[name] for name in _COLUMNS))


async def _known_then(unit: ReadUnit | UnitOfWork, rows: Sequence[Any], end: datetime) -> list[Profile]:
    changed = [row.id for row in rows if row.updated_at >= end]
    earlier = await _replayed(unit, changed, end) if changed else {}
    found: list[Profile] = []
    for row in rows:
        now = Profile(**{name: getattr(row, name) for name in _COLUMNS if name != "updated_at"})
        found.append(replace(now, **earlier[row.id]) if row.id in earlier else now)
    return found


async def _replayed(
    unit: ReadUnit | UnitOfWork, ids: Sequence[str], end: datetime
) -> dict[str, dict[str, Any]]:
    """What history says of organisations before an instant: the last value of each field."""
    told = ("name", "kind", "city", "division", "zones", "industry", "scale", "facts")
    statement = (
        sa.select(history.c.record_id, history.c.to_state, history.c.changes)
        .where(history.c.resource == "organisations", history.c.record_id.in_(ids), history.c.at < end)
        .order_by(history.c.record_id, history.c.version)
    )
    blank: dict[str, Any] = {"zones": [], "industry": None, "scale": None, "facts": {}}
    found: dict[str, dict[str, Any]] = {}
    for row in await unit.execute(statement):
        then = found.setdefault(row.record_id, dict(blank))
        then |= {name: row.changes[name] for name in told if name in row.changes}
        then["state"] = row.to_state
    return found
