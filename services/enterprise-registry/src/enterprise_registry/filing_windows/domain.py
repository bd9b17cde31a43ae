"""A roster entry's states, and what a filing window keeps in its `details`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

from kechuang.clock import SHANGHAI
from kechuang.states import verb
from kechuang.text import Text
from kechuang_procedure.windows import Window

EntryState = Literal["listed", "due", "filed", "returned", "verified", "missing", "dropped"]
ENTRY_STATES: Final[Mapping[str, Text]] = {
    "listed": Text("已列名单", "Listed, the window is not open yet"),
    "due": Text("应报未报", "Due"),
    "filed": Text("已报待核实", "Filed, to be verified"),
    "returned": Text("退回修改", "Returned for correction"),
    "verified": Text("已核实", "Verified"),
    "missing": Text("逾期未报", "Missing: the window closed without it"),
    "dropped": Text("不再应报", "No longer due: deregistered or moved away"),
}
REMIND: Final = verb("remind", "催报", "Remind", from_=("open", "closed"))
OFFICE_OPENS: Final = time(9, tzinfo=SHANGHAI)
_REMINDERS_KEPT: Final = 50

# What a filing's state makes of its entry; a filing that was taken back or lapsed leaves it due, or missing.
STANDING: Final[Mapping[str, EntryState]] = {
    "submitted": "filed", "returned": "returned", "verified": "verified",
}  # fmt: skip


def standing(filing_state: str, *, window_state: str) -> EntryState:
    """The state of an entry whose filing is in this state."""
    return STANDING.get(filing_state, "due" if window_state == "open" else "missing")


def reminder_instants(closes_at: datetime, days_before: Sequence[int], now: datetime) -> list[datetime]:
    """When those who are still due are reminded by themselves: at nine, so many days before the last day.

    What has passed already is left out.
    """
    last_day = (closes_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    instants = {
        datetime.combine(last_day - timedelta(days=each), OFFICE_OPENS).astimezone(UTC)
        for each in days_before
    }
    return sorted(each for each in instants if now < each < closes_at)


def reminded(window: Window, *, on: date, at: datetime, count: int, by: str) -> dict[str, Any]:
    """The window's details with one more reminder; the latest fifty are kept, history has all."""
    entry = {"on": on.isoformat(), "at": at.isoformat(), "count": count, "by": by}
    return {**window.details, "reminders": [*window.details.get("reminders", ()), entry][-_REMINDERS_KEPT:]}
