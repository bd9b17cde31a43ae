"""Conditions (条件树) and rules: who qualifies for a ladder node, in which version, by which clause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from kechuang_packs.models.common import (
    Clauses,
    Code,
    Confidence,
    FactKey,
    Literal_,
    NodeRef,
    Notes,
    Provenance,
    Source,
    Strict,
    Text,
)

LeafId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=80)]
"""Leaves may keep the numbering of the policy (`H1`)."""


class Comparator(StrEnum):
    """Boundary words: 以上/以下/不低于 include the number, 超过/不满 exclude it (民法典 art. 1259)."""

    ge = ">="
    gt = ">"
    le = "<="
    lt = "<"
    eq = "=="
    ne = "!="
    in_ = "in"
    not_in = "not_in"
    is_true = "is_true"
    is_false = "is_false"


class Occasion(StrEnum):
    """On which occasion a leaf is looked at."""

    first = "first"
    review = "review"
    both = "both"


class Bounds(Strict):
    """An interval over a fact. A missing bound is open. The first interval of a list that matches wins."""

    at_least: Literal_ | None = None
    over: Literal_ | None = None
    at_most: Literal_ | None = None
    under: Literal_ | None = None
    equals: str | None = Field(default=None, description="for a code fact")

    @model_validator(mode="after")
    def _one_bound_a_side(self) -> Self:
        if self.at_least is not None and self.over is not None:
            raise ValueError("at_least and over exclude each other")
        if self.at_most is not None and self.under is not None:
            raise ValueError("at_most and under exclude each other")
        return self


class ThresholdBand(Bounds):
    """The threshold that holds while the other fact lies in this interval."""

    threshold: Literal_


class Bands(Strict):
    """A threshold that depends on another fact (R&D share by last year's sales)."""

    by: FactKey
    bands: tuple[ThresholdBand, ...] = Field(min_length=1)


class _Node(Strict):
    """What every part of a condition may say about itself."""

    id: LeafId | None = None
    name: Text | None = None
    clause: Clauses = ()
    document: Code | None = None
    confidence: Confidence | None = None
    source: Source = Source.policy
    note: Notes = ()
    applies_to: Occasion = Occasion.both
    veto: bool = Field(
        default=False, description="unmet here makes the whole rule unmet, whatever the tree says"
    )
    waived_by: Condition | None = Field(default=None, description="met when this condition is met instead")


class _Leaf(_Node):
    id: LeafId
    evidence: tuple[str, ...] = Field(default=(), description="materials that prove it, in words")


class AllOf(_Node):
    """Every part is met."""

    all_of: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(_Node):
    """One part is met."""

    any_of: tuple[Condition, ...] = Field(min_length=1)


class AtLeast(_Node):
    """At least `at_least` of the parts are met."""

    at_least: int = Field(ge=1)
    of: tuple[Condition, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _enough_parts(self) -> Self:
        if self.at_least > len(self.of):
            raise ValueError("at_least asks for more parts than there are")
        return self


class FactLeaf(_Leaf):
    """A fact compared with a threshold.

    A yearly fact is read for the last full accounting year (`years_ago: 1`; 0 is the running year).
    `each_of_years: n` asks it of that year and the n-1 before, `any_of_years: n` of one of them.
    """

    fact: FactKey
    comparator: Comparator
    threshold: Literal_ | tuple[str, ...] | None = None
    bands: Bands | None = None
    years_ago: int = Field(default=1, ge=0, le=10)
    each_of_years: int | None = Field(default=None, ge=2, le=10)
    any_of_years: int | None = Field(default=None, ge=2, le=10)

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        unary = self.comparator in (Comparator.is_true, Comparator.is_false)
        given = (self.threshold is not None) + (self.bands is not None)
        if given != (0 if unary else 1):
            raise ValueError(
                f"comparator {self.comparator.value} takes {'no' if unary else 'one'} threshold or bands"
            )
        if self.each_of_years and self.any_of_years:
            raise ValueError("each_of_years and any_of_years exclude each other")
        return self


class HoldsLeaf(_Leaf):
    """The organisation holds a valid recognition of one of the nodes on the day."""

    holds: Annotated[tuple[NodeRef, ...], Field(min_length=1)]
    negate: bool = Field(default=False, description="must hold none of them")


class JudgedLeaf(_Leaf):
    """An expert's judgement, entered with evidence; without one the result is manual_review, never a guess."""

    judged: FactKey = Field(description="the fact that holds the judgement: a flag, or points")
    comparator: Comparator = Comparator.is_true
    threshold: Literal_ | None = None


class Bracket(Bounds):
    """Points while the measure lies in this interval."""

    points: Literal_
    points_to: Literal_ | None = Field(
        default=None, description="an expert judges between points and points_to"
    )


class Measure(Strict):
    """One way to earn the points of a line."""

    id: Code
    name: Text | None = None
    fact: FactKey
    years_ago: int = Field(default=1, ge=0, le=10)
    brackets: tuple[Bracket, ...] = ()
    points_per: Literal_ | None = Field(
        default=None, description="points for each unit of the fact (3 per item)"
    )
    judged: bool = Field(default=False, description="the fact is the points themselves, entered by an expert")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.brackets) + (self.points_per is not None) + self.judged != 1:
            raise ValueError("a measure has brackets, points_per or judged")
        return self


class ScoreLine(Strict):
    """One indicator of a score."""

    id: Code
    name: Text
    max: Literal_
    measures: tuple[Measure, ...] = Field(min_length=1)
    choose: Literal["best", "sum", "chosen"] = "best"
    chosen_by: FactKey | None = Field(default=None, description="code fact that names the measure's id")
    nonzero: bool = Field(default=False, description="zero points here fail the score")
    clause: Clauses = ()
    confidence: Confidence | None = None

    @model_validator(mode="after")
    def _choice_is_named(self) -> Self:
        if (self.choose == "chosen") != (self.chosen_by is not None):
            raise ValueError("choose: chosen goes with chosen_by")
        return self


class ScoreBlock(Strict):
    """Lines under one cap, with a minimum of their own where there is one."""

    id: Code
    name: Text
    max: Literal_
    minimum: Literal_ | None = None
    lines: tuple[ScoreLine, ...] = Field(min_length=1)


class ScoreSpec(Strict):
    """A score: the sum of its blocks, compared with the pass mark."""

    blocks: tuple[ScoreBlock, ...] = Field(min_length=1)
    total: Literal_ = 100
    comparator: Literal[">=", ">"] = ">="
    pass_mark: Literal_ | None = Field(default=None, description="none for a score that only ranks")


class ScoreLeaf(_Leaf):
    """A score that must pass."""

    score: ScoreSpec


def _kind(value: Any) -> str | None:
    keys: tuple[str, ...] = ("all_of", "any_of", "fact", "holds", "judged", "score", "at_least")
    if isinstance(value, Mapping):
        return next((k for k in keys if k in value), None)
    return next((k for k in keys if hasattr(value, k)), None)


Condition = Annotated[
    Annotated[AllOf, Tag("all_of")]
    | Annotated[AnyOf, Tag("any_of")]
    | Annotated[AtLeast, Tag("at_least")]
    | Annotated[FactLeaf, Tag("fact")]
    | Annotated[HoldsLeaf, Tag("holds")]
    | Annotated[ScoreLeaf, Tag("score")]
    | Annotated[JudgedLeaf, Tag("judged")],
    Discriminator(
        _kind,
        custom_error_type="condition_kind",
        custom_error_message="a condition has one of: all_of, any_of, at_least + of, fact, holds, score, judged",
    ),
]
"""A tree of all_of / any_of / at_least over the leaves fact, holds, score and judged."""


class Transition(Strict):
    """What a new version does to those who already hold the node."""

    held_titles: Literal["run_to_expiry", "end_on_start", "must_review"] = "run_to_expiry"
    reviews_under_previous_until: dt.date | None = Field(
        default=None, description="reviews up to this day use the version before"
    )
    applications_under_previous_until: dt.date | None = None
    words: str | None = None
    clause: Clauses = ()


class Rule(Provenance):
    """One dated version of the condition for a node (or for a benefit, a programme, anything that names it)."""

    id: Code
    node: Code | None = Field(
        default=None, description="the ladder node that it decides; none for a named condition"
    )
    name: Text
    version: str = Field(min_length=1)
    in_force_from: dt.date
    supersedes: Code | None = None
    transition: Transition = Transition()
    condition: Condition

    @model_validator(mode="after")
    def _leaf_ids_differ(self) -> Self:
        seen: set[str] = set()
        for leaf in leaves(self.condition):
            if leaf.id in seen:
                raise ValueError(f"two leaves of this rule have the id {leaf.id}")
            seen.add(leaf.id)
        return self


class RuleFile(Strict):
    """rules/*.yaml"""

    rules: tuple[Rule, ...] = Field(min_length=1)


def parts(condition: Condition) -> tuple[Condition, ...]:
    """The children of a condition, without its waiver."""
    if isinstance(condition, AllOf):
        return condition.all_of
    if isinstance(condition, AnyOf):
        return condition.any_of
    return condition.of if isinstance(condition, AtLeast) else ()


def leaves(condition: Condition) -> list[FactLeaf | HoldsLeaf | ScoreLeaf | JudgedLeaf]:
    """All leaves, those of waivers included, in the order of the text."""
    found: list[FactLeaf | HoldsLeaf | ScoreLeaf | JudgedLeaf] = []
    if not isinstance(condition, AllOf | AnyOf | AtLeast):
        found.append(condition)
    for child in parts(condition):
        found += leaves(child)
    if condition.waived_by is not None:
        found += leaves(condition.waived_by)
    return found


for _model in (AllOf, AnyOf, AtLeast, FactLeaf, HoldsLeaf, JudgedLeaf, ScoreLeaf, Rule):
    _model.model_rebuild()
