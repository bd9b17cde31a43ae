"""What goes over the wire for cases, the same in every service."""

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.text import Text, field_error

Way = Literal["visit", "phone", "meeting", "online", "letter"]

EXAMPLE = {
    "kind": "assistance",
    "title": "车间扩建用电容量不足",
    "content": "二期车间投产后用电负荷不足，请协调供电部门增容。",
    "organisation": "91440703MATE001A0N",
}


class CaseOwner(Input):
    """Who answers for it: a person (the `person` of their token), a unit, or both."""

    person: Line | None = Field(default=None, description="Person id as tokens carry it")
    unit: Line | None = Field(default=None, description="Unit id as tokens carry it")
    post: Line | None = Field(default=None, description="职务, in words", examples=["区科技局副局长"])

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.person is None and self.unit is None:
            raise field_error("owner_missing", Text("请指明承办人或承办单位。", "Name a person or a unit."))
        return self


class CaseEvidence(Input):
    """A file that shows something."""

    file: str = Field(max_length=64, description="Id of the file")
    title: Line


class CaseStepCreate(Input):
    """A measure (措施) with its own owner and last day; without them the case's own hold."""

    title: Line
    owner: CaseOwner | None = None
    due_on: date | None = None


class CaseTargets(Input):
    """Target organisations: named ones, and those that `select` finds; both are added up."""

    organisations: list[Line] = Field(default_factory=list, max_length=5000, description="统一社会信用代码")
    select: "CaseSelect | None" = None


class CaseSelect(Input):
    """Active organisations of the case's place that meet all that is said."""

    division: list[Line] = Field(default_factory=list, max_length=50, description="Area ids of counties")
    zone: list[Line] = Field(default_factory=list, max_length=50)
    kind: list[Line] = Field(default_factory=list, max_length=20, description="Kinds of organisations")
    scale: list[Line] = Field(default_factory=list, max_length=10)
    chain: list[Line] = Field(default_factory=list, max_length=50)
    holds: list[Line] = Field(
        default_factory=list, max_length=20, description="Holds one of these recognitions today"
    )


class CaseCreate(Input):
    """A case. With an `owner` it is assigned at once. Without `due_on` the kind's time limit holds."""

    kind: Line
    title: Line
    content: Prose | None = None
    organisation: Line | None = Field(
        default=None, description="The one served; the token's own when left out"
    )
    city: Line | None = Field(
        default=None, description="Area id, for a kind that is about no single organisation"
    )
    division: Line | None = Field(
        default=None, description="County or functional zone of such a case; the city when left out"
    )
    action: Line | None = Field(default=None, description="Code from the catalogue that the kind names")
    owner: CaseOwner | None = None
    due_on: date | None = None
    steps: list[CaseStepCreate] = Field(default_factory=list, max_length=100)
    targets: CaseTargets | None = None
    evidence: list[CaseEvidence] = Field(default_factory=list, max_length=50)
    basis: list[Line] = Field(default_factory=list, max_length=10, description="Ids of policy documents")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


@merge_patch
class CasePatch(Input):
    """Fields to change (JSON Merge Patch)."""

    title: Line
    content: Prose | None
    evidence: list[CaseEvidence] = Field(max_length=50)
    external_ids: list[ExternalId] = Field(max_length=10)


class CaseAssign(Input):
    """The (new) owner; a later or earlier last day, when one is set with it."""

    owner: CaseOwner
    due_on: date | None = None
    reason: Prose | None = None


class CaseStepComplete(Input):
    """What came of a measure; `dropped` when it is not carried out, with the reason as its result."""

    step: str = Field(max_length=10, description="The measure's `id`")
    outcome: Literal["done", "dropped"] = "done"
    result: Prose
    evidence: list[CaseEvidence] = Field(default_factory=list, max_length=50)


class CaseLink(Input):
    """A record that something led to, of any service."""

    resource: Line = Field(examples=["applications"])
    id: str = Field(max_length=64)
    number: Line | None = None
    label: Line | None = None


class CaseContactCreate(Input):
    """A visit, a call, a meeting. A campaign takes one for each of its targets."""

    organisation: Line | None = Field(default=None, description="The one served when left out")
    on: date | None = Field(default=None, description="Today when left out")
    way: Way = "visit"
    summary: Prose
    led_to: list[CaseLink] = Field(default_factory=list, max_length=20)


class CaseContactLink(Input):
    """What a contact led to, found out later."""

    contact: str = Field(max_length=64)
    led_to: list[CaseLink] = Field(min_length=1, max_length=20)


class CaseExtend(Input):
    """A later last day, and why."""

    due_on: date
    step: str | None = Field(
        default=None, max_length=10, description="Of this measure; of the case when left out"
    )
    reason: Prose


class CaseReason(Input):
    """Why; kept in history and audit, shown to all who see the case."""

    reason: Prose


class CaseResolve(Input):
    """What was achieved, with evidence."""

    result: Prose
    evidence: list[CaseEvidence] = Field(default_factory=list, max_length=50)


class CaseConfirm(Input):
    """The one served agrees that it is resolved."""

    satisfaction: int | None = Field(default=None, ge=1, le=5, description="满意度, 5 is best")
    reason: Prose | None = None


class CaseStepOut(Output):
    """A measure."""

    id: str
    title: str
    owner_person: str | None
    owner_unit: str | None
    due_on: date | None
    state: str = Field(description="open, done or dropped")
    overdue: bool
    done_on: date | None
    result: str | None
    evidence: list[dict[str, Any]]


class CaseEscalation(Output):
    """One step up the chain."""

    level: int
    to: str = Field(description="division, city or unit")
    unit: str | None
    at: datetime
    by: str | None = Field(description="Who asked for it; null when the missed day did")
    reason: str
    answered: bool = Field(description="It was assigned since")


class CaseWarning(Output):
    """Something that does not stop the case and should be known."""

    code: str
    detail_zh: str
    detail_en: str


class CaseOut(RecordOut):
    """A case with its measures, its days, its coverage in short."""

    kind: str
    title: str
    content: str | None
    action: str | None
    confirmed_by: str = Field(description="organisation, officer or nobody")
    owner_person: str | None
    owner_unit: str | None
    owner_post: str | None
    due_on: date | None = Field(description="Last day for resolving it")
    stage_due_on: date | None = Field(description="Last day for what the state awaits")
    next_due_on: date | None = Field(description="The earliest day that binds, measures included")
    overdue: bool
    overdue_since: date | None
    steps: list[CaseStepOut]
    targets: int = Field(description="How many target organisations; `/targets` lists them")
    contacted: int = Field(
        description="How many organisations were contacted; `/contacts` lists the contacts"
    )
    followers: list[str] = Field(description="Persons attached to the one served")
    escalations: list[CaseEscalation]
    evidence: list[dict[str, Any]]
    basis: list[str]
    warnings: list[CaseWarning]
    result: str | None
    satisfaction: int | None
    fast_lane: bool
    fast_lane_reason: str | None
    opened_on: date
    resolved_on: date | None


class CaseContact(Output):
    """A contact, and what it led to."""

    id: str
    organisation: str
    title: str | None
    on: date
    way: str
    summary: str
    unit: str | None = Field(description="The unit of who logged it")
    led_to: list[dict[str, Any]]
    logged_at: datetime


class CaseTarget(Output):
    """A target organisation."""

    organisation: str
    title: str | None
    division: str | None
    contacted: bool


class CaseDivisionCoverage(Output):
    """Coverage in one county."""

    division: str | None
    targets: int
    contacted: int


class CaseOutcomeCount(Output):
    """How many contacts led to a record of this resource."""

    resource: str
    contacts: int
    records: int


class CaseCoverage(Output):
    """How far a campaign has come: each organisation counts once, however often it was contacted."""

    targets: int
    contacted: int
    percent: str | None = Field(description="Contacted of targets, one decimal; null without targets")
    contacts: int
    led_somewhere: int = Field(description="Contacts that led to at least one record")
    by_division: list[CaseDivisionCoverage]
    led_to: list[CaseOutcomeCount]
