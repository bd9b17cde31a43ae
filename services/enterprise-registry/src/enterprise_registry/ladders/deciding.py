"""Which leaf decided: the first leaf on the way down whose result is that of the whole; for one case and for many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.assess import Assessment, vetoes
from enterprise_registry.ladders.columns import MET, NOT_APPLICABLE, Trace
from enterprise_registry.ladders.conditions import CompiledRule, Group, Part
from enterprise_registry.ladders.fact_columns import Codes
from enterprise_registry.ladders.results import Result

Rows = NDArray[np.intp]
NOBODY = 0


def deciding_leaf(assessment: Assessment) -> str | None:
    """The id of the leaf that decided; of a veto that is not met where one makes the result; None where none applies."""
    part = assessment.root
    if part.result is Result.not_applicable:
        return None
    if assessment.result is not Result.met:
        part = next((each for each in vetoes(part) if each.result is assessment.result), part)
    while True:
        below = [*part.parts, *([part.waiver] if part.parts and part.waiver else [])]
        chosen = next((child for child in below if child.result is part.result), None)
        if chosen is None:
            return part.source.id
        part = chosen


def deciding_columns(
    rule: CompiledRule, result: Codes, trace: Trace, rows: Rows
) -> tuple[NDArray[np.int32], list[str | None]]:
    """For these rows the deciding part, as places in the list of part ids that is given with it."""
    walker = _Walker(trace, len(result))
    rows = rows[result[rows] != NOT_APPLICABLE]
    for veto in walker.vetoes(rule.root):
        found = trace[id(veto)][rows]
        here = rows[(found == result[rows]) & (found != MET)]
        walker.walk(veto, here)
        rows = np.setdiff1d(rows, here, assume_unique=True)
    walker.walk(rule.root, rows)
    return walker.chosen, walker.ids


class _Walker:
    def __init__(self, trace: Trace, size: int) -> None:
        self._trace = trace
        self.chosen = np.full(size, NOBODY, np.int32)
        self.ids: list[str | None] = [None]

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
