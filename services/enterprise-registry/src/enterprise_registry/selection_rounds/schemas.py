"""Selection rounds on the wire."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationInfo, field_validator

from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut
from kechuang.text import Text, field_error
from kechuang_packs.models.common import Code

EXAMPLE = {
    "title": "2024年高企创新标兵评选",
    "honour": "hnte_benchmark",
    "city": "440700",
    "opens_at": "2024-04-01T01:00:00Z",
    "closes_at": "2024-04-30T10:00:00Z",
}
TieRule = Literal["higher_block", "earlier_submission", "lot", "all_share_last_place"]
Score = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
_WHOLE = 100


class RoundLine(Input):
    """A criterion of a round's own scheme."""

    code: Code
    name_zh: Line
    name_en: Line
    weight: Score = Field(description="Percent of the whole, as a decimal string")


class RoundQuota(Input):
    """A quota of the city's own, where the pack states none."""

    kind: Literal["cap", "floor"]
    value: int = Field(ge=1, le=100_000)
    first: date | None = Field(default=None, description="1 January of this year when left out")
    last: date | None = Field(default=None, description="The end of that year when left out")


class SelectionRoundCreate(Input):
    """A round. A selection has a window for applications; a review may have one for newcomers."""

    title: Line
    kind: Literal["selection", "review"] = "selection"
    honour: Line = Field(description="Code of an honour, or of a ladder node gained by selection")
    city: Line = Field(description="Area id", examples=["440700"])
    areas: list[Line] = Field(default_factory=list, description="Area ids; empty is the whole city")
    opens_at: AwareDatetime | None = Field(default=None, validate_default=True)
    closes_at: AwareDatetime | None = Field(default=None, validate_default=True)
    guide: Prose | None = None
    form: Line | None = Field(default=None, description="Form that an application answers")
    materials: list[Line] = Field(default_factory=list, max_length=50)
    skip_recommendation: bool = False
    scheme: Line | None = Field(
        default=None, description="Code of a scoring model of the pack; the honour's when left out"
    )
    lines: list[RoundLine] | None = Field(
        default=None, min_length=1, max_length=30, description="The round's own criteria, instead of `scheme`"
    )
    tie_rule: TieRule | None = Field(default=None, description="The honour's when left out")
    pass_mark: Score | None = Field(default=None, description="Total that is needed at least")
    sheets_needed: int = Field(default=1, ge=1, le=50, description="Score sheets that each item needs")
    scorers: list[Line] = Field(
        default_factory=list, max_length=50, description="Persons who score, besides the city's officers"
    )
    quota: RoundQuota | None = None
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)

    @field_validator("opens_at")
    @classmethod
    def _a_selection_opens(cls, opens_at: datetime | None, info: ValidationInfo) -> datetime | None:
        if opens_at is None and info.data.get("kind") == "selection":
            raise field_error(
                "window_needed",
                Text("评选应有申报起止时间。", "A selection has `opens_at` and `closes_at`."),
            )
        return opens_at

    @field_validator("closes_at")
    @classmethod
    def _closes_after_it_opens(cls, closes_at: datetime | None, info: ValidationInfo) -> datetime | None:
        if "opens_at" not in info.data:  # refused already
            return closes_at
        opens_at = info.data["opens_at"]
        if (opens_at is None) != (closes_at is None):
            raise field_error(
                "go_together", Text("申报起止时间应同时填写。", "`opens_at` and `closes_at` go together.")
            )
        if opens_at is not None and closes_at is not None and closes_at <= opens_at:
            raise field_error(
                "ends_early", Text("截止时间应晚于开始时间。", "`closes_at` lies after `opens_at`.")
            )
        return closes_at

    @field_validator("lines")
    @classmethod
    def _a_scheme(cls, lines: list[RoundLine] | None, info: ValidationInfo) -> list[RoundLine] | None:
        if lines is None:
            return None
        if info.data.get("scheme") is not None:
            raise field_error(
                "scheme_or_lines",
                Text("scheme 与 lines 只能填一项。", "Give `scheme` or `lines`, not both."),
            )
        if sum(each.weight for each in lines) != _WHOLE:
            raise field_error(
                "weights_sum", Text("各评分项权重之和应为 100。", "The weights of the lines sum to 100.")
            )
        if len({each.code for each in lines}) != len(lines):
            raise field_error("code_twice", Text("评分项代码不能重复。", "Each line has a code of its own."))
        return lines


class SelectionRoundPatch(Input):
    """What may be changed before the round is announced (JSON Merge Patch)."""

    title: Line | None = None
    tie_rule: TieRule | None = None
    pass_mark: Score | None = None
    sheets_needed: int | None = Field(default=None, ge=1, le=50)
    scorers: list[Line] | None = Field(default=None, max_length=50)


class RoundSheet(Input):
    """A scorer's points for one item: every line of the scheme, 0 to 100."""

    item: str = Field(max_length=64, description="An application, or a recognition under review")
    points: dict[str, Score] = Field(examples=[{"rd_input": "85.5", "results": "90"}])
    opinion: Prose | None = None


class RoundScore(Input):
    """The caller's score sheets; one for an item that was scored before takes the earlier one's place."""

    sheets: list[RoundSheet] = Field(min_length=1, max_length=500)


class RoundSetAside(Input):
    """An item that is set aside whatever its score, and why."""

    item: str = Field(max_length=64)
    reason: Prose


class RoundShortlist(Input):
    """How many places, and what is set aside: a candidate gets no award, a holder is to be removed."""

    places: int | None = Field(
        default=None,
        ge=0,
        le=100_000,
        description="What is left of a cap when left out; else everybody who passes",
    )
    lot: Line | None = Field(default=None, description="The publicly drawn word of the tie rule `lot`")
    set_aside: list[RoundSetAside] = Field(default_factory=list, max_length=500)


class RoundNotice(Input):
    """What the notice says."""

    title: Line | None = None
    contact: Line = Field(examples=["江门市科学技术局 0750-3500000"])


class RoundAward(Input):
    """The decision. `items` left out: everything on the notice that no objection holds."""

    document_no: Line = Field(description="发文字号", examples=["江科〔2024〕12号"])
    decided_on: date
    items: list[str] | None = Field(default=None, max_length=1000)
    decline: list[RoundSetAside] = Field(
        default_factory=list, max_length=1000, description="Not awarded, or not removed, against the proposal"
    )

    @field_validator("decline")
    @classmethod
    def _disjoint(cls, decline: list[RoundSetAside], info: ValidationInfo) -> list[RoundSetAside]:
        if {each.item for each in decline} & set(info.data.get("items") or ()):
            raise field_error(
                "awarded_and_declined",
                Text("同一对象不能既授予又不授予。", "An item is awarded or declined, not both."),
            )
        return decline


class SelectionRoundOut(RecordOut):
    """A round. Scores and ranks are read at `/standing` by those who may."""

    title: str
    kind: str
    honour: str
    target: str = Field(description="Kind of the recognitions that it awards")
    node: str = Field(description="The honour's one name across packs")
    scheme: dict[str, Any]
    tie_rule: str
    pass_mark: str | None
    sheets_needed: int
    quota: str = Field(description="The quota that the rounds of this honour and period share")
    plan: dict[str, Any] | None
    window: str | None = Field(description="The application window, once announced")
    places: int | None
    lot: str | None
    notice: str | None
    decisions: list[dict[str, Any]]


class RoundQuotaOut(Output):
    """The shared quota as it stands now."""

    honour: str
    kind: str = Field(description="cap, floor or none")
    value: int | None
    first: date
    last: date
    taken: int
    remaining: int | None = Field(description="Of a cap")
    shortfall: int | None = Field(description="Of a floor: how many awards it lacks")


class RoundEntryOut(Output):
    """One item with its place, how it came to it, and what became of it."""

    item: str
    number: str
    holder: bool = Field(description="A recognition under review, not an application")
    organisation: str
    label: str
    submitted_at: datetime
    rank: int | None
    score: dict[str, Any] | None = Field(description="Total, mean of each line, total of each sheet, ties")
    proposal: str
    reason: str | None
    outcome: str | None
    outcome_reason: str | None
    decided_on: date | None
    recognition: str | None


class RoundStanding(Output):
    """The ranking, computed anew from the sheets until it is shortlisted, and the quota."""

    round: str
    state: str
    scheme: dict[str, Any]
    tie_rule: str
    pass_mark: str | None
    scorers: list[str] = Field(description="Persons who score, besides the city's officers")
    quota: RoundQuotaOut
    items: list[RoundEntryOut]
    missing: list[str] = Field(description="Items that lack score sheets")


class RoundOwnSheet(Output):
    """What the caller may score, and the points given so far."""

    item: str
    number: str
    holder: bool
    organisation: str
    label: str
    points: dict[str, str] | None


class RoundOwnSheets(Output):
    """The caller's own sheets; nobody else's."""

    round: str
    lines: list[dict[str, Any]]
    items: list[RoundOwnSheet]
