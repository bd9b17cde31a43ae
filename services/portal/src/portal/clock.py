"""The movable clock's public addresses: reads and moves the clocks of all services together.

Exists outside production only. Moving sets one absolute offset everywhere, so that a repeated call, or one
that a killed service interrupted, does no harm.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from kechuang.clock import Clock
from kechuang.errors import Conflict, NotPermitted, Refusal, Unavailable, invalid
from kechuang.http.bounds import DAY_OUT_OF_RANGE, within_calendar
from kechuang.http.schemas import Input
from kechuang.text import Text
from portal.peers import Peers

_DURATION = re.compile(r"^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")


class ClockAdvance(Input):
    """Either a duration (ISO 8601, weeks to seconds) or an instant with its offset."""

    by: str | None = Field(default=None, examples=["P10D"], max_length=40)
    to: AwareDatetime | None = Field(default=None, examples=["2024-06-30T16:00:00Z"])

    @model_validator(mode="after")
    def _one_of_both(self) -> "ClockAdvance":
        if (self.by is None) == (self.to is None):
            raise ValueError("either `by` or `to`")
        return self


class ClockOut(BaseModel):
    """The business clock; zeros mean that all consequences have happened."""

    now: datetime
    offset: int = Field(description="seconds from the real clock")
    timers_due: int
    outbox_pending: int
    consumers_behind: int


def duration(text: str) -> timedelta:
    """Read an ISO 8601 duration of weeks to seconds."""
    found = _DURATION.match(text)
    if found is None or text in ("P", "PT") or text.endswith("T"):
        raise invalid(
            "/by", "duration", "时长应为 ISO 8601 格式，如 P10D、PT2H。", "A duration looks like P10D."
        )
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _later(now: datetime, by: str) -> datetime:
    """Refuses what no calendar reaches: the clock never comes back from there."""
    try:
        return within_calendar(now + duration(by))
    except (OverflowError, PydanticCustomError):
        raise invalid("/by", "day_out_of_range", DAY_OUT_OF_RANGE.zh, DAY_OUT_OF_RANGE.en) from None


async def read(peers: Peers) -> ClockOut:
    """Ask every service; all of them must answer, since "nothing is pending" must be true of all."""
    total = dict.fromkeys(("timers_due", "outbox_pending", "consumers_behind"), 0)
    offsets: list[int] = []
    for service, answer in (await peers.ask_all("/internal/clock")).items():
        if answer is None or answer.is_error:
            raise Unavailable(
                Text(f"服务 {service} 暂不可用。", f"The service {service} is away."), retry_after=1
            )
        body: dict[str, Any] = answer.json()
        offsets.append(body["offset_seconds"])
        for name in total:
            total[name] += body[name]
    offset = max(offsets, default=0)
    return ClockOut(now=Clock().real_now() + timedelta(seconds=offset), offset=offset, **total)


async def advance(peers: Peers, body: ClockAdvance, request: Request) -> ClockOut:
    """Move all clocks to one instant, never back; forwards the caller's token, which the services check."""
    before = await read(peers)
    target = _later(before.now, body.by) if body.by is not None else (body.to or before.now).astimezone(UTC)
    if target < before.now - timedelta(seconds=1):
        raise Conflict(Text("时钟只能前移。", "The clock only moves forward."), code="clock_moves_forward")
    offset = before.offset + int((target - before.now).total_seconds())
    headers = {"Authorization": request.headers.get("authorization", "")}
    for service, urls in peers.urls.items():
        assert urls
        answer = await peers.ask(
            service, "/internal/clock", method="POST", headers=headers, json={"offset_seconds": offset}
        )
        if answer.is_error:
            raise _refusal(answer.status_code)
    return await read(peers)


def _refusal(status: int) -> Refusal:
    if status in (401, 403):
        return NotPermitted(Text("只有系统管理员可以移动时钟。", "Only an administrator moves the clock."))
    return Unavailable(Text("时钟未能全部移动，请重试。", "Not all clocks were moved; retry."), retry_after=1)
