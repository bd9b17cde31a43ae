"""The HTTP edge of scoring models."""

from typing import Annotated

from fastapi import Path

from enterprise_registry.scoring_models import use_cases
from enterprise_registry.scoring_models.domain import ScoringModel
from enterprise_registry.scoring_models.schemas import (
    EXAMPLE,
    ScoringModelCreate,
    ScoringModelDefaults,
    ScoringModelOut,
    ScoringModelPatch,
    ScoringModelPublish,
)
from enterprise_registry.scoring_models.store import scoring_models
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write

router = ResourceRouter(scoring_models, ScoringModelOut)


@router.create(example=EXAMPLE)
async def create(body: ScoringModelCreate, uow: Write) -> ScoringModel:
    """Draft a model: one that the city's pack provides, or one's own.

    422 `model_invalid` names every weight that does not sum up, and every fact, node or register that is not there.
    """
    return await use_cases.draft(uow, body)


@router.update(example=ScoringModelPatch.example)
async def update(record_id: RecordId, body: ScoringModelPatch, uow: Write) -> ScoringModel:
    """Change a draft; `dimensions` are replaced as a whole. 422 as for a new one."""
    return await use_cases.update(uow, record_id, body)


@router.verb("publish", example=ScoringModelPublish.example)
async def publish(record_id: RecordId, body: ScoringModelPublish, uow: Write) -> ScoringModel:
    """Decide that new scores use it; the one before is superseded, and its scores keep it.

    409 `handler_does_not_decide` for whoever drafted it.
    """
    return await use_cases.publish(uow, record_id, body)


@router.other(
    "GET", "/defaults/{city}", action="read", operation_id="list_scoring_model_defaults",
    summary="政策包提供的模型 Models that packs provide", response_model=ScoringModelDefaults,
)  # fmt: skip
async def defaults(city: Annotated[str, Path(max_length=80)], unit: Read) -> ScoringModelDefaults:
    """List the portrait models that the city's pack sees; 422 `city_unknown` without a pack."""
    return use_cases.defaults(unit, city)
