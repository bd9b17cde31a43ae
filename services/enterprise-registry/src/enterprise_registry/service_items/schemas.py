"""What goes over the wire for service items."""

from typing import Any, Literal

from pydantic import Field

from enterprise_registry.policy.schemas import PolicyName
from kechuang.http.schemas import Input, Line, Output, Prose

Result = Literal["met", "unmet", "unknown", "manual_review", "not_applicable"]


class ServiceItemLimit(Output):
    """The time limit: from the pack's item, or the one of all service requests."""

    days: int
    unit: str = Field(description="working or calendar days")
    of: str = Field(description="item, or kind for the limit of all service requests")


class ServiceItemNode(Output):
    """A rung that a service is open to."""

    code: str
    name: PolicyName


class ServiceItemLack(Output):
    """Something that is missing."""

    leaf: str | None
    result: Result
    clause: list[str]
    fact: str | None
    holds: list[str]


class ServiceItemEligibility(Output):
    """Whether one organisation may use it today."""

    organisation: str
    result: Result
    lacks: list[ServiceItemLack]


class ServiceItemOut(Output):
    """A service: who may use it, how long it takes, where it starts."""

    id: str
    city: str
    pack: str
    code: str
    name: PolicyName
    kind: str
    clause: list[str]
    source: str = Field(description="policy, or product_default")
    open_to: list[ServiceItemNode] = Field(description="One of these rungs; empty: everybody")
    condition: dict[str, Any] | None = Field(description="Further condition, as the pack states it")
    time_limit: ServiceItemLimit | None
    handled_by: PolicyName | None
    starts_at: str = Field(description="Address at which it is started")
    parts: list[PolicyName]
    eligibility: ServiceItemEligibility | None = Field(description="Where an organisation was named")


class ServiceItemStart(Input):
    """What the organisation asks for."""

    organisation: Line | None = Field(default=None, description="The token's own when left out")
    content: Prose | None = None
