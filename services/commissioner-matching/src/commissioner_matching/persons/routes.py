"""The HTTP edge of persons."""

from fastapi import Response

from commissioner_matching.persons import use_cases
from commissioner_matching.persons.domain import Person
from commissioner_matching.persons.schemas import (
    EXAMPLE,
    PersonCreate,
    PersonMerge,
    PersonOut,
    PersonPatch,
    PersonReveal,
    PersonRevealed,
)
from commissioner_matching.persons.store import persons
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, columns

router = ResourceRouter(persons, PersonOut)


@router.create(example=EXAMPLE)
async def create(body: PersonCreate, uow: Write) -> Person:
    """Open a person's file. 409 `person_exists` when the identity number has one already."""
    return await use_cases.open_file(uow, columns(body))


@router.update(example={"specialty": "轻合金压铸、激光焊接"})
async def update(record_id: RecordId, body: PersonPatch, uow: Write) -> Person:
    """Change the profile; lists are replaced as a whole."""
    return await use_cases.change_file(uow, record_id, columns(body, only_set=True))


@router.other(
    "POST", "/{record_id}/reveal", action="reveal", operation_id="reveal_person",
    summary="查看个人信息明文 Reveal", response_model=PersonRevealed, private=True,
    example={"fields": ["phone"], "reason": "通知特派员签订协议"},
)  # fmt: skip
async def reveal(record_id: RecordId, body: PersonReveal, uow: Write, response: Response) -> PersonRevealed:
    """Read personal fields in clear. Needs its own permission and a reason; every reading is audited."""
    found = await use_cases.reveal(uow, record_id, body.fields, body.reason)
    response.headers["cache-control"] = "no-store"
    return PersonRevealed(id=record_id, **found)


@router.verb(
    "merge", bulk=False, example={"into": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42", "reason": "重复建档"}
)
async def merge(record_id: RecordId, body: PersonMerge, uow: Write) -> Person:
    """Merge this file into the one that stays."""
    return await use_cases.merge(uow, record_id, body.into, body.reason)


@router.verb("unmerge", example=Because.example)
async def unmerge(record_id: RecordId, body: Because, uow: Write) -> Person:
    """Undo the merge."""
    return await use_cases.unmerge(uow, record_id, body.reason)
