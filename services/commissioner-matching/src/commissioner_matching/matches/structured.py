"""Structured terms of a match and hard exclusions 结构化条件与硬性排除.

Every field gives thousandths of a full hit, in integers, from data that an officer can read; the weights are
declared elsewhere (`model.Weights`). A field the need does not ask for gives nobody anything.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from commissioner_matching.matches.model import Candidate, Exclusion, Field, Need

Value = tuple[int, tuple[str, ...]]
_FULL: Final = 1000
_NOTHING: Final[Value] = (0, ())
_SAME_SECOND: Final = 700
_SAME_FIRST: Final = 400
_SAME_GROUP: Final = 100
_FIRST_LEVEL: Final = 3  # characters of NNN, of NNN.NN and of NNN.NNNN in GB/T 13745
_SECOND_LEVEL: Final = 6
# The five groups of GB/T 13745-2009 by where their first-level codes begin: A 110, B 210, C 310, D 410, E 710.
_GROUP_STARTS: Final = ("110", "210", "310", "410", "710")
_PLACE_STEPS: Final = (_FULL, 600, 300)  # same narrowest area, one step wider, two steps wider
_NEUTRAL: Final = 500
_BEST_RATING: Final = 500


def discipline_likeness(asked: str, offered: str) -> int:
    """Likeness of two GB/T 13745 codes in thousandths: full when the offered one lies within the asked one."""
    if offered.startswith(asked):
        return _FULL
    if len(asked) >= _SECOND_LEVEL and offered[:_SECOND_LEVEL] == asked[:_SECOND_LEVEL]:
        return _SAME_SECOND
    if offered[:_FIRST_LEVEL] == asked[:_FIRST_LEVEL]:
        return _SAME_FIRST
    groups = {bisect_right(_GROUP_STARTS, code[:_FIRST_LEVEL]) for code in (asked, offered)}
    return _SAME_GROUP if len(groups) == 1 else 0


def _discipline(need: Need, candidate: Candidate) -> Value:
    best = 0
    pair: tuple[str, ...] = ()
    for asked in need.disciplines:
        for offered in candidate.disciplines:
            likeness = discipline_likeness(asked, offered)
            if likeness > best:
                best, pair = likeness, (asked, offered)
    return best, pair


def _chain(need: Need, candidate: Candidate) -> Value:
    shared = tuple(chain for chain in need.chains if chain in candidate.chains)
    return (_FULL, shared) if shared else _NOTHING


def _place(need: Need, candidate: Candidate) -> Value:
    for steps, area in enumerate(reversed(need.place)):
        if steps < len(_PLACE_STEPS) and area in candidate.place:
            return _PLACE_STEPS[steps], (area,)
    return _NOTHING


def _kind(need: Need, candidate: Candidate) -> Value:
    return (_FULL, (candidate.kind,)) if candidate.kind in need.kinds else _NOTHING


def _results(_: Need, candidate: Candidate) -> Value:
    """Share of needs met, smoothed by one success and one failure: newcomers stand in the middle."""
    share = _FULL * (candidate.resolved + 1) // (candidate.ended + 2)
    return share, (f"{candidate.resolved}/{candidate.ended}",)


def _load(_: Need, candidate: Candidate) -> Value:
    free = max(candidate.capacity - candidate.load, 0)
    return _FULL * free // max(candidate.capacity, 1), (f"{candidate.load}/{candidate.capacity}",)


def _rating(_: Need, candidate: Candidate) -> Value:
    if candidate.rating is None:
        return _NEUTRAL, ()
    return _FULL * candidate.rating // _BEST_RATING, (f"{candidate.rating / 100:.2f}",)


FIELDS: Final[dict[Field, Callable[[Need, Candidate], Value]]] = {
    "discipline": _discipline,
    "chain": _chain,
    "place": _place,
    "kind": _kind,
    "results": _results,
    "load": _load,
    "rating": _rating,
}
"""Field → (need, candidate) → (thousandths of a full hit, evidence)."""


def exclusions(need: Need, candidate: Candidate) -> tuple[Exclusion, ...]:
    """Every reason for which `candidate` cannot be proposed to `need` on its day; empty when there is none."""
    found = [
        Exclusion(
            "conflict_of_interest",
            f"与需求单位存在利益关联:{conflict.kind}。",
            f"Conflict of interest with the organisation in need: {conflict.kind}.",
            conflict.evidence,
        )
        for conflict in candidate.conflicts
        if conflict.organisation == need.organisation
        and (conflict.valid_to is None or conflict.valid_to >= need.on)
    ]
    if candidate.load >= candidate.capacity:
        places = f"{candidate.load}/{candidate.capacity}"
        found.append(
            Exclusion("over_capacity", f"服务名额已满({places})。", f"No free place ({places}).", places)
        )
    if candidate.suspended:
        found.append(
            Exclusion("suspended", "资格暂停中。", "The enrolment is suspended.", candidate.suspended)
        )
    if need.programme and need.programme not in candidate.programmes:
        found.append(
            Exclusion(
                "wrong_programme",
                "不属于本需求所属的特派员计划。",
                "Not enrolled in the programme of this need.",
                need.programme,
            )
        )
    return tuple(found)


def values(need: Need, candidate: Candidate, fields: Sequence[tuple[Field, int]]) -> list[Value]:
    """The value of each declared field, in order."""
    return [FIELDS[name](need, candidate) for name, _ in fields]
