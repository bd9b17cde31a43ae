"""A lead bank: proposed by the enterprise, confirmed by the bank; one at a time, the earlier ones are kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "proposed": Text("待银行确认", "Proposed"),
    "active": Text("主办中", "Active"),
    "declined": Text("银行未接受", "Declined"),
    "ended": Text("已结束", "Ended"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadBank(Record):
    """One enterprise's lead bank, from `valid_from` to the end of `valid_to`."""

    bank: str
    valid_from: date | None
    valid_to: date | None
    reason: str | None


MACHINE = Machine(
    "lead-banks",
    STATES,
    "proposed",
    (
        verb("confirm", "确认", "Confirm", from_="proposed", to="active", decides=True),
        verb("decline", "不接受", "Decline", from_="proposed", to="declined"),
        verb("end", "结束", "End", from_=("proposed", "active"), to="ended", authority="submit"),
        verb("replace", "更换", "Be replaced", from_="active", to="ended", automatic=True),
    ),
    awaits=(Awaits("proposed", "confirm", days=10),),
)


def sight(lead: LeadBank) -> Iterable[str]:
    """The enterprise, the bank, and the officers of the place."""
    yield from access.owner(lead.organisation)
    yield from access.party(lead.bank)
    yield from access.place(lead.city, lead.division, *lead.zones)
