"""What every service remembers of organisations and authorisations, fed by enterprise-registry's events.

Two small read models, the same in every service, with the version they have seen. The newest version
wins: the events are snapshots, so a repeated or late one changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from kechuang.access import Actor
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import NotPermitted, invalid
from kechuang.messaging.events import Received
from kechuang.messaging.handlers import AnyHandler, Handler
from kechuang.text import Text
from kechuang_contracts.enterprise_registry import (
    AuthorisationChanged,
    OrganisationChanged,
    RecognitionDecided,
    RecognitionEnded,
)

SIGNATORY = "enterprise_signatory"
ACTING_ROLES = frozenset({"enterprise_clerk", SIGNATORY, "sending_unit"})


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as the other services know it. `rungs` holds its dated recognitions."""

    uscc: str
    title: str
    kind: str
    scale: str | None
    state: str
    city: str | None
    division: str | None
    zones: Sequence[str]
    chains: Sequence[str]
    affiliates: Sequence[str]
    rungs: Sequence[dict[str, Any]]

    def holds(self, kind: str, on: date) -> bool:
        """Tell whether the organisation held a recognition of this kind on a day."""
        return any(
            each["kind"] == kind
            and date.fromisoformat(each["from"]) <= on
            and (each["to"] is None or on <= date.fromisoformat(each["to"]))
            for each in self.rungs
        )


def require_active(found: Party | None, pointer: str) -> Party:
    """Give an organisation that was found and is active, or refuse the field that names it."""
    if found is None:
        raise invalid(
            pointer, "organisation_unknown",
            "该单位尚未登记，或其登记信息尚未同步；请先完成登记。",
            "The organisation is not registered, or its registration has not arrived yet.",
        )  # fmt: skip
    if found.state != "active":
        raise invalid(
            pointer, "organisation_not_active",
            "该单位未处于正常状态，不能办理。", "The organisation is not active.",
        )  # fmt: skip
    return found


class Parties:
    """The read models of one service: its tables, its handlers, its questions."""

    def __init__(self, metadata: sa.MetaData) -> None:
        self.table = sa.Table(
            "party",
            metadata,
            sa.Column("uscc", sa.Text, primary_key=True),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("title", sa.Text, nullable=False),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("scale", sa.Text),
            sa.Column("state", sa.Text, nullable=False),
            sa.Column("city", sa.Text),
            sa.Column("division", sa.Text),
            sa.Column("zones", ARRAY(sa.Text), nullable=False),
            sa.Column("chains", ARRAY(sa.Text), nullable=False),
            sa.Column("affiliates", ARRAY(sa.Text), nullable=False),
        )
        self.rungs = sa.Table(
            "party_rung",
            metadata,
            sa.Column("recognition", sa.Text, primary_key=True),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("uscc", sa.Text, nullable=False, index=True),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("valid_from", sa.Date),
            sa.Column("valid_to", sa.Date),
            sa.Column("ended_on", sa.Date),
        )
        self.authorities = sa.Table(
            "authority",
            metadata,
            sa.Column("authorisation", sa.Text, primary_key=True),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("person", sa.Text, nullable=False),
            sa.Column("organisation", sa.Text, nullable=False),
            sa.Column("scopes", ARRAY(sa.Text), nullable=False),
            sa.Column("valid_from", sa.Date, nullable=False),
            sa.Column("valid_to", sa.Date),
            sa.Column("state", sa.Text, nullable=False),
            sa.Index("authority_person", "person", "organisation"),
        )

        self._many = self._select()

    def _select(self) -> sa.Select[Any]:
        """Make the one statement that reads parties with their rungs; every filing and every bid runs it."""
        table, rungs = self.table, self.rungs
        dates = sa.func.jsonb_build_object(
            "kind", rungs.c.kind,
            "from", rungs.c.valid_from,
            "to", sa.func.least(rungs.c.valid_to, rungs.c.ended_on),
        )  # fmt: skip
        held = (
            sa.select(sa.func.jsonb_agg(dates))
            .where(rungs.c.uscc == table.c.uscc, rungs.c.valid_from.is_not(None))
            .scalar_subquery()
        )
        names = [name for name in Party.__dataclass_fields__ if name != "rungs"]
        wanted = table.c.uscc == sa.func.any(sa.bindparam("usccs", type_=ARRAY(sa.Text)))
        return sa.select(*(table.c[name] for name in names), held.label("rungs")).where(wanted)

    # -- handlers ------------------------------------------------------------------------------

    def handlers(self) -> list[AnyHandler]:
        """Give the handlers to put into the service."""
        return [
            Handler(OrganisationChanged, self._organisation, name="parties"),
            Handler(RecognitionDecided, self._decided, name="parties"),
            Handler(RecognitionEnded, self._ended, name="parties"),
            Handler(AuthorisationChanged, self._authorisation, name="parties"),
        ]

    async def _organisation(self, uow: UnitOfWork, event: Received[OrganisationChanged]) -> None:
        await self.keep(uow, [(event.data, event.version)])

    async def keep(self, uow: UnitOfWork, told: Sequence[tuple[OrganisationChanged, int]]) -> None:
        """Take over snapshots of organisations, each with its version and each of another one, in one statement."""
        values = [
            {
                "uscc": data.uscc, "version": version, "title": data.title, "kind": data.kind,
                "scale": data.scale, "state": data.state, "city": data.city, "division": data.division,
                "zones": data.zones, "chains": data.chains, "affiliates": data.affiliates,
            }
            for data, version in told
        ]  # fmt: skip
        await _newest_wins(uow, self.table, "uscc", values)

    async def _authorisation(self, uow: UnitOfWork, event: Received[AuthorisationChanged]) -> None:
        data = event.data
        values = {
            "authorisation": event.aggregate, "version": event.version, "person": data.person,
            "organisation": data.organisation, "scopes": data.scopes, "valid_from": data.valid_from,
            "valid_to": data.valid_to, "state": data.state,
        }  # fmt: skip
        await _newest_wins(uow, self.authorities, "authorisation", [values])

    async def _decided(self, uow: UnitOfWork, event: Received[RecognitionDecided]) -> None:
        data = event.data
        statement = insert(self.rungs).values(
            recognition=event.aggregate, version=event.version, uscc=data.organisation, kind=data.kind,
            valid_from=data.valid_from, valid_to=data.valid_to,
        )  # fmt: skip
        # An end that arrived before its beginning stays: only the dates of the beginning are filled in.
        new = statement.excluded
        await uow.execute(
            statement.on_conflict_do_update(
                index_elements=["recognition"],
                set_={"valid_from": new.valid_from, "valid_to": new.valid_to},
            )
        )

    async def _ended(self, uow: UnitOfWork, event: Received[RecognitionEnded]) -> None:
        data = event.data
        if data.outcome == "corrected":
            return  # the corrected decision follows and writes its days over the old ones
        statement = insert(self.rungs).values(
            recognition=event.aggregate, version=event.version, uscc=data.organisation, kind=data.kind,
            ended_on=data.ended_on,
        )  # fmt: skip
        await uow.execute(
            statement.on_conflict_do_update(
                index_elements=["recognition"], set_={"ended_on": statement.excluded.ended_on}
            )
        )

    # -- questions -----------------------------------------------------------------------------

    async def find(self, unit: ReadUnit | UnitOfWork, uscc: str) -> Party | None:
        """Give an organisation, or None when its registration has not arrived (yet)."""
        found = await self.find_many(unit, [uscc])
        return found.get(uscc)

    async def find_many(self, unit: ReadUnit | UnitOfWork, usccs: Iterable[str]) -> dict[str, Party]:
        """Give organisations by code, in one query however many there are."""
        rows = await unit.execute(self._many, {"usccs": sorted(set(usccs))})
        return {row.uscc: Party(**{**row._mapping, "rungs": row.rungs or []}) for row in rows}  # noqa: SLF001

    async def require_active(self, unit: ReadUnit | UnitOfWork, uscc: str, pointer: str) -> Party:
        """Give an active organisation, or refuse the field that names it."""
        return require_active(await self.find(unit, uscc), pointer)

    async def require_authority(self, uow: UnitOfWork, organisation: str, scope: str) -> None:
        """Refuse a person without an authorisation of this scope (draft, submit, sign).

        A signatory (法定代表人) is vouched for by the identity provider and needs no letter.
        """
        actor: Actor = uow.actor
        if actor.is_system or SIGNATORY in actor.roles or not (actor.roles & ACTING_ROLES):
            return
        table = self.authorities
        row = (
            await uow.execute(
                sa.select(sa.literal(1)).where(
                    table.c.person == actor.person,
                    table.c.organisation == organisation,
                    table.c.state == "active",
                    table.c.scopes.contains([scope]),
                    table.c.valid_from <= uow.today,
                    sa.or_(table.c.valid_to.is_(None), table.c.valid_to >= uow.today),
                )
            )
        ).first()
        if row is None:
            raise NotPermitted(
                Text(
                    f"您没有该单位有效的“{_SCOPES[scope].zh}”授权，请由法定代表人授权后再办理。",
                    f"You hold no authorisation to {_SCOPES[scope].en} for this organisation; "
                    "ask its signatory to grant one.",
                ),
                code="authorisation_missing",
                extra={"scope": scope},
            )


_SCOPES = {"draft": Text("填报", "draft"), "submit": Text("提交", "submit"), "sign": Text("签署", "sign")}


async def _newest_wins(uow: UnitOfWork, table: sa.Table, key: str, values: Sequence[dict[str, Any]]) -> None:
    if not values:
        return
    statement = insert(table).values(list(values) if len(values) > 1 else values[0])
    changed = {name: statement.excluded[name] for name in values[0] if name != key}
    await uow.execute(
        statement.on_conflict_do_update(
            index_elements=[key], set_=changed, where=table.c.version < statement.excluded.version
        )
    )


__all__ = ["ACTING_ROLES", "Parties", "Party"]
