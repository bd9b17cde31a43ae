"""Alliances on the wire."""

from collections.abc import Sequence
from datetime import date

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, Reference

EXAMPLE = {
    "kind": "industry_tech_alliance",
    "title": "新能源电池产业技术创新联盟",
    "lead": "91440703MATE000L4P",
    "chain": "new_energy_battery",
    "members": [{"organisation": "12440700MATE000L4H", "role": "university"}],
    "goal": "突破固态电池关键共性技术。",
}


class AllianceMemberIn(Input):
    """Who joins, in which role, from when on."""

    organisation: Uscc
    role: Line | None = Field(
        default=None, description="A role that the kind names; `member` where it names none"
    )
    valid_from: date | None = Field(default=None, description="First day; today when left out")


class AllianceCreate(Input):
    """A proposal: one lead of a kind that the pack permits, members by role, one chain."""

    kind: Line = Field(description="An alliance kind of the city's pack")
    title: Line
    lead: Uscc | None = Field(default=None, description="牵头单位; the token's organisation when left out")
    chain: Line | None = Field(
        default=None, description="Industry chain; demanded where the kind is one per chain"
    )
    members: list[AllianceMemberIn] = Field(default_factory=list, max_length=500)
    goal: Prose | None = None
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class AlliancePatch(Input):
    """What may be changed while it is proposed (JSON Merge Patch)."""

    title: Line | None = None
    goal: Prose | None = None


class AllianceApprove(Input):
    """The approval; a second alliance for a chain needs its reason."""

    document_no: Line | None = None
    reason: Prose | None = Field(default=None, description="Demanded where the chain has an alliance already")


class AllianceRefuse(Input):
    """Why it is not approved."""

    reason: Prose


class AllianceActivate(Input):
    """It works from a day on: the agreement is signed."""

    activated_on: date | None = Field(
        default=None, description="First day, not after today; today when left out"
    )


class AllianceRemoveMember(Input):
    """Who leaves, with the last day."""

    organisation: Uscc
    valid_to: date | None = Field(
        default=None, description="Last day, not after today; yesterday when left out"
    )
    reason: Prose


class AllianceChangeLead(Input):
    """Who leads from today on, by which decision; what becomes of the former lead."""

    lead: Uscc
    former_role: Line | None = Field(
        default=None, description="The former lead stays as a member in this role; it leaves when left out"
    )
    document_no: Line | None = None
    reason: Prose


class AllianceDissolve(Input):
    """Why it ends; its last day is yesterday unless an earlier one is given."""

    ended_on: date | None = Field(default=None, description="Last day on which it was active")
    document_no: Line | None = None
    reason: Prose


class AllianceMember(Output):
    """A member and its days; `valid_to` is the last one."""

    organisation: str
    name: str
    role: str
    valid_from: date
    valid_to: date | None


class AllianceOut(RecordOut):
    """An alliance."""

    title: str
    kind: str
    level: str | None
    chain: str | None
    lead: str = Field(description="USCC of the one lead")
    members: Sequence[AllianceMember]
    goal: str | None
    flagged: bool = Field(
        description="Another alliance stood for the same chain when it was proposed or approved"
    )
    same_chain: Sequence[Reference]
    approved_on: date | None
    activated_on: date | None
    ended_on: date | None = Field(description="The last day on which it was active")
    document_no: str | None
    reason: str | None


class AllianceChain(Output):
    """One chain of a city and the alliances that stand for it on the day."""

    chain: str
    name_zh: str
    name_en: str
    alliances: Sequence[Reference]
    active: int
    flagged: bool = Field(description="More than one stands for the chain")


class AllianceChains(Output):
    """All chains of a city's pack."""

    city: str
    items: Sequence[AllianceChain]
