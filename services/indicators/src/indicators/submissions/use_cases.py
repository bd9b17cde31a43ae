"""Reporting in a window, verifying, publishing."""

from decimal import Decimal
from typing import Any

from indicators.observations import use_cases as observing
from indicators.packs import catalogue
from indicators.submissions.domain import Submission
from indicators.submissions.store import submissions, windows
from kechuang.db.unit import UnitOfWork
from kechuang.errors import FieldError, Invalid, invalid
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_procedure.returns import ReturnForCorrection, returned

RETURN_TIMER = "submissions.return_due"


async def draft(uow: UnitOfWork, values: dict[str, Any]) -> Submission:
    """Begin a submission in an open window."""
    window = await windows.require_open(uow, values["window"], "/window")
    _require_indicators(uow, values["cells"])
    if values.get("revises") is not None:
        await _require_published(uow, values["revises"])
    return await submissions.create(uow, **values, city=window.city, division=values["area"], returns=[])


async def correct(uow: UnitOfWork, record_id: str, values: dict[str, Any]) -> Submission:
    """Change a draft or a returned submission."""
    found = await submissions.load(uow, record_id, "update")
    for fixed in ("window", "area", "revises"):
        if fixed in values and values[fixed] != getattr(found, fixed):
            raise invalid(
                f"/{fixed}", "fixed", "此项不能更改，请新建报送。", "This cannot be changed; draft a new one."
            )
    _require_indicators(uow, values.get("cells", found.cells))
    if values.get("nil", found.nil) and values.get("cells", found.cells):
        raise invalid("/nil", "nil_has_cells", "零报告不能含数据。", "A nil return has no cells.")
    return await submissions.change(uow, found, "update", **values)


async def submit(uow: UnitOfWork, record_id: str) -> Submission:
    """Hand it in while the window is open; a returned one until its due day, whatever the window."""
    found = await submissions.load(uow, record_id, "submit")
    if found.state == "draft":
        await windows.require_open(uow, found.window, "/window")
    first = found.submitted_at or uow.now
    return await submissions.change(uow, found, "submit", submitted_at=first)


async def send_back(uow: UnitOfWork, record_id: str, body: ReturnForCorrection) -> Submission:
    """Return it once, with everything that is to be corrected."""
    found = await submissions.load(uow, record_id, "return")
    entries = returned(uow, found, body, step="verify", earlier=list(found.returns), timer=RETURN_TIMER)
    return await submissions.change(uow, found, "return", returns=entries)


async def verify(uow: UnitOfWork, record_id: str, reason: str | None) -> Submission:
    """Say that the values are right; not by who submitted them."""
    uow.reason = reason
    return await submissions.change(uow, await submissions.load(uow, record_id, "verify"), "verify")


async def publish(uow: UnitOfWork, record_id: str, reason: str | None) -> Submission:
    """Publish: every cell becomes an observation, and a cell that was published before is revised."""
    uow.reason = reason
    found = await submissions.change(uow, await submissions.load(uow, record_id, "publish"), "publish")
    for number, cell in enumerate(found.cells):
        await observing.record(
            uow,
            indicator=cell["indicator"],
            area=found.area,
            period=found.period,
            value=Decimal(cell["value"]),
            source=found.number,
            note=cell.get("reason"),
            submission=found.id,
            pointer=f"/cells/{number}",
        )
    return found


async def overdue(_uow: UnitOfWork, _timer: Timer) -> None:
    """A correction's due day has passed: the returned submission stays open, since the figure is still due."""


def _require_indicators(uow: UnitOfWork, cells: Any) -> None:
    known = catalogue(uow)
    wrong = []
    for number, cell in enumerate(cells):
        found = known.find(cell["indicator"], uow.today)
        if found is None or found[1].counted is not None or found[1].formula is not None:
            text = Text("没有这个填报指标。", "There is no such reported indicator.")
            wrong.append(FieldError(f"/cells/{number}/indicator", "indicator_unknown", text))
    if wrong:
        raise Invalid(
            Text(f"有 {len(wrong)} 处需要更正。", f"{len(wrong)} field(s) need correction."), errors=wrong
        )


async def _require_published(uow: UnitOfWork, record_id: str) -> None:
    found = await submissions.lookup_one(uow, id=record_id)
    if found is None or found.state != "published":
        raise invalid(
            "/revises", "not_published", "只能修订已发布的报送。", "Only a published submission is revised."
        )
