"""Making portraits: one on demand, the same again from the same data, and a city's in one run."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from enterprise_registry.metadata import alone
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.portraits.domain import Portrait, change_since
from enterprise_registry.portraits.drawing import draw
from enterprise_registry.portraits.engine import Known, Sheet, sheet
from enterprise_registry.portraits.population import PeerGroup, Profile, members, profile_of, widening
from enterprise_registry.portraits.reading import Reader
from enterprise_registry.portraits.schemas import PortraitCreate, PortraitTrend, PortraitTrendPoint
from enterprise_registry.portraits.standing import FEWEST_PEERS
from enterprise_registry.portraits.store import portraits, table
from enterprise_registry.scoring_models.domain import ScoringModel
from enterprise_registry.scoring_models.store import scoring_models
from enterprise_registry.scoring_models.use_cases import in_force
from kechuang import access
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid

_TREND = 40


async def make(uow: UnitOfWork, body: PortraitCreate) -> Portrait:
    """Make the portrait of an enterprise at the end of a day; the one that is there already is brought up to date."""
    uscc = body.organisation or _own(uow)
    on = day(uow, body.as_of)
    profile = await profile_of(uow, uscc, on)
    if profile is None or profile.kind != "enterprise" or not _may(uow, profile):
        raise invalid(
            "/organisation", "organisation_unknown", "该企业在截止日尚未登记。",
            "No such enterprise was registered on the day.",
        )  # fmt: skip
    model = await chosen(uow, profile.city, on, body.model)
    return await portray(uow, model, profile, on)


def _own(uow: UnitOfWork) -> str:
    """The caller's own enterprise, for those who may have their own portrait made; others name one."""
    own = uow.actor.organisation
    if own is None or not uow.permissions.permits(uow.actor, "portraits:create", access.owner(own)):
        raise invalid("/organisation", "missing", "请指明单位。", "Name the organisation.")
    return own


def _may(uow: UnitOfWork, profile: Profile) -> bool:
    """Whether the caller reaches this enterprise; one elsewhere is answered like one that does not exist."""
    reach = (*access.owner(profile.uscc), *access.place(profile.city, profile.division, *profile.zones))
    return uow.permissions.permits(uow.actor, "portraits:create", reach)


def day(unit: ReadUnit | UnitOfWork, stated: date | None) -> date:
    """The day asked for, today when none is; one to come is refused."""
    if stated is not None and stated > unit.today:
        raise invalid("/as_of", "day_to_come", "截止日不能晚于今天。", "The day lies in the future.")
    return stated or unit.today


async def chosen(unit: UnitOfWork, city: str | None, on: date, model: str | None) -> ScoringModel:
    """Give the model that is named, else the one in force on the day."""
    if model is None:
        return await in_force(unit, city, on)
    found = await scoring_models.lookup_one(unit, id=model)
    if found is None or found.city != city or found.state == "draft":
        raise invalid(
            "/model", "model_unknown", "没有这个已发布的评分模型。", "No such published model of the city."
        )
    return found


async def rebuild(uow: UnitOfWork, record_id: str) -> Portrait:
    """Make a portrait anew by its own model and day; the same data change nothing."""
    found = await portraits.load(uow, record_id, "rebuild")
    profile = await profile_of(uow, found.organisation or "", found.as_of)
    model = await scoring_models.lookup_one(uow, id=found.model)
    assert profile is not None  # an organisation is never deleted
    assert model is not None  # nor a model that was published
    return await portray(uow, model, profile, found.as_of)


async def portray(uow: UnitOfWork, model: ScoringModel, profile: Profile, on: date) -> Portrait:
    """Read, compare, draw and store."""
    reader = Reader.of(library(uow), model)
    [known] = await reader.read(uow, [profile], on)
    group, sheets = await _peers(uow, reader, profile, on)
    return await keep(uow, reader, model, profile, known, group, sheets, on)


async def keep(
    uow: UnitOfWork,
    reader: Reader,
    model: ScoringModel,
    profile: Profile,
    known: Known,
    group: PeerGroup,
    sheets: Sequence[Sheet],
    on: date,
) -> Portrait:
    """Store a portrait under its natural key (organisation, day, model); an equal digest changes nothing."""
    drawn = draw(reader.model, known, group, sheets, model_id=model.id, as_of=on)
    await alone(uow, "portrait", profile.uscc, on.isoformat(), model.id)
    there = await portraits.lookup_one(uow, lock=True, organisation=profile.uscc, as_of=on, model=model.id)
    if there is not None and there.digest == drawn["digest"]:
        return there
    before = await _before(uow, profile.uscc, on)
    values: dict[str, Any] = {
        **drawn,
        "change": change_since(before, drawn["dimensions"], drawn["total"], model.id),
        "city": profile.city, "division": profile.division, "zones": list(profile.zones),
    }  # fmt: skip
    if there is not None:
        return await portraits.change(uow, there, "rebuild", implied=True, **values)
    return await portraits.create(
        uow, organisation=profile.uscc, as_of=on, model=model.id, model_code=model.code, edition=model.edition,
        pack=stamp(reader.pack), **values,
    )  # fmt: skip


async def _before(unit: UnitOfWork, uscc: str, on: date) -> Portrait | None:
    statement = (
        sa.select(*portraits.columns)
        .where(table.c.organisation == uscc, table.c.as_of < on)
        .order_by(table.c.as_of.desc(), table.c.edition.desc(), table.c.id.desc())
        .limit(1)
    )
    row = (await unit.execute(statement)).first()
    return None if row is None else portraits.row(row)


async def _peers(
    unit: UnitOfWork, reader: Reader, profile: Profile, on: date
) -> tuple[PeerGroup, list[Sheet]]:
    """The narrowest group with five others of whom something is known, with their sheets; the widest if none has."""
    groups = widening(profile)
    sheets: list[Sheet] = []
    group = groups[-1]
    for group in groups:
        sheets = []
        async for found in members(unit, group, on):
            read = await reader.read(unit, [each for each in found if each.uscc != profile.uscc], on)
            sheets += [one for each in read if (one := sheet(reader.model, each)).known]
        if len(sheets) >= FEWEST_PEERS:
            break
    return group, sheets


async def trend(unit: ReadUnit, record_id: str) -> PortraitTrend:
    """The portraits of the same enterprise up to this one, the earliest first, one a day (the latest model's)."""
    found = await portraits.get(unit, record_id)
    statement = (
        sa.select(*portraits.columns)
        .ext(distinct_on(table.c.as_of))
        .where(
            table.c.organisation == found.organisation, table.c.as_of <= found.as_of, portraits.visible(unit)
        )
        .order_by(table.c.as_of.desc(), table.c.edition.desc(), table.c.id.desc())
        .limit(_TREND)
    )
    rows: Iterable[Any] = await unit.execute(statement)
    points = [portraits.row(row) for row in rows]
    return PortraitTrend(
        organisation=found.organisation or "",
        items=[
            PortraitTrendPoint(
                id=each.id, as_of=each.as_of, model=each.model, edition=each.edition,
                comparable=each.model == found.model, total=each.total, percentile=each.percentile,
                dimensions={one["code"]: one["score"] for one in each.dimensions},
            )
            for each in reversed(points)
        ],
    )  # fmt: skip
