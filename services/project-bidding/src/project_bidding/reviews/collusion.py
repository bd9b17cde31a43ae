"""Signals of collusion 串通迹象 among reviewers: reasons to look, never verdicts.

Two kinds, both simple enough to be explained to those they name: mark sheets that are identical line by line,
and pairs who agree on far more marks than pairs of the same panel usually do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Literal

from project_bidding.reviews.scoring import Review


@dataclass(frozen=True, slots=True)
class SignalRules:
    """When a pair is named: enough lines in common, agreement of at least `agreement`, and `lead` above the panel's median pair."""

    lines_needed: int = 10
    agreement: Fraction = Fraction(8, 10)
    lead: Fraction = Fraction(3, 10)
    identical_lines_needed: int = 3


@dataclass(frozen=True, slots=True)
class Signal:
    """`bids` are those concerned; `agreement` is the share of equal marks over all lines that both gave."""

    kind: Literal["identical_sheets", "high_agreement"]
    experts: tuple[str, str]
    bids: tuple[str, ...]
    agreement: Fraction
    median: Fraction


def _median(values: Sequence[Fraction]) -> Fraction:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def signals(reviews: Sequence[Review], rules: SignalRules | None = None) -> tuple[Signal, ...]:
    """All signals of a panel's marks, in a fixed order. Voided marks are looked at too: they were given."""
    applied = rules or SignalRules()
    sheets: dict[str, dict[str, Mapping[str, int]]] = {}
    for review in reviews:
        sheets.setdefault(review.expert, {})[review.bid] = review.marks
    pairs: dict[tuple[str, str], tuple[int, int, tuple[str, ...]]] = {}
    for first, second in combinations(sorted(sheets), 2):
        common = sorted(sheets[first].keys() & sheets[second].keys())
        equal = lines = 0
        identical = []
        for bid in common:
            mine, theirs = sheets[first][bid], sheets[second][bid]
            keys = mine.keys() & theirs.keys()
            same = sum(mine[key] == theirs[key] for key in keys)
            equal, lines = equal + same, lines + len(keys)
            if same == len(keys) >= applied.identical_lines_needed:
                identical.append(bid)
        if lines:
            pairs[first, second] = equal, lines, tuple(identical)
    if not pairs:
        return ()
    median = _median([Fraction(equal, lines) for equal, lines, _ in pairs.values()])
    found = []
    for (first, second), (equal, lines, identical_bids) in pairs.items():
        agreement = Fraction(equal, lines)
        if identical_bids:
            found.append(Signal("identical_sheets", (first, second), identical_bids, agreement, median))
        if (
            lines >= applied.lines_needed
            and agreement >= applied.agreement
            and agreement - median >= applied.lead
        ):
            common_bids = tuple(sorted(sheets[first].keys() & sheets[second].keys()))
            found.append(Signal("high_agreement", (first, second), common_bids, agreement, median))
    return tuple(found)
