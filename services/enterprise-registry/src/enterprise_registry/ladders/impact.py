"""Rule impact (政策影响测算): what a version of a ladder changes for a population, node by node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.fact_columns import Codes, FactColumns, Mask
from enterprise_registry.ladders.plan import LadderPlan, NodeColumns, PlanColumns, Verdict
from enterprise_registry.ladders.results import Result


class Outcome(IntEnum):
    """What becomes of one organisation at one node."""

    outside = 0
    """qualified neither before nor after"""
    stays = 1
    gains = 2
    loses = 3
    unknown = 4
    """decided before, and not decided by what is known after"""
    remains_unknown = 5


LISTED = (Outcome.stays, Outcome.gains, Outcome.loses, Outcome.unknown)
"""The outcomes whose organisations are named; of the others only the number is kept."""
_UNDECIDED = (Result.unknown, Result.manual_review)


def outcome(before: Result, after: Result) -> Outcome:
    """The outcome of one case; what `_outcomes` does for many."""
    if after is Result.met:
        return Outcome.stays if before is Result.met else Outcome.gains
    if after in _UNDECIDED:
        return Outcome.remains_unknown if before in _UNDECIDED else Outcome.unknown
    return Outcome.loses if before is Result.met else Outcome.outside


@dataclass(frozen=True, slots=True)
class NodeImpact:
    """One node for a chunk of the population: arrays of the same length as the chunk."""

    node: str
    before: Codes
    after: Codes
    outcome: NDArray[np.int8]
    holders: Mask
    _old: NodeColumns | None
    _new: NodeColumns | None

    def leaves(self, rows: NDArray[np.intp]) -> list[str | None]:
        """What decided for these rows: what was not met before for who gains, what is not met after for the rest.

        None for who stays, and where one of the versions does not have the node.
        """
        found: dict[int, str | None] = dict.fromkeys(rows.tolist())
        gained = rows[self.outcome[rows] == Outcome.gains]
        lost = rows[np.isin(self.outcome[rows], (Outcome.loses, Outcome.unknown))]
        for side, mine in ((self._old, gained), (self._new, lost)):
            if side is not None and mine.size:
                found.update(zip(mine.tolist(), side.deciding(mine), strict=True))
        return [found[row] for row in rows.tolist()]


def impact_columns(
    old: LadderPlan, before: FactColumns, new: LadderPlan, after: FactColumns
) -> Iterator[NodeImpact]:
    """Every node of either version, one after the other, so that only one node's traces are in memory.

    The two tables hold the same organisations, each read by the words of its own version.
    """
    left, right = PlanColumns(old, before), PlanColumns(new, after)
    nodes = {node.name: node for node in old.nodes}, {node.name: node for node in new.nodes}
    nowhere = np.full(before.size, np.int8(Result.not_applicable))
    nobody = np.zeros(before.size, bool)
    for name in sorted(nodes[0].keys() | nodes[1].keys()):
        was = left.judge(nodes[0][name]) if name in nodes[0] else None
        will = right.judge(nodes[1][name]) if name in nodes[1] else None
        codes = (was.result if was else nowhere, will.result if will else nowhere)
        holders = was.holders if was else will.holders if will else nobody
        yield NodeImpact(name, *codes, _outcomes(*codes), holders, was, will)


_TABLE = np.array(
    [outcome(Result(before), Result(after)) for before in range(-1, 4) for after in range(-1, 4)], np.int8
)
"""by 5 · (before + 1) + after + 1"""


def _outcomes(before: Codes, after: Codes) -> NDArray[np.int8]:
    return _TABLE.take(before * np.int8(5) + after + np.int8(6))


def leaf_of(before: Verdict | None, after: Verdict | None) -> str | None:
    """What decided for one organisation; what `NodeImpact.leaves` does for many."""
    found = outcome(_result(before), _result(after))
    side = before if found is Outcome.gains else after if found in (Outcome.loses, Outcome.unknown) else None
    return side.leaf if side else None


def _result(verdict: Verdict | None) -> Result:
    return Result.not_applicable if verdict is None else verdict.result


def counted(impact: NodeImpact, areas: NDArray[np.intp], names: int) -> Mapping[tuple[int, int], int]:
    """How many organisations have each (area, outcome); `areas` are places in a list of `names` areas."""
    width = len(Outcome)
    cells = np.bincount(areas * width + impact.outcome, minlength=names * width)
    return {divmod(int(cell), width): int(cells[cell]) for cell in np.flatnonzero(cells)}


__all__ = ["LISTED", "NodeImpact", "Outcome", "counted", "impact_columns", "leaf_of", "outcome"]
