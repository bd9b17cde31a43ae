"""A stored match (匹配): the ranking of one need on one day, with what was proposed from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {"made": Text("已匹配", "Made"), "proposed": Text("已提议选派", "Proposed from")}

MACHINE = Machine(
    "matches",
    STATES,
    "made",
    (
        verb("feedback", "反馈", "Give feedback", from_=("made", "proposed")),
        verb("propose", "提议选派", "Propose a dispatch", from_=("made", "proposed"), to="proposed"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMatch(Record):
    """The answer as it was given: `candidates` and `excluded` as they were ranked, never recomputed.

    `corpus` names the state of the works that were read, `seed` what broke ties: the same need, corpus
    and seed give the same answer.
    """

    need: str
    programme: str | None
    seed: str
    corpus: str
    embedder: str
    considered: int
    candidates: Sequence[Mapping[str, Any]]
    excluded: Sequence[Mapping[str, Any]]
    feedback: Sequence[Mapping[str, Any]]
    proposals: Sequence[Mapping[str, Any]]


def sight(match: StoredMatch) -> Iterable[str]:
    """The officers of the need's place: candidates are not shown to the enterprise nor to each other."""
    yield from access.place(match.city, match.division, *match.zones)
