"""From an award to an accepted task book."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kechuang import money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.text import Text
from kechuang_contracts import project_bidding as events
from project_bidding.bids.domain import Bid
from project_bidding.bids.store import bids
from project_bidding.calls.domain import Call
from project_bidding.calls.store import calls
from project_bidding.contracts import money as rules
from project_bidding.contracts.domain import ISSUER, Contract
from project_bidding.contracts.schemas import ContractCreate, ContractDecision, ContractRectify
from project_bidding.contracts.store import contracts, funder_accounts
from project_bidding.locks import take_turns
from project_bidding.metadata import parties
from project_bidding.milestones.feature import milestones, watch
from project_bidding.tranches.feature import fall_due, tranches


async def draft_contract(uow: UnitOfWork, body: ContractCreate) -> Contract:
    """Draft from an award: parties of the bid, money of the call, milestones and tranches that add up."""
    bid = await bids.get(uow, body.bid)
    await take_turns(uow, "contract", bid.id)
    call = await calls.lookup_one(uow, id=bid.call)
    if call is None or bid.state != "winning":
        raise Conflict(Text("该申请尚未立项。", "The bid has not been awarded."), code="not_awarded")
    earlier = await contracts.lookup(uow, bid=bid.id, kind=body.kind)
    if any(each.outcome != "terminated" for each in earlier):  # its file may be closed: the state says less
        raise Conflict(Text("该立项已有任务书。", "The award has a contract."), code="contract_exists")
    shares: list[dict[str, Any]] = [
        {
            "funder": each.funder,
            "label": each.label,
            "fiscal": each.fiscal,
            "amount": money.format(each.amount),
        }
        for each in body.shares or ()
    ] or [dict(each) for each in call.funders]
    budget = _budget(shares)
    _require_days(body, uow.today)
    members = [*bid.bidders, *([call.need_owner] if call.need_owner else [])]
    contract = await contracts.create(
        uow, kind=body.kind, call=call.id, bid=bid.id, need=call.need, title=bid.title or call.title,
        parties=list(dict.fromkeys(members)), goals=list(body.goals), budget_fen=budget, shares=shares,
        signatures=[], ends_on=body.ends_on, organisation=bid.organisation, city=call.city,
        division=call.division, zones=list(call.zones), pack=call.pack, handlers=[uow.actor.subject],
    )  # fmt: skip
    await _plan(uow, contract, bid, body)
    await _commit_money(uow, call, contract.funder_shares())
    return contract


def _budget(shares: Sequence[Mapping[str, Any]]) -> int:
    """All shares together, in fen."""
    if len({each["funder"] for each in shares}) != len(shares):
        raise invalid("/shares", "funder_repeated", "出资方重复。", "A funder has one share.")
    try:
        return money.bounded(sum(money.parse(each["amount"]) for each in shares))
    except OverflowError:
        raise invalid(
            "/shares", "amount_too_large", "份额合计过大。", "The shares together are too large."
        ) from None


def _require_days(body: ContractCreate, today: date) -> None:
    """A contract ends after today, and its milestones are due until then."""
    if body.ends_on <= today:
        raise invalid("/ends_on", "ends_in_past", "结束日期应晚于今天。", "The last day lies in the future.")
    for n, each in enumerate(body.milestones):
        if not today <= each.due_on <= body.ends_on:
            raise invalid(
                f"/milestones/{n}/due_on", "due_outside_contract",
                "里程碑的截止日应在今天与结束日期之间。",
                "A milestone is due between today and the last day of the contract.",
            )  # fmt: skip


async def _plan(uow: UnitOfWork, contract: Contract, bid: Bid, body: ContractCreate) -> None:
    keys = {each.key for each in body.milestones}
    if len(keys) != len(body.milestones):
        raise invalid("/milestones", "milestones_repeated", "里程碑编码重复。", "A key is used twice.")
    for n, each in enumerate(body.tranches):
        if (each.on == "milestone") != (each.milestone in keys):
            raise invalid(
                f"/tranches/{n}/milestone",
                "milestone_unknown",
                "未知的里程碑。",
                "Name one of the milestones.",
            )
    planned = [rules.Tranche(str(n), each.funder, each.amount) for n, each in enumerate(body.tranches)]
    shares = contract.funder_shares()
    try:
        rules.open_ledger(contract.budget_fen, shares, planned)
    except (rules.MoneyRefusedError, ValueError, KeyError) as error:
        raise invalid(
            "/tranches", "money_does_not_add_up",
            "拨款计划与各出资方份额不符。", f"The tranches do not fit the shares: {error}.",
        ) from None  # fmt: skip
    place: dict[str, Any] = {
        "city": contract.city, "division": contract.division, "zones": list(contract.zones),
        "organisation": contract.organisation, "party_codes": list(contract.parties), "pack": contract.pack,
    }  # fmt: skip
    for one in body.milestones:
        await milestones.create(
            uow, contract=contract.id, key=one.key, title=one.title, due_on=one.due_on, **place
        )
    fiscal = {share.funder: share.fiscal for share in shares}
    for each in body.tranches:
        await tranches.create(
            uow, contract=contract.id, call=bid.call, funder=each.funder, fiscal=fiscal[each.funder],
            trigger=each.on, milestone=each.milestone, amount_fen=int(each.amount), approved_fen=0,
            released_fen=0, vouchers=[], **place,
        )  # fmt: skip


async def _commit_money(uow: UnitOfWork, call: Call, shares: Sequence[rules.FunderShare]) -> None:
    """Bind the shares to what each funder promised the call, in one order, never beyond it."""
    account = funder_accounts
    promised = [
        {"call": call.id, "funder": each["funder"], "amount_fen": money.parse(each["amount"])}
        for each in call.funders
    ]
    if promised:  # a call without money binds none
        await uow.execute(insert(account).values(promised).on_conflict_do_nothing())
    for share in sorted(shares, key=lambda each: each.funder):
        bound = await uow.execute(
            sa.update(account)
            .where(
                account.c.call == call.id,
                account.c.funder == share.funder,
                account.c.committed_fen <= account.c.amount_fen - share.amount,
            )
            .values(committed_fen=account.c.committed_fen + share.amount)
        )
        if bound.rowcount != 1:
            raise Conflict(
                Text(
                    f"出资方 {share.funder} 的份额超过其对榜题的承诺。",
                    f"The share of {share.funder} is over what it promised the call.",
                ),
                code="funder_exhausted",
            )


async def sign(uow: UnitOfWork, contract_id: str) -> Contract:
    """A party signs; with the last signature the contract is performed and its first money falls due."""
    contract = await contracts.load(uow, contract_id, "sign")
    party = await _signing_party(uow, contract)
    if any(each["party"] == party for each in contract.signatures):
        raise Conflict(Text("贵方已签署。", "You have signed."), code="already_signed")
    signed = [
        *contract.signatures,
        {"party": party, "subject": uow.actor.subject, "at": uow.now.isoformat()},
    ]
    if {each["party"] for each in signed} < set(contract.signatories()):
        return await contracts.change(uow, contract, "sign", signatures=signed)
    full = await contracts.change(
        uow, contract, "sign", to="performing", signatures=signed, signed_on=uow.today
    )
    for each in await milestones.lookup(uow, contract=full.id):
        watch(uow, each)
    await fall_due(uow, full.id, "signature")
    fiscal = sum(each.amount for each in full.funder_shares() if each.fiscal)
    uow.emit(
        events.ContractSigned(
            **_placed(full), kind=full.kind, call=full.call, need=full.need, parties=list(full.parties),
            total_fen=full.budget_fen, fiscal_fen=fiscal, signed_on=uow.today,
        ),
        aggregate=full.id,
        version=full.version,
    )  # fmt: skip
    return full


async def _signing_party(uow: UnitOfWork, contract: Contract) -> str:
    """The organisation of the token if it is a party; an approver of the place signs for the city."""
    organisation = uow.actor.organisation
    if organisation is not None and organisation in contract.parties:
        await parties.require_authority(uow, organisation, "sign")
        return organisation
    if "city_approver" in uow.actor.roles and ISSUER in contract.signatories():
        return ISSUER
    raise NotPermitted(Text("您不代表任何签约方。", "You sign for none of the parties."), code="not_a_party")


def _placed(contract: Contract) -> dict[str, Any]:
    return {"city": contract.city, "division": contract.division, "zones": list(contract.zones)}


async def request_acceptance(uow: UnitOfWork, contract_id: str) -> Contract:
    """The lead asks for acceptance when every milestone is approved."""
    contract = await contracts.load(uow, contract_id, "request-acceptance")
    if uow.actor.organisation != contract.organisation:
        raise NotPermitted(Text("只有牵头单位可以申请。", "Only the lead may ask."), code="lead_only")
    await parties.require_authority(uow, contract.organisation or "", "submit")
    open_ = [
        each.title for each in await milestones.lookup(uow, contract=contract.id) if each.state != "approved"
    ]
    if open_:
        raise Conflict(
            Text(f"以下里程碑尚未通过：{'、'.join(open_)}。", "Some milestones are not approved yet."),
            code="milestones_open",
        )
    return await contracts.change(uow, contract, "request-acceptance")


async def decide_acceptance(uow: UnitOfWork, contract_id: str, verb: str, body: ContractDecision) -> Contract:
    """Accept, conclude or fail; only an accepted contract resolves the need behind its call.

    A failed one is paid no further: its unpaid money is free again for the call.
    """
    contract = await contracts.load(uow, contract_id, verb)
    uow.reason = body.opinion
    decided = await contracts.change(
        uow,
        contract,
        verb,
        outcome={"accept": "accepted", "conclude": "concluded", "fail": "failed"}[verb],
        accepted_on=uow.today if verb == "accept" else None,
        document_no=body.document_no,
    )
    if verb == "fail":
        await _free_unpaid(uow, decided)
    if verb == "accept":
        await fall_due(uow, decided.id, "acceptance")
        uow.emit(
            events.ContractAccepted(
                **_placed(decided), call=decided.call, need=decided.need, outcome="accepted",
                accepted_on=uow.today,
            ),
            aggregate=decided.id,
            version=decided.version,
        )  # fmt: skip
    return decided


async def rectify(uow: UnitOfWork, contract_id: str, body: ContractRectify) -> Contract:
    """Order rectification, once, until a day."""
    contract = await contracts.load(uow, contract_id, "rectify")
    if contract.rectify_by is not None:
        raise Conflict(Text("只能整改一次。", "Rectification is ordered once."), code="already_rectified")
    if body.rectify_by <= uow.today:
        raise invalid("/rectify_by", "due_in_past", "截止日应晚于今天。", "The day lies in the future.")
    uow.reason = body.opinion
    return await contracts.change(uow, contract, "rectify", rectify_by=body.rectify_by)


async def terminate(uow: UnitOfWork, contract_id: str, reason: str | None) -> Contract:
    """End a contract early: money not paid out is free again for the call."""
    contract = await contracts.load(uow, contract_id, "terminate")
    uow.reason = reason
    ended = await contracts.change(uow, contract, "terminate", outcome="terminated")
    await _free_unpaid(uow, ended)
    return ended


async def _free_unpaid(uow: UnitOfWork, contract: Contract) -> None:
    """What was not paid on a locked contract that ends is free again for the call; no more is paid on it."""
    paid: dict[str, int] = {}
    for each in await tranches.lookup(uow, contract=contract.id):
        paid[each.funder] = paid.get(each.funder, 0) + each.released_fen
    account = funder_accounts
    for share in sorted(contract.funder_shares(), key=lambda each: each.funder):
        free = share.amount - paid.get(share.funder, 0)
        await uow.execute(
            sa.update(account)
            .where(account.c.call == contract.call, account.c.funder == share.funder)
            .values(committed_fen=account.c.committed_fen - free)
        )
