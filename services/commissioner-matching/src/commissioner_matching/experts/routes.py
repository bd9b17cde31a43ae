"""The HTTP edge of experts."""

from typing import Literal

from pydantic import Field

from commissioner_matching.enrolments.desk import Desk
from commissioner_matching.enrolments.routes import add_verbs
from commissioner_matching.enrolments.schemas import EnrolmentCreate, EnrolmentOut
from commissioner_matching.experts.domain import Expert
from commissioner_matching.experts.store import experts
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Input, columns, merge_patch

EXAMPLE = {"person": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42", "city": "440700", "kinds": ["technical"]}
Kind = Literal["technical", "management", "financial"]
desk: Desk[Expert] = Desk(experts, once_in=("city",))


class ExpertCreate(EnrolmentCreate):
    """An enrolment as expert of a city."""

    kinds: list[Kind] = Field(min_length=1, max_length=3, description="技术、管理、财务, best first")


class _ExpertFields(Input):
    kinds: list[Kind] = Field(min_length=1, max_length=3)


@merge_patch
class ExpertPatch(_ExpertFields):
    """Fields to change (JSON Merge Patch)."""


class ExpertOut(EnrolmentOut):
    """An expert."""

    kinds: list[str]


router = ResourceRouter(experts, ExpertOut)


@router.create(example=EXAMPLE)
async def create(body: ExpertCreate, uow: Write) -> Expert:
    """Enrol a person as expert. 409 `enrolled_already` while another enrolment in the city is open."""
    return await desk.enrol(uow, columns(body))


@router.update(example={"kinds": ["technical", "management"]})
async def update(record_id: RecordId, body: ExpertPatch, uow: Write) -> Expert:
    """Change the kinds."""
    return await desk.change(uow, record_id, columns(body, only_set=True))


add_verbs(router, desk)
