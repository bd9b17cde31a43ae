"""Members of reserve pools on the wire."""

from datetime import date

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut

EXAMPLE = {
    "organisation": "91440703MATE000L4P",
    "pool": "hnte_reserve",
    "reason": "近两年研发费用占比达标，知识产权正在申请。",
}


class PoolMemberCreate(Input):
    """An enterprise that is put into a pool for a rung."""

    organisation: Uscc
    pool: Line = Field(description="Code of a pool of the city's pack")
    rung: Line | None = Field(default=None, description="The pool's own rung when left out")
    reason: Prose
    joined_on: date | None = Field(default=None, description="Today when left out")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class PoolMemberPatch(Input):
    """What may be changed of a member (JSON Merge Patch)."""

    reason: Prose | None = None


class PoolMemberGraduate(Input):
    """Graduation by hand, where the rung was gained outside the registry."""

    reason: Prose
    on: date | None = Field(default=None, description="Today when left out")


class PoolMemberLeave(Input):
    """Why it leaves the pool without the rung."""

    reason: Prose
    on: date | None = Field(default=None, description="Today when left out")


class PoolMemberOut(RecordOut):
    """A member: from `joined_on` to the end of the day before `out_on`."""

    pool: str
    rung: str
    node: str
    reason: str
    joined_on: date
    out_on: date | None
    out_reason: str | None
    recognition: str | None = Field(description="What it graduated by")


class PoolCount(Output):
    """One group; keys that were not asked for are null."""

    pool: str | None
    rung: str | None
    division: str | None
    members: int = Field(description="Organisations in the pool at the end of the day")
    joined: int = Field(description="Memberships begun in the span")
    converted: int = Field(description="Memberships that graduated in the span")
    left: int = Field(description="Memberships that ended without the rung in the span")
    target: int | None = Field(description="Of a pool as a whole: the size that the policy aims at")
    reached: bool | None


class PoolCounts(Output):
    """Counted from the dated memberships themselves."""

    first: date | None = Field(description="First day of the span; null counts from the beginning")
    as_of: date
    city: str | None
    items: list[PoolCount]
