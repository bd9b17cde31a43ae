"""Filing windows on the wire."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator
from pydantic.config import JsonDict

from enterprise_registry.filing_windows.domain import ENTRY_STATES, EntryState
from kechuang.codes import Uscc
from kechuang.http.schemas import Input, Line, Output, Page, Prose, RecordOut, Reference, merge_patch

EXAMPLE = {
    "title": "2023年度企业研发活动填报",
    "form": "rd_activity_annual",
    "period": "2023",
    "city": "440700",
    "opens_at": "2024-03-05T01:00:00Z",
    "due_at": "2024-03-31T10:00:00Z",
    "roster": {"kinds": ["enterprise"], "above_scale": True},
    "remind_days_before": [7, 1],
}
MOST_LISTED = 20_000
ENTRY_LABELS: JsonDict = {code: {"zh": each.zh, "en": each.en} for code, each in ENTRY_STATES.items()}


class FilingWindowRoster(Input):
    """Who is due: a list, or everybody verified in the window's areas who meets all that is given.

    `{}` is everybody. It is computed when the window opens and kept.
    """

    organisations: list[Uscc] | None = Field(
        default=None, min_length=1, max_length=MOST_LISTED, description="A given list; nothing beside it"
    )
    kinds: list[Line] = Field(default_factory=list, max_length=20, description="Kinds of organisations")
    scales: list[Literal["large", "medium", "small", "micro"]] = Field(default_factory=list)
    above_scale: bool | None = Field(default=None, description="规模以上, as registered")
    industries: list[Line] = Field(
        default_factory=list, max_length=50, description="GB/T 4754 codes or their beginnings"
    )
    holds: list[Line] = Field(
        default_factory=list, max_length=20, description="Rungs or honours, any of them valid on the day"
    )
    filed_before: bool | None = Field(
        default=None, description="Whose same form was verified (or not) for the period before"
    )

    @model_validator(mode="after")
    def _list_alone(self) -> Self:
        if self.organisations is not None and len(self.model_fields_set) > 1:
            raise ValueError("a list of organisations stands alone")
        return self


class _Content(Input):
    title: Line
    guide: Prose | None = None
    areas: list[Line] = Field(default_factory=list, description="Area ids; empty is the whole city")
    roster: FilingWindowRoster | None = Field(
        default=None, description="Left out: whoever wants to may file, nobody is due"
    )
    remind_days_before: list[int] = Field(
        default_factory=lambda: [7, 1], max_length=5,
        description="Days before the last day on which those still due are reminded by themselves",
    )  # fmt: skip

    @model_validator(mode="after")
    def _days(self) -> Self:
        if any(not 0 <= each <= 60 for each in self.remind_days_before or ()):  # noqa: PLR2004  two months
            raise ValueError("remind_days_before: from 0 to 60 days")
        return self


class FilingWindowCreate(_Content):
    """A filing window; opens and closes by itself. Instants carry their offset."""

    form: Line = Field(description="Code of a form of the pack with purpose `filing`")
    period: Line = Field(description="`2023`, `2023Q4` or `2023-12`, as the form's period is")
    city: Line = Field(description="Area id", examples=["440700"])
    opens_at: AwareDatetime
    due_at: AwareDatetime = Field(description="What is submitted from this instant on is late")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.due_at <= self.opens_at:
            raise ValueError("due_at lies after opens_at")
        return self


@merge_patch
class FilingWindowPatch(_Content):
    """What may be changed while a window is planned (JSON Merge Patch); its instants: `extend`."""


class FilingWindowExtend(Input):
    """A later last instant, and why."""

    due_at: AwareDatetime
    reason: Prose


class FilingWindowRosterRule(Output):
    """By which rule the roster is computed; of a given list its length."""

    listed: int | None = Field(description="How many the given list names; null where a rule computes it")
    kinds: list[str]
    scales: list[str]
    above_scale: bool | None
    industries: list[str]
    holds: list[str]
    filed_before: bool | None


class FilingWindowCounts(Output):
    """Entries of a roster by state; `late` counts those that came after the last instant, whatever their state."""

    listed: int
    due: int
    filed: int
    returned: int
    verified: int
    missing: int
    dropped: int
    late: int
    total: int


class FilingWindowReminder(Output):
    """A reminder: to how many, on which day."""

    on: date
    at: datetime
    count: int
    by: Literal["officer", "timer"]


class FilingWindowOut(RecordOut):
    """A filing window. Clients show `is_open` and never compare instants themselves."""

    title: str
    form: str
    form_version: str
    period: str
    guide: str | None
    areas: list[str]
    opens_at: datetime
    due_at: datetime
    is_open: bool
    roster: FilingWindowRosterRule | None
    remind_days_before: list[int]
    due_at_opening: int | None = Field(description="Entries of the roster when the window opened")
    counts_at_close: FilingWindowCounts | None = Field(
        description="The whole roster when the window closed; `roster/counts` tells the present"
    )
    reminders: list[FilingWindowReminder] = Field(description="The latest fifty")


class FilingWindowEntry(Output):
    """An organisation on the roster."""

    organisation: str = Field(description="统一社会信用代码")
    name: str
    city: str | None
    division: str | None
    zones: list[str]
    state: EntryState = Field(json_schema_extra={"x-labels": ENTRY_LABELS})
    late: bool = Field(description="Submitted after the last instant")
    filing: Reference | None
    submitted_on: date | None
    verified_on: date | None
    reminded_on: date | None
    reminders: int


class FilingWindowRosterPage(Page[FilingWindowEntry]):
    """A page of the roster, in the order of credit codes."""


class FilingWindowDivisionCounts(FilingWindowCounts):
    """The same of one county."""

    division: str | None


class FilingWindowRosterCounts(FilingWindowCounts):
    """The roster that the caller sees, whole and by county."""

    divisions: list[FilingWindowDivisionCounts]
