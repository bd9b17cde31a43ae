"""How alliances are proposed, approved, activated, joined, left and dissolved."""

from datetime import date

import sqlalchemy as sa

from enterprise_registry.alliances import rules
from enterprise_registry.alliances.domain import (
    STANDING,
    Alliance,
    left,
    members_on,
    placed,
    stays,
    yesterday,
)
from enterprise_registry.alliances.leading import require_lead
from enterprise_registry.alliances.membership import all_joined, codes, one_joined
from enterprise_registry.alliances.schemas import (
    AllianceActivate,
    AllianceApprove,
    AllianceCreate,
    AllianceDissolve,
    AllianceMemberIn,
    AlliancePatch,
    AllianceRemoveMember,
)
from enterprise_registry.alliances.store import alliances
from enterprise_registry.metadata import acting_for, alone, parties, tell
from enterprise_registry.policy.library import library, stamp
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.schemas import columns
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events


async def propose(uow: UnitOfWork, body: AllianceCreate) -> Alliance:
    """Propose an alliance; flagged when another one stands for the same chain.

    422 `lead_not_permitted` says which leads the pack permits.
    """
    lead = body.lead if uow.actor.organisation is None else acting_for(uow, body.lead, "alliances:create")
    if lead is None:
        raise invalid("/lead", "missing", "请填写牵头单位。", "Name the lead.")
    await parties.require_authority(uow, lead, "submit")
    party = await parties.require_active(uow, lead, "/lead")
    shelf = library(uow)
    pack = shelf.require_city_pack(party.city, uow.today, "/lead")
    kind = rules.kind(pack, body.kind)
    rules.check_chain(shelf, pack, kind, body.chain)
    await rules.check_lead(uow, shelf, pack, kind, party)
    members = await all_joined(uow, kind, lead, body.members)
    await _alone(uow, party.city, body.chain)
    standing = await _same_chain(uow, party.city, body.chain, None)
    return await alliances.create(
        uow, organisation=lead, city=party.city, division=party.division, zones=list(party.zones),
        pack=stamp(pack), title=body.title, kind=kind.code, level=kind.level.value if kind.level else None,
        chain=body.chain, members=members, member_codes=codes(members), goal=body.goal,
        same_chain=standing if kind.one_per else [],
        handlers=[] if uow.actor.organisation is not None else [uow.actor.subject],
        external_ids=[each.model_dump() for each in body.external_ids],
    )  # fmt: skip


async def update(uow: UnitOfWork, record_id: str, body: AlliancePatch) -> Alliance:
    """Change the title or the goal of a proposal."""
    found = await alliances.load(uow, record_id, "update")
    await _may_act(uow, found)
    values = columns(body, only_set=True)
    if values.get("title", "") is None:
        raise invalid("/title", "missing", "名称必填。", "The title is required.")
    return await alliances.change(uow, found, "update", **values)


async def approve(uow: UnitOfWork, record_id: str, body: AllianceApprove) -> Alliance:
    """Approve; a second alliance for the chain needs a reason (422 `second_for_chain`)."""
    found = await alliances.load(uow, record_id, "approve")
    shelf = library(uow)
    pack = shelf.stamped(found.pack or "")
    kind = rules.kind(pack, found.kind)
    alliances.resource.machine.require("approve", found.state)
    await require_lead(uow, pack, kind, found)
    await _alone(uow, found.city, found.chain)
    standing = await _same_chain(uow, found.city, found.chain, found.id) if kind.one_per else []
    if standing and not body.reason:
        others = "、".join(each["label"] for each in standing)
        raise invalid(
            "/reason", "second_for_chain", f"该产业链已有联盟：{others}；确需再批准的，请说明理由。",
            f"The chain has an alliance already: {others}. Say why a second one is approved.",
        )  # fmt: skip
    now_there = len(members_on(found.members, uow.today))
    if now_there < (kind.members_min or 0):
        raise Conflict(
            Text(f"成员单位不足 {kind.members_min} 家（现有 {now_there} 家）。",
                 f"It has {now_there} members; {kind.members_min} are needed."),
            code="too_few_members", extra={"members": now_there, "needed": kind.members_min},
        )  # fmt: skip
    uow.reason = body.reason
    return await alliances.change(
        uow, found, "approve", approved_on=uow.today, document_no=body.document_no, reason=body.reason,
        same_chain=standing,
    )  # fmt: skip


async def refuse(uow: UnitOfWork, record_id: str, reason: str) -> Alliance:
    """Refuse a proposal."""
    found = await alliances.load(uow, record_id, "refuse")
    uow.reason = reason
    return await alliances.change(uow, found, "refuse", reason=reason)


async def activate(uow: UnitOfWork, record_id: str, body: AllianceActivate) -> Alliance:
    """It works: from this day on it counts."""
    found = await alliances.load(uow, record_id, "activate")
    alliances.resource.machine.require("activate", found.state)
    pack = library(uow).stamped(found.pack or "")
    await require_lead(uow, pack, rules.kind(pack, found.kind), found)
    first = body.activated_on or uow.today
    if first > uow.today:
        raise invalid("/activated_on", "in_the_future", "启动日期不得晚于今天。", "It lies after today.")
    active = await alliances.change(uow, found, "activate", activated_on=first)
    event = events.AllianceActivated(
        **placed(active), kind=active.kind, level=active.level, chain=active.chain,
        lead=active.organisation or "",
        members=sorted(each["organisation"] for each in members_on(active.members, uow.today)),
        valid_from=first, pack=active.pack,
    )  # fmt: skip
    await tell(uow, event, aggregate=active.id, version=active.version)
    return active


async def add_member(uow: UnitOfWork, record_id: str, body: AllianceMemberIn) -> Alliance:
    """Take in a member."""
    found = await alliances.load(uow, record_id, "add-member")
    await _may_act(uow, found)
    alliances.resource.machine.require("add-member", found.state)
    if stays(found.members, body.organisation) is not None:
        raise Conflict(
            Text("该单位已是成员。", "The organisation is a member already."), code="member_already"
        )
    kind = rules.kind(library(uow).stamped(found.pack or ""), found.kind)
    members = await one_joined(uow, kind, found.organisation or "", list(found.members), body, "")
    return await alliances.change(uow, found, "add-member", members=members, member_codes=codes(members))


async def remove_member(uow: UnitOfWork, record_id: str, body: AllianceRemoveMember) -> Alliance:
    """Note that a member left; it stays on the record with its days."""
    found = await alliances.load(uow, record_id, "remove-member")
    await _may_act(uow, found)
    staying = stays(found.members, body.organisation)
    if staying is None:
        raise invalid(
            "/organisation", "not_a_member", "该单位不是现有成员。", "The organisation is no member now."
        )
    last = body.valid_to or yesterday(uow.today)
    if last > uow.today:
        raise invalid("/valid_to", "in_the_future", "退出日期不得晚于今天。", "It lies after today.")
    if body.valid_to is not None and last < date.fromisoformat(staying["valid_from"]):
        raise invalid("/valid_to", "before_valid_from", "早于加入日期。", "It lies before the first day.")
    uow.reason = body.reason
    return await alliances.change(
        uow, found, "remove-member", members=left(found.members, body.organisation, last)
    )


async def dissolve(uow: UnitOfWork, record_id: str, body: AllianceDissolve) -> Alliance:
    """Dissolve; the chain is free for another one."""
    found = await alliances.load(uow, record_id, "dissolve")
    last = body.ended_on or yesterday(uow.today)
    if last > uow.today:
        raise invalid("/ended_on", "in_the_future", "最后运行日不得晚于今天。", "It lies after today.")
    if body.ended_on is not None and found.activated_on is not None and last < found.activated_on:
        raise invalid("/ended_on", "before_activation", "早于启动日期。", "It lies before the activation.")
    uow.reason = body.reason
    ended = await alliances.change(
        uow, found, "dissolve", ended_on=last, reason=body.reason,
        document_no=body.document_no or found.document_no,
    )  # fmt: skip
    if found.state == "active":
        event = events.AllianceDissolved(
            **placed(ended), kind=ended.kind, chain=ended.chain, lead=ended.organisation or "", ended_on=last
        )
        await tell(uow, event, aggregate=ended.id, version=ended.version)
    return ended


async def _may_act(uow: UnitOfWork, found: Alliance) -> None:
    if uow.actor.organisation is not None:
        await parties.require_authority(uow, found.organisation or "", "submit")


async def _alone(uow: UnitOfWork, city: str | None, chain: str | None) -> None:
    if chain is not None:
        await alone(uow, "alliance", city or "", chain)


async def _same_chain(
    uow: UnitOfWork, city: str | None, chain: str | None, own: str | None
) -> list[dict[str, str]]:
    """The alliances that stand for the chain, this one aside."""
    if chain is None:
        return []
    table = alliances.table
    statement = sa.select(table.c.id, table.c.number, table.c.title).where(
        table.c.city == city, table.c.chain == chain, table.c.state.in_(STANDING), table.c.id != (own or "")
    )
    rows = await uow.execute(statement.order_by(table.c.id))
    return [{"id": row.id, "number": row.number, "label": row.title} for row in rows]
