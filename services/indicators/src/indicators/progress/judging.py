"""Targets judged: pure, exact, three-valued.

A verdict is met, not met, or cannot be told; a missing input is named. Numbers are exact fractions in the
indicator's unit, never floats. Comparators are those of the packs (docs/policy-packs.md, indicators.yaml).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, Literal

from kechuang_packs.models.indicators import Target, TargetComparator

State = Literal["met", "not_met", "cannot_tell", "not_yet_known"]
Light = Literal["green", "yellow", "red", "grey"]
APPROXIMATELY: Final = Fraction(1, 10)
"""左右 is within a tenth; product default, no document says how near."""
FAR_BEHIND: Final = Fraction(8, 10)
"""Below eight tenths of what the elapsed time would let expect, the light is red; product default."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a judgement may look at. `before` is the value one year earlier, `benchmark` the outside value.

    `is_growth` says that the indicator's value is itself a growth or rise in percent.
    """

    value: Fraction | None
    before: Fraction | None = None
    baseline: Fraction | None = None
    benchmark: Fraction | None = None
    is_growth: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`compared` is what was held against the target (a growth where that is meant), `distance` how much is
    missing (negative: more than enough), `missing` the inputs without which nothing can be told.
    """

    state: State
    compared: Fraction | None = None
    distance: Fraction | None = None
    stretch_met: bool | None = None
    missing: tuple[str, ...] = ()
    warns_only: bool = False
    lower_is_better: bool = False


def judge(target: Target, known: Known) -> Verdict:
    """Hold a value against a target."""
    if known.value is None:
        return Verdict("cannot_tell", missing=("value",))
    if target.value is None:
        return _without_number(target.comparator, known, known.value)
    aim, special = Fraction(target.value), _SPECIAL.get(target.comparator)
    return special(aim, known, known.value, target) if special else _level(aim, known.value, target)


def _level(aim: Fraction, value: Fraction, target: Target) -> Verdict:
    """The value itself against the number: at least, more than, about, a range, a floor with a stretch."""
    comparator = target.comparator
    if comparator is TargetComparator.gt:
        return Verdict(_met(value > aim), value, aim - value)
    if comparator is TargetComparator.approx:
        return Verdict(_met(value >= aim * (1 - APPROXIMATELY)), value, aim - value, warns_only=True)
    further = target.value_max if comparator is TargetComparator.range_ else target.stretch
    stretch = value >= Fraction(further) if further is not None else None
    return Verdict(_met(value >= aim), value, aim - value, stretch_met=stretch)


def _rank(aim: Fraction, _known: Known, value: Fraction, _target: Target) -> Verdict:
    """The first place is the best."""
    return Verdict(_met(value <= aim), value, value - aim, lower_is_better=True)


def _benchmark(aim: Fraction, known: Known, value: Fraction, _target: Target) -> Verdict:
    """Times the outside value; without one the indicator's value is the ratio to it already."""
    compared = value if not known.benchmark else value / known.benchmark
    return Verdict(_met(compared >= aim), compared, aim - compared)


def _met(holds: bool) -> State:
    return "met" if holds else "not_met"


def _growth(aim: Fraction, known: Known, value: Fraction, _target: Target) -> Verdict:
    """Percent against the year before."""
    if known.is_growth:
        return Verdict(_met(value >= aim), value, aim - value)
    if not known.before:
        return Verdict("cannot_tell", missing=("value_of_the_year_before",))
    grown = (value - known.before) / known.before * 100
    return Verdict(_met(grown >= aim), grown, aim - grown)


def _increase(aim: Fraction, known: Known, value: Fraction, target: Target) -> Verdict:
    """Percentage points over the baseline; without one the indicator's value is the rise itself."""
    baseline = Fraction(target.baseline) if target.baseline is not None else known.baseline
    if baseline is None and not known.is_growth:
        return Verdict("cannot_tell", missing=("baseline",))
    risen = value - (baseline or 0)
    return Verdict(_met(risen >= aim), risen, aim - risen)


def _without_number(comparator: TargetComparator, known: Known, value: Fraction) -> Verdict:
    if comparator is TargetComparator.breakthrough:
        return Verdict(_met(value >= 1), value, 1 - value)  # 零的突破: at least one
    if comparator is TargetComparator.full_coverage:
        return Verdict(_met(value >= 100), value, 100 - value)  # noqa: PLR2004  percent
    earlier = known.baseline if known.before is None else known.before
    if comparator is TargetComparator.increases and known.is_growth:
        return Verdict(_met(value > 0), value)
    if earlier is None:
        return Verdict("cannot_tell", missing=("value_of_the_year_before",))
    better = value < earlier if comparator is TargetComparator.rank_improves else value > earlier
    return Verdict(_met(better), value)


def light(
    verdict: Verdict, *, aim: Fraction | None, start: date, deadline: date | None, today: date
) -> Light:
    """Give the traffic light (product default): green when met or as far as the elapsed time lets expect.

    Expected is the target's share by elapsed days between the plan's start and the deadline; down to eight
    tenths of it is yellow, below red; after the deadline only met is green. A target that only warns is
    never red; what cannot be told is grey. A rank does not grow with time: missed, it is yellow while the place
    aimed at is eight tenths of it, and red behind.
    """
    if verdict.state in ("cannot_tell", "not_yet_known"):
        return "grey"
    if verdict.state == "met":
        return "green"
    worst: Light = "yellow" if verdict.warns_only else "red"
    if deadline is None or aim is None or aim <= 0 or verdict.compared is None or today > deadline:
        return worst
    if verdict.lower_is_better:
        return "yellow" if aim >= verdict.compared * FAR_BEHIND else worst
    whole = max((deadline - start).days + 1, 1)
    expected = aim * min(max((today - start).days + 1, 0), whole) / whole
    if verdict.compared >= expected:
        return "green"
    return "yellow" if verdict.compared >= expected * FAR_BEHIND else worst


_SPECIAL: Final[Mapping[TargetComparator, Callable[[Fraction, Known, Fraction, Target], Verdict]]] = {
    TargetComparator.growth: _growth,
    TargetComparator.increase_pp: _increase,
    TargetComparator.rank: _rank,
    TargetComparator.benchmark: _benchmark,
}

COMPARATOR_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    ">=": ("不低于", "at least"), ">": ("超过", "more than"), "count": ("达到", "reaches"),
    "range": ("区间", "within"), "approx": ("左右", "about"), "growth>=": ("增长不低于（%）", "grows by at least (%)"),
    "increase_pp>=": ("提高不少于（百分点）", "rises by at least (percentage points)"),
    "rank<=": ("位次不低于", "ranks at least"), "benchmark>=": ("不低于参照值", "at least the benchmark"),
    "floor_and_stretch": ("保底与争取", "floor and stretch"), "maintain": ("保持", "keeps"),
    "rank_improves": ("位次前移", "rank improves"), "breakthrough": ("实现突破", "breaks through"),
    "increases": ("持续增长", "increases"), "full_coverage": ("全覆盖", "covers all"),
}  # fmt: skip
