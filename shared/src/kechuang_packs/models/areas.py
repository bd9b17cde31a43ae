"""areas.yaml, chains.yaml and fields.yaml: places, industry chains and clusters, technology fields."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from kechuang_packs.models.common import AreaId, Code, Item, Level, Period, Provenance, Strict, Text


class Designation(Provenance):
    """A status an area holds or seeks, with its date (国家高新区, 创新型县)."""

    code: Code
    name: Text
    level: Level | None = None
    state: Literal["held", "candidate", "former"]
    since: dt.date | None = None
    until: dt.date | None = None


class Area(Strict):
    """A place. Counties add up to the city; zones are an overlay unless `reports: instead_of_county`."""

    id: AreaId
    name: Text
    kind: Literal[
        "province", "city", "county", "township", "village", "functional_zone", "high_tech_zone", "science_town",
        "unit_class", "outside",
    ]  # fmt: skip
    gbt2260: str | None = Field(default=None, pattern=r"^[0-9]{6}$")
    parents: tuple[AreaId, ...] = Field(
        default=(), description="more than one where a zone lies in several counties"
    )
    reports: Literal["division", "overlay", "instead_of_county"] = "division"
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    former_codes: tuple[str, ...] = Field(
        default=(), description="GB/T 2260 codes that still appear on old records"
    )
    written_as: tuple[str, ...] = Field(
        default=(), description="other spellings in the documents (德安, 共青城)"
    )
    role: tuple[str, ...] = Field(default=(), description="what the documents say of it, in words")
    designations: tuple[Designation, ...] = ()
    note: str | None = None


class AreasFile(Strict):
    """areas.yaml"""

    areas: tuple[Area, ...]


class Chain(Item):
    """An industry chain (产业链) or cluster (产业集群) used by all services."""

    kind: Literal["chain", "cluster"]
    level: Level | None = None
    group: Code | None = Field(default=None, description="e.g. traditional / emerging / future")
    fields: tuple[Code, ...] = ()
    heads: tuple[str, ...] = Field(
        default=(), description="head or chain-master enterprises the document names"
    )
    goals: tuple[Item, ...] = Field(default=(), description="technology goals of this industry")
    valid: Period | None = None


class ChainsFile(Strict):
    """chains.yaml"""

    chains: tuple[Chain, ...] = ()


class TechnologyField(Item):
    """A technology field or named focus; `maps_to` codes of national classifications where stated."""

    group: Code | None = None
    parent: Code | None = None
    maps_to: tuple[str, ...] = ()


class FieldsFile(Strict):
    """fields.yaml"""

    groups: tuple[Item, ...] = ()
    fields: tuple[TechnologyField, ...] = ()
