"""An objection: its states, who knows of it, who may examine it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "lodged": Text("已提出", "Lodged"),
    "accepted": Text("已受理", "Accepted"),
    "not_accepted": Text("不予受理", "Not accepted"),
    "examining": Text("核查中", "Being examined"),
    "upheld": Text("异议成立", "Upheld"),
    "dismissed": Text("异议不成立", "Dismissed"),
    "withdrawn": Text("已撤回", "Withdrawn"),
    "closed": Text("已办结", "Closed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection(Record):
    """An objection to one item of a notice. The objector is known to the examiner and the auditor only:
    their name and contact are sealed, `lodged_by` is the token's subject."""

    notice: str
    item: str
    grounds: str
    evidence: str
    objector_name: bytes
    objector_contact: bytes
    lodged_by: str
    lodged_by_person: str | None
    answer_due_on: date | None
    answer: str | None


def machine(resource: str) -> Machine:
    """Give the states of an objection resource."""
    return Machine(
        resource,
        STATES,
        "lodged",
        (
            verb("accept", "受理", "Accept", from_="lodged", to="accepted", decides=True),
            verb("refuse", "不予受理", "Refuse to accept", from_="lodged", to="not_accepted", decides=True),
            verb("examine", "开始核查", "Examine", from_="accepted", to="examining"),
            verb("uphold", "认定成立", "Uphold", from_="examining", to="upheld", decides=True),
            verb("dismiss", "认定不成立", "Dismiss", from_="examining", to="dismissed", decides=True),
            verb("withdraw", "撤回", "Withdraw", from_=("lodged", "accepted", "examining"), to="withdrawn"),
            verb("close", "办结", "Close", from_=("upheld", "dismissed", "not_accepted"), to="closed"),
        ),
        awaits=(
            Awaits("lodged", "accept", days=5),
            Awaits("accepted", "examine"),
            Awaits("examining", "dismiss", days=15),
        ),
    )


def sight(objection: Objection) -> Iterable[str]:
    """Those who lodged it, and the supervisors of the place."""
    yield from access.owner(objection.organisation)
    yield from access.person(objection.lodged_by_person)
    yield from access.place(objection.city, objection.division)
