"""What a revoked recognition means for the benefits that rest on it (追回).

The seam to recognitions: they call `resting_on` in the transaction of the revocation. Its decision is the
ground of everything that happens here; nothing here decides anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from enterprise_registry.benefits.domain import LIVE, BenefitGrant
from enterprise_registry.benefits.granting import tell_organisation
from enterprise_registry.benefits.handling import stopped
from enterprise_registry.benefits.store import grants, table
from enterprise_registry.recognitions.domain import Recognition
from enterprise_registry.recognitions.ending import lists_benefits
from kechuang import money
from kechuang.db.unit import UnitOfWork


@lists_benefits
async def resting_on(
    uow: UnitOfWork,
    recognition: Recognition,
    recover: bool,
    reason: str,
) -> Sequence[Mapping[str, Any]]:
    """List the live grants that rest on a recognition; with `recover`, demand back the paid and stop the others.

    Gives `{grant, number, rule, state, amount}` of each; `amount` in yuan is what is to come back, or what the
    grant is about where nothing is demanded.
    """
    statement = (
        sa.select(*grants.columns)
        .where(table.c.grounds.contains([recognition.id]), table.c.state.in_(LIVE))
        .order_by(table.c.id)
        .with_for_update()
    )
    found = [grants.row(row) for row in await uow.execute(statement)]
    if recover:
        found = [await _given_up(uow, each, recognition, reason) for each in found]
    return [
        {
            "grant": each.id, "number": each.number, "rule": each.rule, "state": each.state,
            "amount": money.format(each.paid - each.recovered if recover else each.amount or 0),
        }
        for each in found
    ]  # fmt: skip


async def _given_up(
    uow: UnitOfWork, grant: BenefitGrant, recognition: Recognition, reason: str
) -> BenefitGrant:
    if grant.state != "paid":
        return await stopped(uow, grant, "end", reason, implied=True)
    demanded = {
        "opened_on": uow.today.isoformat(), "amount": money.format(grant.paid), "amount_fen": grant.paid,
        "reason": reason, "recognition": recognition.id,
    }  # fmt: skip
    changed = await grants.change(uow, grant, "mark-recovery", implied=True, recovery=demanded)
    tell_organisation(
        uow, changed, "benefit.to_recover", amount=money.format(grant.paid - grant.recovered), reasons=reason
    )
    return changed
