"""An enrolment of a person in a role: consented to by the sending unit, verified, active, ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "applied": Text("已申请", "Applied"),
    "unit_consented": Text("单位已同意", "Consented to by the sending unit"),
    "verified": Text("已审核", "Verified"),
    "refused": Text("不予入库", "Refused"),
    "active": Text("在库", "Active"),
    "suspended": Text("暂停", "Suspended"),
    "exited": Text("已退出", "Exited"),
}
ENDED = ("refused", "exited")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment(Record):
    """What every enrolment has. `organisation` is the sending unit (派出单位), None for who has none.

    `label` is the masked name with the employer: what others see before they may see more.
    `warned_until` is a dated mark and no state; `cooling_until` is the last day before re-entry.
    """

    person: str
    label: str
    consented_by: str | None
    activated_on: date | None
    warned_until: date | None
    warning: str | None
    ended_on: date | None
    cooling_until: date | None

    def is_cooling(self, today: date) -> bool:
        """Tell whether the person may not apply again yet; the last day is part of the period."""
        return self.cooling_until is not None and today <= self.cooling_until


def _needs_unit_consent(enrolment: Enrolment) -> Iterable[Reason]:
    if enrolment.organisation and enrolment.state == "applied":
        yield Reason(
            "unit_consent_missing",
            Text("派出单位尚未同意。", "The sending unit has not consented yet."),
        )


def machine(resource: str) -> Machine:
    """Give the state machine of one kind of enrolment."""
    return Machine(
        resource,
        STATES,
        "applied",
        (
            verb("update", "修改", "Update", from_=("applied", "unit_consented", "verified", "active", "suspended")),
            verb("consent", "单位同意", "Consent as sending unit", from_="applied", to="unit_consented",
                 authority="submit"),
            verb("verify", "审核通过", "Verify", from_=("applied", "unit_consented"), to="verified",
                 handles=True, guards=(_needs_unit_consent,)),
            verb("refuse", "不予入库", "Refuse", from_=("applied", "unit_consented"), to="refused",
                 decides=True),
            verb("activate", "入库", "Activate", from_="verified", to="active", decides=True,
                 not_by_handler=True),
            verb("suspend", "暂停", "Suspend", from_="active", to="suspended", decides=True),
            verb("resume", "恢复", "Resume", from_="suspended", to="active", decides=True),
            verb("warn", "警示", "Warn", from_=("active", "suspended"), decides=True),
            verb("exit", "退出", "End", from_=("verified", "active", "suspended"), to="exited", decides=True),
            verb("readmit", "重新申请", "Apply again", from_="exited", to="applied"),
        ),
        awaits=(
            Awaits("applied", "verify", days=10),
            Awaits("unit_consented", "verify", days=10),
            Awaits("verified", "activate", days=10),
        ),
    )  # fmt: skip


def sight(enrolment: Enrolment) -> Iterable[str]:
    """The person, the sending unit, and the officers of the place."""
    yield from access.person(enrolment.person)
    yield from access.owner(enrolment.organisation)
    yield from access.place(enrolment.city, enrolment.division, *enrolment.zones)


def months_later(day: date, months: int) -> date:
    """Give the same day some months later; the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)
