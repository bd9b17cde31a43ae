"""Bids on the wire."""

from datetime import datetime
from typing import Any

from pydantic import Field

from kechuang.codes.types import Uscc
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut
from kechuang.money import Money, MoneyOut

CONTENT: dict[str, Any] = {
    "technical": {
        "title": "薄壁件激光焊接变形预测与补偿技术",
        "plan": "建立焊接热弹塑性模型，开发在线补偿算法……",
        "team": ["项目负责人：教授一名", "骨干：工程师四名"],
        "results": ["工艺规范一套", "发明专利两件"],
    },
    "budget": {
        "total": "3000000.00",
        "requested": "900000.00",
        "lines": [{"category": "设备费", "amount": "1200000.00"}],
    },
}
EXAMPLE: dict[str, Any] = {"call": "018e2b6a-…", "members": ["91440703MATE001A0N"], "content": CONTENT}


class BidBudgetLine(Input):
    """One line of the budget."""

    category: Line
    amount: Money


class BidTechnical(Input):
    """The technical part: what is sealed is its canonical JSON."""

    title: Line
    plan: Prose
    team: list[Prose] = Field(default_factory=list, max_length=100)
    results: list[Prose] = Field(default_factory=list, max_length=100)


class BidBudget(Input):
    """The budget part; `requested` is the fiscal money asked for."""

    total: Money
    requested: Money
    lines: list[BidBudgetLine] = Field(default_factory=list, max_length=100)


class BidContent(Input):
    """What a bid says. Never stored but encrypted, never in an answer to a write."""

    technical: BidTechnical | None = None
    budget: BidBudget | None = None


class BidEnvelope(Input):
    """Envelopes that the bidder's client made (base64), for version `envelope_version + 1`."""

    technical: str = Field(max_length=12_000_000)
    budget: str = Field(max_length=2_000_000)


class BidCreate(Input):
    """A bid on an open call; it exists for its bidders alone until it is opened."""

    call: str = Field(max_length=64)
    members: list[Uscc] = Field(
        default_factory=list, max_length=20, description="联合体成员, without the lead"
    )
    content: BidContent | None = None
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class BidPatch(Input):
    """What changes: parts of the content that are sent replace those stored."""

    members: list[Uscc] | None = Field(default=None, max_length=20)
    content: BidContent | None = None


class BidPrepare(Input):
    """Makes the envelope: of content sent here, of the stored draft (nothing sent), or takes a ready one."""

    content: BidContent | None = None
    envelope: BidEnvelope | None = None


class BidConfirm(Input):
    """A member joins exactly this digest."""

    envelope_digest: str = Field(max_length=100)


class BidCheckEntry(Input):
    """The check of an opened bid."""

    eligible: bool
    reason: Prose | None = None


class BidDraftOut(Output):
    """The stored draft, decrypted for its own organisation."""

    bid: str
    content: dict[str, Any]


class BidSealedOut(Output):
    """The envelopes as they are stored, for the bidder's own verification."""

    bid: str
    suite: str
    version: int
    envelopes: dict[str, str]


class BidContentOut(Output):
    """An opened bid, with the content keys that prove it (`verify.py`)."""

    bid: str
    content: dict[str, Any]
    exact: dict[str, str] = Field(description="The bytes that were sealed, base64")
    content_keys: dict[str, str]


class BidOut(RecordOut):
    """A bid. `title` and amounts are null until it is opened; rank and score until the notice."""

    call: str
    call_number: str
    lead: str
    members: list[str]
    suite: str
    envelope_version: int
    envelope_digest: str | None
    confirmations: list[dict[str, Any]]
    declined: list[str]
    received_at: datetime | None
    receipt: dict[str, Any] | None
    title: str | None
    total_fen: MoneyOut | None = Field(serialization_alias="total")
    requested_fen: MoneyOut | None = Field(serialization_alias="requested")
    opening_fault: str | None
    findings: list[dict[str, Any]]
    entry_reason: str | None
    rank: int | None
    score: int | None = Field(description="Hundredths of a point")
