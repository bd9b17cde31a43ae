"""A contract (任务书 / 合作协议): its states, its parties, who signs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access, money
from kechuang.errors import Conflict
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text
from project_bidding.contracts.money import FunderShare

STATES = {
    "drafted": Text("拟定", "Drafted"),
    "performing": Text("履行中", "Performing"),
    "acceptance_requested": Text("申请验收", "Acceptance requested"),
    "rectification": Text("整改中", "Rectification"),
    "accepted": Text("通过验收", "Accepted"),
    "concluded": Text("结题", "Concluded"),
    "failed": Text("不通过验收", "Failed"),
    "evaluated": Text("已绩效评价", "Evaluated"),
    "closed": Text("已归档", "Closed"),
    "terminated": Text("已终止", "Terminated"),
}
ISSUER = "issuer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Record):
    """A contract. `shares` are `{funder, label, fiscal, amount}` with amounts as on the wire;
    `signatures` are `{party, subject, at}`, where the city signs as `issuer`."""

    kind: str
    call: str
    bid: str
    need: str | None
    title: str
    parties: Sequence[str]
    goals: Sequence[str]
    budget_fen: int
    shares: Sequence[Mapping[str, Any]]
    signatures: Sequence[Mapping[str, Any]]
    signed_on: date | None
    ends_on: date
    rectify_by: date | None
    outcome: str | None
    accepted_on: date | None
    document_no: str | None

    def signatories(self) -> list[str]:
        """Who must sign: every party and, for a task book, the city that issues it."""
        return [*self.parties, ISSUER] if self.kind == "task_book" else list(self.parties)

    def require_alive(self) -> None:
        """Refuse with 409 `contract_ended` once acceptance failed or the contract was terminated: no more is paid.

        The outcome is asked and not the state, since the file of such a contract is closed later.
        """
        if self.outcome in ("failed", "terminated"):
            raise Conflict(
                Text(
                    "任务书已终止或未通过验收，不再拨付经费。",
                    "The contract was terminated or failed its acceptance: nothing more is paid on it.",
                ),
                code="contract_ended",
            )

    def funder_shares(self) -> tuple[FunderShare, ...]:
        """The shares in fen."""
        return tuple(
            FunderShare(each["funder"], each["fiscal"], money.parse(each["amount"])) for each in self.shares
        )


_RUNNING = ("drafted", "performing", "acceptance_requested", "rectification")
MACHINE = Machine(
    "contracts",
    STATES,
    "drafted",
    (
        verb("sign", "签署", "Sign", from_="drafted", decides=True, authority="sign"),
        verb("request-acceptance", "申请验收", "Request acceptance", from_=("performing", "rectification"),
             to="acceptance_requested", authority="submit"),
        verb("accept", "通过验收", "Accept", from_="acceptance_requested", to="accepted", decides=True,
             not_by_handler=True),
        verb("conclude", "结题", "Conclude", from_="acceptance_requested", to="concluded", decides=True,
             not_by_handler=True),
        verb("rectify", "限期整改", "Order rectification", from_="acceptance_requested", to="rectification",
             decides=True, not_by_handler=True),
        verb("fail", "不通过验收", "Fail", from_="acceptance_requested", to="failed", decides=True,
             not_by_handler=True),
        verb("evaluate", "绩效评价", "Evaluate", from_=("accepted", "concluded"), to="evaluated", handles=True),
        verb("terminate", "终止", "Terminate", from_=_RUNNING, to="terminated", decides=True,
             not_by_handler=True),
        verb("close", "归档", "Close", from_=("evaluated", "failed", "terminated"), to="closed"),
    ),
    awaits=(Awaits("drafted", "sign", days=30), Awaits("acceptance_requested", "accept")),
)  # fmt: skip


def sight(contract: Contract) -> Iterable[str]:
    """The parties, the funders' units, the officers of the place."""
    yield from access.owner(contract.organisation)
    yield from access.party(*contract.parties)
    yield from access.unit(*(each["funder"] for each in contract.shares))
    yield from access.place(contract.city, contract.division, *contract.zones)
