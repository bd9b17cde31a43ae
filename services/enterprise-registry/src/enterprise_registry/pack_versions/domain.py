"""An uploaded version of a policy pack: from draft to publication."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "draft": Text("草稿", "Draft"),
    "validated": Text("已校验", "Validated"),
    "published": Text("已发布", "Published"),
    "withdrawn": Text("已撤回", "Withdrawn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackVersion(Record):
    """A version as it was uploaded. `files`: file name → YAML text. `faults`: `{file, line, message}`.

    `pack_id`, `pack_version`, `in_force_from`, `digest` are read from the files and missing while they cannot be.
    """

    pack_id: str | None
    pack_version: str | None
    in_force_from: date | None
    digest: str | None
    files: Mapping[str, str]
    faults: Sequence[Mapping[str, Any]]
    document_no: str | None
    decided_on: date | None


def _without_faults(found: PackVersion) -> Iterable[Reason]:
    if found.faults:
        yield Reason(
            "pack_faulty",
            Text(
                f"该版本有 {len(found.faults)} 处错误，请先更正。",
                f"The version has {len(found.faults)} fault(s); mend them first.",
            ),
        )


MACHINE = Machine(
    "policy-pack-versions",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_=("draft", "validated"), to="draft", handles=True),
        verb("validate", "校验", "Validate", from_=("draft", "validated"), handles=True),
        verb("publish", "发布", "Publish", from_="validated", to="published", decides=True,
             not_by_handler=True, guards=(_without_faults,)),
        verb("withdraw", "撤回", "Withdraw", from_=("draft", "validated"), to="withdrawn"),
    ),
)  # fmt: skip


def sight(found: PackVersion) -> Iterable[str]:
    """The city's officers; everybody once it was published."""
    yield from access.place(found.city, found.division)
    if found.state == "published":
        yield from access.PUBLIC
