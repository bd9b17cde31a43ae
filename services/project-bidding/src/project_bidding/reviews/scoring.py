"""Scoring 评分: from independent marks to a ranking that anybody can repeat with pencil and paper.

Marks are integers in hundredths of a point, weights are integers, means are fractions: no float decides who
wins. The rules are data fixed when the call is published (`Scheme`); their defaults are common practice:
drop one highest and one lowest when at least seven marked (policy-facts 8.5), flag |score − mean| > 2σ for
written reasons.

A reviewer's total of a bid is Σ weight·mark / Σ weight, in hundredths. The bid's score is the (trimmed) mean of
those totals. Ranking compares exact scores, or the published two decimals if the scheme says so.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

_HUNDRED_POINTS: Final = 100_00
_LOT: Final = "lot"
_UNTRIMMED: Final = "untrimmed_mean"
_LOWER_FUNDING: Final = "lower_funding"
_POINTS: Final = "points"
_CRITERION: Final = "criterion:"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the mark sheet; `highest` in hundredths of a point (100 points by default)."""

    key: str
    weight: int
    highest: int = _HUNDRED_POINTS


@dataclass(frozen=True, slots=True)
class Scheme:
    """Criteria and rules, fixed at publication. `whole` is what the weights must add up to.

    `ties`: what decides between equal scores, in order: `criterion:<key>` (higher mean of that line),
    `points` (higher balance of innovation points), `untrimmed_mean` (higher), `lower_funding` (asks for less), `lot` (by hash of the seed, see `rank`). Bids
    that stay equal share a rank, and the decision between them is a person's.
    """

    criteria: tuple[Criterion, ...]
    whole: int = 100
    trim_from: int = 7
    outlier_sigmas: int = 2
    rank_on: Literal["exact", "published"] = "exact"
    ties: tuple[str, ...] = ()
    pass_mark: int = 0

    def __post_init__(self) -> None:
        keys = [criterion.key for criterion in self.criteria]
        if len(set(keys)) != len(keys) or not keys:
            raise ValueError("criteria have different keys, and there is one at least")
        if sum(criterion.weight for criterion in self.criteria) != self.whole:
            raise ValueError(f"weights add up to {self.whole}")
        if any(criterion.weight <= 0 or criterion.highest <= 0 for criterion in self.criteria):
            raise ValueError("weights and highest marks are above zero")
        known = {_LOT, _POINTS, _UNTRIMMED, _LOWER_FUNDING, *(_CRITERION + key for key in keys)}
        if not set(self.ties) <= known:
            raise ValueError(f"unknown tie rules: {sorted(set(self.ties) - known)}")
        minimum = 3
        if self.trim_from < minimum:
            raise ValueError("trimming two marks leaves nothing of fewer than three")


@dataclass(frozen=True, slots=True)
class Review:
    """One expert's marks of one bid (criterion key → hundredths). Voided marks stay on record and do not count."""

    expert: str
    bid: str
    marks: Mapping[str, int]
    voided: bool = False


@dataclass(frozen=True, slots=True)
class Outlier:
    """A total further than `outlier_sigmas` from its bid's mean: a reason must be written, nothing is removed."""

    expert: str
    total: Fraction
    mean: Fraction


@dataclass(frozen=True, slots=True)
class Score:
    """A bid's score in hundredths, and how it came about.

    `outliers_possible` is False for panels so small that no mark can be 2σ away (|x − mean| ≤ σ·√(n−1), so at
    most five experts): their empty list of outliers says nothing.
    """

    bid: str
    value: Fraction
    untrimmed: Fraction
    totals: Mapping[str, Fraction]
    dropped: tuple[str, ...]
    criterion_means: Mapping[str, Fraction]
    outliers: tuple[Outlier, ...]
    outliers_possible: bool

    @property
    def published(self) -> int:
        """The score as published: hundredths, half up."""
        return round_half_up(self.value)


@dataclass(frozen=True, slots=True)
class Rank:
    """`rank` from 1; None below the pass mark. `decided_by` is the tie rule that set it apart from its neighbour."""

    rank: int | None
    score: Score
    decided_by: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """`digest` is over scheme, marks, funding and seed: the same digest always gives the same ranks."""

    ranks: tuple[Rank, ...]
    digest: str


def round_half_up(value: Fraction) -> int:
    """To the nearest integer, halves upwards (四舍五入; values are not negative)."""
    return int((2 * value + 1) // 2)


def check_marks(scheme: Scheme, marks: Mapping[str, int]) -> list[str]:
    """Keys of lines that are missing, unknown or outside 0…highest: what a mark sheet must repair before submission."""
    highest = {criterion.key: criterion.highest for criterion in scheme.criteria}
    wrong = [key for key in highest if key not in marks or not 0 <= marks[key] <= highest[key]]
    return wrong + [key for key in marks if key not in highest]


def total(scheme: Scheme, marks: Mapping[str, int]) -> Fraction:
    """A reviewer's weighted total in hundredths of 100 points, whatever each line's highest mark is."""
    return sum(
        (
            Fraction(line.weight * marks[line.key] * _HUNDRED_POINTS, scheme.whole * line.highest)
            for line in scheme.criteria
        ),
        Fraction(0),
    )


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _outliers(scheme: Scheme, totals: Mapping[str, Fraction]) -> tuple[Outlier, ...]:
    """|x − mean| > kσ (population σ), squared so that no root is taken: n(x−m)² > k²·Σ(y−m)²."""
    mean = _mean(list(totals.values()))
    spread = sum(((value - mean) ** 2 for value in totals.values()), Fraction(0))
    limit = scheme.outlier_sigmas**2 * spread
    return tuple(
        Outlier(expert, value, mean)
        for expert, value in sorted(totals.items())
        if len(totals) * (value - mean) ** 2 > limit
    )


def score_bid(scheme: Scheme, reviews: Sequence[Review]) -> Score:
    """The score of the one bid that all `reviews` are of; ValueError for no valid marks or two of one expert."""
    counted = sorted((each for each in reviews if not each.voided), key=lambda each: each.expert)
    if not counted or len({each.bid for each in reviews}) != 1:
        raise ValueError("a score needs valid marks, all of one bid")
    for each in counted:
        if wrong := check_marks(scheme, each.marks):
            raise ValueError(f"marks of {each.expert} on {each.bid} are incomplete or out of range: {wrong}")
    totals = {each.expert: total(scheme, each.marks) for each in counted}
    if len(totals) != len(counted):
        raise ValueError("an expert marks a bid once")
    dropped: tuple[str, ...] = ()
    if len(totals) >= scheme.trim_from:
        # among equal marks the expert whose id sorts first is named; the mean is the same whoever it is
        by_value = sorted(totals, key=lambda expert: (totals[expert], expert))
        highest = min(totals, key=lambda expert: (-totals[expert], expert))
        lowest = by_value[0] if by_value[0] != highest else by_value[1]
        dropped = (lowest, highest)
    kept = [value for expert, value in totals.items() if expert not in dropped]
    return Score(
        bid=counted[0].bid,
        value=_mean(kept),
        untrimmed=_mean(list(totals.values())),
        totals=totals,
        dropped=dropped,
        criterion_means={
            line.key: _mean([Fraction(each.marks[line.key]) for each in counted]) for line in scheme.criteria
        },
        outliers=_outliers(scheme, totals),
        outliers_possible=len(totals) - 1 > scheme.outlier_sigmas**2,
    )


def _tie_value(
    rule: str, score: Score, funding: Mapping[str, int], seed: str, points: Mapping[str, int]
) -> Fraction:
    """What `rule` compares, the higher being better."""
    if rule == _POINTS:
        return Fraction(points[score.bid])
    if rule == _UNTRIMMED:
        return score.untrimmed
    if rule == _LOWER_FUNDING:
        return Fraction(-funding[score.bid])
    if rule == _LOT:
        return Fraction(int.from_bytes(hashlib.sha256(f"{seed}|{score.bid}".encode()).digest(), "big"))
    return score.criterion_means[rule.removeprefix(_CRITERION)]


def inputs_digest(
    scheme: Scheme,
    reviews: Sequence[Review],
    funding: Mapping[str, int],
    seed: str,
    points: Mapping[str, int] | None = None,
) -> str:
    """SHA-256 over everything a ranking depends on, in one order."""
    inputs: dict[str, object] = {
        "criteria": [[line.key, line.weight, line.highest] for line in scheme.criteria],
        "rules": [
            scheme.whole,
            scheme.trim_from,
            scheme.outlier_sigmas,
            scheme.rank_on,
            list(scheme.ties),
            scheme.pass_mark,
        ],
        "marks": sorted([each.expert, each.bid, dict(each.marks), each.voided] for each in reviews),
        "funding": dict(funding),
        "seed": seed,
    }
    if points:
        inputs["points"] = dict(points)
    spelled = json.dumps(inputs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(spelled.encode()).hexdigest()


def rank(
    scheme: Scheme,
    reviews: Sequence[Review],
    *,
    funding: Mapping[str, int] | None = None,
    seed: str = "",
    points: Mapping[str, int] | None = None,
) -> Ranking:
    """Ranks all bids that have valid marks. `funding`: bid → fen asked for; `seed`: published before marks are in;
    `points`: bid → hundredths of innovation points of its lead.

    A bid whose marks were all voided is not ranked; a caller that expects it compares the two lists.
    """
    asked = funding or {}
    by_bid: dict[str, list[Review]] = {}
    for each in reviews:
        by_bid.setdefault(each.bid, []).append(each)
    scores = [score_bid(scheme, of) for of in by_bid.values() if any(not each.voided for each in of)]

    def standing(score: Score) -> tuple[Fraction, ...]:
        main = score.value if scheme.rank_on == "exact" else Fraction(score.published)
        return (main, *(_tie_value(rule, score, asked, seed, points or {}) for rule in scheme.ties))

    standings = {score.bid: standing(score) for score in scores}
    ordered = sorted(
        sorted(scores, key=lambda score: score.bid), key=lambda s: standings[s.bid], reverse=True
    )
    names = ("score", *scheme.ties)
    ranks: list[Rank] = []
    for position, score in enumerate(ordered, start=1):
        if position == 1:
            place, decided_by = 1, "score"
        else:
            above = ordered[position - 2]
            differing = [
                name
                for name, mine, theirs in zip(names, standings[score.bid], standings[above.bid], strict=True)
                if mine != theirs
            ]
            decided_by = differing[0] if differing else "tied"
            place = position if differing else place
        passed = score.value >= scheme.pass_mark
        ranks.append(Rank(place if passed else None, score, decided_by if passed else "below_pass_mark"))
    return Ranking(tuple(ranks), inputs_digest(scheme, reviews, asked, seed, points))
