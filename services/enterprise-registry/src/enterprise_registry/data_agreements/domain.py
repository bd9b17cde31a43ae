"""A data agreement: its states, who its partner is, what it covers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.access import Actor
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "drafted": Text("草拟", "Drafted"),
    "active": Text("执行中", "Active"),
    "suspended": Text("中止", "Suspended"),
    "ended": Text("已终止", "Ended"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAgreement(Record):
    """An agreement with one partner: a unit (`partner_unit`), another system (`partner_client`), or both.

    `data_sets` is `[{data_set, direction: provide | receive, fields}]`; `condition` is the sharing class of
    政务数据共享条例: unconditional or conditional.
    """

    title: str
    partner: str
    partner_unit: str | None
    partner_client: str | None
    purpose: str
    legal_basis: str
    condition: str
    document_no: str | None
    data_sets: Sequence[Mapping[str, Any]]
    divisions: Sequence[str]
    valid_from: date
    valid_to: date
    reason: str | None


MACHINE = Machine(
    "data-agreements",
    STATES,
    "drafted",
    (
        verb("update", "修改", "Update", from_="drafted", handles=True),
        verb("activate", "生效", "Activate", from_="drafted", to="active", decides=True, not_by_handler=True),
        verb("suspend", "中止", "Suspend", from_="active", to="suspended"),  # a stop in need, also by security
        verb("resume", "恢复", "Resume", from_="suspended", to="active", decides=True),
        verb("end", "终止", "End", from_=("drafted", "active", "suspended"), to="ended", decides=True),
        verb("provide", "提供数据", "Provide data", from_="active"),
        verb("receive", "接收数据", "Receive data", from_="active"),
        verb("run-out", "到期", "Run out", from_=("active", "suspended"), to="ended", automatic=True),
    ),
    awaits=(Awaits("drafted", "activate"),),
)  # fmt: skip


def sight(agreement: DataAgreement) -> Iterable[str]:
    """Officers of the city, and the partner's unit."""
    yield from access.place(agreement.city)
    yield from access.unit(agreement.partner_unit)


def reasons_for(
    agreement: DataAgreement, verb_name: str, actor: Actor, today: date | None
) -> Iterable[Reason]:
    """Say why this actor may not exchange data under the agreement: it is not the partner, or not yet time."""
    if verb_name not in ("provide", "receive") or actor.is_system:
        return
    partner = (
        agreement.partner_client is not None and agreement.partner_client in (actor.client, actor.subject)
    ) or (agreement.partner_unit is not None and actor.unit == agreement.partner_unit)
    if not partner:
        yield Reason(
            "not_the_partner",
            Text("只有协议约定的单位或系统可以交换数据。", "Only the agreement's partner exchanges data."),
        )
    if today is not None and not agreement.valid_from <= today <= agreement.valid_to:
        yield Reason(
            "agreement_not_in_force",
            Text(f"协议有效期为 {agreement.valid_from} 至 {agreement.valid_to}。",
                 f"The agreement is in force from {agreement.valid_from} to {agreement.valid_to}."),
        )  # fmt: skip


def covered(agreement: DataAgreement, data_set: str, direction: str) -> Mapping[str, Any] | None:
    """Give what the agreement says of a data set, or None when it is not covered."""
    return next(
        (
            each
            for each in agreement.data_sets
            if (each["data_set"], each["direction"]) == (data_set, direction)
        ),
        None,
    )
