"""The only place that asks the machine for the time.

Two clocks (docs: "time that can be moved"): the *business clock* decides deadlines, validity and dates in
records, and a rehearsal may move it forward; the *real clock* is for token expiry, leases and time-outs.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

# Mainland China has kept UTC+8 without daylight saving time since 1992, so a fixed offset is exact
# for every instant the platform can meet and needs no time zone database in a container.
SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
_ONE_DAY: Final = timedelta(days=1)
_STILL: Final = timedelta(0)


def _system_now() -> datetime:
    return datetime.now(UTC)


class ClockNotMovableError(RuntimeError):
    """The business clock of this deployment follows the real one; nothing may move it."""


class Clock:
    """The business clock (`now`, `today`) and the real one (`real_now`, `monotonic`) of a process.

    `movable` is true outside production only. The database holds the offset that all processes share; the
    kit's database code calls `set_offset` with what it read, and looks at `refreshed_at` (`monotonic()`
    seconds, None before the first time) to know how old that is.
    """

    __slots__ = ("_offset", "_source", "movable", "refreshed_at")

    def __init__(
        self,
        *,
        movable: bool = False,
        offset: timedelta = _STILL,
        source: Callable[[], datetime] = _system_now,
    ) -> None:
        """`source` gives the real time as an aware datetime in UTC; tests pass their own."""
        if offset and not movable:
            raise ClockNotMovableError("an offset needs a movable clock")
        self.movable = movable
        self.refreshed_at: float | None = None
        self._offset = offset
        self._source = source

    @property
    def offset(self) -> timedelta:
        """Business time minus real time."""
        return self._offset

    @offset.setter
    def offset(self, value: timedelta) -> None:
        if value != self._offset and not self.movable:
            raise ClockNotMovableError("the clock of this deployment cannot be moved")
        self._offset = value

    def set_offset(self, offset: timedelta) -> None:
        """Take over the shared offset and remember when that was."""
        self.offset = offset
        self.refreshed_at = self.monotonic()

    def now(self) -> datetime:
        """The business instant, aware, in UTC."""
        return self._source() + self._offset

    def today(self) -> date:
        """The business date in Asia/Shanghai."""
        return shanghai_day(self.now())

    def real_now(self) -> datetime:
        """The real instant, aware, in UTC: token expiry, leases, log lines, time-outs across processes."""
        return self._source()

    @staticmethod
    def monotonic() -> float:
        """Seconds on a clock that never jumps: durations and time-outs inside this process."""
        return time.monotonic()


def real_milliseconds() -> int:
    """Unix time in milliseconds on the real clock, for record ids."""
    return time.time_ns() // 1_000_000


def shanghai_day(instant: datetime) -> date:
    """The calendar day in Asia/Shanghai on which `instant` (aware) lies."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """The instant, in UTC, of 00:00 of `day` in Asia/Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The instant, in UTC, of 24:00 of `day` in Asia/Shanghai: the first instant that is no longer in it."""
    return start_of_day(day) + _ONE_DAY


def monotonic() -> float:
    """Seconds on a clock that never jumps, for durations where no `Clock` is at hand."""
    return time.monotonic()
