"""Beside the common addresses of cases: the support actions that an organisation's rungs offer."""

from fastapi import APIRouter

from enterprise_registry.cases.feature import cases
from enterprise_registry.cases.rung_actions import OrganisationSupportAction, actions_of
from enterprise_registry.organisations.store import organisations
from kechuang.http.resource import RecordId
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.schemas import Output, Reference
from kechuang_procedure.cases.domain import LIVE

support_router = APIRouter(prefix="/organisations", tags=["单位 Organisation"], route_class=KitRoute)


class OrganisationSupportOffer(OrganisationSupportAction):
    """An action, and the live case in which it is being carried out."""

    under_way: Reference | None


class OrganisationSupportOffers(Output):
    """The actions of the rungs that an organisation stands on today."""

    items: list[OrganisationSupportOffer]


@support_router.get(
    "/{record_id}/support-actions", operation_id="list_organisation_support_actions",
    summary="梯次支持动作 Support actions"
)  # fmt: skip
@operation(Operation("organisations:read"))
async def list_support_actions(record_id: RecordId, unit: Read) -> OrganisationSupportOffers:
    """The support actions of the organisation's rungs; open one as an enterprise case of kind `rung_action`."""
    found = await organisations.get(unit, record_id)
    live = {
        each.action: Reference(id=each.id, number=each.number, label=each.title)
        for each in await cases.records.lookup(unit, organisation=found.uscc, kind="rung_action")
        if each.state in LIVE
    }
    offers = [
        OrganisationSupportOffer(**each.model_dump(), under_way=live.get(each.action))
        for each in await actions_of(unit, found)
    ]
    return OrganisationSupportOffers(items=offers)
