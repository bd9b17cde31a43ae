"""An application: its way through recommendation, review, notice and decision, or to whoever decides elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text
from kechuang_procedure.fast_lane import FastLaned

STATES = {
    "draft": Text("草稿", "Draft"),
    "submitted": Text("已提交", "Submitted"),
    "returned": Text("退回修改", "Returned for correction"),
    "county_recommended": Text("县区已推荐", "Recommended by the county"),
    "city_reviewed": Text("市级已审核", "Reviewed by the city"),
    "public_notice": Text("公示中", "On public notice"),
    "forwarded": Text("已上报", "Forwarded"),
    "recognised": Text("已认定", "Recognised"),
    "rejected": Text("不予认定", "Rejected"),
    "withdrawn": Text("已撤回", "Withdrawn"),
    "lapsed": Text("逾期失效", "Lapsed"),
}
UNDER_WAY = ("submitted", "county_recommended", "city_reviewed", "public_notice", "forwarded", "returned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(FastLaned):
    """An application. `assessment` is the answer of the engine at submission, under `pack`."""

    window: str
    target: str
    node: str
    decided_by: str
    skips_recommendation: bool
    form: str | None
    form_version: str | None
    answers: Mapping[str, Any]
    attachments: Sequence[Mapping[str, Any]]
    recommender: str | None
    recommendation: str | None
    review_opinion: str | None
    assessment: Mapping[str, Any] | None
    assessment_result: str | None
    returns: Sequence[Mapping[str, Any]]
    receipt: Mapping[str, Any] | None
    submitted_on: date | None
    accepted_on: date | None
    forwarded_on: date | None
    forwarded_to: str | None
    notice: str | None
    decision: Mapping[str, Any] | None
    recognition: str | None
    warnings: Sequence[Mapping[str, Any]]
    round: str | None


def _recommendation_first(application: Application) -> Iterable[Reason]:
    if application.state == "submitted" and not application.skips_recommendation:
        yield Reason(
            "recommendation_first",
            Text(
                "应先由县（市、区）、园区或主管部门推荐。",
                "The county, zone or department recommends it first.",
            ),
        )


def _city_decides(application: Application) -> Iterable[Reason]:
    if application.decided_by != "city":
        yield Reason(
            "decided_elsewhere",
            Text(
                "该类认定由上级决定，请上报后登记结果。",
                "It is decided elsewhere; forward it and record the result.",
            ),
        )


def _not_the_city(application: Application) -> Iterable[Reason]:
    if application.decided_by == "city":
        yield Reason(
            "decided_here",
            Text("该类认定由本市决定，请公示后决定。", "The city decides it itself, after a notice."),
        )


def _not_in_a_round(application: Application) -> Iterable[Reason]:
    if application.round is not None:
        yield Reason(
            "round_decides",
            Text(
                "该申报参加评选，由评选统一排名、公示和授予。",
                "It takes part in a selection round, which ranks, notices and awards.",
            ),
        )


MACHINE = Machine(
    "applications",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_=("draft", "returned")),
        verb("submit", "提交", "Submit", from_=("draft", "returned"), to="submitted", authority="submit"),
        verb("withdraw", "撤回", "Withdraw",
             from_=("draft", "submitted", "returned", "county_recommended", "city_reviewed"), to="withdrawn",
             authority="submit"),
        verb("return", "退回修改", "Return for correction", from_=("submitted", "county_recommended"),
             to="returned", handles=True),
        verb("accept", "受理", "Accept", from_="submitted", handles=True),
        verb("recommend", "推荐", "Recommend", from_="submitted", to="county_recommended", handles=True),
        verb("review", "审核", "Review", from_=("submitted", "county_recommended"), to="city_reviewed",
             handles=True, guards=(_recommendation_first,)),
        verb("forward", "上报", "Forward", from_="city_reviewed", to="forwarded", handles=True,
             guards=(_not_the_city,)),
        # From public_notice again only where that notice was withdrawn.
        verb("open-notice", "公示", "Open the notice", from_=("city_reviewed", "public_notice"),
             to="public_notice", decides=True, handles=True, guards=(_city_decides, _not_in_a_round)),
        verb("decide", "决定", "Decide", from_="public_notice", decides=True, not_by_handler=True,
             guards=(_city_decides, _not_in_a_round)),
        verb("record-result", "登记上级结果", "Record the result", from_="forwarded", decides=True),
        verb("reject", "不予认定", "Reject",
             from_=("submitted", "county_recommended", "city_reviewed", "public_notice"), to="rejected",
             decides=True, not_by_handler=True),
        # By the selection round that it takes part in; from public_notice where a corrected list was made.
        verb("list", "列入公示名单", "Be listed", from_=("city_reviewed", "public_notice"), to="public_notice",
             automatic=True),
        verb("award", "授予", "Be awarded", from_="public_notice", to="recognised", automatic=True),
        verb("pass-over", "未授予", "Be passed over", from_=("city_reviewed", "public_notice"), to="rejected",
             automatic=True),
        # A return was not answered in time, or the selection round was cancelled.
        verb("expedite", "列入绿色通道", "Put into the fast lane",
             from_=("submitted", "returned", "county_recommended", "city_reviewed", "public_notice", "forwarded")),
        verb("lapse", "失效", "Lapse", from_=UNDER_WAY, to="lapsed", automatic=True),
    ),
    awaits=(
        Awaits("submitted", "recommend", days=10),
        Awaits("returned", "submit"),
        Awaits("county_recommended", "review", days=10),
        Awaits("public_notice", "decide"),
        Awaits("forwarded", "record-result"),
    ),
)  # fmt: skip


def sight(application: Application) -> Iterable[str]:
    """The applicant always; the officers of its place and its recommender's unit once submitted."""
    yield from access.owner(application.organisation)
    if application.submitted_on is not None:
        yield from access.place(application.city, application.division, *application.zones)
        yield from access.unit(application.recommender)
