"""What packs say, on the wire."""

from datetime import date
from typing import Any

from pydantic import Field

from kechuang.http.schemas import Output


class PolicyName(Output):
    """A name in two languages."""

    zh: str
    en: str


class PolicyPackVersion(Output):
    """One version of a pack; `digest` is SHA-256 over its content."""

    pack: str
    version: str
    title: PolicyName
    kind: str
    area: str | None
    in_force_from: date
    in_force_to: date | None
    in_force: bool = Field(description="On the day of the answer")
    digest: str
    refers_to: list[str]


class LadderNode(Output):
    """A rung, a status or a pool."""

    code: str
    node: str = Field(description="One name across packs")
    name: PolicyName
    gained_by: str
    decided_by: str
    level: str | None
    order: int | None
    on_ladder: bool
    validity: dict[str, Any]
    requires: list[str]
    implies: list[str]
    excludes: list[str]
    covers: list[str] = Field(description="The node is the union of these")
    clause: list[str]
    source: str = Field(description="`policy` or `product_default`")
    has_rule: bool = Field(description="An assessment can be made today")


class LadderEdge(Output):
    """A step from one node to another."""

    from_node: str
    to_node: str
    meaning: PolicyName | None


class LadderTrack(Output):
    """A line of nodes climbed on its own."""

    code: str
    name: PolicyName
    nodes: list[str]


class LadderOut(Output):
    """The whole cultivation ladder of a pack version (梯次培育)."""

    code: str
    pack: str
    version: str
    area: str | None
    name: PolicyName
    shape: str
    nodes: list[LadderNode]
    edges: list[LadderEdge]
    tracks: list[LadderTrack]
    remarks: list[str]


class LadderTransition(Output):
    """What a new version does to those who hold the node already, and to what is under way."""

    held_titles: str = Field(
        description="run_to_expiry, end_on_start or must_review; ending a title is a decision"
    )
    reviews_under_previous_until: date | None
    applications_under_previous_until: date | None
    words: str | None
    clause: list[str]


class LadderRule(Output):
    """One dated version of the condition of a node. `condition` is the tree as docs/policy-packs.md writes it."""

    node: str
    rule: str
    version: str
    pack: str
    name: PolicyName
    in_force_from: date | None
    in_force_to: date | None
    in_force: bool
    clause: list[str]
    document: str | None
    source: str
    confidence: str
    transition: LadderTransition | None = Field(
        description="Null for a derived node, which nobody holds by an act"
    )
    condition: dict[str, Any] = Field(
        description="all_of, any_of, at_least + of, or a leaf: fact, holds, score, judged"
    )


class AreaOut(Output):
    """A place. Counties add up to the city; a zone is an overlay unless `reports` says otherwise."""

    id: str
    city: str | None
    name: PolicyName
    kind: str
    gbt2260: str | None
    parents: list[str]
    reports: str
    valid_from: date | None
    valid_to: date | None


class ChainOut(Output):
    """An industry chain or cluster of a city."""

    code: str
    pack: str
    area: str | None
    name: PolicyName
    kind: str
    level: str | None
    group: str | None
    fields: list[str]


class FormSummary(Output):
    """A form and where it comes from."""

    code: str
    version: str
    pack: str
    name: PolicyName
    purpose: str
    period: str
    statistical: bool


class FormOut(FormSummary):
    """A form: JSON Schema 2020-12 with titles, units and facts on its fields; groups; materials; checks."""

    form_schema: dict[str, Any] = Field(serialization_alias="schema")
    groups: list[dict[str, Any]]
    materials: list[dict[str, Any]]
    projects: dict[str, Any] | None = Field(description="JSON Schema of `answers` of each R&D project")
    sums: list[dict[str, Any]] = Field(description="Sums over the R&D projects that checks name")
    beside: str | None = Field(description="Another form of the period, whose names the checks use too")
    checks: list[dict[str, Any]]
    totals: list[dict[str, Any]] = Field(description="What a verified filing adds to totals")
    clause: list[str]


class CodelistEntry(Output):
    """One code."""

    code: str
    zh: str
    en: str
    parent: str | None


class CodelistSummary(Output):
    """A code list."""

    code: str
    name: PolicyName
    source: str = Field(description="A standard, a pack, or this service's states")


class CodelistOut(CodelistSummary):
    """A code list with its codes."""

    codes: list[CodelistEntry]
