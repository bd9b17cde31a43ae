"""The question that progress and provenance share: which indicators, where, about when, as known when."""

from dataclasses import dataclass
from datetime import date

from indicators.catalogue.domain import Indicator, where
from indicators.catalogue.periods import parse
from indicators.packs import CityPack, catalogue
from indicators.progress.figures import AsOf
from kechuang.db.unit import ReadUnit
from kechuang.errors import NotFound, invalid
from kechuang.text import Text


@dataclass(frozen=True)
class Question:
    """Indicators of one pack in one area."""

    pack: CityPack
    area: str
    indicators: tuple[Indicator, ...]


def as_of(unit: ReadUnit, day: date | None, period: str | None) -> AsOf:
    """Read the two times; a period that has not begun is refused."""
    asked = AsOf(day or unit.today, parse(period) if period else None)
    if asked.period is not None and asked.period.first > asked.day:
        raise invalid(
            "#query/period", "period_not_begun", "该报告期尚未开始。", "The period has not begun by then."
        )
    return asked


def one(unit: ReadUnit, key: str, area: str | None, asked: AsOf) -> tuple[CityPack, Indicator, str]:
    """Look up one indicator and the area asked for; 404 for an unknown key."""
    found = catalogue(unit).find(key, asked.day)
    if found is None:
        raise NotFound(Text("未找到该指标。", "There is no such indicator."))
    pack, indicator = found
    chosen = area or indicator.city
    if where(pack.pack, chosen) is None:
        raise invalid("#query/area", "area_unknown", "该市没有这个地区。", "The city has no such area.")
    return pack, indicator, chosen


def many(unit: ReadUnit, keys: str | None, area: str | None, asked: AsOf) -> list[Question]:
    """Look up the indicators named, all that the area's packs have, or, without both, every city's."""
    if keys:
        grouped: dict[tuple[str, str], tuple[CityPack, list[Indicator]]] = {}
        for key in dict.fromkeys(each.strip() for each in keys.split(",") if each.strip()):
            pack, indicator, placed = one(unit, key, area, asked)
            grouped.setdefault((pack.pack.id, placed), (pack, []))[1].append(indicator)
        return [Question(pack, placed, tuple(listed)) for (_, placed), (pack, listed) in grouped.items()]
    known = catalogue(unit)
    packs = known.of_area(area, asked.day) if area else known.on(asked.day)
    if area and not packs:
        raise invalid("#query/area", "area_unknown", "没有这个地区的指标。", "No pack knows this area.")
    return [
        Question(each, area or each.pack.header.area or "", tuple(each.indicators.values())) for each in packs
    ]
