"""Windows as a feature that a service takes in under its own resource name.

Windows open and close by themselves at their instants (durable timers); an officer may do so by hand too.
Either way goes through `opening`, `closing` and `extending`, where a service adds what it does then.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from pydantic import AwareDatetime, Field, model_validator
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, Line, Prose, RecordOut, columns
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.states import Verb
from kechuang.text import Text
from kechuang.timers import Timer, TimerHandler
from kechuang_procedure.windows.domain import Window, is_open, machine, sight

EXAMPLE = {
    "title": "2024年第一批申报",
    "target": "tech_micro",
    "city": "440700",
    "opens_at": "2024-04-01T01:00:00Z",
    "closes_at": "2024-04-30T10:00:00Z",
}


class WindowCreate(Input):
    """A window; opens and closes by itself. Instants carry their offset."""

    title: Line
    target: Line = Field(description="What it is for: a ladder node, a form, a programme")
    city: Line = Field(description="Area id", examples=["440700"])
    areas: list[Line] = Field(default_factory=list, description="Area ids; empty is the whole city")
    guide: Prose | None = None
    form: Line | None = None
    form_version: Line | None = None
    materials: list[Line] = Field(default_factory=list)
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    details: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.closes_at <= self.opens_at:
            raise ValueError("closes_at lies after opens_at")
        return self


class WindowPatch(Input):
    """What may be changed while a window is planned (JSON Merge Patch)."""

    title: Line | None = None
    guide: Prose | None = None
    materials: list[Line] | None = None
    areas: list[Line] | None = None
    details: dict[str, Any] | None = None


class WindowExtend(Input):
    """A later cut-off, and why."""

    closes_at: AwareDatetime
    reason: Prose


class WindowOut(RecordOut):
    """A window. Clients show `is_open` and never compare dates themselves."""

    title: str
    target: str
    guide: str | None
    form: str | None
    form_version: str | None
    materials: list[str]
    areas: list[str]
    opens_at: datetime
    closes_at: datetime
    is_open: bool
    details: dict[str, Any]


class Windows:
    """The windows of one kind in one service."""

    cut_off = "closes_at"
    """The cut-off's name on the wire."""

    def __init__(
        self,
        metadata: sa.MetaData,
        *,
        resource: str,
        singular: str,
        table: str,
        prefix: str,
        title: Text,
        verbs: tuple[Verb, ...] = (),
        filters: Mapping[str, Filter] | None = None,
    ) -> None:
        declared = record_table(
            table,
            metadata,
            prefix,
            sa.Column("title", sa.Text, nullable=False),
            sa.Column("target", sa.Text, nullable=False, index=True),
            sa.Column("guide", sa.Text),
            sa.Column("form", sa.Text),
            sa.Column("form_version", sa.Text),
            sa.Column("materials", ARRAY(sa.Text), nullable=False),
            sa.Column("areas", ARRAY(sa.Text), nullable=False),
            sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("details", JSONB, nullable=False),
            searched=True,
        )
        self.RESOURCE: Resource[Window] = Resource(
            name=resource,
            singular=singular,
            title=title,
            table=declared,
            record=Window,
            machine=machine(resource, *verbs),
            sight=sight,
            describe=lambda window: window.title,
            search=("title",),
            filters=filters or {"target": Filter("target", Text("事项", "Target"))},
        )
        self.records = Records(self.RESOURCE)
        self._opens, self._closes = f"{resource}.open", f"{resource}.close"
        self.timers: Mapping[str, TimerHandler] = {self._opens: self._by_timer, self._closes: self._by_timer}
        self.router: ResourceRouter[Window, Any] = self._routes()

    # -- for use cases -------------------------------------------------------------------------

    async def plan(self, uow: UnitOfWork, body: WindowCreate, *, pack: str | None = None) -> Window:
        """Plan a window and set the timers that open and close it; `pack` is the version it rests on."""
        window = await self.records.create(uow, **body.model_dump(), division=body.city, pack=pack)
        uow.schedule(self._opens, window.opens_at, window.id, window.version)
        uow.schedule(self._closes, window.closes_at, window.id, window.version)
        return window

    async def require_open(self, unit: UnitOfWork, window_id: str, pointer: str) -> Window:
        """Give a window that takes submissions now, or refuse."""
        window = await self.records.lookup_one(unit, id=window_id)
        if window is None:
            raise invalid(pointer, "window_unknown", "没有这个申报通知。", "There is no such window.")
        if not is_open(window, unit.now):
            raise Conflict(
                Text(f"该申报通知当前不开放（{window.opens_at:%Y-%m-%d} 至 {window.closes_at:%Y-%m-%d}）。",
                     f"The window is not open (from {window.opens_at.isoformat()} to {window.closes_at.isoformat()})."),
                code="window_not_open",
                extra={"opens_at": window.opens_at.isoformat(), "closes_at": window.closes_at.isoformat()},
            )  # fmt: skip
        return window

    async def _by_timer(self, uow: UnitOfWork, timer: Timer) -> None:
        window = await self.records.lookup_one(uow, lock=True, id=timer.record_id)
        if window is None:
            return
        if timer.kind == self._opens and window.state == "planned" and window.opens_at <= uow.now:
            await self.records.change(uow, window, "open", **await self.opening(uow, window))
        # An extension left the old timer behind: the instant on the record decides.
        elif timer.kind == self._closes and window.state == "open" and window.closes_at <= uow.now:
            await self.records.change(uow, window, "close", **await self.closing(uow, window))

    # -- acts ----------------------------------------------------------------------------------

    async def opening(self, uow: UnitOfWork, window: Window) -> dict[str, Any]:  # noqa: ARG002  for a service's own
        """What a service does when a window opens; gives column values that change with it."""
        return {}

    async def closing(self, uow: UnitOfWork, window: Window) -> dict[str, Any]:  # noqa: ARG002  for a service's own
        """What a service does when a window closes; gives column values that change with it."""
        return {}

    async def extending(self, uow: UnitOfWork, window: Window) -> None:
        """What a service does after a window was extended."""

    async def update(self, uow: UnitOfWork, record_id: str, **values: Any) -> Window:
        """Change columns of a planned window."""
        window = await self.records.load(uow, record_id, "update")
        return await self.records.change(uow, window, "update", **values)

    async def open_now(self, uow: UnitOfWork, record_id: str) -> Window:
        """Open a window before its instant."""
        window = await self.records.load(uow, record_id, "open")
        self.records.resource.machine.require("open", window.state)
        opens_at = min(window.opens_at, uow.now)
        return await self.records.change(
            uow, window, "open", opens_at=opens_at, **await self.opening(uow, window)
        )

    async def extend(self, uow: UnitOfWork, record_id: str, closes_at: datetime, reason: str) -> Window:
        """Move the cut-off to a later instant and set its timer."""
        window = await self.records.load(uow, record_id, "extend")
        if closes_at <= max(window.closes_at, uow.now):
            raise invalid(f"/{self.cut_off}", "not_later", "只能延后截止时间。", "A window is only extended.")
        uow.reason = reason
        extended = await self.records.change(uow, window, "extend", closes_at=closes_at)
        uow.schedule(self._closes, closes_at, extended.id, extended.version)
        await self.extending(uow, extended)
        return extended

    async def close_now(self, uow: UnitOfWork, record_id: str, reason: str | None) -> Window:
        """Close a window before its instant."""
        window = await self.records.load(uow, record_id, "close")
        self.records.resource.machine.require("close", window.state)
        uow.reason = reason
        closes_at = min(window.closes_at, uow.now)
        values = await self.closing(uow, replace(window, closes_at=closes_at))
        return await self.records.change(uow, window, "close", closes_at=closes_at, **values)

    async def conclude(self, uow: UnitOfWork, record_id: str, reason: str | None) -> Window:
        """All that came in was dealt with."""
        window = await self.records.load(uow, record_id, "conclude")
        uow.reason = reason
        return await self.records.change(uow, window, "conclude")

    # -- the HTTP edge -------------------------------------------------------------------------

    def _show(self, window: Window, unit: ReadUnit) -> WindowOut:
        fields = {name: getattr(window, name) for name in WindowOut.model_fields if name != "is_open"}
        return WindowOut(**fields, is_open=is_open(window, unit.now))

    def _routes(self) -> ResourceRouter[Window, Any]:
        router = ResourceRouter(self.records, WindowOut, show=self._show)

        @router.create(example=EXAMPLE)
        async def create(body: WindowCreate, uow: Write) -> Window:
            """Plan a window; it opens and closes by itself."""
            return await self.plan(uow, body)

        @router.update(example={"title": "2024年第一批申报"})
        async def update(record_id: RecordId, body: WindowPatch, uow: Write) -> Window:
            """Change a planned window; its instants are changed by `extend`."""
            values = {
                name: value for name, value in columns(body, only_set=True).items() if value is not None
            }
            return await self.update(uow, record_id, **values)

        @router.verb(
            "extend", example={"closes_at": "2024-05-10T10:00:00Z", "reason": "应企业要求延长十天。"}
        )
        async def extend(record_id: RecordId, body: WindowExtend, uow: Write) -> Window:
            """Move the cut-off to a later instant."""
            return await self.extend(uow, record_id, body.closes_at, body.reason)

        self.add_usual_verbs(router)
        return router

    def add_usual_verbs(self, router: ResourceRouter[Window, Any]) -> None:
        """Register `open`, `close` and `conclude`, which are the same for every window."""

        @router.verb("open")
        async def open_(record_id: RecordId, uow: Write) -> Window:
            """Open it now, before its instant."""
            return await self.open_now(uow, record_id)

        @router.verb("close", example=Because.example)
        async def close(record_id: RecordId, body: Because, uow: Write) -> Window:
            """Close it now, before its instant."""
            return await self.close_now(uow, record_id, body.reason)

        @router.verb("conclude", example=Because.example)
        async def conclude(record_id: RecordId, body: Because, uow: Write) -> Window:
            """All that came in was dealt with."""
            return await self.conclude(uow, record_id, body.reason)
