"""pack.yaml and the pack as a whole."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.areas import Area, AreasFile, Chain, ChainsFile, FieldsFile, TechnologyField
from kechuang_packs.models.bidding import BiddingFile
from kechuang_packs.models.cases import CasesFile
from kechuang_packs.models.common import AreaId, Code, Item, Level, Notes, Period, Strict, Text
from kechuang_packs.models.conditions import Rule, RuleFile
from kechuang_packs.models.content import (
    CodelistsFile,
    FormDefinition,
    FormFile,
    ListsFile,
    MessagesFile,
    PeriodsFile,
    ServicesFile,
)
from kechuang_packs.models.facts import FactsFile
from kechuang_packs.models.indicators import IndicatorsFile, MilestonesFile, Supervision
from kechuang_packs.models.ladder import LadderFile
from kechuang_packs.models.programmes import CommissionerFile, TalentFile
from kechuang_packs.models.registers import AlliancesFile, RegistersFile
from kechuang_packs.models.scoring import ScoringFile

PackId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Version = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$", description="e.g. 2024.1; greater is later")]


class Clause(Strict):
    """A clause that the pack wants to show by its wording."""

    clause: str
    text: str


class Document(Strict):
    """A policy document."""

    id: Code
    title: Text
    number: str | None = Field(default=None, description="发文字号, e.g. 江科〔2023〕3号")
    index_number: str | None = Field(default=None, description="信息索引号")
    issuer: tuple[str, ...] = ()
    issued: dt.date | None = None
    in_force_from: dt.date | None = None
    in_force_to: dt.date | None = Field(default=None, description="last day of force; None: still in force")
    supersedes: tuple[Code, ...] = ()
    period: Period | None = None
    addressees: tuple[str, ...] = ()
    subject_zh: str | None = None
    text_quality: Notes = Field(
        default=(), description="what is damaged in the text: missing level words, scan errors"
    )
    clauses: tuple[Clause, ...] = ()


class ParentPlan(Strict):
    """A plan that this one follows from."""

    name: Text
    level: Level | None = None
    period: Period | None = None
    note: str | None = None


class ActionLine(Item):
    """A chapter of the plan (行动, 工程) to which programmes and targets belong."""

    leads: tuple[str, ...] = ()


class Reference(Strict):
    """Another pack whose nodes, facts, forms, periods and documents this one uses."""

    pack: PackId
    version: Version


class Term(Strict):
    """A term that other cities use in another sense."""

    term: str
    meaning: Text


class PackHeader(Strict):
    """pack.yaml"""

    id: PackId
    kind: Literal["city", "national", "provincial"]
    title: Text
    area: AreaId | None = Field(default=None, description="the city's area; none for a national pack")
    version: Version
    in_force_from: dt.date
    in_force_to: dt.date | None = None
    period: Period | None = Field(default=None, description="the span of the plan")
    refers_to: tuple[Reference, ...] = ()
    documents: tuple[Document, ...] = Field(min_length=1)
    parent_plans: tuple[ParentPlan, ...] = ()
    related_projects: tuple[Text, ...] = ()
    action_lines: tuple[ActionLine, ...] = ()
    terms: tuple[Term, ...] = ()
    note: Notes = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.in_force_to and self.in_force_to < self.in_force_from:
            raise ValueError("in_force_to lies before in_force_from")
        if (self.area is None) != (self.kind == "national"):
            raise ValueError("a city or provincial pack has an area, a national one has none")
        return self


class Pack(Strict):
    """One version of one pack, all its files read."""

    header: PackHeader
    areas: AreasFile = AreasFile(areas=())
    chains: ChainsFile = ChainsFile()
    fields: FieldsFile = FieldsFile()
    facts: FactsFile = FactsFile()
    ladder: LadderFile | None = None
    rules: tuple[Rule, ...] = ()
    commissioners: CommissionerFile = CommissionerFile()
    talent: TalentFile = TalentFile()
    bidding: BiddingFile = BiddingFile()
    indicators: IndicatorsFile = IndicatorsFile()
    milestones: MilestonesFile = MilestonesFile()
    supervision: Supervision = Supervision()
    registers: RegistersFile = RegistersFile()
    alliances: AlliancesFile = AlliancesFile()
    services: ServicesFile = ServicesFile()
    cases: CasesFile = CasesFile()
    lists: ListsFile = ListsFile()
    scoring: ScoringFile = ScoringFile()
    periods: PeriodsFile = PeriodsFile()
    messages: MessagesFile = MessagesFile()
    codelists: CodelistsFile = CodelistsFile()
    forms: tuple[FormDefinition, ...] = ()

    @property
    def id(self) -> str:
        return self.header.id

    @property
    def version(self) -> str:
        return self.header.version


FILES: dict[str, tuple[str, type[Strict]]] = {
    "pack.yaml": ("header", PackHeader),
    "areas.yaml": ("areas", AreasFile),
    "chains.yaml": ("chains", ChainsFile),
    "fields.yaml": ("fields", FieldsFile),
    "facts.yaml": ("facts", FactsFile),
    "ladder.yaml": ("ladder", LadderFile),
    "commissioner-programmes.yaml": ("commissioners", CommissionerFile),
    "talent-programmes.yaml": ("talent", TalentFile),
    "bidding-programmes.yaml": ("bidding", BiddingFile),
    "indicators.yaml": ("indicators", IndicatorsFile),
    "milestones.yaml": ("milestones", MilestonesFile),
    "supervision.yaml": ("supervision", Supervision),
    "registers.yaml": ("registers", RegistersFile),
    "alliances.yaml": ("alliances", AlliancesFile),
    "services.yaml": ("services", ServicesFile),
    "cases.yaml": ("cases", CasesFile),
    "lists.yaml": ("lists", ListsFile),
    "scoring.yaml": ("scoring", ScoringFile),
    "periods.yaml": ("periods", PeriodsFile),
    "messages.yaml": ("messages", MessagesFile),
    "codelists.yaml": ("codelists", CodelistsFile),
}
"""File name → part of the pack. Every file but pack.yaml may be missing; any other file is an error."""

FOLDERS: dict[str, tuple[str, str, type[Strict]]] = {
    "rules": ("rules", "rules", RuleFile),
    "forms": ("forms", "forms", FormFile),
}
"""Folder → (part of the pack, list in each file, model of one file)."""

__all__ = ["FILES", "FOLDERS", "Area", "Chain", "Pack", "PackHeader", "TechnologyField"]
