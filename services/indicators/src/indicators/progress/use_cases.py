"""Progress of an area, and what is behind one value."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from urllib.parse import urlencode

from indicators.catalogue.domain import Indicator, divisions, where
from indicators.packs import CityPack
from indicators.progress.counting import Where
from indicators.progress.figures import AsOf, Figure, figures, span_of
from indicators.progress.judging import COMPARATOR_LABELS, Known, Verdict, judge, light
from indicators.progress.queries import counts_by_area
from indicators.progress.schemas import ProgressItem, ProgressName, ProgressPart, ProgressTarget, number
from kechuang.db.unit import ReadUnit
from kechuang_packs.models.indicators import Target, TargetComparator

_LOOKS_BACK = frozenset({TargetComparator.growth, TargetComparator.increases, TargetComparator.rank_improves})
_IS_A_RISE = frozenset({"percentage_point"})


async def progress(
    unit: ReadUnit, pack: CityPack, chosen: Sequence[Indicator], area: str, as_of: AsOf, *, by_division: bool
) -> list[ProgressItem]:
    """Compute, judge and show the chosen indicators of one pack."""
    placed = where(pack.pack, area)
    assert placed is not None, "the caller has looked it up"
    codes = [each.definition.code for each in chosen]
    wanted = [(code, 0) for code in codes]
    wanted += [(each.definition.code, 1) for each in chosen if _looks_back(each)]
    found = await figures(unit, pack, wanted, placed, as_of)
    parts = await _parts(unit, pack, chosen, placed, as_of) if by_division and placed.level == "city" else {}
    return [_item(each, area, as_of, found, parts.get(each.definition.code)) for each in chosen]


def _looks_back(indicator: Indicator) -> bool:
    return any(each.comparator in _LOOKS_BACK for each in indicator.targets)


async def _parts(
    unit: ReadUnit, pack: CityPack, chosen: Iterable[Indicator], placed: Where, as_of: AsOf
) -> dict[str, dict[str, Fraction]]:
    """The city's counted figures by reporting area; a county without any is a zero."""
    asked = {
        each.definition.code: (each.counted, span_of(each, as_of), placed)
        for each in chosen
        if each.counted is not None and each.definition.measure != "growth"
    }
    areas = [each.id for each in divisions(pack.pack)]
    found = await counts_by_area(unit, asked)
    return {
        code: {
            area: Fraction(values.get(area, 0), pack.indicators[code].divisor)
            for area in sorted({*areas, *values})
        }
        for code, values in found.items()
    }


def _item(
    indicator: Indicator,
    area: str,
    as_of: AsOf,
    found: dict[tuple[str, int], Figure],
    parts: dict[str, Fraction] | None,
) -> ProgressItem:
    definition = indicator.definition
    figure = found[definition.code, 0]
    before = found.get((definition.code, 1))
    aims = [each for each in indicator.targets if (each.area or indicator.city) == area]
    targets = [_target(indicator, each, figure, before, as_of) for each in aims]
    nearest = next((each for each in targets if each.deadline and each.deadline >= as_of.day), None)
    nearest = nearest or (targets[-1] if targets else None)
    bare = "not_yet_known" if figure.not_yet else "cannot_tell" if figure.value is None else "no_target"
    total = sum(parts.values(), Fraction(0)) if parts is not None else None
    return ProgressItem(
        indicator=indicator.key,
        name=_name(definition.name.zh, definition.name.en),
        family=definition.family,
        measure=definition.measure,
        unit=definition.unit,
        unit_zh=definition.unit_zh,
        direction=definition.direction,
        pack=f"{indicator.pack.id}@{indicator.pack.version}",
        area=area,
        period=as_of.period.text if as_of.period else None,
        as_of=as_of.day,
        value=number(figure.value),
        state=nearest.state if nearest else bare,  # type: ignore[arg-type]  # one of the literals
        light=nearest.light if nearest else "grey",
        missing=list(figure.missing),
        targets=targets,
        by_division=None if parts is None else [
            ProgressPart(area=name or None, value=number(value) or "0") for name, value in parts.items()
        ],
        difference=None if total is None or figure.value is None else number(figure.value - total),
        provenance=provenance_link(indicator.key, area, as_of),
    )  # fmt: skip


def _target(
    indicator: Indicator, target: Target, figure: Figure, before: Figure | None, as_of: AsOf
) -> ProgressTarget:
    known = Known(
        value=figure.value,
        before=before.value if before is not None else None,
        baseline=Fraction(target.baseline) if target.baseline is not None else None,
        is_growth=indicator.definition.measure == "growth" or indicator.definition.unit in _IS_A_RISE,
    )
    verdict = Verdict("not_yet_known") if figure.not_yet else judge(target, known)
    aim = Fraction(target.value) if target.value is not None else None
    begins = date(as_of.last.year, 1, 1) if _yearly(indicator) else indicator.plan_begins()
    zh, en = COMPARATOR_LABELS[target.comparator.value]
    return ProgressTarget(
        code=target.code,
        comparator=target.comparator.value,
        comparator_label=ProgressName(zh=zh, en=en),
        value=number(aim),
        value_max=str(target.value_max) if target.value_max is not None else None,
        stretch=str(target.stretch) if target.stretch is not None else None,
        baseline=str(target.baseline) if target.baseline is not None else None,
        deadline=target.deadline,
        force=target.force,
        commitment=target.commitment.value,
        clause=list(target.clause),
        state=verdict.state,
        light=light(verdict, aim=aim, start=begins, deadline=target.deadline, today=as_of.last),
        compared=number(verdict.compared),
        distance=number(verdict.distance),
        stretch_met=verdict.stretch_met,
        missing=[*figure.missing, *(each for each in verdict.missing if each != "value")],
    )


def _yearly(indicator: Indicator) -> bool:
    return indicator.definition.measure in ("flow_annual", "growth")


def _name(zh: str, en: str | None) -> ProgressName:
    return ProgressName(zh=zh, en=en or zh)


def provenance_link(key: str, area: str, as_of: AsOf) -> str:
    """Give the address that lists what is behind a value."""
    asked = {"area": area, "as_of": as_of.day.isoformat()}
    if as_of.period is not None:
        asked["period"] = as_of.period.text
    return f"/api/v1/indicators/{key}/provenance?{urlencode(asked)}"
