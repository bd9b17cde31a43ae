"""The HTTP edge of commissioners."""

from pydantic import Field

from commissioner_matching.commissioners import use_cases
from commissioner_matching.commissioners.domain import Commissioner
from commissioner_matching.commissioners.store import commissioners
from commissioner_matching.enrolments.routes import add_verbs
from commissioner_matching.enrolments.schemas import EnrolmentCreate, EnrolmentOut
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Input, Line, columns, merge_patch

EXAMPLE = {
    "person": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42",
    "city": "440700",
    "programme": "enterprise_commissioner_v2",
    "level": "city",
    "capacity": 2,
}


class CommissionerCreate(EnrolmentCreate):
    """An enrolment in a programme of the city's pack."""

    programme: Line = Field(description="Code of the programme in the city's pack")
    level: Line | None = Field(default=None, description="Level that sends: nation, province, city, county")
    capacity: int | None = Field(default=None, ge=1, le=50, description="Targets at once")


class _CommissionerFields(Input):
    level: Line | None = None
    capacity: int = Field(default=1, ge=1, le=50, description="Targets at once")


@merge_patch
class CommissionerPatch(_CommissionerFields):
    """Fields to change (JSON Merge Patch)."""


class CommissionerOut(EnrolmentOut):
    """A commissioner."""

    programme: str
    level: str | None
    capacity: int


router = ResourceRouter(commissioners, CommissionerOut)


@router.create(example=EXAMPLE)
async def create(body: CommissionerCreate, uow: Write) -> Commissioner:
    """Enrol a person in a programme. 409 `enrolled_already` while another enrolment in it is open, `cooling`
    while the cooling period of an earlier one lasts."""
    return await use_cases.enrol(uow, columns(body))


@router.update(example={"capacity": 3})
async def update(record_id: RecordId, body: CommissionerPatch, uow: Write) -> Commissioner:
    """Change level or capacity; 409 `below_load` for a capacity under what runs already."""
    return await use_cases.change(uow, record_id, columns(body, only_set=True))


add_verbs(router, use_cases.desk)
