"""Ranks candidates for a need 匹配排序 and says why: text plus structured fields, hard exclusions apart.

Deterministic: same need, candidates, index, weights and seed give the same answer. Equal scores are ordered by a
hash of seed, need and candidate, so that no id, name or date of entry is favoured over the years.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from commissioner_matching.matches.model import (
    Candidate,
    Excluded,
    FieldReason,
    Match,
    MatchResult,
    Need,
    Reasons,
    TermReason,
    Weights,
    WorkReason,
)
from commissioner_matching.matches.semantic import SemanticIndex
from commissioner_matching.matches.structured import Value, exclusions, values
from commissioner_matching.matches.text import Floats, Query, TextIndex, summed, work_shares

_TERMS_SHOWN = 10
_WORKS_SHOWN = 3
_TERMS_OF_A_WORK = 5
_THOUSAND = 1000


@dataclass(frozen=True, slots=True, eq=False)
class _TextScores:
    """The text half for one need: per work z values and shares, per person micro points.

    `lexical_nothing` and `nothing` are the micro points of no likeness at all, in the lexical half and in both.
    """

    index: TextIndex
    query: Query
    lexical: Floats
    semantic: Floats
    shares: Floats
    person_points: Floats
    lexical_nothing: float
    nothing: float

    @classmethod
    def of(
        cls, need: Need, index: TextIndex, semantic: SemanticIndex | None, weights: Weights
    ) -> "_TextScores":
        query = index.query(need.text)
        lexical = index.calibration.z(index.cosines(query))
        meaning = (
            semantic.calibration.z(semantic.cosines(need.text)) if semantic else np.zeros(len(index.works))
        )
        both = lexical + meaning
        shares = work_shares(index, both, blend=weights.blend)
        points = summed(index.work_person, shares * both, len(index.persons))
        halves = [index.calibration, *([semantic.calibration] if semantic else [])]
        nothing = [-half.mean / half.deviation * weights.text for half in halves]
        return cls(index, query, lexical, meaning, shares, points * weights.text, nothing[0], sum(nothing))


def _text_reasons(text: _TextScores, person: int | None, weights: Weights, total: int) -> Reasons:
    """`total` micro points taken apart by terms and by works; rounding differences go to the unshown rest."""
    baseline = round(text.lexical_nothing)
    if person is None:  # nothing to read about this candidate: as if nothing resembled the need
        return Reasons(
            fields=(),
            text=total,
            baseline=baseline,
            terms=(),
            other_terms=0,
            semantic=total - baseline,
            works=(),
            other_works=total,
        )
    index = text.index
    works = range(int(index.person_starts[person]), int(index.person_starts[person + 1]))
    span = slice(works.start, works.stop)
    shares = text.shares[span]
    meaning = round(float(weights.text * (shares @ text.semantic[span])))
    products = index.term_products(text.query, works)
    points = products @ shares * (weights.text / index.calibration.deviation)
    spelled = [index.term_names[term_id] for term_id in text.query.term_ids.tolist()]
    lines = range(len(spelled))
    best_lines = [
        line for line in sorted(lines, key=lambda line: (-points[line], spelled[line])) if points[line] > 0
    ][:_TERMS_SHOWN]
    terms = tuple(TermReason(spelled[line], round(float(points[line]))) for line in best_lines)
    work_points = weights.text * shares * (text.lexical[span] + text.semantic[span])
    best_works = sorted(range(len(works)), key=lambda at: (-work_points[at], index.works[works[at]]))[
        :_WORKS_SHOWN
    ]
    shown = tuple(
        WorkReason(
            index.works[works[at]],
            round(float(work_points[at])),
            tuple(
                spelled[line]
                for line in sorted(lines, key=lambda line: (-products[line, at], spelled[line]))[
                    :_TERMS_OF_A_WORK
                ]
                if products[line, at] > 0
            ),
        )
        for at in best_works
    )
    return Reasons(
        fields=(),
        text=total,
        baseline=baseline,
        terms=terms,
        other_terms=total - baseline - meaning - sum(term.contribution for term in terms),
        semantic=meaning,
        works=shown,
        other_works=total - sum(work.contribution for work in shown),
    )


def _field_reasons(found: Sequence[Value], weights: Weights) -> tuple[FieldReason, ...]:
    return tuple(
        FieldReason(name, value, weight * value // _THOUSAND, evidence)
        for (name, weight), (value, evidence) in zip(weights.fields, found, strict=True)
    )


def _tie(seed: str, need: str, candidate: str) -> bytes:
    return hashlib.sha256(f"{seed}|{need}|{candidate}".encode()).digest()


def rank(
    need: Need,
    candidates: Sequence[Candidate],
    index: TextIndex,
    weights: Weights,
    *,
    seed: str,
    semantic: SemanticIndex | None = None,
    limit: int = 20,
) -> MatchResult:
    """The best `limit` candidates with reasons, and all that are excluded with theirs.

    A candidate whose id is no person of `index` is judged by its fields, with a text as unlike as can be.
    """
    text = _TextScores.of(need, index, semantic, weights)
    position = {person: at for at, person in enumerate(index.persons)}
    nothing = round(text.nothing)
    excluded: list[Excluded] = []
    scored: list[tuple[int, bytes, Candidate, int, list[Value]]] = []
    for candidate in candidates:
        if reasons := exclusions(need, candidate):
            excluded.append(Excluded(candidate.id, reasons))
            continue
        found = values(need, candidate, weights.fields)
        person = position.get(candidate.id)
        points = nothing if person is None else round(float(text.person_points[person]))
        fields = sum(
            weight * value // _THOUSAND for (_, weight), (value, _) in zip(weights.fields, found, strict=True)
        )
        scored.append((-points - fields, _tie(seed, need.id, candidate.id), candidate, points, found))
    scored.sort(key=lambda each: each[:2])
    matches = []
    for place, (negative, _, candidate, points, found) in enumerate(scored[:limit], start=1):
        told = _text_reasons(text, position.get(candidate.id), weights, points)
        matches.append(
            Match(place, candidate.id, -negative, replace(told, fields=_field_reasons(found, weights)))
        )
    return MatchResult(
        need=need.id,
        matches=tuple(matches),
        excluded=tuple(sorted(excluded, key=lambda each: each.candidate)),
        considered=len(candidates),
        embedder=semantic.embedder.name if semantic else "none",
        scores=tuple((each[2].id, -each[0]) for each in scored),
    )
