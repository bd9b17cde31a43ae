"""A recognition: its states, its days, and what follows from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text
from kechuang_packs.models.ladder import Validity

STATES = {
    "valid": Text("有效", "Valid"),
    "expired": Text("已到期", "Expired"),
    "revoked": Text("已撤销", "Revoked"),
    "surrendered": Text("已放弃", "Surrendered"),
    "superseded": Text("已被替代", "Superseded"),
}
ENDED = ("expired", "revoked", "surrendered", "superseded")
SOURCES = {
    "application": Text("本市认定", "Decided by the city on application"),
    "forwarded": Text("推荐上级认定", "Decided elsewhere on a forwarded application"),
    "selection": Text("本市评选授予", "Awarded by a selection round of the city"),
    "imported": Text("上级名单导入", "Arrived from the list of who decides it"),
}
EXPIRING_DAYS = 90
_DECEMBER, _MONTHS = 12, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition(Record):
    """A dated recognition. `kind` is the node's code in the city's pack, `node` its one name across packs.

    It is held from `valid_from` to the end of `valid_to`, or of `ended_on` when it ended before. `benefits` are
    those that rested on it when it was revoked; `round` is the selection round that awarded or removed it.
    """

    kind: str
    node: str
    level: str | None
    source: str
    decided_by: str
    certificate_no: str | None
    document_no: str | None
    issued_on: date
    valid_from: date
    valid_to: date | None
    ended_on: date | None
    renews: str | None
    first_time: bool
    application: str | None
    reason: str | None
    heard_on: date | None
    benefits_to_recover: bool
    benefits: Sequence[Mapping[str, Any]]
    round: str | None


MACHINE = Machine(
    "recognitions",
    STATES,
    "valid",
    (
        verb("revoke", "撤销", "Revoke", from_="valid", to="revoked", decides=True),
        verb("surrender", "放弃", "Surrender", from_="valid", to="surrendered", decides=True,
             authority="sign"),
        verb("correct", "更正", "Correct", from_=("valid", "expired")),
        # By the decision of a review round, whose public notice was the hearing.
        verb("remove", "复核移出", "Be removed by a review", from_="valid", to="revoked", automatic=True),
        # An earlier one arrived late, so this one is not the first time; whoever counts is told anew.
        verb("set-right", "更正首次标记", "Lose the mark of the first time", from_=tuple(STATES), automatic=True),
        verb("tell-again", "重报终止", "Have the end told again", from_=ENDED, automatic=True),
        verb("end-with-holder", "随单位注销终止", "End with its organisation", from_="valid", to="surrendered",
             automatic=True),
        verb("expire", "到期", "Expire", from_="valid", to="expired", automatic=True),
        verb("supersede", "被替代", "Be superseded", from_="valid", to="superseded", automatic=True),
    ),
)  # fmt: skip


def sight(recognition: Recognition) -> Iterable[str]:
    """Recognitions are public: they were shown in a notice or on a list."""
    yield from access.owner(recognition.organisation)
    yield from access.place(recognition.city, recognition.division, *recognition.zones)
    yield from access.PUBLIC


def last_day(recognition: Recognition) -> date | None:
    """The last day on which it is held; None without an end."""
    return min((day for day in (recognition.valid_to, recognition.ended_on) if day), default=None)


def held_on(recognition: Recognition, day: date) -> bool:
    """Whether it is held on the day; `day` stands for its end, 24:00."""
    last = last_day(recognition)
    return recognition.valid_from <= day and (last is None or day <= last)


def is_expiring(recognition: Recognition, today: date) -> bool:
    """A computed mark: valid, and its last day lies within ninety days."""
    last = last_day(recognition)
    return recognition.state == "valid" and last is not None and last - today <= timedelta(days=EXPIRING_DAYS)


def end_of_validity(validity: Validity, first: date) -> date | None:
    """The last day of a recognition that begins on `first`: the day before its anniversary, or a fixed day.

    >>> end_of_validity(Validity(years=3), date(2024, 3, 1))
    datetime.date(2027, 2, 28)
    """
    months = validity.months if validity.months is not None else (validity.years or 0) * _MONTHS
    if months == 0 and validity.until_month_day is None:
        return None
    if validity.until_month_day is not None:
        month, day = (int(part) for part in validity.until_month_day.split("-"))
        years = (validity.years or 1) - 1
        fixed = date(first.year + years, month, day)
        return fixed if fixed >= first else date(first.year + years + 1, month, day)
    years, month = divmod(first.month - 1 + months, _MONTHS)
    year, month = first.year + years, month + 1
    # 29 February has no anniversary in most years; the day before 1 March then ends it.
    following = date(year + month // _DECEMBER, month % _DECEMBER + 1, 1)
    anniversary = (
        date(year, month, first.day) if first.day <= (following - timedelta(days=1)).day else following
    )
    return anniversary - timedelta(days=1)
