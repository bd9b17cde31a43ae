"""The offices' side: put forward, offer, review, approve, refuse, stop. Who handles a grant does not decide it."""

from typing import Any

from enterprise_registry.benefits.applying import (
    NOTHING,
    require_unpaid,
    sealed_account,
    stored,
)
from enterprise_registry.benefits.domain import BenefitGrant
from enterprise_registry.benefits.evaluation import evaluate
from enterprise_registry.benefits.granting import granted, tell_organisation
from enterprise_registry.benefits.rules import Benefit, benefit, stamped_benefit
from enterprise_registry.benefits.schemas import (
    BenefitGrantApprove,
    BenefitGrantCreate,
    BenefitGrantRefuse,
)
from enterprise_registry.benefits.store import grants
from enterprise_registry.budgets import posting
from enterprise_registry.integrity import require_no_sanction
from enterprise_registry.metadata import alone, parties
from enterprise_registry.policy.library import library, stamp
from kechuang import money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.attachments import attached
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.personal.store import unseal
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_procedure.parties import Party


async def put_forward(uow: UnitOfWork, body: BenefitGrantCreate) -> BenefitGrant:
    """Evaluate one organisation and keep it as eligible; 409 `not_a_beneficiary` with the finding where it is not."""
    if body.organisation is None:
        raise invalid("/organisation", "missing", "请指明单位。", "Name the organisation.")
    await alone(uow, "benefit", body.organisation)
    party = await parties.require_active(uow, body.organisation, "/organisation")
    shelf = library(uow)
    pack = shelf.require_city_pack(party.city, uow.today, "/organisation")
    found = benefit(shelf, pack, body.rule, uow.today)
    finding = await evaluate(uow, found, body.organisation, uow.today)
    require_unpaid(finding)
    if finding.outcome != "beneficiary":
        why = finding.shown["reasons"]
        raise Conflict(
            Text(
                f"该单位不能列入：{'；'.join(each['zh'] for each in why)}。",
                f"It cannot be put forward: {'; '.join(each['en'] for each in why)}.",
            ),
            code="not_a_beneficiary",
            extra={"finding": finding.shown},
        )
    values = columns(body)
    record_id = new_id()
    account = await sealed_account(uow, record_id, values.pop("account"))
    values["attachments"] = await attached(uow, "benefit-grants", record_id, body.attachments)
    return await grants.create(
        uow, record_id=record_id, origin="officer", handlers=[uow.actor.subject],
        as_of=uow.today, amount=finding.amount,
        **{**NOTHING, **values, **account, **eligible(party, pack, found, uow.today.year), **stored(finding)},
    )  # fmt: skip


def eligible(party: Party, pack: Pack, found: Benefit, year: int) -> dict[str, Any]:
    """Give the fields of a grant that begins as eligible, by an officer or in a run, beside its finding."""
    return {
        "state": "eligible", "organisation": party.uscc, "city": party.city, "division": party.division,
        "zones": list(party.zones), "pack": stamp(pack), "rule": found.model.code,
        "rule_version": found.model.version, "mode": found.model.mode, "fund": found.model.fund,
        "exclusive_group": found.exclusive_group, "year": str(year),
    }  # fmt: skip


async def offer(uow: UnitOfWork, record_id: str, document_no: str | None) -> BenefitGrant:
    """Decide that it is offered, as somebody who did not put it forward."""
    grant = await grants.load(uow, record_id, "offer")
    await require_no_sanction(uow, grant.organisation or "")
    return await offered(uow, grant, document_no)


async def offered(
    uow: UnitOfWork, grant: BenefitGrant, document_no: str | None, *, implied: bool = False
) -> BenefitGrant:
    """Offer a locked grant and tell its organisation."""
    decision = _decision(uow, "offered", document_no, None, grant.amount)
    changed = await grants.change(uow, grant, "offer", implied=implied, decision=decision)
    tell_organisation(uow, changed, "benefit.offered")
    return changed


def _decision(
    uow: UnitOfWork, outcome: str, document_no: str | None, grounds: str | None, amount: int | None
) -> dict[str, Any]:
    return {
        "outcome": outcome, "document_no": document_no, "decided_on": uow.today.isoformat(),
        "decided_by": uow.actor.subject, "grounds": grounds,
        "amount": None if amount is None else money.format(amount),
    }  # fmt: skip


async def review(uow: UnitOfWork, record_id: str, opinion: str) -> BenefitGrant:
    """Note an opinion; who does handles it and cannot decide it."""
    grant = await grants.load(uow, record_id, "review")
    return await grants.change(uow, grant, "review", review_opinion=opinion)


async def approve(uow: UnitOfWork, record_id: str, body: BenefitGrantApprove) -> BenefitGrant:
    """Approve the computed amount, or another one with its grounds, within the rule's caps.

    409 `amount_missing` where nobody could compute one, `cap_exceeded` with what the caps leave.
    """
    grant = await grants.load(uow, record_id, "approve")
    uscc = grant.organisation or ""
    await require_no_sanction(uow, uscc)
    await alone(uow, "benefit", uscc)
    found = stamped_benefit(library(uow), grant.pack or "", grant.rule, grant.rule_version)
    amount = body.amount if body.amount is not None else grant.amount
    if not amount:
        raise Conflict(
            Text(
                "系统未能算出金额，请填写批准金额及理由。", "No amount was computed; state one with grounds."
            ),
            code="amount_missing",
        )
    finding = await evaluate(uow, found, uscc, grant.as_of, besides=grant.id)
    _require_within_caps(found, amount, money.parse(finding.shown["had_this_year"]))
    decision = _decision(uow, "approved", body.document_no, body.grounds, amount)
    uow.reason = body.grounds
    return await granted(uow, grant, "approve", amount=amount, decision=decision)


def _require_within_caps(found: Benefit, amount: int, had_this_year: int) -> None:
    rule = found.amount
    limits = [each for each in (rule.cap, None if rule.yearly_cap is None else rule.yearly_cap - had_this_year)
              if each is not None]  # fmt: skip
    if limits and amount > min(limits):
        left = money.format(max(min(limits), 0))
        raise Conflict(
            Text(f"超过政策上限，最多还可批准{left}元。", f"Over the rule's caps; {left} yuan are left."),
            code="cap_exceeded",
            extra={"left": left},
        )


async def refuse(uow: UnitOfWork, record_id: str, body: BenefitGrantRefuse) -> BenefitGrant:
    """Refuse an application, or strike an organisation off before it was offered anything."""
    grant = await grants.load(uow, record_id, "refuse")
    uow.reason = body.grounds
    decision = _decision(uow, "refused", body.document_no, body.grounds, None)
    changed = await grants.change(uow, grant, "refuse", decision=decision, reason=body.grounds)
    if grant.state != "eligible":
        tell_organisation(uow, changed, "benefit.refused", reasons=body.grounds)
    return changed


async def stop(uow: UnitOfWork, record_id: str, reason: str) -> BenefitGrant:
    """End a grant that was not paid; what was booked is free again."""
    grant = await grants.load(uow, record_id, "stop")
    uow.reason = reason
    return await stopped(uow, grant, "stop", reason)


async def stopped(
    uow: UnitOfWork, grant: BenefitGrant, verb: str, reason: str, *, implied: bool = False
) -> BenefitGrant:
    """Stop a locked, unpaid grant and release its booking."""
    changed = await grants.change(uow, grant, verb, implied=implied, reason=reason)
    if grant.budget is not None:
        await posting.settle(uow, grant.budget, "released", grant.amount or 0, record=grant.id)
    tell_organisation(uow, changed, "benefit.stopped", reasons=reason)
    return changed


async def reveal(uow: UnitOfWork, record_id: str, reason: str) -> str | None:
    """Read the account number in the clear; the reading and its reason are audited."""
    grant = await grants.load(uow, record_id, "reveal")
    uow.audit(
        "benefit-grants:reveal", resource="benefit-grants", record_id=grant.id, version=grant.version,
        reason=reason,
    )  # fmt: skip
    if grant.account is None:
        return None
    fields = (await unseal(uow, "account", {grant.id: {"account": grant.account}}))[grant.id]
    return fields["account"].reveal() if fields else None
