"""Goals, coverage and members of chains on the wire."""

from collections.abc import Sequence
from datetime import date

from pydantic import Field

from kechuang.http.schemas import Output


class RegisterGoal(Output):
    """What the plan says of a kind, and how far it is."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    min_level: str | None = Field(description="This level or higher counts")
    per: str = Field(
        description="stock: held on the day; year: added in its year; plan: added since the plan began"
    )
    value: int = Field(description="The count, which `counted` of the same filters lists")
    count: int | None = Field(description="What the plan demands; null where it gives no number")
    stretch: int | None = Field(description="What it strives for (力争)")
    missing: int | None = Field(description="How many are missing to `count`")
    state: str = Field(description="met, stretch_met, not_met or no_number")
    named: Sequence[str]
    clause: Sequence[str]
    product_default: bool


class RegisterGoals(Output):
    """The goals of a city's pack on a day."""

    city: str
    as_of: date
    pack: str
    items: Sequence[RegisterGoal]


class CoverageDivision(Output):
    """One division's part of a population."""

    division: str | None
    population: int
    covered: int
    uncovered: int


class CoverageOut(Output):
    """One coverage rule, by division."""

    rule: str
    name_zh: str
    name_en: str
    must_have_zh: str
    must_have_en: str
    clause: Sequence[str]
    population: int
    covered: int
    uncovered: int
    divisions: Sequence[CoverageDivision]


class CoverageRules(Output):
    """The coverage rules of a city's pack on a day."""

    city: str
    as_of: date
    pack: str
    items: Sequence[CoverageOut]


class CoverageEnterprise(Output):
    """An enterprise of a population; `id` is its record among organisations."""

    id: str
    uscc: str
    name: str
    division: str | None
    scale: str | None
    covered: bool


class ChainHead(Output):
    """A head or chain-master enterprise, from a day on."""

    record: str
    number: str
    organisation: str | None
    name: str
    kind: str
    valid_from: date
    valid_to: date | None


class ChainMember(Output):
    """An enterprise that is registered in the chain."""

    id: str
    uscc: str
    name: str
    kind: str
    division: str | None
    head: bool = Field(description="Whether it is a head of the chain on the day")
