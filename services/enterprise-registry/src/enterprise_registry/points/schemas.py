"""Point entries and balances on the wire. Points are decimal text with two places."""

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from enterprise_registry.points.domain import read_points
from kechuang.codes import Uscc
from kechuang.http.attachments import Attachment, AttachmentOut
from kechuang.http.schemas import Input, Line, Output, Prose, RecordOut
from kechuang.text import Text, field_error

EXAMPLE: dict[str, Any] = {
    "organisation": "91440703MATE000L4P",
    "rule": "other_contribution",
    "points": "8.00",
    "happened_on": "2024-02-20",
    "note": "牵头制定团体标准。",
    "evidence": [{"file": "er_f1", "kind": "standard", "title": "团体标准发布公告"}],
}


class PointEntryCreate(Input):
    """An entry that an officer makes by a rule of kind `manual`, with evidence."""

    organisation: Uscc
    rule: Line = Field(description="Code of a manual point rule of the city's pack")
    points: str | None = Field(
        default=None, max_length=12, description="Above 0, at most the rule's; the rule's when left out"
    )
    happened_on: date = Field(description="When it was achieved")
    note: Prose
    evidence: list[Attachment] = Field(min_length=1, max_length=20)

    @field_validator("points")
    @classmethod
    def _a_number(cls, points: str | None) -> str | None:
        try:
            above = points is None or read_points(points) > 0
        except ValueError:
            above = False
        if not above:
            raise field_error(
                "points_format",
                Text(
                    "积分应大于 0，最多两位小数，例如 12.50。",
                    "Points lie above 0, with at most two places: 12.50.",
                ),
            )
        return points


class PointEntryReverse(Input):
    """Why an entry is taken back."""

    example: ClassVar[dict[str, Any]] = {"reason": "佐证材料与事实不符。"}
    reason: Prose


class PointEntrySource(Output):
    """What earned the points."""

    kind: str
    id: str | None
    number: str | None
    label: str


class PointEntryOut(RecordOut):
    """An entry of the ledger; it counts from `booked_on` on."""

    rule: str = Field(description="Code of a point rule of the pack version in `pack`")
    points: str = Field(description="Below 0 for a counter-entry", examples=["10.00"])
    booked_on: date
    happened_on: date
    origin: Literal["automatic", "manual"]
    source: PointEntrySource
    evidence: list[AttachmentOut]
    note: str | None
    reverses: str | None = Field(description="The entry that this one takes back")
    reversed_by: str | None = Field(description="The counter-entry")
    reason: str | None


class PointRuleOut(Output):
    """What earns points in a city."""

    code: str
    name_zh: str
    name_en: str
    source: Literal["holds", "register", "event", "fact", "manual"]
    points: str | None = Field(description="Of a fact's rule: the most that a band gives")
    product_default: bool


class PointBalance(Output):
    """The balance at the end of a day; that of a day that has passed never changes."""

    organisation: str
    as_of: date
    balance: str = Field(examples=["35.00"])
    entries: int
    pack: str | None = Field(description="The pack version whose rules book today")
    rules: list[PointRuleOut]
