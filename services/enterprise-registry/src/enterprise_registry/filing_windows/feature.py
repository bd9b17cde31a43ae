"""Filing windows as the common windows, with a roster, reminders and their own names on the wire."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from enterprise_registry.filing_windows import planning, roster
from enterprise_registry.filing_windows.domain import REMIND, reminded, reminder_instants
from enterprise_registry.filing_windows.schemas import (
    EXAMPLE,
    FilingWindowCreate,
    FilingWindowExtend,
    FilingWindowOut,
    FilingWindowPatch,
    FilingWindowRoster,
)
from enterprise_registry.filing_windows.store import roster_entry
from enterprise_registry.messages import notify_to
from enterprise_registry.metadata import metadata
from enterprise_registry.policy.library import library, stamp
from kechuang import access
from kechuang.clock import SHANGHAI
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.resources import Filter
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_procedure.windows import Window, WindowCreate, Windows
from kechuang_procedure.windows.domain import is_open

_FAULTS_SHOWN = 200


class FilingWindows(Windows):
    """Windows for filings: the target is a form, `details` hold period, roster's rule and reminders."""

    cut_off = "due_at"

    def __init__(self) -> None:
        super().__init__(
            metadata, resource="filing-windows", singular="filing_window", table="filing_window", prefix="FW",
            title=Text("填报通知", "Filing window"), verbs=(REMIND,),
            filters={
                "form": Filter("target", Text("表单", "Form")),
                "period": Filter("details", Text("期别", "Period"), condition=self._of_period),
            },
        )  # fmt: skip
        self._reminds = "filing-windows.remind"
        self.timers = {**self.timers, self._reminds: self._remind_by_timer}

    def _of_period(self, period: str, _: date) -> sa.ColumnElement[bool]:
        return sa.type_coerce(self.records.table.c.details["period"].astext == period, sa.Boolean)

    # -- planning ------------------------------------------------------------------------------

    async def announce(self, uow: UnitOfWork, body: FilingWindowCreate) -> Window:
        """Plan a window for a form and a period; a given list is kept with it, a rule waits for the opening."""
        shelf = library(uow)
        pack = shelf.require_city_pack(body.city, uow.today)
        form = planning.form_of(shelf, pack, body.form, body.period)
        details = {
            "period": body.period,
            "roster": planning.rule_of(shelf, pack, body.roster),
            "remind_days_before": body.remind_days_before,
        }
        window = await self.plan(
            uow,
            WindowCreate(
                title=body.title, target=form.code, city=body.city, areas=planning.areas_of(shelf, body.city, body.areas),
                guide=body.guide, form=form.code, form_version=form.version, opens_at=body.opens_at,
                closes_at=body.due_at, details=details,
            ),
            pack=stamp(pack),
        )  # fmt: skip
        await self._keep_list(uow, window, body.roster)
        return window

    async def rewrite(self, uow: UnitOfWork, record_id: str, body: FilingWindowPatch) -> Window:
        """Change a planned window; its roster is stated anew as a whole."""
        window = await self.records.load(uow, record_id, "update")
        shelf = library(uow)
        given = body.model_fields_set
        values: dict[str, Any] = {name: getattr(body, name) for name in ("title", "guide") if name in given}
        if "areas" in given:
            values["areas"] = planning.areas_of(shelf, window.city or "", body.areas or [])
        details = dict(window.details)
        if "remind_days_before" in given:
            details["remind_days_before"] = body.remind_days_before or []
        if "roster" in given:
            details["roster"] = planning.rule_of(shelf, shelf.stamped(window.pack or ""), body.roster)
        changed = await self.records.change(uow, window, "update", **values, details=details)
        if "roster" in given:
            await self._keep_list(uow, changed, body.roster)
        return changed

    async def _keep_list(self, uow: UnitOfWork, window: Window, given: FilingWindowRoster | None) -> None:
        if given is None or given.organisations is None:
            await roster.forget_list(uow, window)
            return
        unknown = set(await roster.listed(uow, window, given.organisations))
        if unknown:
            raise Invalid(
                Text(f"名单中有 {len(unknown)} 个单位不是本通知范围内已核实的单位。",
                     f"{len(unknown)} of the list are no verified organisations of the window's areas."),
                errors=[
                    FieldError(f"/roster/organisations/{index}", "organisation_unknown",
                               Text(f"{code} 未登记、未核实或不在通知范围内。",
                                    f"{code} is not registered, not verified, or not in the window's areas."))
                    for index, code in enumerate(given.organisations) if code in unknown
                ][:_FAULTS_SHOWN],
            )  # fmt: skip

    # -- what happens with time ----------------------------------------------------------------

    async def opening(self, uow: UnitOfWork, window: Window) -> dict[str, Any]:
        """The roster is computed now and stays as it is, whoever registers later."""
        rule = window.details.get("roster")
        self._set_reminders(uow, window, window.closes_at)
        if rule is None:
            return {}
        shelf = library(uow)
        form = shelf.form(shelf.stamped(window.pack or ""), window.target)
        due = await roster.compute(uow, window, rule, form.period)
        return {"details": {**window.details, "due_at_opening": due}}

    async def closing(self, uow: UnitOfWork, window: Window) -> dict[str, Any]:
        """Whoever is due is missing now; the counts of this moment are kept."""
        if window.details.get("roster") is None:
            return {}
        await roster.close(uow, window)
        found = roster.added(await roster.counts(uow, roster_entry.c.window == window.id))
        return {"details": {**window.details, "counts_at_close": found}}

    async def extending(self, uow: UnitOfWork, window: Window) -> None:
        """New reminders before the new last day; the old ones find another last instant and do nothing."""
        if window.state == "open":
            self._set_reminders(uow, window, window.closes_at)

    def _set_reminders(self, uow: UnitOfWork, window: Window, closes_at: datetime) -> None:
        if window.details.get("roster") is None:
            return
        for instant in reminder_instants(closes_at, window.details["remind_days_before"], uow.now):
            payload = {"closes_at": closes_at.isoformat()}
            uow.schedule(self._reminds, instant, window.id, window.version, payload)

    async def remind(self, uow: UnitOfWork, record_id: str) -> Window:
        """Remind those in the caller's area who are still due, or missing once it closed; once a day each."""
        window = await self.records.load(uow, record_id, "remind")
        self.records.resource.machine.require("remind", window.state)
        held = uow.permissions.tokens(uow.actor, "filing-windows:remind")
        return await self._remind(uow, window, held, "officer")

    async def _remind_by_timer(self, uow: UnitOfWork, timer: Timer) -> None:
        window = await self.records.lookup_one(uow, lock=True, id=timer.record_id)
        if window is None or window.state != "open":
            return
        if timer.payload["closes_at"] == window.closes_at.isoformat():
            await self._remind(uow, window, None, "timer")

    async def _remind(self, uow: UnitOfWork, window: Window, held: frozenset[str] | None, by: str) -> Window:
        taken = await roster.take_reminded(uow, window, held, uow.today)
        if not taken:
            return window
        shelf = library(uow)
        form = shelf.form(shelf.stamped(window.pack or ""), window.target)
        event = "filing-window.reminder" if window.state == "open" else "filing-window.missing"
        owners = tuple(access.owner(each)[0] for each in taken)
        notify_to(
            uow, window, "filing-windows", event, {"organisation": owners}, title=form.name.zh,
            period=window.details["period"], due_on=f"{window.closes_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        )  # fmt: skip
        details = reminded(window, on=uow.today, at=uow.now, count=len(taken), by=by)
        return await self.records.change(uow, window, "remind", details=details)

    # -- for filings ---------------------------------------------------------------------------

    async def require_takes(self, unit: UnitOfWork, window_id: str, form: str, period: str) -> Window:
        """Give the window that a filing answers: open, or closed for what comes late; else refuse."""
        window = await self.records.lookup_one(unit, id=window_id)
        if window is None:
            raise invalid("/window", "window_unknown", "没有这个填报通知。", "There is no such window.")
        if window.target != form:
            raise invalid(
                "/window", "other_form", "该填报通知不针对此表单。", "The window asks another form."
            )
        if window.details["period"] != period:
            raise invalid(
                "/window", "other_period", "该填报通知不针对此期别。", "The window asks another period."
            )
        if not is_open(window, unit.now) and window.state != "closed":
            raise Conflict(
                Text(f"该填报通知当前不受理（{window.opens_at:%Y-%m-%d} 至 {window.closes_at:%Y-%m-%d}）。",
                     f"The window takes no filings (from {window.opens_at.isoformat()} to {window.closes_at.isoformat()})."),
                code="window_not_open",
                extra={"opens_at": window.opens_at.isoformat(), "closes_at": window.closes_at.isoformat()},
            )  # fmt: skip
        return window

    async def asking(self, uow: UnitOfWork, organisation: str, form: str, period: str) -> str | None:
        """The window on whose roster an organisation stands with a form and a period: the one that ends last."""
        windows = self.records.table
        found = await uow.execute(
            sa.select(windows.c.id)
            .join(roster_entry, roster_entry.c.window == windows.c.id)
            .where(
                roster_entry.c.organisation == organisation, roster_entry.c.form == form,
                roster_entry.c.period == period, windows.c.state.in_(("open", "closed")),
            )
            .order_by(windows.c.closes_at.desc())
            .limit(1)
        )  # fmt: skip
        return found.scalar_one_or_none()

    async def is_late(self, uow: UnitOfWork, window_id: str | None) -> bool:
        """Whether what is submitted now comes after the window's last instant."""
        if window_id is None:
            return False
        window = await self.records.lookup_one(uow, id=window_id)
        return window is not None and window.closes_at <= uow.now

    async def follow(self, uow: UnitOfWork, filing: Any) -> None:
        """Let the rosters that wait for a filing follow its new state, in its own transaction."""
        await roster.follow(uow, self.records.table, filing)

    # -- the HTTP edge -------------------------------------------------------------------------

    def _routes(self) -> ResourceRouter[Window, Any]:
        router: ResourceRouter[Window, Any] = ResourceRouter(
            self.records, FilingWindowOut, show=planning.show
        )

        @router.create(example=EXAMPLE)
        async def create(body: FilingWindowCreate, uow: Write) -> Window:
            """Plan a window for a form and a period; it opens, reminds and closes by itself.

            422 `form_unknown`, `not_a_filing`, `period_format`, `area_unknown`, `node_unknown`; `organisation_unknown`
            for each of a given list that is no verified organisation of the areas.
            """
            return await self.announce(uow, body)

        @router.update(example={"title": "2023年度企业研发活动填报", "remind_days_before": [10, 3, 1]})
        async def update(record_id: RecordId, body: FilingWindowPatch, uow: Write) -> Window:
            """Change a planned window; its instants are changed by `extend`."""
            return await self.rewrite(uow, record_id, body)

        @router.verb("extend", example={"due_at": "2024-04-10T10:00:00Z", "reason": "应企业要求延长十天。"})
        async def extend(record_id: RecordId, body: FilingWindowExtend, uow: Write) -> Window:
            """Move the last instant to a later one; reminders follow. 422 `not_later`."""
            return await self.extend(uow, record_id, body.due_at, body.reason)

        @router.verb("remind")
        async def remind(record_id: RecordId, uow: Write) -> Window:
            """Send one message to each in your area who is still due, or missing after the close.

            Who was reminded today is left out, so a second call changes nothing.
            """
            return await self.remind(uow, record_id)

        self.add_usual_verbs(router)
        return router


filing_windows = FilingWindows()
