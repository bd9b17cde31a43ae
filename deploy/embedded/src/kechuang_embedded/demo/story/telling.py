"""The story as a list of named steps, told through the gateway.

    story = Story(stack, run="demo-1", teller=Printed())
    result = story.tell()

A step that fails because something was away can be told again (`story.tell_step`): its idempotency keys are the
same, so what had happened already is answered from memory. The result is plain data.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any, Final

from kechuang.text import Text
from kechuang_embedded.demo.client import Act, Api
from kechuang_embedded.demo.figures import Figures
from kechuang_embedded.demo.scene import Scene, Teller
from kechuang_embedded.demo.story import calls, contract, enterprise, needs, quarter, recognition, review
from kechuang_embedded.demo.watching import Clock, Events, Seen


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, its heading, what it does."""

    name: str
    title: Text
    act: Callable[[Scene], None]


def _step(act: Callable[[Scene], None], zh: str, en: str) -> Step:
    return Step(act.__name__.replace("_", "-"), Text(zh, en), act)


STEPS: Final[tuple[Step, ...]] = (
    _step(enterprise.registers, "企业登记", "An enterprise registers"),
    _step(enterprise.county_verifies, "县区核实登记", "Its county verifies the registration"),
    _step(enterprise.authorises_clerk, "法定代表人授权经办人", "The signatory authorises a clerk"),
    _step(enterprise.others_register, "其他单位登记", "The others of the story register"),
    _step(enterprise.files_three_years, "填报三年数据", "The clerk files three years"),
    _step(enterprise.county_verifies_filings, "县区核实填报", "The county verifies them"),
    _step(enterprise.is_assessed, "对标评估与差距", "Assessment: the rung and the gap"),
    _step(recognition.window_opens, "申报窗口开放", "An application window opens"),
    _step(recognition.applies, "申报科技型小微企业", "The enterprise applies for a rung the city decides"),
    _step(recognition.county_recommends, "县区推荐", "The county recommends"),
    _step(recognition.city_reviews, "市级审核与公示", "The city reviews and puts it on notice"),
    _step(recognition.is_recognised, "公示期满，决定认定", "The notice passes; an approver decides"),
    _step(recognition.is_forwarded, "另一企业申报上报省级", "A second enterprise goes the forwarded way"),
    _step(recognition.province_answers, "省级结果由接口登记", "The province's answer arrives by integration"),
    _step(needs.files_need, "提交技术需求", "The enterprise files a technical need"),
    _step(needs.need_is_routed, "受理并分流到匹配", "It is accepted and routed to matching"),
    _step(needs.is_matched, "匹配科技特派员", "Commissioners are matched, with reasons"),
    _step(needs.is_proposed, "提议选派", "A dispatch is proposed"),
    _step(needs.all_accept, "各方接受", "Everybody accepts"),
    _step(needs.is_dispatched, "签订协议，启动选派", "Signed and active"),
    _step(needs.serves, "服务与确认", "Service is logged and confirmed"),
    _step(needs.need_is_resolved, "企业确认解决", "The enterprise confirms the need resolved"),
    _step(needs.harder_need, "更难的需求转为揭榜", "A harder need is escalated into a call"),
    _step(calls.is_completed, "完善榜题", "The call is completed"),
    _step(calls.is_co_signed, "部门会签与论证", "Departments co-sign; it is appraised"),
    _step(calls.is_published, "发榜", "It is published with its sealing key"),
    _step(calls.three_bids_are_sealed, "三个联合体密封揭榜", "Three consortia seal their bids"),
    _step(calls.deadline_passes, "截止", "The deadline passes"),
    _step(calls.two_officers_open, "两人开榜", "Two officers open"),
    _step(review.panel_is_requested, "资格审查，申请抽取专家", "Entries are checked; a panel is requested"),
    _step(review.panel_is_drawn, "两人承诺随机数抽取专家", "The panel is drawn by two officers"),
    _step(review.experts_score, "专家独立评分", "Experts score independently"),
    _step(review.is_ranked, "排序与公示", "Ranking and notice"),
    _step(review.objection_is_dismissed, "异议受理、核查、不成立", "An objection is examined and dismissed"),
    _step(review.is_awarded, "公示期满，立项", "The notice passes; the award is decided"),
    _step(contract.task_book_is_signed, "签订任务书", "The task book is signed by all"),
    _step(contract.first_money, "首笔拨款", "The first tranche is approved and released"),
    _step(contract.milestone_is_reached, "里程碑通过与拨款", "The milestone is approved and paid"),
    _step(contract.is_accepted, "验收", "Acceptance"),
    _step(contract.hard_need_is_resolved, "榜题需求解决并确认", "The escalated need is resolved and confirmed"),
    _step(quarter.ends, "季度末：指标与出处", "The quarter ends: progress with provenance"),
)  # fmt: skip


@dataclass(slots=True)
class Told:
    """What one step brought about."""

    name: str
    seconds: float = 0.0
    acts: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    moved: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Result:
    """The whole story as data. `counts` is indicator → (figure, recount from the owning service's lists)."""

    steps: list[Told]
    counts: dict[str, tuple[str, str]]
    memory: dict[str, Any]

    @property
    def differences(self) -> dict[str, tuple[str, str]]:
        """Indicators whose figure is not what a recount gives; there must be none."""
        return {code: pair for code, pair in self.counts.items() if pair[0] != pair[1]}

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Story:
    """The main story on one stack. `run` makes its idempotency keys: one run, one story."""

    steps: Final = STEPS

    def __init__(self, stack: Mapping[str, Any], *, run: str, teller: Teller, patience: float = 90.0) -> None:
        self.api = Api(stack, run=run, patience=patience)
        self.clock = Clock(self.api)
        self.scene = Scene(self.api, self.clock, teller)
        self.figures = Figures(self.api)
        self._events = Events(str(stack["nats_url"]))
        self._teller = teller
        self._told: list[Told] = []
        self._before: dict[str, str] = {}

    def tell(self) -> Result:
        """All steps in order; gives what came of them."""
        with self.api:
            self.begin()
            for step in self.steps:
                self.tell_step(step)
            return self.end()

    def begin(self) -> None:
        """Look where indicators and events stand."""
        self.clock.settle()
        self._events.skip()
        self._before = self.figures.all()

    def tell_step(self, step: Step) -> Told:
        """One step, and what follows from it."""
        started, told = monotonic(), Told(step.name)
        self._teller.begin(self.steps.index(step) + 1, len(self.steps), step.title)

        def acted(act: Act) -> None:
            told.acts.append(f"{act.who} {act.verb} {act.resource} {act.before or '·'}→{act.after}")
            self._teller.act(act)

        self.api.told = acted
        with self.api.within(step.name):
            step.act(self.scene)
        self.clock.settle()
        events = [each for each in self._events.new() if _matters(each)]
        told.events = [each.short for each in events]
        figures = self.figures.all()
        told.moved = {
            code: (self._before.get(code, "0"), value)
            for code, value in figures.items()
            if self._before.get(code, "0") != value
        }
        self._before = figures
        told.seconds = round(monotonic() - started, 2)
        self._teller.follows(events, told.moved)
        self._told.append(told)
        return told

    def end(self) -> Result:
        """Recount everything from the owning services and give the result."""
        self.clock.settle()
        return Result(self._told, self.figures.beside_recount(self.scene), dict(self.scene.memory))


def _matters(event: Seen) -> bool:
    """Snapshots, work items and messages follow every act; the story tells what happened."""
    return event.short not in {"organisation.changed", "work-item.opened", "work-item.closed", "message.sent"}
