"""What matching reads and answers 匹配的输入与结果: needs, candidates, weights, matches with their reasons.

Scores and contributions are integers in millionths ("micro points"), so that what a screen shows adds up to the
digit and a solver can take them as they are.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Field = Literal["discipline", "chain", "place", "kind", "results", "load", "rating"]
ExclusionCode = Literal["conflict_of_interest", "over_capacity", "suspended", "wrong_programme"]


@dataclass(frozen=True, slots=True)
class Need:
    """A technical need as far as matching sees it: `text` is its public part only.

    `place` is the path of areas from the widest to the narrowest, for instance ("44", "4407", "440703").
    Empty fields ask for nothing and move nobody. `programme` empty: any programme.
    """

    id: str
    organisation: str
    text: str
    on: date
    disciplines: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    programme: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A tie to an organisation, with where it is known from; `valid_to` is its last day, None while it lasts."""

    organisation: str
    kind: str
    evidence: str
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commissioner, team or organisation that could serve.

    `load` of `capacity` places are taken; `resolved` of `ended` services met their need; `rating` is in hundredths
    of a star (0…500), None when nobody has rated yet.
    """

    id: str
    kind: str
    programmes: tuple[str, ...]
    capacity: int
    disciplines: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    suspended: str = ""
    load: int = 0
    resolved: int = 0
    ended: int = 0
    rating: int | None = None
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """Declared with the programme. `text` is micro points for one standard deviation of textual similarity, each
    field's weight is what a full hit gives. `blend` is the share of the best three works against the mean of all.
    """

    text: int = 60_000
    blend: float = 0.5
    fields: tuple[tuple[Field, int], ...] = (
        ("discipline", 300_000),
        ("chain", 200_000),
        ("place", 80_000),
        ("kind", 100_000),
        ("results", 120_000),
        ("load", 60_000),
        ("rating", 80_000),
    )


@dataclass(frozen=True, slots=True)
class FieldReason:
    """What one structured field gave: `value` in thousandths of a full hit, `evidence` what was compared."""

    field: Field
    value: int
    contribution: int
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TermReason:
    """A term shared by the need and the candidate's works."""

    term: str
    contribution: int


@dataclass(frozen=True, slots=True)
class WorkReason:
    """One of the works that count most, with the terms it shares."""

    work: str
    contribution: int
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reasons:
    """Two ways of adding up the same score.

    score = Σ fields + text;  text = baseline + Σ terms + other_terms + semantic;  text = Σ works + other_works.
    `baseline` is what no likeness at all would give (below zero: the corpus mean is above it). Who has no works gets
    exactly that, told in `baseline`, `semantic` and `other_works`.
    """

    fields: tuple[FieldReason, ...]
    text: int
    baseline: int
    terms: tuple[TermReason, ...]
    other_terms: int
    semantic: int
    works: tuple[WorkReason, ...]
    other_works: int


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate in its place; `score` in micro points."""

    rank: int
    candidate: str
    score: int
    reasons: Reasons


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a candidate cannot be proposed, whatever its score."""

    code: ExclusionCode
    zh: str
    en: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Excluded:
    """A candidate left out, with every reason."""

    candidate: str
    reasons: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The answer to one need; `considered` counts all candidates, `scores` has every one that was not excluded."""

    need: str
    matches: tuple[Match, ...]
    excluded: tuple[Excluded, ...]
    considered: int
    embedder: str
    scores: tuple[tuple[str, int], ...] = field(repr=False)
