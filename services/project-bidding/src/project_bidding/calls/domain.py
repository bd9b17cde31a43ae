"""A call (榜题): its states, who sees it, what must be fixed before it is published."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kechuang import access, money
from kechuang.clock import shanghai_day
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text
from project_bidding.reviews.scoring import Criterion, Scheme

STATES = {
    "drafting": Text("起草", "Drafting"),
    "co_signed": Text("已会签", "Co-signed"),
    "appraised": Text("已论证", "Appraised"),
    "published": Text("已发榜", "Published"),
    "closed": Text("已截止", "Closed"),
    "opened": Text("已开榜", "Opened"),
    "under_review": Text("评审中", "Under review"),
    "ranked": Text("已排序", "Ranked"),
    "public_notice": Text("拟立项公示", "Public notice"),
    "awarded": Text("已立项", "Awarded"),
    "no_award": Text("流标", "No award"),
    "cancelled": Text("已取消", "Cancelled"),
}
MODES = {
    "open_call": Text("揭榜挂帅", "Open call"),
    "open_competition": Text("公开竞争", "Open competition"),
    "direct_commission": Text("定向委托", "Direct commission"),
    "horse_race": Text("赛马", "Horse race"),
}
_BEFORE_PUBLICATION = frozenset({"drafting", "co_signed", "appraised"})


@dataclass(frozen=True, slots=True)
class PointsAsked:
    """Innovation points (创新积分) as a condition: `at_least` hundredths at the end of `as_of`, None to rank by alone."""

    at_least: int | None
    as_of: date
    breaks_ties: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Record):
    """A call. Amounts in `funders` are decimal strings as on the wire; `criteria` are
    `{key, label, weight, highest}` with `highest` in points; `signatures` are `{unit, subject, at, opinion}`."""

    title: str
    goal: str
    tests: Sequence[str]
    mode: str
    procedure: str
    programme: str
    batch: str | None
    need: str | None
    need_number: str | None
    need_owner: str | None
    chain: str | None
    fields: Sequence[str]
    disciplines: Sequence[str]
    departments: Sequence[str]
    signatures: Sequence[Mapping[str, Any]]
    appraisal: str | None
    criteria: Sequence[Mapping[str, Any]]
    panel: Sequence[Mapping[str, Any]]
    pass_mark: int
    budget_fen: int | None
    funders: Sequence[Mapping[str, Any]]
    points: Mapping[str, Any] | None
    question_deadline: datetime | None
    closes_at: datetime | None
    published_on: date | None
    opening_officers: Sequence[str]
    closing_commitment: str | None
    opened_at: datetime | None
    revealed: bool
    notice: str | None
    nominees: Sequence[str]
    winners: Sequence[str]
    document_no: str | None
    awarded_on: date | None

    def is_open(self, now: datetime) -> bool:
        """Tell whether a bid would be in time at this instant."""
        return self.state == "published" and self.closes_at is not None and now < self.closes_at

    def points_asked(self) -> PointsAsked | None:
        """What the call asks of the lead's innovation points."""
        if self.points is None:
            return None
        stated = self.points["at_least"]
        return PointsAsked(
            None if stated is None else round(Decimal(stated) * 100),
            date.fromisoformat(self.points["as_of"]),
            self.points["breaks_ties"],
        )

    def scheme(self, *, drop_from: int = 7, sigmas: int = 2) -> Scheme:
        """The scoring scheme that was fixed at publication."""
        by_points = self.points is not None and bool(self.points["breaks_ties"])
        lines = tuple(
            Criterion(each["key"], each["weight"], int(each["highest"]) * 100) for each in self.criteria
        )
        return Scheme(
            lines,
            whole=100,
            trim_from=drop_from,
            outlier_sigmas=sigmas,
            ties=(*(("points",) if by_points else ()), "untrimmed_mean", "lower_funding"),
            pass_mark=self.pass_mark * 100,
        )


def _complete(call: Call) -> Iterable[Reason]:
    if sum(each["weight"] for each in call.criteria) != 100:  # noqa: PLR2004  per cent
        yield Reason(
            "weights_incomplete",
            Text("评审指标权重之和应为100。", "The weights of the criteria must add up to 100."),
        )
    if (
        call.budget_fen is None
        or sum(money.parse(each["amount"]) for each in call.funders) != call.budget_fen
    ):
        yield Reason(
            "funders_incomplete",
            Text("各出资方金额之和应等于总经费。", "The funders' amounts must add up to the budget."),
        )
    if call.closes_at is None:
        yield Reason("closing_missing", Text("请设定截止时刻。", "Set the closing instant first."))
    asked = call.points_asked()
    if asked is not None and call.closes_at is not None and asked.as_of >= shanghai_day(call.closes_at):
        yield Reason(
            "points_day_late",
            Text("积分截止日应早于揭榜截止日。", "The day of the points lies before the closing day."),
        )


MACHINE = Machine(
    "calls",
    STATES,
    "drafting",
    (
        verb("update", "修改", "Update", from_="drafting", handles=True),
        verb("co-sign", "会签", "Co-sign", from_="drafting", decides=True),
        verb("appraise", "论证", "Appraise", from_="co_signed", to="appraised", handles=True),
        verb("publish", "发榜", "Publish", from_="appraised", to="published", decides=True, handles=True,
             guards=(_complete,)),
        verb("extend", "延期", "Extend", from_="published", decides=True, handles=True),
        verb("cancel", "取消", "Cancel", from_=("drafting", "co_signed", "appraised", "published", "closed"),
             to="cancelled", decides=True),
        verb("close", "截止", "Close", from_="published", to="closed", automatic=True),
        verb("approve-opening", "开榜授权", "Approve the opening", from_="closed", decides=True),
        verb("start-review", "启动评审", "Start the review", from_="opened", to="under_review", handles=True),
        verb("reveal", "评分汇齐", "Reveal the scores", from_="under_review", automatic=True),
        verb("rank", "排序", "Rank", from_=("under_review", "ranked", "public_notice"), to="ranked", handles=True),
        verb("open-notice", "拟立项公示", "Open the notice", from_=("ranked", "public_notice"),
             to="public_notice", decides=True, handles=True),
        verb("award", "立项", "Award", from_="public_notice", to="awarded", decides=True, not_by_handler=True),
        verb("no-award", "流标", "Make no award", from_=("opened", "under_review", "ranked", "public_notice"),
             to="no_award", decides=True, not_by_handler=True),
    ),
    awaits=(
        Awaits("drafting", "co-sign"),
        Awaits("co_signed", "appraise"),
        Awaits("appraised", "publish"),
        Awaits("closed", "approve-opening", days=3),
        Awaits("opened", "start-review", days=5),
        Awaits("ranked", "open-notice", days=5),
        Awaits("public_notice", "award"),
    ),
)  # fmt: skip


def sight(call: Call) -> Iterable[str]:
    """Officers of the place, named departments, the need's owner; everybody once published."""
    yield from access.place(call.city, call.division, *call.zones)
    yield from access.unit(*call.departments)
    yield from access.owner(call.need_owner)
    if call.published_on is not None:
        yield from access.PUBLIC


def all_signed(call: Call, signatures: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether every named department has signed."""
    return set(call.departments) <= {each["unit"] for each in signatures}
