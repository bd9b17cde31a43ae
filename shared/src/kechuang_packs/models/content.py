"""The other files of a pack: registers, services, alliances, lists, scoring, forms, periods, messages, calendars."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import Field

from kechuang_packs.models.benefits import BenefitRule, Fund
from kechuang_packs.models.common import (
    Code,
    FactKey,
    Item,
    NodeRef,
    Provenance,
    Strict,
    Text,
)
from kechuang_packs.models.conditions import Condition


class ServiceItem(Item):
    """An enterprise service or value-added service item (增值化服务事项)."""

    kind: Literal[
        "guidance", "fiscal", "tax", "finance", "ip", "assistance", "training", "list", "policy", "other"
    ]
    open_to: tuple[NodeRef, ...] = ()
    condition: Condition | None = None
    time_limit: Code | None = Field(default=None, description="a period of periods.yaml")
    handled_by: Text | None = None
    starts: str | None = Field(default=None, description="address or resource where it starts")
    parts: tuple[Item, ...] = ()


class DigitalService(Item):
    """A system, list or register that the document asks for, and the service that answers it."""

    demand: Literal["explicit", "implied"]
    service: Literal[
        "enterprise-registry", "commissioner-matching", "project-bidding", "indicators", "gateway"
    ]
    external: bool = False


class ServicesFile(Strict):
    """services.yaml"""

    services: tuple[ServiceItem, ...] = ()
    funds: tuple[Fund, ...] = ()
    benefits: tuple[BenefitRule, ...] = ()
    digital_services: tuple[DigitalService, ...] = ()


class NamedList(Item):
    """One list of a group of lists (三张清单)."""

    entries: Literal["enterprise", "resource", "technology", "supply", "demand", "application", "other"]
    stale_after_days: int | None = None


class ListGroup(Item):
    """A group of lists; the same Chinese name means different things in different cities."""

    per: Literal["chain", "city"]
    lists: tuple[NamedList, ...] = Field(min_length=1)


class ListsFile(Strict):
    """lists.yaml"""

    groups: tuple[ListGroup, ...] = ()


class NoticePeriod(Provenance):
    """A span of time that the procedures use (公示期, 异议期, 补正期, 答疑截止 …)."""

    code: Code
    name: Text
    length: int = Field(ge=0)
    unit: Literal["working_day", "calendar_day", "month", "year"]
    after: str | None = Field(
        default=None, description="the act it starts from; the first day is the day after"
    )


class RestDays(Strict):
    """One year of the national working-day calendar, as published."""

    year: int
    document: Code | None = None
    rest_days: tuple[dt.date, ...] = Field(default=(), description="weekdays that are free")
    working_weekends: tuple[dt.date, ...] = Field(default=(), description="weekend days that are worked")


class PeriodsFile(Strict):
    """periods.yaml"""

    periods: tuple[NoticePeriod, ...] = ()
    calendars: tuple[RestDays, ...] = ()


class MessageTemplate(Provenance):
    """What is told to whom when an event happens. Placeholders: `{number}`, `{title}` … from the event."""

    code: Code
    event: str
    to: Literal["applicant", "organisation", "person", "officer", "county", "expert", "unit", "all_parties"]
    channel: tuple[Literal["inbox", "sms", "email"], ...] = ("inbox",)
    subject_zh: str
    body_zh: str
    subject_en: str | None = None
    body_en: str | None = None


class MessagesFile(Strict):
    """messages.yaml"""

    messages: tuple[MessageTemplate, ...] = ()


PROJECT_FIELDS = frozenset({"title", "started_on", "ended_on", "staff", "person_months", "spent"})
"""What every R&D project of a filing has; a form's `projects` asks for more."""
PERIOD_NAMES = frozenset({"period_begins", "period_ends"})
"""The first and last day of the period filed, which checks may name."""


class FieldGroup(Strict):
    """A group of fields of a form, for the front end."""

    code: Code
    name: Text
    fields: tuple[str, ...] = Field(min_length=1)


class Material(Strict):
    """A document to attach."""

    code: Code
    name: Text
    required: bool = True
    formats: tuple[str, ...] = ("application/pdf",)


class FormDefinition(Item):
    """A form: JSON Schema 2020-12 with `title`, `x-title-en`, `x-unit` and `x-fact` on its fields."""

    version: str
    purpose: Literal["filing", "application", "need", "bid", "report", "return", "enrolment", "other"]
    period: Literal["year", "quarter", "month", "none"] = "none"
    statistical: bool = Field(default=False, description="107-1, 107-2: feeds totals only")
    fields: dict[str, Any] = Field(description="the JSON Schema; type: object", alias="schema")
    groups: tuple[FieldGroup, ...] = ()
    materials: tuple[Material, ...] = ()
    projects: dict[str, Any] | None = Field(
        default=None,
        description="JSON Schema of what is asked of each R&D project beside title, days, staff, person_months, spent",
    )
    sums: tuple[FormSum, ...] = ()
    beside: Code | None = Field(
        default=None, description="another form of the same period, whose fields and sums the checks may name"
    )
    checks: tuple[FormCheck, ...] = ()
    totals: tuple[FormTotal, ...] = ()


class FormSum(Strict):
    """A sum over the R&D projects of a filing under a name; without `of` the projects are counted."""

    code: FactKey
    name: Text
    of: str | None = Field(
        default=None, description="field of a project: `spent`, `staff`, one of `projects`"
    )
    where: str | None = Field(default=None, description="expression over a project's fields")


class FormCheck(Strict):
    """A check over fields and sums: an expression that must hold, blocking or warning; `each` project by itself."""

    code: Code
    expression: str
    message: Text
    level: Literal["error", "warning"] = "error"
    each: Literal["project"] | None = None


class FormTotal(Strict):
    """A number that the event of a verified filing carries for totals; money is in fen and its code ends in `_fen`."""

    code: FactKey
    name: Text
    expression: str


class FormFile(Strict):
    """forms/*.yaml"""

    forms: tuple[FormDefinition, ...] = Field(min_length=1)


class Codelist(Item):
    """A list of codes of the pack's own."""

    codes: tuple[CodeEntry, ...] = Field(min_length=1)


class CodeEntry(Strict):
    """One code."""

    code: str
    name: Text
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class CodelistsFile(Strict):
    """codelists.yaml"""

    codelists: tuple[Codelist, ...] = ()


FormDefinition.model_rebuild()
Codelist.model_rebuild()
