"""Calls on the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.money import Money, MoneyOut

EXAMPLE: dict[str, Any] = {
    "title": "高温合金薄壁件激光焊接变形控制技术",
    "goal": "研制薄壁环形件焊接工艺与装备，圆度误差不大于 0.05 mm。",
    "tests": ["第三方检测：圆度误差 ≤ 0.05 mm", "连续 30 件合格率 ≥ 98%"],
    "mode": "open_call",
    "programme": "municipal_open_call",
    "departments": ["jm-science", "jm-industry"],
    "criteria": [
        {"key": "innovation", "label": "创新性", "weight": 40, "highest": 100},
        {"key": "feasibility", "label": "可行性", "weight": 40, "highest": 100},
        {"key": "budget", "label": "经费合理性", "weight": 20, "highest": 100},
    ],
    "budget": "3000000.00",
    "funders": [
        {"funder": "jm-finance", "label": "市级财政", "fiscal": True, "amount": "900000.00"},
        {"funder": "91440703MA0TEAT010", "label": "需求企业", "fiscal": False, "amount": "2100000.00"},
    ],
    "closes_at": "2024-06-30T17:30:00+08:00",
}


class CallFunder(Input):
    """One funder's share; all shares add up to the budget."""

    funder: Line = Field(description="Id of a budget unit or 统一社会信用代码")
    label: Line
    fiscal: bool = Field(description="财政资金 (capped by the programme) or a party's own money")
    amount: Money


class CallCriterion(Input):
    """A line of the mark sheet; weights add up to 100."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: Line
    weight: int = Field(ge=1, le=100)
    highest: int = Field(default=100, ge=1, le=1000, description="Highest mark, points")


class CallPoints(Input):
    """The lead's innovation points (企业创新积分) at the end of a day: to enter, to rank by, or both."""

    at_least: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,7}(\.[0-9]{1,2})?$",
        description="Balance needed to bid",
        examples=["30.00"],
    )
    as_of: date = Field(
        description="The day whose balance counts; a bid is judged by it once that day is over"
    )
    breaks_ties: bool = Field(default=False, description="Of equal scores the higher balance comes first")

    @model_validator(mode="after")
    def _asks_something(self) -> "CallPoints":
        if self.at_least is None and not self.breaks_ties:
            raise ValueError("points are asked for to enter, to rank by, or both")
        return self


class CallStratum(Input):
    """How many panel seats go to experts of a kind."""

    kind: Literal["technical", "management", "financial"]
    seats: int = Field(ge=1, le=50)


def _of_different_kinds(panel: list[CallStratum]) -> list[CallStratum]:
    if len({each.kind for each in panel}) != len(panel):
        raise ValueError("the seats of one kind stand in one line / 同一类别的席位应合并为一行")
    return panel


class CallCreate(Input):
    """A call as it is drafted; it may be completed until it is published."""

    title: Line
    goal: Prose = Field(description="What is to be reached")
    tests: list[Prose] = Field(
        default_factory=list, max_length=50, description="考核指标, each of them measurable"
    )
    mode: Literal["open_call", "open_competition", "direct_commission", "horse_race"] = "open_call"
    programme: str | None = Field(default=None, max_length=80, description="Programme of the city's pack")
    batch: str | None = Field(default=None, max_length=64)
    need: str | None = Field(default=None, min_length=1, max_length=64)
    need_owner: str | None = Field(default=None, max_length=18, description="统一社会信用代码")
    chain: Line | None = None
    fields: list[Line] = Field(default_factory=list, max_length=10)
    disciplines: list[Line] = Field(default_factory=list, max_length=10, description="GB/T 13745")
    departments: list[Line] = Field(
        default_factory=list, max_length=20, description="Units that must co-sign (会签)"
    )
    criteria: list[CallCriterion] = Field(default_factory=list, max_length=30)
    panel: Annotated[list[CallStratum], AfterValidator(_of_different_kinds)] = Field(
        default_factory=list, max_length=3
    )
    pass_mark: int = Field(default=0, ge=0, le=100, description="Points")
    budget_fen: Money | None = Field(default=None, alias="budget")
    funders: list[CallFunder] = Field(default_factory=list, max_length=20)
    points: CallPoints | None = None
    question_deadline: AwareDatetime | None = None
    closes_at: AwareDatetime | None = Field(
        default=None, description="The exact instant before which bids are sealed"
    )
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)

    @model_validator(mode="after")
    def _distinct(self) -> "CallCreate":
        for name, keys in (
            ("criteria", [each.key for each in self.criteria or []]),
            ("funders", [each.funder for each in self.funders or []]),
        ):
            if len(set(keys)) != len(keys):
                raise ValueError(f"{name}: listed twice")
        return self


class CallOnBehalf(CallCreate):
    """A new call; an officer says where it belongs."""

    city: str | None = Field(default=None, max_length=80, description="By default the officer's first area")
    division: str | None = Field(default=None, max_length=80)


@merge_patch
class CallPatch(CallCreate):
    """Fields to change (JSON Merge Patch), while the call is drafted."""


class CallCoSign(Input):
    """A department's signature."""

    opinion: Prose = Field(examples=["同意。"])


class CallAppraise(Input):
    """The appraisal (论证): by whom and with which result."""

    opinion: Prose


class CallPublish(Input):
    """Publication; criteria, weights, budget and funders are fixed with it."""

    opening_officers: list[str] | None = Field(
        default=None,
        min_length=2,
        max_length=20,
        description="Who may open, at least two; by default all officers of the city with an active key",
    )
    suite: str = Field(default="x25519-aes256gcm", max_length=60)


class CallExtend(Input):
    """A later closing instant, with its reason."""

    closes_at: AwareDatetime
    reason: Prose


class CallApproveOpening(Input):
    """An opening officer's own share, decrypted by himself."""

    share: str = Field(max_length=400, description="Share (value, then index byte) in base64")


class CallOpenNotice(Input):
    """Who is proposed; by default the first ranks up to the number of awards."""

    bids: list[str] | None = Field(
        default=None, min_length=1, max_length=20,
        description="Named where ranks are equal at the cut, and in a notice after another one",
    )  # fmt: skip
    contact: Line = Field(default="市科技局资源配置科", description="Who takes objections")


class CallAward(Input):
    """The decision of the award."""

    document_no: Line = Field(examples=["江科〔2024〕58号"])
    bids: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="By default everybody proposed in the notice",
    )
    reason: Prose | None = None


class CallSealingKeyShare(Output):
    """Who holds a share, and its published digest."""

    officer: str
    index: int
    digest: str


class CallSealingKey(Output):
    """What a bidder's client needs in order to seal: HPKE public key, suite, and who can open."""

    call: str
    suite: str
    public_key: str = Field(description="Base64, raw")
    threshold: int
    shares: list[CallSealingKeyShare]
    receipt_key: str = Field(description="Ed25519 public key of receipts, base64")
    receipt_key_id: str


class CallOpeningShare(Output):
    """The caller's own share under his own public key."""

    call: str
    officer: str
    suite: str
    index: int
    wrapped: str = Field(description="HPKE ciphertext in base64; info is call|officer|share:bid:index|1")
    digest: str


class CallDigests(Output):
    """The closing commitment opened: whoever has a receipt can check that its bid was among them."""

    call: str
    suite: str
    commitment: str
    blind: str = Field(description="Hexadecimal")
    root: str
    digests: list[str]


class CallRanking(Output):
    """One computation of the ranking with all its inputs; a recomputation is a further one."""

    ordinal: int
    computed_at: datetime
    digest: str
    inputs: dict[str, Any]
    ranks: list[dict[str, Any]]
    signals: list[dict[str, Any]]


class CallRankings(Output):
    """All computations, the newest first."""

    items: list[CallRanking]


class CallOut(RecordOut):
    """A call. Before opening nothing here tells how many bids there are."""

    title: str
    goal: str
    tests: list[str]
    mode: str
    procedure: str
    programme: str
    batch: str | None
    need: str | None
    need_number: str | None
    need_owner: str | None
    chain: str | None
    fields: list[str]
    disciplines: list[str]
    departments: list[str]
    signatures: list[dict[str, Any]]
    appraisal: str | None
    criteria: list[dict[str, Any]]
    panel: list[dict[str, Any]]
    pass_mark: int
    budget_fen: MoneyOut | None = Field(serialization_alias="budget")
    funders: list[dict[str, Any]]
    points: CallPoints | None
    question_deadline: datetime | None
    closes_at: datetime | None
    is_open: bool
    published_on: date | None
    closing_commitment: str | None
    opened_at: datetime | None
    notice: str | None
    winners: list[str]
    document_no: str | None
    awarded_on: date | None
