"""What can be done with a scoring model."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from enterprise_registry.metadata import alone
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.scoring_models.domain import ScoringModel, require_sound
from enterprise_registry.scoring_models.schemas import (
    ScoringModelCreate,
    ScoringModelDefault,
    ScoringModelDefaults,
    ScoringModelPatch,
    ScoringModelPublish,
)
from enterprise_registry.scoring_models.store import scoring_models, table
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang_packs import Pack, Packs
from kechuang_packs.models.scoring import ScoringModel as PackModel
from kechuang_packs.models.scoring import ScoringModelDimension

PORTRAIT = "portrait"


def provided(packs: Packs, pack: Pack) -> Iterator[tuple[Pack, PackModel]]:
    """Give the portrait models that a city's pack sees, its own first; a code of its own hides another's."""
    seen: set[str] = set()
    for each in packs.visible(pack).packs:
        for model in each.scoring.models:
            if model.purpose == PORTRAIT and model.dimensions and model.code not in seen:
                seen.add(model.code)
                yield each, model


async def draft(uow: UnitOfWork, body: ScoringModelCreate) -> ScoringModel:
    """Begin a draft from the pack's model or from given dimensions; its edition is the next of its code."""
    city = body.city or next(iter(uow.actor.areas), None)
    shelf = library(uow)
    pack = shelf.require_city_pack(city, uow.today)
    names = body.name
    code, dimensions = body.code or "", body.dimensions or []
    zh, en = (names.zh, names.en) if names else ("", "")
    if body.from_pack is not None:
        found = next(
            (model for _, model in provided(shelf.packs, pack) if model.code == body.from_pack), None
        )
        if found is None:
            known = "、".join(model.code for _, model in provided(shelf.packs, pack))
            raise invalid(
                "/from_pack", "model_unknown", f"政策包没有这个画像模型；可选：{known or '无'}。",
                f"The pack provides no such portrait model; there are: {known or 'none'}.",
            )  # fmt: skip
        code = body.code or found.code
        dimensions = body.dimensions or list(found.dimensions)
        zh, en = (names.zh, names.en) if names else (found.name.zh, found.name.en)
    require_sound(dimensions, shelf.packs.visible(pack))
    await alone(uow, "scoring-model", city or "", code)
    edition = (
        await uow.execute(
            sa.select(sa.func.coalesce(sa.func.max(table.c.edition), 0)).where(
                table.c.city == city, table.c.code == code
            )
        )
    ).scalar_one() + 1
    return await scoring_models.create(
        uow, city=city, pack=stamp(pack), code=code, edition=edition, name_zh=zh, name_en=en, purpose=PORTRAIT,
        dimensions=_plain(dimensions), loaded_from=body.from_pack, handlers=[uow.actor.subject],
    )  # fmt: skip


def _plain(dimensions: Sequence[ScoringModelDimension]) -> list[dict[str, Any]]:
    return [each.model_dump(mode="json", by_alias=True, exclude_defaults=True) for each in dimensions]


async def update(uow: UnitOfWork, record_id: str, body: ScoringModelPatch) -> ScoringModel:
    """Change a draft; what it reads is from now on today's version of the city's pack."""
    found = await scoring_models.load(uow, record_id, "update")
    shelf = library(uow)
    pack = shelf.require_city_pack(found.city, uow.today)
    values: dict[str, Any] = {"pack": stamp(pack)}
    if body.dimensions is not None:
        require_sound(body.dimensions, shelf.packs.visible(pack))
        values["dimensions"] = _plain(body.dimensions)
    if body.name is not None:
        values |= {"name_zh": body.name.zh, "name_en": body.name.en}
    return await scoring_models.change(uow, found, "update", **values)


async def publish(uow: UnitOfWork, record_id: str, body: ScoringModelPublish) -> ScoringModel:
    """Use it from today on in the place of the one in force; scores that were made keep theirs."""
    found = await scoring_models.load(uow, record_id, "publish")
    shelf = library(uow)
    require_sound(found.parsed(), shelf.packs.visible(shelf.stamped(found.pack or "")))
    uow.reason = body.reason
    await alone(uow, "scoring-model", found.city or "", found.purpose)
    before = await scoring_models.lookup_one(
        uow, lock=True, city=found.city, purpose=found.purpose, state="published"
    )
    if before is not None:
        await scoring_models.change(uow, before, "supersede", implied=True, superseded_on=uow.today)
    return await scoring_models.change(
        uow, found, "publish", published_on=uow.today, document_no=body.document_no,
        supersedes=before.id if before else None,
    )  # fmt: skip


async def in_force(
    unit: ReadUnit | UnitOfWork, city: str | None, on: date, pointer: str = "/model"
) -> ScoringModel:
    """Give the model in force at the end of a day, or for a day before the first one that first one.

    Refuses the field when the city has published none.
    """
    published = sa.select(*scoring_models.columns).where(
        table.c.city == city, table.c.purpose == PORTRAIT, table.c.state.in_(("published", "superseded"))
    )
    then = published.where(table.c.published_on <= on).order_by(
        table.c.published_on.desc(), table.c.edition.desc(), table.c.id.desc()
    )
    first = published.order_by(table.c.published_on, table.c.id)
    for statement in (then, first):
        row = (await unit.execute(statement.limit(1))).first()
        if row is not None:
            return scoring_models.row(row)
    raise invalid(
        pointer, "model_missing", "本市尚未发布画像评分模型；请先从政策包载入并发布。",
        "The city has published no portrait model; load the pack's as a draft and publish it.",
    )  # fmt: skip


def defaults(unit: ReadUnit, city: str) -> ScoringModelDefaults:
    """Give the models that a city may load."""
    shelf = library(unit)
    pack = shelf.require_city_pack(city, unit.today)
    return ScoringModelDefaults(
        city=city,
        items=[
            ScoringModelDefault(
                code=model.code, pack=stamp(owner), version=model.version, name_zh=model.name.zh,
                name_en=model.name.en, product_default=model.source.value == "product_default",
                dimensions=_plain(model.dimensions),
            )
            for owner, model in provided(shelf.packs, pack)
        ],
    )  # fmt: skip
