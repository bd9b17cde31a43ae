"""A person (一人一档): who, what they can do, and whom they are tied to. Personal data only encrypted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

GROUP = "identity"
"""The group of fields that share a person's data key."""

STATES = {"active": Text("在册", "On file"), "merged": Text("已并入他档", "Merged into another file")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Record):
    """One file a person. `name`, `phone` and `id_number` are ciphertext; the masks are what is shown.

    `organisation` is the employer's credit code where it has one. `achievements` are works (papers,
    patents, projects) as `{id, kind, title, text, year}`; `conflicts` are ties to organisations as
    `{organisation, kind, evidence, valid_to}`.
    """

    name: bytes
    phone: bytes | None
    id_number: bytes
    id_index: bytes
    name_masked: str
    phone_masked: str | None
    id_number_masked: str
    employer: str
    education: str | None
    professional_title: str | None
    disciplines: Sequence[str]
    chains: Sequence[str]
    specialty: str | None
    achievements: Sequence[dict[str, Any]]
    conflicts: Sequence[dict[str, Any]]
    sources: Sequence[dict[str, Any]]
    merged_into: str | None


MACHINE = Machine(
    "persons",
    STATES,
    "active",
    (
        verb("update", "修改", "Update", from_="active"),
        verb("merge", "并档", "Merge into another file", from_="active", to="merged", decides=True),
        verb("unmerge", "撤销并档", "Undo the merge", from_="merged", to="active", decides=True),
    ),
)


def sight(person: Person) -> Iterable[str]:
    """The person, the employer, and the officers of the place."""
    yield from access.person(person.id)
    yield from access.owner(person.organisation)
    yield from access.place(person.city, person.division, *person.zones)


def conflicts_on(person: Person, organisation: str, on: date) -> list[dict[str, Any]]:
    """Give the ties to an organisation that last on a day; the employer is always one."""
    found = [
        each
        for each in person.conflicts
        if each["organisation"] == organisation
        and (each.get("valid_to") is None or date.fromisoformat(each["valid_to"]) >= on)
    ]
    if person.organisation == organisation:
        found.append(
            {"organisation": organisation, "kind": "employment", "evidence": person.number, "valid_to": None}
        )
    return found
