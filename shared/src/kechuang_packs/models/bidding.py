"""bidding-programmes.yaml: modes of competition (揭榜挂帅 …), who may post and answer, steps, money, review."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.common import Code, Item, Level, Literal_, NodeRef, Provenance, Strict, Text
from kechuang_packs.models.conditions import Condition

Mode = Literal["open_call", "open_competition", "direct_commission", "horse_race", "external"]
"""揭榜挂帅, 公开竞争, 定向委托, 赛马; `external` is a project of province or ministry, no call of ours."""

PartyKind = Literal[
    "enterprise", "university", "research_institute", "new_rd_institution", "hospital", "government", "cooperative",
    "consortium", "team", "other",
]  # fmt: skip


class Eligibility(Provenance):
    """Who may; judged on the day that `judged_on` names, every part that is given must hold."""

    party_kinds: tuple[PartyKind, ...] = ()
    holds_any: tuple[NodeRef, ...] = Field(default=(), description="rung held on the day; any one is enough")
    holds_any_for: tuple[PartyKind, ...] = Field(
        default=("enterprise",), description="the party kinds the rungs are asked of"
    )
    condition: Condition | None = None
    region: Literal["city", "province", "country", "any"] = "any"
    consortium: Literal["allowed", "required", "refused"] = "allowed"
    lead_kinds: tuple[PartyKind, ...] = Field(default=(), description="企业牵头制: who may lead")
    clean_record_years: int | None = None
    judged_on: Literal["submission", "closing", "publication"] = "submission"
    words: Text | None = None


class Step(Provenance):
    """A step of the procedure with the time it is given."""

    code: Code
    name: Text
    by: Literal[
        "need_owner",
        "solver",
        "city",
        "county",
        "departments",
        "panel",
        "two_officers",
        "third_party",
        "all_parties",
    ]
    period: Code | None = Field(default=None, description="a period of periods.yaml")
    optional: bool = False


class Tranche(Strict):
    """A part of the fiscal money; shares of a plan sum to 100 percent."""

    on: Literal["signature", "milestone", "acceptance", "evidence"]
    share: Literal_
    milestone: Code | None = None


class MoneyRules(Provenance):
    """Fiscal money: caps, shares, tranches, categories."""

    kind: Literal["advance", "after_subsidy", "lump_sum", "milestone", "none_stated"] = "none_stated"
    ceiling: Literal_ | None = None
    floor: Literal_ | None = None
    share_cap: Literal_ | None = Field(default=None, description="fiscal share of the contract or total")
    share_of: Literal["contract_paid", "total_investment"] = "contract_paid"
    own_share_min: Literal_ | None = None
    bounty_min: Literal_ | None = None
    tranches: tuple[Tranche, ...] = ()
    categories: tuple[Item, ...] = Field(default=(), description="allowed cost categories; none: not limited")
    lump_sum: bool = Field(default=False, description="包干制: a pledge and a final account instead of lines")
    funders: tuple[Literal["city", "county", "zone", "enterprise", "province", "other"], ...] = ("city",)
    recover_on: tuple[Text, ...] = ()


class PanelRules(Provenance):
    """The panel and how its scores become a rank."""

    size_min: int = Field(ge=1)
    size_odd: bool = True
    kinds_min: dict[Literal["technical", "management", "financial"], int] = Field(default_factory=dict)
    per_employer_max: int | None = None
    drop_extremes_from: int | None = Field(
        default=None, description="panel size from which max and min are dropped"
    )
    deviation_reason_sigma: int | None = None
    criteria: Code | None = Field(default=None, description="scoring model in scoring.yaml")
    pass_mark: Literal_ | None = None
    ranks_what: Literal["bids", "signed_agreements"] = "bids"


class YearlyAim(Strict):
    """How many a year and what is counted: posted, bid for, agreed, supported, accepted and solved differ."""

    comparator: str
    value: int
    value_max: int | None = None
    counted: Literal["posted", "bid_for", "agreed", "supported", "accepted", "solved", "run"]
    year: int | None = None
    indicator: Code | None = None


class Focus(Strict):
    """What the calls are about."""

    chains: tuple[Code, ...] = ()
    fields: tuple[Code, ...] = ()
    clusters_or_chains: int | None = None
    plan: str | None = None
    words: str | None = None


class Procedure(Strict):
    """One mode of the programme with its own steps."""

    mode: Mode
    name: Text
    procedure: Literal["panel_first", "agreement_first", "none"] = "none"
    steps: tuple[Step, ...] = ()
    awards_max: int | None = None
    mode_stated: bool = Field(
        default=True, description="false: the editor's suggestion, the document is silent"
    )

    @model_validator(mode="after")
    def _competition_has_a_procedure(self) -> Self:
        if self.mode in ("open_call", "open_competition", "horse_race") and self.procedure == "none":
            raise ValueError(f"{self.mode} is panel_first or agreement_first")
        return self


class BiddingProgramme(Item):
    """A programme of projects."""

    level: Level | None = None
    family: Literal["tech_breakthrough", "result_conversion", "fund", "team", "other"] = "tech_breakthrough"
    procedures: tuple[Procedure, ...] = Field(
        default=(), description="one for each mode; none when not stated"
    )
    may_post: Eligibility | None = None
    may_answer: Eligibility | None = None
    entry_review: bool = Field(default=False, description="入库审查 before the pool")
    co_sign: tuple[Text, ...] = Field(
        default=(), description="departments that must sign a call (发改, 工信)"
    )
    intake: Text | None = None
    fed_from: tuple[Text, ...] = ()
    lists: tuple[Code, ...] = Field(default=(), description="lists in lists.yaml that feed it")
    fields: Focus | None = None
    subjects: tuple[Text, ...] = ()
    money: MoneyRules | None = None
    co_funding: Text | None = None
    panel: PanelRules | None = None
    periods: tuple[Code, ...] = Field(default=(), description="periods of periods.yaml that apply")
    yearly_aims: tuple[YearlyAim, ...] = ()
    term_months: int | None = None
    extension: Text | None = None
    supervision: tuple[Literal["before", "during", "after"], ...] = ()
    performance_rule: Text | None = None
    batch_groups: tuple[Item, ...] = Field(default=(), description="traditional / emerging / future")
    forms: tuple[Code, ...] = ()
    trial: bool = False


class BiddingFile(Strict):
    """bidding-programmes.yaml"""

    programmes: tuple[BiddingProgramme, ...] = ()
