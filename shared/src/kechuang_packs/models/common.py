"""What every item of a pack has: a code, a name in two languages, a clause, dates of force, a mark of origin."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must not be silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)]
"""A local code: lower-case ASCII, digits, `_` and `-`. Unique among its kind in its pack."""

NodeRef = Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]*/)?[a-z0-9][a-z0-9_-]*$", max_length=120)]
"""A ladder node: `code` in the same pack, `pack-id/code` in a pack that this one refers to."""

FactKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
"""A fact: global, every pack that is visible from this one shares the vocabulary."""

AreaId = Annotated[str, Field(pattern=r"^([0-9]{6}|[0-9]{9}|[a-z][a-z0-9-]*)$", max_length=80)]
"""GB/T 2260 code where there is one (`440703`), else a local slug (`jiangmen-hnz`)."""

Literal_ = int | str
"""A number with its unit: `500`, `"10%"`, `"2亿元"`, `"1500万元"`, `"59.5"` (see kechuang_packs.quantities)."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Clauses = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""One clause or a list of clauses that state the same thing (it is counted once)."""

Notes = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


Origin = Annotated[str, Field(pattern=r"^(document|editor)$")]


class Text(Strict):
    """A name in Chinese and English. `zh_by: editor` when the document has no Chinese term of its own."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    zh_by: Origin = Field(
        default="document", description="who worded the Chinese: the document or the pack's editor"
    )


class Source(StrEnum):
    """Where an item comes from."""

    policy = "policy"
    """a document says it: `clause` is then required"""
    product_default = "product_default"
    """a proposed default of the product, never to be shown as policy"""


class Commitment(StrEnum):
    """How flatly a document says it."""

    firm = "firm"
    strive = "strive"  # 力争 / 争取 / 努力 / 探索


class Level(StrEnum):
    """Administrative level; an unknown one is left out, never guessed."""

    national = "national"
    province = "province"
    city = "city"
    county = "county"
    township = "township"
    village = "village"


Confidence = Annotated[str, Field(pattern=r"^(V|V\*|C|D|U [0-9]{2})$")]
"""V stated by a source that reproduces the document · V* secondary sources · C computed · D product default
· `U nn` not verified, nn percent."""


class Provenance(Strict):
    """The part of every item that says where it comes from and when it is in force."""

    clause: Clauses = Field(
        default=(), description="clause(s) of the document, e.g. `三(二)1(1)`, `art. 6`, `item 24`"
    )
    document: Code | None = Field(
        default=None, description="id in pack.yaml's documents; the first one when left out"
    )
    source: Source = Source.policy
    confidence: Confidence = "V"
    commitment: Commitment = Commitment.firm
    in_force_from: dt.date | None = Field(
        default=None, description="the pack version's own date when left out"
    )
    in_force_to: dt.date | None = Field(default=None, description="last day of force, inclusive")
    note: Notes = Field(default=(), description="what the document leaves open, in words")
    reading: str | None = Field(
        default=None, description="the reading assumed where the document is ambiguous"
    )

    @model_validator(mode="after")
    def _origin_is_stated(self) -> Self:
        if self.source is Source.policy and not self.clause and not self.confidence.startswith("U"):
            raise ValueError("a policy item states its clause (or source: product_default)")
        if self.source is Source.product_default and self.confidence not in ("D", "V"):
            raise ValueError("a product default has confidence D")
        if self.in_force_from and self.in_force_to and self.in_force_to < self.in_force_from:
            raise ValueError("in_force_to lies before in_force_from")
        return self


class Item(Provenance):
    """Anything in a pack that can be pointed at."""

    code: Code
    name: Text


class Period(Strict):
    """Calendar span; either end may be unknown."""

    from_: dt.date | None = Field(default=None, alias="from")
    to: dt.date | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("the period ends before it begins")
        return self
