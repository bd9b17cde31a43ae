"""Contract milestones: table, rules and addresses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql import ARRAY

from kechuang import access
from kechuang.clock import end_of_day, start_of_day
from kechuang.db.unit import UnitOfWork
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, Prose, RecordOut
from kechuang.records import Records
from kechuang.resources import Filter, Record, Resource, record_table
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_contracts.project_bidding import MilestoneOverdue
from kechuang_procedure.messages import tell
from project_bidding import packs
from project_bidding.contracts.domain import Contract
from project_bidding.contracts.store import contracts
from project_bidding.metadata import metadata, parties
from project_bidding.tranches.feature import fall_due

OVERDUE = "contract-milestone.overdue"
DUE_SOON = "contract-milestone.due-soon"
REMIND_DAYS = 15
"""Before the due day; product default where a pack has no `milestone_reminder`."""
_OFFICE_OPENS = timedelta(hours=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone(Record):
    """A milestone of a contract; `key` names it within the contract."""

    contract: str
    key: str
    title: str
    due_on: date
    party_codes: Sequence[str]
    evidence: str | None
    submitted_on: date | None
    approved_on: date | None


MACHINE = Machine(
    "contract-milestones",
    {
        "planned": Text("计划中", "Planned"),
        "overdue": Text("已逾期", "Overdue"),
        "submitted": Text("已提交", "Submitted"),
        "rejected": Text("未通过", "Rejected"),
        "approved": Text("已通过", "Approved"),
    },
    "planned",
    (
        verb("submit", "提交", "Submit", from_=("planned", "overdue", "rejected"), to="submitted",
             authority="submit"),
        verb("approve", "通过", "Approve", from_="submitted", to="approved", decides=True, handles=True),
        verb("reject", "不通过", "Reject", from_="submitted", to="rejected", decides=True, handles=True),
        verb("lapse", "逾期", "Become overdue", from_=("planned", "rejected"), to="overdue", automatic=True),
    ),
    awaits=(Awaits("submitted", "approve", days=10), Awaits("overdue", "submit")),
)  # fmt: skip


def sight(milestone: Milestone) -> Iterable[str]:
    """The contract's parties and officers."""
    yield from access.owner(milestone.organisation)
    yield from access.party(*milestone.party_codes)
    yield from access.place(milestone.city, milestone.division)


_table = record_table(
    "contract_milestone",
    metadata,
    "MS",
    sa.Column("contract", sa.Text, nullable=False, index=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("party_codes", ARRAY(sa.Text), nullable=False),
    sa.Column("evidence", sa.Text),
    sa.Column("submitted_on", sa.Date),
    sa.Column("approved_on", sa.Date),
    sa.UniqueConstraint("contract", "key", name="contract_milestone_key"),
)
MILESTONES: Resource[Milestone] = Resource(
    name="contract-milestones",
    singular="contract_milestone",
    title=Text("里程碑", "Contract milestone"),
    table=_table,
    record=Milestone,
    machine=MACHINE,
    sight=sight,
    describe=lambda milestone: milestone.title,
    filters={"contract": Filter("contract", Text("任务书", "Contract"))},
)
milestones = Records(MILESTONES)


class ContractMilestoneSubmit(Input):
    """What shows that the milestone is reached."""

    evidence: Prose


class ContractMilestoneOut(RecordOut):
    """A milestone."""

    contract: str
    key: str
    title: str
    due_on: date
    evidence: str | None
    submitted_on: date | None
    approved_on: date | None = Field(description="The day of approval; what falls due with it does so then")


def watch(uow: UnitOfWork, milestone: Milestone) -> None:
    """From the last signature on: the lead is reminded before the due day, and after it the milestone is overdue."""
    uow.schedule(OVERDUE, end_of_day(milestone.due_on), milestone.id, milestone.version)
    days = packs.calendar_days(uow, milestone, "milestone_reminder", REMIND_DAYS)
    reminder = start_of_day(milestone.due_on - timedelta(days=days)) + _OFFICE_OPENS
    if reminder > uow.now:
        uow.schedule(DUE_SOON, reminder, milestone.id, milestone.version)


async def remind(uow: UnitOfWork, timer: Timer) -> None:
    """The due day is near, and nothing was handed in."""
    milestone, contract = await _running(uow, timer)
    if milestone is not None and contract is not None:
        tell(
            uow, packs.loaded(uow), milestone, "contract-milestones", "contract-milestone.due",
            {"organisation": access.owner(milestone.organisation)[:1]},
            title=milestone.title, due_on=milestone.due_on.isoformat(), number=contract.number,
        )  # fmt: skip


async def _running(uow: UnitOfWork, timer: Timer) -> tuple[Milestone | None, Contract | None]:
    """The milestone, locked, and its contract, if the one is awaited and the other performed."""
    milestone = await milestones.lookup_one(uow, lock=True, id=timer.record_id)
    if milestone is None or milestone.state not in ("planned", "rejected"):
        return None, None
    contract = await contracts.lookup_one(uow, id=milestone.contract)
    running = contract is not None and contract.state in ("performing", "rectification")
    return (milestone, contract) if running else (None, None)


async def lapse(uow: UnitOfWork, timer: Timer) -> None:
    """The due day has passed; what was handed in before waits for its approval."""
    milestone, contract = await _running(uow, timer)
    if milestone is None or contract is None:
        return
    late = await milestones.change(uow, milestone, "lapse")
    uow.emit(
        MilestoneOverdue(
            city=late.city, division=late.division, zones=list(late.zones), contract=late.contract,
            due_on=late.due_on,
        ),
        aggregate=late.id,
        version=late.version,
    )  # fmt: skip
    tell(
        uow, packs.loaded(uow), late, "contract-milestones", "contract-milestone.overdue",
        {"all_parties": access.party(*late.party_codes)}, title=late.title, due_on=late.due_on.isoformat(),
        number=contract.number,
    )  # fmt: skip


router = ResourceRouter(milestones, ContractMilestoneOut)


@router.verb("submit", bulk=False, example={"evidence": "样机检测报告（编号 JC-2025-018）"})
async def submit(record_id: RecordId, body: ContractMilestoneSubmit, uow: Write) -> Milestone:
    """The lead hands in the evidence."""
    milestone = await milestones.load(uow, record_id, "submit")
    await parties.require_authority(uow, milestone.organisation or "", "submit")
    contract = await contracts.lookup_one(uow, id=milestone.contract)
    assert contract is not None, "a milestone belongs to a contract"
    contracts.resource.machine.require("request-acceptance", contract.state)  # the same: it is performed
    return await milestones.change(uow, milestone, "submit", evidence=body.evidence, submitted_on=uow.today)


@router.verb("approve", example=Because.example)
async def approve(record_id: RecordId, body: Because, uow: Write) -> Milestone:
    """Approve; tranches that wait for this milestone fall due. 409 `contract_ended`."""
    seen = await milestones.get(uow, record_id)
    contract = await contracts.lookup_one(uow, lock=True, id=seen.contract)  # first, as whoever ends it does
    milestone = await milestones.load(uow, record_id, "approve")
    assert contract is not None, "a milestone belongs to a contract"
    contract.require_alive()
    uow.reason = body.reason
    approved = await milestones.change(uow, milestone, "approve", approved_on=uow.today)
    await fall_due(uow, approved.contract, "milestone", approved.key)
    return approved


@router.verb("reject", example={"reason": "检测报告缺少第三方签章。"})
async def reject(record_id: RecordId, body: Because, uow: Write) -> Milestone:
    """Send the evidence back with the reason; after the due day the milestone is overdue by this."""
    milestone = await milestones.load(uow, record_id, "reject")
    uow.reason = body.reason
    rejected = await milestones.change(uow, milestone, "reject")
    if uow.today > rejected.due_on:  # its timer came while the evidence lay with the officers
        uow.schedule(OVERDUE, uow.now, rejected.id, rejected.version)
    return rejected
