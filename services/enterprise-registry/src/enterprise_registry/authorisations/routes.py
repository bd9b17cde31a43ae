"""The HTTP edge of authorisations."""

from enterprise_registry.authorisations import use_cases
from enterprise_registry.authorisations.domain import Authorisation
from enterprise_registry.authorisations.schemas import (
    EXAMPLE,
    AuthorisationCreate,
    AuthorisationOut,
    AuthorisationRevoke,
)
from enterprise_registry.authorisations.store import authorisations
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write

router = ResourceRouter(authorisations, AuthorisationOut)


@router.create(example=EXAMPLE)
async def create(body: AuthorisationCreate, uow: Write) -> Authorisation:
    """The signatory grants (in force from `valid_from`); a clerk's request waits for the signatory."""
    return await use_cases.propose(uow, body)


@router.verb("grant")
async def grant(record_id: RecordId, uow: Write) -> Authorisation:
    """The signatory grants what a clerk requested; 409 `authorisation_over` when its last day has passed."""
    return await use_cases.grant(uow, record_id)


@router.verb("revoke", example={"reason": "人员离职。"})
async def revoke(record_id: RecordId, body: AuthorisationRevoke, uow: Write) -> Authorisation:
    """End an authorisation at once; what was done under it stays."""
    return await use_cases.revoke(uow, record_id, body.reason)
