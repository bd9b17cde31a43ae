"""What follows when an organisation gains a right to a benefit, and what it is told of its grants."""

from typing import Any

from enterprise_registry.benefits.domain import BenefitGrant
from enterprise_registry.benefits.rules import stamped_benefit
from enterprise_registry.benefits.store import grants
from enterprise_registry.messages import notify
from enterprise_registry.policy.library import library
from kechuang import money
from kechuang.db.unit import UnitOfWork
from kechuang_contracts import enterprise_registry as events


async def granted(uow: UnitOfWork, grant: BenefitGrant, verb: str, **values: Any) -> BenefitGrant:
    """Accept, settle or approve a locked grant and tell it: from this day on the money is due."""
    implied = verb == "settle"  # follows from the application, whose version the caller knew
    changed = await grants.change(uow, grant, verb, implied=implied, granted_on=uow.today, **values)
    uow.emit(
        events.BenefitGranted(**of_money(changed, changed.amount or 0), granted_on=uow.today),
        aggregate=changed.id, version=changed.version,
    )  # fmt: skip
    tell_organisation(uow, changed, "benefit.granted")
    return changed


def of_money(grant: BenefitGrant, fen: int) -> dict[str, Any]:
    """Give the fields that every event about a grant's money has."""
    return {
        "city": grant.city, "division": grant.division, "zones": list(grant.zones),
        "organisation": grant.organisation or "", "rule": grant.rule, "rule_version": grant.rule_version,
        "mode": grant.mode, "fund": grant.fund, "year": int(grant.year), "amount_fen": fen,
    }  # fmt: skip


def tell_organisation(uow: UnitOfWork, grant: BenefitGrant, event: str, **values: Any) -> None:
    """Send the pack's message for this event; never with an account number."""
    name = stamped_benefit(library(uow), grant.pack or "", grant.rule, grant.rule_version).model.name
    amount = "" if grant.amount is None else money.format(grant.amount)
    notify(uow, grant, "benefit-grants", event, **{"title": name.zh, "amount": amount, **values})
