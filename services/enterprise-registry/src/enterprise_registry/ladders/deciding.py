"""Which leaf decided: the first leaf on the way down whose result is that of the whole; for one case and for many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.assess import Assessment, PartResult
from enterprise_registry.ladders.columns import UNMET, Codes, Trace
from enterprise_registry.ladders.conditions import CompiledRule, Group, Part
from enterprise_registry.ladders.results import Result

Rows = NDArray[np.intp]
NOBODY = -1


def deciding_leaf(assessment: Assessment) -> str | None:
    """The id of the leaf that decided; of the veto that is unmet where one is."""
    part = next((each for each in _vetoes(assessment.root) if each.result is Result.unmet), assessment.root)
    while True:
        below = [*part.parts, *([part.waiver] if part.parts and part.waiver else [])]
        chosen = next((child for child in below if child.result is part.result), None)
        if chosen is None:
            return part.source.id
        part = chosen


def _vetoes(part: PartResult) -> Iterator[PartResult]:
    if part.result is Result.not_applicable:
        return
    if part.part.veto:
        yield part
    for child in part.parts:
        yield from _vetoes(child)


def deciding_columns(
    rule: CompiledRule, result: Codes, trace: Trace, rows: Rows
) -> tuple[NDArray[np.int32], list[str | None]]:
    """For these rows the deciding part, as places in the list of part ids that is given with it."""
    walker = _Walker(trace, len(result))
    vetoed = rows[:0]
    for veto in walker.vetoes(rule.root):
        here = rows[trace[id(veto)][rows] == UNMET]
        walker.walk(veto, here)
        vetoed, rows = np.concatenate([vetoed, here]), np.setdiff1d(rows, here, assume_unique=True)
    walker.walk(rule.root, rows)
    return walker.chosen, walker.ids


class _Walker:
    def __init__(self, trace: Trace, size: int) -> None:
        self._trace = trace
        self.chosen = np.full(size, NOBODY, np.int32)
        self.ids: list[str | None] = []

    def vetoes(self, part: Part) -> Iterator[Part]:
        """The vetoes that were looked at, in the order of the text."""
        if id(part) not in self._trace:
            return
        if part.veto:
            yield part
        if isinstance(part.test, Group):
            for child in part.test.parts:
                yield from self.vetoes(child)

    def walk(self, part: Part, rows: Rows) -> None:
        """Give each row to the first child with the part's own result, else to the part."""
        if isinstance(part.test, Group):
            children = [*part.test.parts, *([part.waived_by] if part.waived_by else [])]
            wanted = self._trace[id(part)]
            for child in children:
                found = self._trace.get(id(child))
                if found is None or not rows.size:
                    continue
                same = found[rows] == wanted[rows]
                self.walk(child, rows[same])
                rows = rows[~same]
        if rows.size:
            self.chosen[rows] = len(self.ids)
            self.ids.append(part.source.id)
