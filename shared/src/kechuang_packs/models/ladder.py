"""ladder.yaml: nodes, edges and tracks of the cultivation ladder (梯次培育), pools, honours and what they count."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.common import Code, Item, Level, NodeRef, Notes, Period, Strict, Text
from kechuang_packs.models.conditions import Condition


class Validity(Strict):
    """How long a recognition runs from its decision; neither field: until it is ended by an act."""

    years: int | None = Field(default=None, ge=1, le=20)
    months: int | None = Field(default=None, ge=1, le=240)
    until_month_day: str | None = Field(default=None, pattern=r"^(0[1-9]|1[0-2])-[0-3][0-9]$")
    renewal: str | None = None


class CountTarget(Strict):
    """A number that the document puts on a rung or pool."""

    value: int
    measure: Literal["stock", "new", "new_per_year"]
    comparator: str = "count"
    baseline: int | None = None
    indicator: Code | None = Field(default=None, description="the indicator of this pack that counts it")


class CountRule(Strict):
    """What counts as one of this node."""

    counted: Literal["organisation", "recognition"] = "organisation"
    valid_only: bool = Field(default=True, description="within validity on the day")
    first_time_only: bool = Field(default=False, description="a repeat in the next year is kept but not new")
    note: str | None = None


class Node(Item):
    """A rung, a status or a pool."""

    short: str | None = None
    gained_by: Literal["certificate", "application", "selection", "list", "judged", "pool", "derived"]
    decided_by: Literal["city", "county", "province", "ministry", "platform", "rule", "other"]
    level: Level | None = None
    order: int | None = None
    on_ladder: bool = Field(
        default=True, description="false: a tag beside the ladder (瞪羚企业 of a graph ladder)"
    )
    same_as: NodeRef | None = Field(
        default=None, description="the node of another pack whose rules and titles it uses"
    )
    validity: Validity = Validity()
    implies: tuple[NodeRef, ...] = ()
    excludes: tuple[NodeRef, ...] = ()
    requires: tuple[NodeRef, ...] = Field(default=(), description="recognitions that must be held to apply")
    covers: tuple[NodeRef, ...] = Field(default=(), description="the node is the union of these")
    condition: Condition | None = Field(default=None, description="of a derived node: true while it holds")
    count_targets: tuple[CountTarget, ...] = ()
    count_rule: CountRule = CountRule()
    ambition: str | None = Field(default=None, description="a target without a number: breakthrough")
    cultivation_actions: tuple[Item, ...] = Field(
        default=(), description="support actions of the rung (护苗 …)"
    )
    named: tuple[str, ...] = Field(default=(), description="organisations the document names")
    named_open_ended: bool = False

    @model_validator(mode="after")
    def _derived_has_a_condition(self) -> Self:
        if (self.gained_by == "derived") != (self.condition is not None) and not (
            self.same_as or self.covers
        ):
            raise ValueError("a derived node, and only a derived node, has a condition")
        return self


class Edge(Strict):
    """A step from one node to another."""

    from_: NodeRef = Field(alias="from")
    to: NodeRef
    meaning: Text | None = None


class Track(Item):
    """A line of nodes climbed on its own (parallel tracks)."""

    plan: Text | None = None
    nodes: tuple[NodeRef, ...] = Field(min_length=1)


class ReservePool(Item):
    """A pool (后备库) of candidates for a rung, or for the whole ladder when `for_node` is missing."""

    for_node: NodeRef | None = None
    count_targets: tuple[CountTarget, ...] = ()


class Quota(Strict):
    """How many, over which span; it belongs to the honour and its period and is shared by its rounds."""

    kind: Literal["cap", "floor", "none"]
    value: int | None = Field(default=None, ge=1)
    period: Period | None = None
    years: int | None = None

    @model_validator(mode="after")
    def _value_where_due(self) -> Self:
        if (self.kind == "none") != (self.value is None):
            raise ValueError("a cap or floor has a value, none has not")
        return self


class Honour(Item):
    """A title by selection (标兵, 尖兵), or an award the city wins elsewhere (`granted_by` another)."""

    quota: Quota
    granted_by: Literal["city", "province", "ministry", "other"] = "city"
    open_to: tuple[NodeRef, ...] = ()
    open_to_words: str | None = None
    node: Code | None = Field(
        default=None, description="the ladder node that it is, where it stands on the ladder"
    )
    exclusive_with: tuple[Code, ...] = ()
    exclusivity_stated: bool = Field(default=False, description="false: the document does not say")
    tie_rule: Literal["higher_block", "earlier_submission", "lot", "all_share_last_place"] = (
        "earlier_submission"
    )
    scheme: Code | None = Field(default=None, description="scoring model in scoring.yaml")
    benefits: tuple[Code, ...] = ()
    review_of_holders: str | None = None


class PopulationTarget(Item):
    """A target over several nodes together (科技创新主体)."""

    value: int
    covers: tuple[NodeRef, ...]
    open_ended: bool = False
    indicator: Code | None = None


class SizeTier(Item):
    """A coverage rule by size (骨干企业有研发中心): who belongs, what each must have."""

    members: Condition | None = Field(default=None, description="who belongs; left to a list when missing")
    must_have: Text
    counted_by: Code | None = Field(
        default=None, description="register kind or commissioner programme that proves it"
    )


class Ladder(Item):
    """The whole ladder."""

    shape: Literal["linear", "directed_graph", "parallel_tracks", "none_stated"]
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    tracks: tuple[Track, ...] = ()
    pools: tuple[ReservePool, ...] = ()
    population_targets: tuple[PopulationTarget, ...] = ()
    size_tiers: tuple[SizeTier, ...] = ()
    skipping: bool = Field(default=True, description="false: no rung may be skipped")
    remarks: Notes = ()


class LadderFile(Strict):
    """ladder.yaml"""

    ladder: Ladder
    honours: tuple[Honour, ...] = ()
    honour_benefits: tuple[Item, ...] = ()
