"""Who gets the places of a draw 抽取席位: one sequence, walked by the published rules.

The first walk fills all places; each replacement walks again from the start for its own place alone. A
candidate of several kinds takes the first of them that still has a place: the walk never looks ahead, because a
rule that a bystander can follow with a finger on the list is worth more than one place filled better.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Algorithm = Literal["rfc3797-sha256", "rfc3797-md5"]
"""RFC 3797 with its own MD5 (kept for its test vector and for whoever demands the letter), or with SHA-256."""
WithdrawalKind = Literal["declined", "absent", "recused", "late_conflict"]


class DrawRefusedError(Exception):
    """The draw's own order was not kept; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Candidate:
    """One name of the pool, by pseudonym. `kinds`: what it can sit as, best first; `recusal`: why it must not be drawn."""

    id: str
    employer: str
    kinds: tuple[str, ...]
    recusal: str = ""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Places of one kind, for instance five technical experts and one financial."""

    kind: str
    places: int


@dataclass(frozen=True, slots=True)
class DrawRules:
    """Published with the pool. `per_employer` None means no limit."""

    strata: tuple[Stratum, ...]
    per_employer: int | None = 1
    algorithm: Algorithm = "rfc3797-sha256"

    def __post_init__(self) -> None:
        if not self.strata or any(stratum.places < 1 for stratum in self.strata):
            raise ValueError("a draw fills one place at least in each stratum")
        if len({stratum.kind for stratum in self.strata}) != len(self.strata):
            raise ValueError("strata have different kinds")
        if self.per_employer is not None and self.per_employer < 1:
            raise ValueError("the limit per employer is one at least, or none")


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A seated expert who does not take part after all."""

    candidate: str
    kind: WithdrawalKind
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seat:
    """A place and who holds it; `position` in the sequence from 1; `replaces` names who held it before."""

    kind: str
    candidate: str
    position: int
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """A name that was passed over while places were filled first, and why."""

    candidate: str
    position: int
    reason: Literal["recused", "kind_full", "employer_limit"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seats`: who sits now; `history`: every seat ever given, in order; `unfilled`: places nobody is left for."""

    sequence: tuple[str, ...]
    seats: tuple[Seat, ...]
    skipped: tuple[Skip, ...]
    history: tuple[Seat, ...]
    unfilled: tuple[str, ...]


@dataclass(slots=True)
class _Places:
    """The places while they are being filled."""

    rules: DrawRules
    seats: list[Seat] = field(default_factory=list)
    history: list[Seat] = field(default_factory=list)
    employers: Counter[str] = field(default_factory=Counter)

    def employer_full(self, candidate: Candidate) -> bool:
        limit = self.rules.per_employer
        return limit is not None and self.employers[candidate.employer] >= limit

    def give(self, kind: str, candidate: Candidate, position: int, replaces: str = "") -> None:
        taken = Seat(kind, candidate.id, position, replaces)
        self.seats.append(taken)
        self.history.append(taken)
        self.employers[candidate.employer] += 1

    def vacate(self, name: str, people: Sequence[Candidate]) -> Seat:
        left = next((each for each in self.seats if each.candidate == name), None)
        if left is None:
            raise DrawRefusedError("withdrawal", f"{name} does not sit in this draw")
        self.seats.remove(left)
        self.employers[next(each.employer for each in people if each.id == name)] -= 1
        return left


def _first_walk(places: _Places, sequence: Sequence[Candidate]) -> tuple[list[Skip], list[str]]:
    """Fills all places; who was passed over, and the kinds of places nobody was left for."""
    free = Counter({stratum.kind: stratum.places for stratum in places.rules.strata})
    skipped: list[Skip] = []
    for position, candidate in enumerate(sequence, start=1):
        if not free.total():
            break
        kind = next((kind for kind in candidate.kinds if free[kind]), None)
        if candidate.recusal:
            skipped.append(Skip(candidate.id, position, "recused"))
        elif kind is None:
            skipped.append(Skip(candidate.id, position, "kind_full"))
        elif places.employer_full(candidate):
            skipped.append(Skip(candidate.id, position, "employer_limit"))
        else:
            places.give(kind, candidate, position)
            free[kind] -= 1
    return skipped, list(free.elements())


def _replace(places: _Places, sequence: Sequence[Candidate], left: Seat, gone: set[str]) -> bool:
    """Gives the place of `left` to the first of the sequence who fits; False when nobody does."""
    unavailable = gone | {each.candidate for each in places.seats}
    for position, candidate in enumerate(sequence, start=1):
        fits = left.kind in candidate.kinds and not candidate.recusal and candidate.id not in unavailable
        if fits and not places.employer_full(candidate):
            places.give(left.kind, candidate, position, left.candidate)
            return True
    return False


def seat(rules: DrawRules, sequence: Sequence[Candidate], withdrawals: Sequence[Withdrawal] = ()) -> Outcome:
    """Fills the places and replays `withdrawals` in order. Refused: code withdrawal, for one who does not sit."""
    places = _Places(rules)
    skipped, unfilled = _first_walk(places, sequence)
    gone: set[str] = set()
    for withdrawal in withdrawals:
        left = places.vacate(withdrawal.candidate, sequence)
        gone.add(left.candidate)
        if not _replace(places, sequence, left, gone):
            unfilled.append(left.kind)
    names = tuple(candidate.id for candidate in sequence)
    return Outcome(names, tuple(places.seats), tuple(skipped), tuple(places.history), tuple(unfilled))
