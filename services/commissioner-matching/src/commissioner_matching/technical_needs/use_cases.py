"""What can be done with a technical need: one function per intention, one transaction each."""

from typing import Any

from commissioner_matching.metadata import parties
from commissioner_matching.technical_needs.domain import Need
from commissioner_matching.technical_needs.store import needs
from kechuang.db.unit import UnitOfWork
from kechuang.errors import NotPermitted
from kechuang.text import Text
from kechuang_contracts import commissioner_matching as events


async def file_need(uow: UnitOfWork, values: dict[str, Any]) -> Need:
    """An enterprise drafts a need; it takes its place from the organisation's registration."""
    uscc = uow.actor.organisation
    if uscc is None:
        raise NotPermitted(Text("令牌未指明单位。", "The token names no organisation."))
    await parties.require_authority(uow, uscc, "draft")
    owner = await parties.require_active(uow, uscc, "/organisation")
    return await needs.create(
        uow, organisation=uscc, city=owner.city, division=owner.division, zones=list(owner.zones),
        serving_persons=[], **values,
    )  # fmt: skip


async def correct_need(uow: UnitOfWork, need_id: str, values: dict[str, Any]) -> Need:
    """The owner changes a draft or a returned need."""
    need = await needs.load(uow, need_id, "update")
    await parties.require_authority(uow, need.organisation or "", "draft")
    return await needs.change(uow, need, "update", **values)


async def submit_need(uow: UnitOfWork, need_id: str) -> Need:
    """The owner submits; a resubmission keeps the first submission's day."""
    need = await needs.load(uow, need_id, "submit")
    await parties.require_authority(uow, need.organisation or "", "submit")
    submitted = await needs.change(uow, need, "submit", submitted_on=need.submitted_on or uow.today)
    uow.emit(
        events.TechnicalNeedSubmitted(
            **_placed(submitted), organisation=submitted.organisation or "", chain=submitted.chain,
            fields=list(submitted.fields), submitted_on=submitted.submitted_on or uow.today,
        ),
        aggregate=submitted.id,
        version=submitted.version,
    )  # fmt: skip
    return submitted


def _placed(need: Need) -> dict[str, Any]:
    return {"city": need.city, "division": need.division, "zones": list(need.zones)}
