"""Assessments on the wire: every leaf with value, threshold, result and clause; the gap to the node."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import Input, Line, Output

EXAMPLE = {
    "organisation": "91440703MATE000L4P",
    "target": "tech_sme",
    "as_of": "2024-03-01",
    "what_if": True,
    "facts": [{"fact": "st_staff", "year": 2023, "value": 40}],
}
ResultName = Literal["met", "unmet", "unknown", "manual_review", "not_applicable"]


class AssessmentFactInput(Input):
    """A hypothetical fact."""

    fact: Line = Field(description="Key of the fact", examples=["st_staff"])
    year: int | None = Field(default=None, ge=2000, le=2100, description="For a yearly fact")
    value: Any = Field(description="As on the form: money `123.40`, a rate in percent, a flag, a code")


class AssessmentCreate(Input):
    """Whom, for which node, on which day. Nothing is stored."""

    organisation: Uscc | None = Field(default=None, description="The token's organisation when left out")
    target: Line = Field(description="Code of a node of the city's ladder, or `pack-id/code`")
    as_of: date | None = Field(default=None, description="Today when left out")
    occasion: Literal["first", "review"] = "first"
    pack: Line | None = Field(
        default=None, description="An exact version `id@version`, to re-run an old decision"
    )
    what_if: bool = Field(default=False, description="Take `facts` over what was filed")
    facts: list[AssessmentFactInput] = Field(default_factory=list, max_length=200)
    held: list[Line] = Field(
        default_factory=list, max_length=50, description="With `what_if`: nodes taken as held"
    )


class AssessmentText(Output):
    """A name in two languages."""

    zh: str
    en: str


class AssessmentObserved(Output):
    """The value that was seen, for one year, with the threshold that held for it."""

    year: int | None
    value: Any
    threshold: Any


class AssessmentFactRef(Output):
    """A fact, of a year where it is yearly."""

    fact: str
    name: AssessmentText | None
    year: int | None


class AssessmentLine(Output):
    """One line of a score. Points lie between `points` and `points_to`, which differ while something is open."""

    block: str
    line: str
    name: AssessmentText
    points: str
    points_to: str
    max: str
    measure: str | None = Field(description="The measure that made the points")
    clause: list[str]
    missing: list[AssessmentFactRef]


class AssessmentScore(Output):
    """A score against its pass mark."""

    points: str
    points_to: str
    total: str
    pass_mark: str | None
    lines: list[AssessmentLine]


class AssessmentPart(Output):
    """One part of the condition; leaves have values, groups have parts."""

    id: str | None
    kind: str
    name: AssessmentText | None
    result: ResultName
    clause: list[str]
    document: str | None
    policy: bool = Field(description="False: a default of the product and no policy")
    evidence: str = Field(description="`verified`, `submitted` or `none`: what the values rest on")
    materials: list[str]
    veto: bool
    waived: bool
    fact: AssessmentFactRef | None
    unit: str | None
    comparator: str | None
    threshold: str | None
    observed: list[AssessmentObserved]
    holds: list[str]
    score: AssessmentScore | None
    missing: list[AssessmentFactRef]
    parts: list["AssessmentPart"]
    waiver: "AssessmentPart | None"


class AssessmentChange(Output):
    """One fact that alone would meet the leaf: the smallest change."""

    fact: AssessmentFactRef
    current: Any
    needed: Any
    unit: str


class AssessmentGap(Output):
    """What a leaf lacks, and the earliest day on which it can be met (null: it waits for an act)."""

    leaf: str | None
    result: ResultName
    changes: list[AssessmentChange]
    provide: list[AssessmentFactRef]
    hold_one_of: list[str]
    points_short: str | None
    earliest: date | None


class AssessmentKept(AssessmentFactRef):
    """A filed fact as it was on the day."""

    value: Any
    verified: bool


class AssessmentOut(Output):
    """The answer: the tree as it was decided, its leaves in `results`, and the gap to the node."""

    organisation: str
    target: str
    node: str
    as_of: date
    occasion: str
    pack: str
    rule: str
    rule_version: str
    what_if: bool
    result: ResultName
    decided_by: str | None = Field(description="Id of the leaf that decided")
    evidence: str = Field(description="`verified` when every value that counted is")
    results: list[AssessmentPart]
    tree: AssessmentPart
    gaps: list[AssessmentGap]
    earliest: date | None
    missing: list[AssessmentFactRef]
    inputs: list[AssessmentKept] = Field(description="What it was made from, with `held`: kept for a re-run")
    held: list[str]
    requires_missing: list[str] = Field(description="Recognitions that must be held to apply and are not")


class AssessmentRerun(Output):
    """An assessment that was kept, and the same made anew from its kept inputs under its own version of the rule."""

    same: bool = Field(description="Whether every part of the answer is what was kept")
    differs: list[str] = Field(description="Fields of the answer that differ; empty when it is the same")
    kept: AssessmentOut
    again: AssessmentOut
