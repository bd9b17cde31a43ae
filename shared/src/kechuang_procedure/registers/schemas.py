"""Register records on the wire."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut

EXAMPLE = {
    "kind": "key_laboratory",
    "title": "海上风电装备重点实验室",
    "level": "city",
    "organisation": "91440703MATE000L4P",
    "valid_from": "2024-03-01",
    "fields": {},
}
Level = Literal["national", "province", "city", "county", "township", "village"]


class RegisterEvidence(Input):
    """A file that proves the record."""

    file: Line = Field(description="Id of an uploaded file (`POST /files?for=` this resource)")
    kind: Line = Field(description="Code of the evidence that the kind demands, or `other`")
    title: Line


class _Content(Input):
    title: Line = Field(description="名称", examples=["海上风电装备重点实验室"])
    level: Level | None = Field(
        default=None, description="Administrative level; demanded where the kind has levels"
    )
    organisation: Uscc | None = Field(
        default=None, description="依托单位或记录所属单位; the token's organisation when left out"
    )
    parent: str | None = Field(
        default=None, max_length=64, description="Id or number of the record this is a part of (carrier)"
    )
    chain: Line | None = Field(default=None, description="Code of an industry chain of the city's pack")
    valid_from: date = Field(description="First day")
    valid_to: date | None = Field(default=None, description="Last day; by the kind's validity when left out")
    fields: dict[str, Any] = Field(
        default_factory=dict, description="By the kind's JSON Schema; personal data is refused"
    )
    evidence: list[RegisterEvidence] = Field(default_factory=list, max_length=20)
    document_no: Line | None = Field(default=None, description="认定文号")


class RegisterCreate(_Content):
    """A record of a kind that the city's pack declares (`GET …/kinds`)."""

    kind: Line = Field(examples=["key_laboratory"])
    # Named with a stroke in Python: `register` is a method of every abstract class, and pydantic warns.
    register_: Line | None = Field(
        default=None, alias="register", description="The kind's register; checked when given"
    )
    city: Line | None = Field(default=None, description="Area id; the host's city when left out")
    division: Line | None = Field(default=None, description="Area id; the host's division when left out")
    zones: list[Line] = Field(default_factory=list, max_length=10)
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class RegisterPatch(Input):
    """Fields to change while the record is reported (JSON Merge Patch): `fields` are merged by key."""

    title: Line | None = None
    level: Level | None = None
    chain: Line | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    fields: dict[str, Any] | None = None
    evidence: list[RegisterEvidence] | None = Field(default=None, max_length=20)
    document_no: Line | None = None


class RegisterConfirm(Input):
    """The confirmation; a document number where there is one."""

    document_no: Line | None = None
    reason: Prose | None = None


class RegisterRefuse(Input):
    """Why it is not confirmed."""

    reason: Prose


class RegisterEnd(Input):
    """The last day on which it holds, and why it ends: status lost, tenant left, project over."""

    ended_on: date = Field(description="最后有效日: the last day on which it holds")
    reason: Prose
    document_no: Line | None = None


class RegisterCorrect(RegisterPatch):
    """What was recorded wrongly; everything else is taken over. The corrected record supersedes this one."""

    organisation: Uscc | None = Field(
        default=None, description="The right host; the record moves to its place"
    )
    division: Line | None = Field(default=None, description="The right division, where it is not the host's")
    parent: str | None = Field(default=None, max_length=64)
    ended_on: date | None = None
    reason: Prose


class RegisterOut(RecordOut):
    """A record; it holds from `valid_from` to the end of `valid_to`, or of `ended_on` when that comes first."""

    register_: str = Field(
        alias="register", description="Group of kinds: platform, carrier, tenant, product …"
    )
    kind: str
    title: str
    level: str | None
    parent: str | None
    chain: str | None
    reporter: str | None = Field(
        description="USCC of who reported it, where that is not its own organisation"
    )
    valid_from: date
    valid_to: date | None
    ended_on: date | None = Field(description="The last day on which it held, when it ended")
    outcome: str | None = Field(description="expired, ended or corrected")
    holds: bool = Field(description="Whether it holds today")
    standing: str = Field(
        description="counted, apart (counts apart) or not_counted (a test of the kind fails)"
    )
    fields: Mapping[str, Any]
    evidence: Sequence[RegisterEvidence]
    document_no: str | None
    public: bool
    supersedes: str | None
    superseded_by: str | None
    reason: str | None


class RegisterKindOut(Output):
    """A kind, as the pack declares it."""

    code: str
    name_zh: str
    name_en: str
    register_: str = Field(alias="register")
    levels: Sequence[str]
    fields: Mapping[str, Any] = Field(
        description="JSON Schema 2020-12 of `fields`, with titles and `x-title-en`"
    )
    dimensions: Sequence[str] = Field(description="Fields that counts may be split by")
    tests: Sequence[str] = Field(description="Fields that must all be true for a record to count")
    validity_years: int | None
    parent: str | None
    natural_key: Sequence[str]
    evidence: Sequence[str] = Field(description="Codes of the evidence demanded for confirmation")
    hosted: str = Field(description="required, optional or none: whether a record names an organisation")
    chained: str
    reporters: Sequence[str]
    confirmers: Sequence[str]
    counts_with_report: bool = Field(description="Needs no confirmation: counts as it is reported")
    one_day: bool
    public: bool


class RegisterKinds(Output):
    """The kinds of a city's pack."""

    city: str
    items: Sequence[RegisterKindOut]


class RegisterCount(Output):
    """One group of a count; the axes asked for are in `group`."""

    group: Mapping[str, str | None]
    stock: int = Field(description="Records that hold on the day")
    organisations: int = Field(description="Different organisations among them")
    added: int = Field(description="Records whose first day lies in the period")
    ended: int = Field(description="Records that no longer hold from a day in the period on")


class RegisterCounts(Output):
    """Counts on a day and in a period, always counted from the records themselves.

    Where `period_to` is `as_of`: stock = stock on the eve of the period + added - ended.
    """

    as_of: date
    period_from: date
    period_to: date
    standing: str
    items: Sequence[RegisterCount]
