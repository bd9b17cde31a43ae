"""Everything that is known of many organisations on a day, read in a few statements whatever their number.

Verified filings as known on the day (a later correction changes nothing), recognitions held, confirmed records,
and what other services told. No statistical filing is ever read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from enterprise_registry.assessments.factbases import form_reader, sourced
from enterprise_registry.filings.store import filings
from enterprise_registry.ladders.factbase import FactBase, FactRef
from enterprise_registry.policy.facts import vocabulary_of
from enterprise_registry.policy.library import Library
from enterprise_registry.portraits import heard
from enterprise_registry.portraits.engine import Kind, Known, Model, Origin, compile_model
from enterprise_registry.portraits.population import Profile
from enterprise_registry.recognitions.counts import held_on
from enterprise_registry.recognitions.store import table as recognition
from enterprise_registry.registers.store import records
from enterprise_registry.scoring_models.domain import ScoringModel
from kechuang.clock import end_of_day
from kechuang.db.tables import history
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_packs import Pack
from kechuang_procedure.registers.domain import HELD_STATES

_FILED = ("id", "number", "organisation", "state", "form", "period", "facts", "pack", "submitted_on", "verified_on",
          "supersedes")  # fmt: skip
_EVENTS = {"need_resolved": "技术需求解决", "project_awarded": "揭榜立项", "contract_signed": "签订合同"}


@dataclass(frozen=True, slots=True)
class Reader:
    """A model made ready: compiled under the pack version that it was written for."""

    shelf: Library
    pack: Pack
    model: Model

    @classmethod
    def of(cls, shelf: Library, model: ScoringModel) -> "Reader":
        """Compile a stored model."""
        pack = shelf.stamped(model.pack or "")
        words = vocabulary_of(shelf.packs, pack)
        return cls(shelf, pack, compile_model(model.parsed(), words, lambda ref: shelf.canonical(pack, ref)))

    async def read(self, unit: ReadUnit | UnitOfWork, profiles: Sequence[Profile], on: date) -> list[Known]:
        """Read what is known of these organisations at the end of the day."""
        usccs = [each.uscc for each in profiles]
        filed = await _filings(unit, usccs, on)
        held = await _held(unit, usccs, on)
        counted = await _counted(unit, self.shelf, self.pack, usccs, on)
        words, form_of = vocabulary_of(self.shelf.packs, self.pack), form_reader(self.shelf)
        found: list[Known] = []
        for each in profiles:
            rows = filed.get(each.uscc, [])
            stated = sourced(words, each.facts, rows, form_of, on=on, verified_only=True)
            by_id = {row.id: Origin("filing", row.id, row.number, f"{row.form} {row.period}") for row in rows}
            registered = Origin("organisation", each.id, each.number, each.name)
            origins: dict[FactRef, Origin] = {
                ref: registered if one.filing is None else by_id[one.filing] for ref, one in stated.items()
            }
            base = FactBase(words, on, {ref: one.filed for ref, one in stated.items()})
            found.append(
                Known(
                    each.uscc, base, origins, held.get(each.uscc, {}), _Counts(counted.get(each.uscc, ()), on)
                )
            )
        return found


@dataclass(frozen=True, slots=True)
class _Counted:
    kind: Kind
    what: str
    on: date
    origin: Origin


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts of one organisation's records and events."""

    found: Sequence[_Counted]
    on: date

    def __call__(self, kind: Kind, what: str, months: int) -> list[Origin]:
        """Events count within the months before the day, records as long as they hold."""
        first = months_before(self.on, months)
        return [
            each.origin
            for each in self.found
            if (each.kind, each.what) == (kind, what) and (kind != "event" or each.on > first)
        ]


def months_before(day: date, months: int) -> date:
    """The same day some months earlier, or the last one of that month.

    >>> months_before(date(2024, 3, 31), 1)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


async def _filings(unit: ReadUnit | UnitOfWork, usccs: Sequence[str], on: date) -> Mapping[str, list[Any]]:
    table = filings.table
    statement = sa.select(*(table.c[name] for name in _FILED)).where(
        table.c.organisation.in_(usccs),
        table.c.statistical.is_(False),
        table.c.state.in_(("verified", "superseded")),
        table.c.verified_on <= on,
    )
    found: dict[str, list[Any]] = {}
    for row in await unit.execute(statement.order_by(table.c.period, table.c.id)):
        found.setdefault(row.organisation, []).append(row)
    return found


async def _held(
    unit: ReadUnit | UnitOfWork, usccs: Sequence[str], on: date
) -> Mapping[str, dict[str, Origin]]:
    statement = sa.select(
        recognition.c.organisation,
        recognition.c.node,
        recognition.c.kind,
        recognition.c.id,
        recognition.c.number,
    ).where(recognition.c.organisation.in_(usccs), held_on(on), recognition.c.created_at < end_of_day(on))
    found: dict[str, dict[str, Origin]] = {}
    for row in await unit.execute(statement.order_by(recognition.c.valid_from, recognition.c.id)):
        found.setdefault(row.organisation, {})[row.node] = Origin("recognition", row.id, row.number, row.kind)
    return found


async def _counted(
    unit: ReadUnit | UnitOfWork, shelf: Library, pack: Pack, usccs: Sequence[str], on: date
) -> Mapping[str, list[_Counted]]:
    found: dict[str, list[_Counted]] = {}
    for uscc, events in (await heard.counted(unit, usccs, on)).items():
        found[uscc] = [
            _Counted("event", kind, day, Origin("event", record, None, f"{_EVENTS.get(kind, kind)} {day}"))
            for kind, record, day in events
        ]
    groups = {
        kind.code: kind.group for each in shelf.packs.visible(pack).packs for kind in each.registers.kinds
    }
    table, last = records.table, records.counting.last
    statement = sa.select(
        table.c.organisation, table.c.kind, table.c.id, table.c.number, table.c.title
    ).where(
        table.c.organisation.in_(usccs),
        table.c.state.in_(HELD_STATES),
        table.c.standing == "counted",
        table.c.valid_from <= on,
        sa.or_(last.is_(None), last >= on),
        # One that was reported before the day and confirmed after it was not known yet.
        sa.exists().where(
            history.c.record_id == table.c.id, history.c.verb == "confirm", history.c.at < end_of_day(on)
        ),
    )
    for row in await unit.execute(statement.order_by(table.c.valid_from, table.c.id)):
        origin = Origin("register_record", row.id, row.number, row.title)
        kept = found.setdefault(row.organisation, [])
        kept.append(_Counted("register", row.kind, on, origin))
        if row.kind in groups:
            kept.append(_Counted("register_group", groups[row.kind], on, origin))
    return found
