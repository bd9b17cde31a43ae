"""The gap to a node: for each leaf that is not met, the least change of each fact that would meet it, and when.

One fact is changed at a time, the others stay. Leaves are monotone in each of their facts, so the least change is
found by doubling and halving on the leaf itself; no formula has to be turned round.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from enterprise_registry.ladders.assess import Assessment, PartResult, evaluate_part, vetoes
from enterprise_registry.ladders.conditions import FactTest
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.results import Result
from kechuang_packs.models.conditions import Occasion
from kechuang_packs.models.facts import PeriodKind, Unit

_LIMIT: Final = 2**31
_LIMITS: Final = {Unit.CNY: 2**47}
"""No count or rate (in millionths) is changed by more than the one, no sum of money (fen) by more than the other."""
_HORIZON_DAYS: Final = 366 * 30


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that alone would meet the leaf. Numbers as stored (fen, ppm, hundredths), None when not filed."""

    fact: str
    year: int | None
    current: int | bool | str | None
    needed: int | bool | tuple[str, ...]

    @property
    def delta(self) -> int | None:
        """The signed change, for numbers."""
        if isinstance(self.needed, bool | tuple) or isinstance(self.current, bool | str):
            return None
        return self.needed - (self.current or 0)


@dataclass(frozen=True, slots=True)
class LineGap:
    """A line of a score below its greatest: points now and at most, in hundredths."""

    line: str
    points: int
    max: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What one leaf lacks. `earliest` is the first day on which it can be met; None when an act decides it."""

    leaf: str | None
    result: Result
    changes: tuple[Change, ...]
    provide: tuple[FactRef, ...]
    hold_one_of: frozenset[str]
    lines: tuple[LineGap, ...]
    points_short: int
    earliest: dt.date | None


@dataclass(frozen=True, slots=True)
class NodeGap:
    """All leaves that are not met and the earliest day for the whole tree (None: it waits for an act)."""

    gaps: tuple[Gap, ...]
    earliest: dt.date | None


def node_gap(assessment: Assessment, facts: FactBase, held: Collection[str]) -> NodeGap:
    """The gap between what is and what the rule asks; `facts` and `held` as they were assessed."""
    base = facts.on_day(assessment.on)
    finder = _Finder(base, frozenset(held), Occasion(assessment.occasion))
    days = [finder.walk(assessment.root), *(finder.walk(each) for each in vetoes(assessment.root))]
    return NodeGap(tuple(finder.gaps.values()), _nth(days, len(days)))


class _Finder:
    def __init__(self, facts: FactBase, held: frozenset[str], occasion: Occasion) -> None:
        self._facts, self._held, self._occasion = facts, held, occasion
        self.gaps: dict[int, Gap] = {}
        """by the part's own identity: a veto is walked to twice"""

    def walk(self, found: PartResult) -> dt.date | None:
        """Collect the gaps below; the earliest day for this part."""
        if found.result in (Result.met, Result.not_applicable):
            return self._facts.on
        if found.kind in ("fact", "holds", "judged", "score"):
            if id(found) not in self.gaps:
                self.gaps[id(found)] = self._leaf(found)
            days = [self.gaps[id(found)].earliest]
        else:
            below = [self.walk(part) for part in found.parts if part.result is not Result.not_applicable]
            days = [_nth(below, len(below) if found.kind == "all_of" else found.wanted)]
        if found.waiver is not None:
            days.append(self.walk(found.waiver))
        return _nth(days, 1)

    def _leaf(self, found: PartResult) -> Gap:
        provide = tuple(ref for ref in found.missing)
        changes = () if found.result is Result.manual_review else self._changes(found)
        lines: tuple[LineGap, ...] = ()
        short = 0
        if found.score is not None:
            lines = tuple(
                LineGap(one.line.id, one.points.low, one.line.max)
                for one in found.score.lines
                if one.points.low < one.line.max
            )
            short = found.points_short
        return Gap(
            found.source.id, found.result, changes, provide, found.holds, lines, short, self._earliest(found)
        )

    def _met(self, found: PartResult, facts: FactBase) -> bool:
        return evaluate_part(found.part, facts, self._held, self._occasion).result is Result.met

    def _changes(self, found: PartResult) -> tuple[Change, ...]:
        changes: list[Change] = []
        for ref in sorted(found.used, key=str):
            change = self._change(found, ref)
            if change is not None:
                changes.append(change)
        return tuple(changes)

    def _change(self, found: PartResult, ref: FactRef) -> Change | None:
        fact = self._facts.vocabulary[ref[0]]
        filed = self._facts.filed.get(ref)
        current = None if filed is None else filed.value
        if fact.unit is Unit.date or isinstance(current, dt.date):
            return None

        def met(value: int | bool | str) -> bool:
            return self._met(found, self._facts.with_facts({ref: Filed(value)}))

        if fact.unit is Unit.flag:
            fitting = [value for value in (True, False) if value is not current and met(value)]
            return Change(*ref, current, fitting[0]) if fitting else None
        if fact.unit is Unit.code:
            return self._codes(found, ref, current)
        start = current if isinstance(current, int) else 0
        if current is None and met(start):
            return Change(*ref, None, start)
        needed = _nearest(met, start, fact.floor, _LIMITS.get(fact.unit, _LIMIT))
        return None if needed is None else Change(*ref, current, needed)

    def _codes(self, found: PartResult, ref: FactRef, current: int | bool | str | None) -> Change | None:
        test = found.part.test
        if isinstance(test, FactTest) and test.fact == ref[0] and isinstance(test.threshold, frozenset):
            return Change(*ref, current, tuple(sorted(test.threshold)))
        return None

    def _earliest(self, found: PartResult) -> dt.date | None:  # noqa: PLR0911 - one return a kind
        on = self._facts.on
        if found.kind in ("holds", "judged") or found.result is Result.manual_review:
            return None
        periods = {self._facts.vocabulary[key].period for key, _ in found.used}
        units = {self._facts.vocabulary[key].unit for key, _ in found.used}
        if units == {Unit.date}:
            return self._ripens(found)
        if PeriodKind.year not in periods:
            return on
        test = found.part.test
        if not isinstance(test, FactTest):
            return dt.date(on.year + 1, 1, 1)
        if test.years_ago[0] == 0 and not (
            test.every_year and any(_fails(o.result) for o in found.observed[1:])
        ):
            return on
        if not test.every_year:
            return dt.date(on.year + 1, 1, 1)
        # A past year cannot be mended: it has to leave the window.
        latest = min(index for index, one in enumerate(found.observed) if _fails(one.result))
        return dt.date(on.year - latest + len(test.years_ago), 1, 1)

    def _ripens(self, found: PartResult) -> dt.date | None:
        """For what only age decides: the first day on which the leaf is met."""
        on = self._facts.on

        def met(days: int) -> bool:
            return self._met(found, self._facts.on_day(on + dt.timedelta(days=days)))

        if not met(_HORIZON_DAYS):
            return None
        low, high = 0, _HORIZON_DAYS
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if met(middle) else (middle, high)
        return on + dt.timedelta(days=high)


def _fails(result: Result) -> bool:
    return result in (Result.unmet, Result.unknown)


def _nearest(met: Callable[[int], bool], start: int, floor: int | None, limit: int) -> int | None:
    """The value nearest to `start` that meets, on either side; None when none does within the limit.

    Both sides are tried step by step: where one has an answer, the other is not followed to the limit.
    """
    limits = {1: limit, -1: limit if floor is None else start - floor}
    below, step = 0, 1
    while below < max(limits.values()):
        tried = [(sign, min(step, most)) for sign, most in limits.items() if most > below]
        sides = [_refined(met, start, sign, below, at) for sign, at in tried if met(start + sign * at)]
        if sides:
            return min(sides, key=lambda value: abs(value - start))
        below, step = step, step * 2
    return None


def _refined(met: Callable[[int], bool], start: int, sign: int, below: int, step: int) -> int:
    """The least step that meets, between one that does not and one that does."""
    while step - below > 1:
        middle = (below + step) // 2
        below, step = (below, middle) if met(start + sign * middle) else (middle, step)
    return start + sign * step


def _nth(days: list[dt.date | None], n: int) -> dt.date | None:
    """The n-th earliest day, None being never by itself."""
    ordered = sorted(days, key=lambda day: day or dt.date.max)
    return ordered[n - 1] if 0 < n <= len(ordered) else None
