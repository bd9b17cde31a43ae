"""The common administrative mechanisms under this service's names: windows, notices, objections (公示、异议)."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from enterprise_registry.metadata import metadata
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.policy_documents.store import basis_warnings
from kechuang.calendar import Period
from kechuang.db.unit import UnitOfWork
from kechuang.errors import invalid
from kechuang.states import verb
from kechuang.text import Text
from kechuang_procedure.calendar import end_of
from kechuang_procedure.notices import Notice, Notices
from kechuang_procedure.objections import Objections
from kechuang_procedure.returns import ReturnForCorrection
from kechuang_procedure.windows import Window, WindowCreate, Windows


class ApplicationWindows(Windows):
    """Windows for applications: the target is a ladder node of the city's pack.

    `details` may say `skip_recommendation` (no county step); `decided_by` is filled in from the node.
    """

    async def plan(self, uow: UnitOfWork, body: WindowCreate, *, pack: str | None = None) -> Window:
        """Plan a window for a node of the city's pack."""
        shelf = library(uow)
        city_pack = shelf.require_city_pack(body.city, uow.today)
        _, node = shelf.node(city_pack, body.target, "/target")
        if node.gained_by not in ("application", "certificate", "list"):
            raise invalid(
                "/target", "not_applied_for", "该梯次不是通过申报取得。", "Nobody applies for this node."
            )
        skip = body.details.get("skip_recommendation", False)
        if set(body.details) - {"skip_recommendation", "decided_by"} or not isinstance(skip, bool):
            raise invalid(
                "/details", "details_unknown", "只能填写 skip_recommendation（true/false）。",
                "`details` takes `skip_recommendation` (true or false).",
            )  # fmt: skip
        version = body.form_version
        if body.form is not None:
            form = shelf.form(city_pack, body.form)
            if version not in (None, form.version):
                raise invalid("/form_version", "form_unknown", "没有该表单版本。", "No such form version.")
            version = form.version
        details: dict[str, Any] = {"skip_recommendation": skip, "decided_by": node.decided_by}
        warnings = await basis_warnings(uow, stamp(city_pack))
        if warnings:
            details["warnings"] = warnings
        body = body.model_copy(update={"details": details, "form_version": version})
        return await super().plan(uow, body, pack=pack)

    async def plan_round(self, uow: UnitOfWork, body: WindowCreate) -> Window:
        """Plan the window of a selection round, which has checked its honour itself."""
        version = None
        if body.form is not None:
            shelf = library(uow)
            version = shelf.form(shelf.require_city_pack(body.city, uow.today), body.form).version
        return await super().plan(uow, body.model_copy(update={"form_version": version}))

    async def of_round(self, uow: UnitOfWork, round_id: str) -> Window | None:
        """The window of an announced selection round."""
        table = self.records.table
        row = (
            await uow.execute(
                sa.select(*self.records.columns).where(table.c.details["round"].astext == round_id)
            )
        ).first()
        return self.records.row(row) if row is not None else None


application_windows = ApplicationWindows(
    metadata, resource="application-windows", singular="application_window", table="application_window",
    prefix="AW", title=Text("申报通知", "Application window"),
    verbs=(
        # The selection round that it belongs to was cancelled before it opened.
        verb("call-off", "取消", "Be called off", from_="planned", to="closed", automatic=True),
    ),
)  # fmt: skip
notices = Notices(
    metadata, resource="enterprise-notices", singular="enterprise_notice", table="enterprise_notice",
    prefix="EN", title=Text("公示", "Notice"), packs=lambda uow: library(uow).packs,
)  # fmt: skip
objections = Objections(
    metadata, notices, resource="enterprise-objections", singular="enterprise_objection",
    table="enterprise_objection", prefix="EO",
)  # fmt: skip


def with_due_day(uow: UnitOfWork, pack: str | None, body: ReturnForCorrection) -> ReturnForCorrection:
    """Give a return its last day by the pack's period `correction`, unless the officer names one."""
    shelf = library(uow)
    found = shelf.packs.visible(shelf.stamped(pack or "")).periods.get("correction")
    if body.due_on is not None or found is None or found.unit not in ("working_day", "calendar_day"):
        return body
    period = Period(found.length, kind="working" if found.unit == "working_day" else "calendar")
    return body.model_copy(update={"due_on": end_of(uow.today, period).last_day})


def require_day_of_decision(today: date, decided_on: date, notice: Notice | None = None) -> None:
    """Refuse a day of decision to come, and one on which the notice (if any) still ran."""
    if decided_on > today:
        raise invalid("/decided_on", "in_the_future", "决定日期不能晚于今天。", "Not in the future.")
    if notice is not None and notice.ends_on is not None and decided_on <= notice.ends_on:
        raise invalid(
            "/decided_on", "before_the_notice_ended", f"公示期至 {notice.ends_on} 止，决定日期应在其后。",
            f"The notice ran until {notice.ends_on}; the decision lies after it.",
        )  # fmt: skip
