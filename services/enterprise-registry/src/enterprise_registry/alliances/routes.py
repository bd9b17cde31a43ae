"""The HTTP edge of alliances."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import Query

from enterprise_registry.alliances import leading, use_cases
from enterprise_registry.alliances.domain import STANDING, Alliance
from enterprise_registry.alliances.schemas import (
    EXAMPLE,
    AllianceActivate,
    AllianceApprove,
    AllianceChain,
    AllianceChains,
    AllianceChangeLead,
    AllianceCreate,
    AllianceDissolve,
    AllianceMemberIn,
    AllianceOut,
    AlliancePatch,
    AllianceRefuse,
    AllianceRemoveMember,
)
from enterprise_registry.alliances.store import alliances
from enterprise_registry.policy.library import library
from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Reference

_COMPUTED = {"lead", "flagged"}


def _show(found: Alliance, _: ReadUnit) -> AllianceOut:
    fields = {name: getattr(found, name) for name in AllianceOut.model_fields if name not in _COMPUTED}
    return AllianceOut.model_validate(
        fields | {"lead": found.organisation, "flagged": bool(found.same_chain)}
    )


router = ResourceRouter(alliances, AllianceOut, show=_show, reads=False)


@router.other(
    "GET", "/chains", action="read", operation_id="list_alliance_chains",
    summary="各产业链的联盟 Alliances by chain", response_model=AllianceChains,
)  # fmt: skip
async def list_chains(
    unit: Read, city: Annotated[str, Query(description="Area id of a city")]
) -> AllianceChains:
    """Every chain of the city with the alliances that stand for it; flagged where there is more than one."""
    pack = library(unit).require_city_pack(city, unit.today)
    table = alliances.table
    statement = sa.select(table.c.id, table.c.number, table.c.title, table.c.chain, table.c.state).where(
        alliances.visible(unit), table.c.city == city, table.c.state.in_(STANDING)
    )
    rows = list(await unit.execute(statement.order_by(table.c.id)))
    items = []
    for chain in pack.chains.chains:
        own = [row for row in rows if row.chain == chain.code]
        items.append(
            AllianceChain(
                chain=chain.code, name_zh=chain.name.zh, name_en=chain.name.en,
                alliances=[Reference(id=row.id, number=row.number, label=row.title) for row in own],
                active=sum(row.state == "active" for row in own), flagged=len(own) > 1,
            )
        )  # fmt: skip
    return AllianceChains(city=city, items=items)


router.add_reads()  # after the fixed address, which `/{record_id}` would swallow


@router.create(example=EXAMPLE)
async def create(body: AllianceCreate, uow: Write) -> Alliance:
    """Propose an alliance.

    422 `lead_not_permitted` names the leads that the pack permits; `members_invalid` every member that is
    unknown, named twice or in no role of the kind. `flagged` tells that the chain has an alliance already.
    """
    return await use_cases.propose(uow, body)


@router.update(example={"goal": "突破固态电池关键共性技术。"})
async def update(record_id: RecordId, body: AlliancePatch, uow: Write) -> Alliance:
    """Change a proposal's title or goal."""
    return await use_cases.update(uow, record_id, body)


@router.verb("approve", example={"document_no": "江科〔2024〕15号"})
async def approve(record_id: RecordId, body: AllianceApprove, uow: Write) -> Alliance:
    """Approve. 422 `second_for_chain` demands a reason where the chain has one already.

    409 `too_few_members`, `lead_lost` when the lead was lost since, `handler_does_not_decide`.
    """
    return await use_cases.approve(uow, record_id, body)


@router.verb("refuse", example={"reason": "该产业链已有联盟，建议并入。"})
async def refuse(record_id: RecordId, body: AllianceRefuse, uow: Write) -> Alliance:
    """Refuse a proposal."""
    return await use_cases.refuse(uow, record_id, body.reason)


@router.verb("activate", example={"activated_on": "2024-05-06"})
async def activate(record_id: RecordId, body: AllianceActivate, uow: Write) -> Alliance:
    """It works: from this day on it counts, and everybody may read it. 409 `lead_lost`."""
    return await use_cases.activate(uow, record_id, body)


@router.verb("add-member", example={"organisation": "12440700MATE000L4H", "role": "university"})
async def add_member(record_id: RecordId, body: AllianceMemberIn, uow: Write) -> Alliance:
    """Take in a member, by the lead or an officer. 409 `member_already`; 422 `role_unknown`, `before_former_end`."""
    return await use_cases.add_member(uow, record_id, body)


@router.verb("remove-member", example={"organisation": "12440700MATE000L4H", "reason": "合作到期退出。"})
async def remove_member(record_id: RecordId, body: AllianceRemoveMember, uow: Write) -> Alliance:
    """Note that a member left; it stays on the record with its days."""
    return await use_cases.remove_member(uow, record_id, body)


@router.verb(
    "change-lead",
    example={
        "lead": "91440703MATE000L4P",
        "former_role": "upstream_downstream",
        "reason": "原牵头单位搬迁。",
    },
)
async def change_lead(record_id: RecordId, body: AllianceChangeLead, uow: Write) -> Alliance:
    """Another organisation leads: the former lead has left, or stays as a member.

    422 `lead_not_permitted`, `same_lead`, `other_city`.
    """
    return await leading.change_lead(uow, record_id, body)


@router.verb("dissolve", example={"reason": "目标任务已完成。", "document_no": "江科〔2026〕3号"})
async def dissolve(record_id: RecordId, body: AllianceDissolve, uow: Write) -> Alliance:
    """Dissolve it; the chain is free for another one."""
    return await use_cases.dissolve(uow, record_id, body)
