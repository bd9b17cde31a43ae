"""What those concerned are told of a dispatch: who is asked, and all of them once it is active."""

from commissioner_matching import packs
from commissioner_matching.dispatches.domain import Dispatch, organisation_of
from commissioner_matching.metadata import parties
from commissioner_matching.technical_needs.store import needs
from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang_procedure.messages import tell


async def tell_proposed(uow: UnitOfWork, dispatch: Dispatch) -> None:
    """Ask those who serve, and the organisations whose acceptance it takes."""
    await _tell(uow, dispatch, "dispatch.proposed")


async def tell_activated(uow: UnitOfWork, dispatch: Dispatch) -> None:
    """Tell those who serve and the organisations concerned from when to when."""
    first, last = dispatch.valid_from, dispatch.valid_to
    await _tell(
        uow, dispatch, "dispatch.activated", date=str(first or uow.today), due_on=str(last) if last else "—"
    )


async def _tell(uow: UnitOfWork, dispatch: Dispatch, event: str, **values: str) -> None:
    organisations = [organisation_of(dispatch, role) for role in dispatch.required]
    persons = access.person(*dispatch.persons)
    concerned = access.party(dispatch.organisation, dispatch.sending_unit, *organisations)
    recipients = {"person": persons, "organisation": concerned, "all_parties": (*persons, *concerned)}
    title = await _served(uow, dispatch)
    tell(uow, packs.loaded(uow), dispatch, "dispatches", event, recipients, title=title, **values)


async def _served(uow: UnitOfWork, dispatch: Dispatch) -> str:
    """The need's title, or the name of the organisation served."""
    need = await needs.lookup_one(uow, id=dispatch.need) if dispatch.need else None
    if need is not None:
        return need.title
    known = await parties.find_many(uow, [dispatch.organisation] if dispatch.organisation else [])
    return next((each.title for each in known.values()), dispatch.number)
