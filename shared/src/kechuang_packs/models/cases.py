"""cases.yaml: the kinds of cases (事项) that a city handles, with their time limits and escalation chains."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.common import Code, Item, Strict

CaseOffice = Literal["organisation", "township", "county", "city", "department", "supervisor", "integration"]


class CaseLimits(Strict):
    """Periods of periods.yaml, one for each stage; a stage without one is not limited."""

    assign: Code | None = Field(default=None, description="from opening until somebody owns it")
    start: Code | None = Field(default=None, description="from its assignment until work begins")
    resolve: Code | None = Field(default=None, description="from opening until it is resolved")
    confirm: Code | None = Field(
        default=None, description="from resolving until it is confirmed or sent back"
    )
    fast_lane: Code | None = Field(default=None, description="the shorter period of the fast lane (绿色通道)")


class EscalationLevel(Strict):
    """One level of an escalation chain: to whom, and how long after the missed day (at once when left out)."""

    to: Literal["division", "city", "unit"]
    unit: str | None = Field(default=None, description="unit id, for `to: unit`")
    after: Code | None = Field(default=None, description="a period of periods.yaml")

    @model_validator(mode="after")
    def _unit_is_named(self) -> Self:
        if (self.to == "unit") != (self.unit is not None):
            raise ValueError("`unit` goes with `to: unit`")
        return self


class CaseKind(Item):
    """A kind of cases: 帮扶, 一企一策, 走访, 行动, 督办 …"""

    resource: Literal["enterprise-cases", "matching-cases", "project-cases", "indicator-cases"]
    about: Literal["organisation", "targets", "nobody"] = Field(
        description="one organisation, many as targets of a campaign, or none"
    )
    opened_by: tuple[CaseOffice, ...] = Field(min_length=1)
    confirmed_by: Literal["organisation", "officer", "nobody"]
    limits: CaseLimits = CaseLimits()
    escalation: tuple[EscalationLevel, ...] = ()
    contacts: Literal["none", "many", "once_each"] = "none"
    exclusive: bool = Field(default=False, description="one live case of the kind an organisation")
    catalogue: Literal["cultivation_actions", "services"] | None = Field(
        default=None, description="what a case of the kind is an instance of"
    )
    measures_first: bool = Field(default=False, description="work begins when a measure is listed")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.about != "organisation" and (
            self.confirmed_by == "organisation" or self.exclusive or self.catalogue
        ):
            raise ValueError(
                "only a kind about one organisation is confirmed by it, exclusive or from a catalogue"
            )
        if self.contacts == "once_each" and self.about != "targets":
            raise ValueError("contacts `once_each` need targets")
        return self


class CasesFile(Strict):
    """cases.yaml"""

    kinds: tuple[CaseKind, ...] = ()
