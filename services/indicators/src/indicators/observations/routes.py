"""The HTTP edge of observations."""

from indicators.observations import use_cases
from indicators.observations.domain import Observation
from indicators.observations.schemas import EXAMPLE, ObservationCreate, ObservationOut
from indicators.observations.store import observations
from kechuang.http.resource import ResourceRouter
from kechuang.http.route import Write

router = ResourceRouter(observations, ObservationOut)


@router.create(example=EXAMPLE)
async def create(body: ObservationCreate, uow: Write) -> Observation:
    """Report a value. One for the same indicator, area and period revises the earlier one, which stays
    readable and is still the answer as of a day before. 409 `indicator_is_computed` for a counted one."""
    return await use_cases.record(
        uow,
        indicator=body.indicator,
        area=body.area,
        period=body.period,
        value=body.value,
        source=body.source,
        note=body.note,
        external_ids=[each.model_dump() for each in body.external_ids],
    )
