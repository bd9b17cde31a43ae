"""The catalogue: what the city packs measure and aim at, read into what can be counted and judged."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from indicators.progress.counting import Counted, Where
from kechuang_packs import expressions
from kechuang_packs.models.areas import Area
from kechuang_packs.models.indicators import Indicator as Definition
from kechuang_packs.models.indicators import Target as Aim
from kechuang_packs.models.pack import Pack
from kechuang_packs.packs import Packs
from kechuang_packs.visibility import UnknownReferenceError

FEN_PER_UNIT: Final[Mapping[str, int]] = {
    "cny": 100, "cny_10k": 1_000_000, "cny_100m": 10_000_000_000,
}  # fmt: skip


@dataclass(frozen=True)
class Indicator:
    """One indicator of one pack version. Its `key` on the wire is `<pack>.<code>`.

    Exactly one of `counted`, `formula` and neither (a reported value) is set. `divisor` turns a counted
    sum into the unit (fen into yuan, 10,000 or 100 million yuan).
    """

    pack: Pack
    definition: Definition
    counted: Counted | None
    formula: expressions.Expr | None
    divisor: int
    targets: tuple[Aim, ...] = field(default=())

    @property
    def key(self) -> str:
        """The key on the wire."""
        return f"{self.pack.id}.{self.definition.code}"

    @property
    def city(self) -> str:
        """The area whose pack this is."""
        return self.pack.header.area or ""

    def plan_begins(self) -> date:
        """The first day of the plan: what `flow_total` counts from."""
        period = self.pack.header.period
        return (period.from_ if period else None) or self.pack.header.in_force_from


def catalogue_of(packs: Packs, pack: Pack) -> dict[str, Indicator]:
    """Read a pack's indicators by code; formulas and references were checked when the pack was loaded."""
    aims: dict[str, list[Aim]] = {}
    for each in pack.indicators.targets:
        aims.setdefault(each.indicator, []).append(each)
    return {
        each.code: Indicator(
            pack,
            each,
            counted(packs, pack, each),
            expressions.parse(each.feed.formula) if each.feed.formula else None,
            FEN_PER_UNIT.get(each.unit, 1) if (each.feed.quantity or "").endswith("_fen") else 1,
            tuple(sorted(aims.get(each.code, ()), key=lambda aim: (aim.deadline or date.max, aim.code))),
        )
        for each in pack.indicators.indicators
    }


def counted(packs: Packs, pack: Pack, definition: Definition) -> Counted | None:
    """Read a feed from events; None where the value is reported or a formula."""
    feed = definition.feed
    if feed.event is None:
        return None
    filters = {
        name: frozenset(
            text
            for one in ([value] if isinstance(value, str) else value)
            for text in (_recognised_as(packs, pack, one) if _names_a_node(feed.event, name) else {one})
        )
        for name, value in feed.filter.items()
    }
    return Counted(
        kind=feed.event,
        filters=filters,
        subject=feed.subject,
        quantity=feed.quantity,
        stock=definition.measure == "stock",
        ends=feed.ends_on is not None,
    )


def _names_a_node(event: str, name: str) -> bool:
    return event.startswith("recognition.") and name == "kind"


def _recognised_as(packs: Packs, pack: Pack, code: str) -> set[str]:
    """The names under which a recognition of this node may come: canonical, with the pack, and bare."""
    names = {code, code if "/" in code else f"{pack.id}/{code}"}
    with suppress(UnknownReferenceError):  # an honour that is no node keeps the name of its own pack
        names.add(packs.canonical(pack, code))
    return names


def where(pack: Pack, area: str) -> Where | None:
    """Place an area of a pack; None when the pack does not know it."""
    city = pack.header.area or ""
    instead = tuple(each.id for each in pack.areas.areas if each.reports == "instead_of_county")
    if area == city:
        return Where(city, "city", city, instead)
    found: Area | None = next((each for each in pack.areas.areas if each.id == area), None)
    if found is None:
        return None
    overlay = found.reports == "overlay" or found.kind in (
        "functional_zone",
        "high_tech_zone",
        "science_town",
    )
    if overlay and found.reports != "instead_of_county":
        return Where(city, "zone", area, instead)
    return Where(city, "division", area, instead)


def divisions(pack: Pack) -> Sequence[Area]:
    """The areas whose figures add up to the city's: counties, and zones that report instead of theirs."""
    return [each for each in pack.areas.areas if each.kind == "county" or each.reports == "instead_of_county"]
