"""Ranking by scores: exact, repeatable from the score sheets alone, explained line by line.

All arithmetic is in fractions; nothing is rounded before it is shown. A scorer's points for a line lie between
0 and 100 and come in hundredths; a sheet's total is the weighted mean of its lines, a subject's total the mean
of its sheets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any, Literal

TieRule = Literal["higher_block", "earlier_submission", "lot", "all_share_last_place"]
WHOLE = 100
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Line:
    """A criterion; the weights of a scheme sum to 100."""

    code: str
    zh: str
    en: str
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Subject:
    """What is ranked: an application, or a recognition that a review re-examines."""

    item: str
    organisation: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Sheet:
    """One scorer's points for one subject: line → hundredths of a point."""

    item: str
    scorer: str
    points: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A subject's place. `tied_with` had the same total; `settled_by` says what put them in order."""

    subject: Subject
    total: Fraction
    rank: int
    tied_with: tuple[str, ...]
    settled_by: str | None
    lines: Mapping[str, Fraction]
    sheets: Mapping[str, Fraction]

    def shown(self) -> dict[str, Any]:
        """The explanation as data: each line's mean, each scorer's total, the tie and what settled it."""
        return {
            "total": decimal(self.total),
            "rank": self.rank,
            "lines": {code: decimal(value) for code, value in self.lines.items()},
            "sheets": {scorer: decimal(value) for scorer, value in sorted(self.sheets.items())},
            "tied_with": list(self.tied_with),
            "settled_by": self.settled_by,
        }


def decimal(value: Fraction) -> str:
    """Show a score with four places, rounded half to even; ranking never sees the rounded value.

    >>> decimal(Fraction(262, 3))
    '87.3333'
    """
    return str((Decimal(value.numerator) / Decimal(value.denominator)).quantize(_PLACES))


def sheet_total(lines: Sequence[Line], sheet: Sheet) -> Fraction:
    """Give the weighted mean of a sheet's points, on the scale of 0 to 100."""
    return sum((each.weight * sheet.points[each.code] for each in lines), Fraction(0)) / (WHOLE * 100)


def rank(
    lines: Sequence[Line],
    subjects: Sequence[Subject],
    sheets: Sequence[Sheet],
    *,
    ties: TieRule,
    lot: str | None,
) -> list[Place]:
    """Rank subjects that have at least one sheet each, the best first.

    Equal totals are put in order by the rule `ties`: by the line of the greatest weight and so on down
    (`higher_block`), by the earlier submission, or by a lot, which is SHA-256 of `lot:item` so that anybody can
    repeat it. What a rule leaves equal goes to the earlier submission and then to the smaller id. With
    `all_share_last_place` equals keep the same rank (1, 2, 2, 4).
    """
    by_item: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        by_item.setdefault(sheet.item, []).append(sheet)
    found = [_scored(lines, each, by_item[each.item]) for each in subjects if each.item in by_item]
    found.sort(key=lambda each: (-each.total, *_tie_key(lines, each, ties, lot)))
    places: list[Place] = []
    for index, each in enumerate(found):
        equals = [other for other in found if other.total == each.total and other is not each]
        shares = ties == "all_share_last_place" and index > 0 and found[index - 1].total == each.total
        number = places[-1].rank if shares else index + 1
        settled = _settled_by(lines, each, equals, ties) if equals else None
        tied = tuple(sorted(other.subject.item for other in equals))
        places.append(Place(each.subject, each.total, number, tied, settled, each.lines, each.sheets))
    return places


def _scored(lines: Sequence[Line], subject: Subject, sheets: Sequence[Sheet]) -> Place:
    totals = {each.scorer: sheet_total(lines, each) for each in sheets}
    means = {
        line.code: Fraction(sum(each.points[line.code] for each in sheets), len(sheets) * 100)
        for line in lines
    }
    return Place(subject, sum(totals.values(), Fraction(0)) / len(totals), 0, (), None, means, totals)


def _blocks(lines: Sequence[Line], place: Place) -> tuple[Fraction, ...]:
    heaviest_first = sorted(lines, key=lambda each: -each.weight)
    return tuple(-place.lines[each.code] for each in heaviest_first)


def drawn(lot: str | None, item: str) -> str:
    """The lot of an item: SHA-256 of `lot:item` in hexadecimal; the smaller one comes first."""
    return sha256(f"{lot or ''}:{item}".encode()).hexdigest()


def _tie_key(lines: Sequence[Line], place: Place, ties: TieRule, lot: str | None) -> tuple[Any, ...]:
    last = (place.subject.submitted_at, place.subject.item)
    if ties == "higher_block":
        return (_blocks(lines, place), *last)
    return (drawn(lot, place.subject.item), *last) if ties == "lot" else last


def _settled_by(lines: Sequence[Line], place: Place, equals: Sequence[Place], ties: TieRule) -> str:
    if ties == "higher_block" and any(_blocks(lines, other) == _blocks(lines, place) for other in equals):
        return "earlier_submission"
    return ties


def chosen(
    places: Sequence[Place], count: int, *, limit: int | None, pass_mark: Fraction | None
) -> list[str]:
    """Give the items that get one of `count` places, in order of rank.

    Nobody below the pass mark. Where equals share the last place all of them are in, unless a cap leaves
    fewer than that (`limit`): then none of these equals is, since nothing orders them.
    """
    fit = [each for each in places if pass_mark is None or each.total >= pass_mark]
    allowed = count if limit is None else min(count, limit)
    taken: list[str] = []
    index = 0
    while index < len(fit) and len(taken) < allowed:
        group = [each for each in fit[index:] if each.rank == fit[index].rank]
        if limit is not None and len(taken) + len(group) > limit:
            break
        taken += [each.subject.item for each in group]
        index += len(group)
    return taken
