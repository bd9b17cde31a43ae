"""Where an organisation stands among its peers: scores of dimensions, percentiles, medians.

All members of a group are scored within that group, once; one member's place is then a matter of bisection.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from enterprise_registry.portraits.engine import FULL, Dimension, Model, Reading, Sheet, half_up

FEWEST_PEERS = 5


@dataclass(frozen=True, slots=True)
class Score:
    """A weighted score in hundredths over what is known, with the bounds that the unknown leaves open.

    `coverage` is the part of the weight that is known, in hundredths of a percent. `value` is None without any.
    """

    value: int | None
    low: int
    high: int
    coverage: int


@dataclass(frozen=True, slots=True)
class Place:
    """A score and how it compares: the share of the peers below it, ties half, and the peers' median.

    Both None with fewer than five peers whose score is known, or without a score of one's own.
    """

    score: Score
    percentile: int | None
    median: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One organisation's places. `indicators`: scores in the model's order, None where unknown."""

    indicators: tuple[int | None, ...]
    dimensions: tuple[Place, ...]
    total: Place


@dataclass(frozen=True, slots=True)
class _Scores:
    indicators: tuple[int | None, ...]
    dimensions: tuple[Score, ...]
    total: Score


def percentile(value: int, everybody: Sequence[int]) -> int | None:
    """The place of one of a sorted list among the others, in hundredths of a percent; None with fewer than five.

    >>> percentile(30, [10, 20, 30, 30, 40, 50])
    5000
    """
    others = len(everybody) - 1
    if others < FEWEST_PEERS:
        return None
    below = bisect_left(everybody, value)
    ties = bisect_right(everybody, value) - below - 1
    return half_up(Fraction(FULL * (2 * below + ties), 2 * others))


def _median_without(value: int, everybody: Sequence[int]) -> int:
    """The median of the others of a sorted list."""
    at = bisect_left(everybody, value)
    count = len(everybody) - 1

    def nth(place: int) -> int:
        return everybody[place if place < at else place + 1]

    return nth(count // 2) if count % 2 else half_up(Fraction(nth(count // 2 - 1) + nth(count // 2), 2))


class Group:
    """The members of one group, the organisation itself among them, scored within it."""

    def __init__(self, model: Model, sheets: Sequence[Sheet]) -> None:
        """`sheets` in any order; only those of known organisations are compared with."""
        self.model = model
        peers = [each for each in sheets if each.known]
        self._peers = {each.organisation for each in peers}
        self._raws = self._sorted_raws(peers)
        self._scores = {each.organisation: self._score(each) for each in sheets}
        compared = [self._scores[each.organisation] for each in peers]
        self._totals = _known(each.total for each in compared)
        self._axes = [_known(each.dimensions[at] for each in compared) for at in range(len(model.dimensions))]

    def _sorted_raws(self, peers: Sequence[Sheet]) -> list[list[list[int]]]:
        return [
            [
                sorted(raw for each in peers if (raw := each.readings[at][number][1]) is not None)
                if measure.percentile
                else []
                for number, measure in enumerate(indicator.measures)
            ]
            for at, indicator in enumerate(self.model.indicators)
        ]

    def standing(self, organisation: str) -> Standing:
        """Give the places of a member."""
        own = self._scores[organisation]
        if organisation not in self._peers:  # nothing filed: it is compared with nobody
            alone = tuple(Place(each, None, None) for each in own.dimensions)
            return Standing(own.indicators, alone, Place(own.total, None, None))
        return Standing(
            own.indicators,
            tuple(_place(score, axis) for score, axis in zip(own.dimensions, self._axes, strict=True)),
            _place(own.total, self._totals),
        )

    def _score(self, sheet: Sheet) -> _Scores:
        indicators = tuple(
            self._best(line, self._raws[at] if sheet.known else None)
            for at, line in enumerate(sheet.readings)
        )
        dimensions: list[Score] = []
        at = 0
        for dimension in self.model.dimensions:
            part = indicators[at : at + len(dimension.indicators)]
            dimensions.append(_weighted(dimension, part))
            at += len(dimension.indicators)
        weights = [each.weight for each in self.model.indicators]
        return _Scores(indicators, tuple(dimensions), weighted(weights, indicators))

    @staticmethod
    def _best(line: Sequence[Reading], raws: Sequence[Sequence[int]] | None) -> int | None:
        found = [score for score, _ in line if score is not None]
        if raws is not None:
            for (_, raw), among in zip(line, raws, strict=True):
                place = None if raw is None else percentile(raw, among)
                if place is not None:
                    found.append(place)
        return max(found, default=None)


def _place(score: Score, everybody: Sequence[int]) -> Place:
    if score.value is None or len(everybody) <= FEWEST_PEERS:
        return Place(score, None, None)
    return Place(score, percentile(score.value, everybody), _median_without(score.value, everybody))


def _known(scores: Iterable[Score]) -> list[int]:
    return sorted(each.value for each in scores if each.value is not None)


def _weighted(dimension: Dimension, scores: Sequence[int | None]) -> Score:
    return weighted([each.weight for each in dimension.indicators], scores)


def weighted(weights: Sequence[int], scores: Sequence[int | None]) -> Score:
    """The mean of the known scores by weight; `low` and `high` take the unknown ones as empty and as full.

    >>> weighted([60, 40], [5000, None])
    Score(value=5000, low=3000, high=7000, coverage=6000)
    """
    whole = sum(weights)
    known = sum(weight for weight, score in zip(weights, scores, strict=True) if score is not None)
    earned = sum(weight * score for weight, score in zip(weights, scores, strict=True) if score is not None)
    return Score(
        half_up(Fraction(earned, known)) if known else None,
        half_up(Fraction(earned, whole)),
        half_up(Fraction(earned + (whole - known) * FULL, whole)),
        half_up(Fraction(known * FULL, whole)),
    )
