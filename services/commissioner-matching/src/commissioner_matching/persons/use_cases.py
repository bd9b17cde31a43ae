"""What can be done with a person's file."""

from collections.abc import Sequence
from typing import Any

from commissioner_matching.locks import hold
from commissioner_matching.persons.domain import GROUP, Person
from commissioner_matching.persons.store import persons
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.ids import new_id
from kechuang.personal import Secret, mask_name, mask_phone, mask_resident_id
from kechuang.personal.store import seal, unseal, vault
from kechuang.text import Text


async def open_file(uow: UnitOfWork, values: dict[str, Any]) -> Person:
    """Open the one file of a person.

    Raises Conflict `person_exists` (409) when there is a file under the same identity number; its id is
    told only to those who may see it.
    """
    name, phone, number = values.pop("name"), values.pop("phone"), values.pop("id_number")
    index = vault(uow).index("resident_id", number)
    await _refuse_second_file(uow, index)
    person_id = new_id()
    given = {"name": name, "phone": phone, "id_number": number}
    sealed = await seal(uow, person_id, GROUP, {key: each for key, each in given.items() if each})
    values["division"] = values["division"] or values["city"]
    values["achievements"] = _numbered(values["achievements"])
    return await persons.create(
        uow, record_id=person_id, **values, name=sealed["name"], phone=sealed.get("phone"),
        id_number=sealed["id_number"], id_index=index, name_masked=str(mask_name(name)),
        phone_masked=str(mask_phone(phone)) if phone else None,
        id_number_masked=str(mask_resident_id(number)),
    )  # fmt: skip


async def _refuse_second_file(uow: UnitOfWork, index: bytes) -> None:
    await hold(uow, "person", index.hex())
    found = await persons.lookup_one(uow, id_index=index)
    if found is None:
        return
    seen = uow.permissions.permits(uow.actor, "persons:read", found.sight)
    raise Conflict(
        Text(
            "该身份证号码已有档案（一人一档），请在原档案上补充。",
            "There is a file under this identity number already; add to it instead.",
        ),
        code="person_exists",
        extra={"person": found.id} if seen else {},
    )


async def change_file(uow: UnitOfWork, person_id: str, values: dict[str, Any]) -> Person:
    """Change what is known of a person, identity and place excepted.

    Persons keep their own profile, but cannot drop a tie or change the employer: recusal rests on both.
    """
    person = await persons.load(uow, person_id, "update")
    if uow.actor.person == person.id:
        _keeps_ties(person, values)
    if "achievements" in values:
        values["achievements"] = _numbered(values["achievements"])
    return await persons.change(uow, person, "update", **values)


def _keeps_ties(person: Person, values: dict[str, Any]) -> None:
    dropped = [each for each in person.conflicts if each not in values.get("conflicts", person.conflicts)]
    if dropped or values.get("organisation", person.organisation) != person.organisation:
        raise NotPermitted(
            Text(
                "本人不能删除利益关联或更改工作单位代码，请联系主管部门。",
                "You cannot drop a tie or change your employer's code yourself; ask the department.",
            ),
            code="ties_are_kept",
        )


def _numbered(works: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give every work an id within its file, so that a match can point at it."""
    return [{"id": f"w{at}", **each} for at, each in enumerate(works, start=1)]


async def reveal(
    uow: UnitOfWork, person_id: str, fields: Sequence[str], reason: str
) -> dict[str, str | None]:
    """Give personal fields in clear; the reading and its reason are audited before they are given."""
    person = await persons.load(uow, person_id, "reveal")
    sealed = {name: getattr(person, name) for name in fields if getattr(person, name) is not None}
    opened = (await unseal(uow, GROUP, {person.id: sealed}))[person.id]
    uow.audit(
        "persons:reveal", resource="persons", record_id=person.id, version=person.version,
        reason=f"{reason} [{', '.join(sorted(fields))}]",
    )  # fmt: skip
    clear: dict[str, Secret] = opened or {}
    return {name: clear[name].reveal() if name in clear else None for name in ("name", "phone", "id_number")}


async def contacts(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, dict[str, str | None]]:
    """Give names and telephone numbers in clear, by person; the caller has checked and audited the reading."""
    files = {each: await persons.lookup_one(uow, id=each) for each in ids}
    sealed = {
        each: {"name": file.name, **({"phone": file.phone} if file.phone else {})}
        for each, file in files.items()
        if file is not None
    }
    opened = await unseal(uow, GROUP, sealed) if sealed else {}
    found: dict[str, dict[str, str | None]] = {}
    for each in ids:
        clear = opened.get(each) or {}
        found[each] = {name: clear[name].reveal() if name in clear else None for name in ("name", "phone")}
    return found


async def merge(uow: UnitOfWork, person_id: str, into: str, reason: str) -> Person:
    """Let a file that was opened twice (with a wrong number) go into the one that stays; can be undone."""
    uow.reason = reason
    person = await persons.load(uow, person_id, "merge")
    stays = await persons.lookup_one(uow, id=into, state="active")
    if stays is None or stays.id == person.id:
        raise invalid("/into", "person_unknown", "未找到可并入的档案。", "There is no such other file.")
    persons.require_permission(uow, "merge", stays)
    return await persons.change(uow, person, "merge", merged_into=stays.id)


async def unmerge(uow: UnitOfWork, person_id: str, reason: str | None) -> Person:
    """Undo a merge: nothing of either file was lost."""
    uow.reason = reason
    return await persons.change(
        uow, await persons.load(uow, person_id, "unmerge"), "unmerge", merged_into=None
    )


async def require_person(unit: ReadUnit | UnitOfWork, person_id: str, pointer: str) -> Person:
    """Give an active file for a rule's sake, or refuse the field that names it."""
    found = await persons.lookup_one(unit, id=person_id, state="active")
    if found is None:
        raise invalid(
            pointer, "person_unknown", "未找到该人员的有效档案。", "There is no such person on file."
        )
    return found
