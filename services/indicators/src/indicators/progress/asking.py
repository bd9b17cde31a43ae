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
    """What was asked, looked up."""

    area: str
    as_of: AsOf
    chosen: tuple[tuple[CityPack, tuple[Indicator, ...]], ...]


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


def many(unit: ReadUnit, keys: str | None, area: str | None, asked: AsOf) -> Question:
    """Look up the indicators named, or all of the area's packs."""
    if keys:
        by_pack: dict[str, tuple[CityPack, list[Indicator]]] = {}
        chosen_area = area
        for key in dict.fromkeys(each.strip() for each in keys.split(",") if each.strip()):
            pack, indicator, placed = one(unit, key, area, asked)
            chosen_area = chosen_area or placed
            if placed != chosen_area:
                raise invalid(
                    "#query/indicator",
                    "several_cities",
                    "请一次只查询一个市的指标。",
                    "Ask for one city at a time.",
                )
            by_pack.setdefault(pack.pack.id, (pack, []))[1].append(indicator)
        chosen = tuple((pack, tuple(listed)) for pack, listed in by_pack.values())
        return Question(chosen_area or "", asked, chosen)
    if not area:
        raise invalid("#query/area", "area_needed", "请给出地区或指标。", "Name an area or indicators.")
    packs = catalogue(unit).of_area(area, asked.day)
    if not packs:
        raise invalid("#query/area", "area_unknown", "没有这个地区的指标。", "No pack knows this area.")
    return Question(area, asked, tuple((pack, tuple(pack.indicators.values())) for pack in packs))
