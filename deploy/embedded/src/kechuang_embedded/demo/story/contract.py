"""Chapter six: task book, money, milestone, acceptance; the need behind the call is resolved."""

from datetime import datetime

from kechuang.clock import SHANGHAI
from kechuang_embedded.demo.scene import Scene
from kechuang_embedded.demo.story.review import parties_of, winner_of

_SIGNING = datetime(2024, 5, 10, 9, tzinfo=SHANGHAI)
_MIDTERM = datetime(2024, 6, 3, 9, tzinfo=SHANGHAI)
_END = datetime(2024, 6, 24, 9, tzinfo=SHANGHAI)
QUARTER_ENDS = datetime(2024, 7, 1, 9, tzinfo=SHANGHAI)


def task_book_is_signed(scene: Scene) -> None:
    """The award becomes a task book; it is performed when every party and the city have signed."""
    scene.clock.advance_to(_SIGNING)
    contract = scene.by("city_officer").create(
        "contracts",
        {
            "bid": scene.memory["winner"],
            "goals": ["圆度误差 ≤ 0.05 mm，第三方检测", "连续 30 件合格率 ≥ 98%"],
            "ends_on": "2024-06-28",
            "milestones": [{"key": "midterm", "title": "中期：样机通过检测", "due_on": "2024-06-07"}],
            "tranches": [
                {"funder": "jiangmen-finance", "on": "signature", "amount": "300000.00"},
                {
                    "funder": "jiangmen-finance",
                    "on": "milestone",
                    "milestone": "midterm",
                    "amount": "180000.00",
                },
                {"funder": "jiangmen-finance", "on": "acceptance", "amount": "120000.00"},
            ],
        },
    )
    scene.memory["contract"] = contract["id"]
    for who in (*parties_of(winner_of(scene)), "city_approver"):
        scene.by(who).do("contracts", contract["id"], "sign")


def first_money(scene: Scene) -> None:
    """With the last signature the first tranche fell due; it is approved by one and paid by another."""
    _pay(scene, "signature", "PZ-2024-0511")


def _pay(scene: Scene, trigger: str, voucher: str) -> None:
    tranches = scene.by("city_approver").find("tranches", contract=scene.memory["contract"])
    tranche = next(each for each in tranches if each["trigger"] == trigger)
    scene.by("city_approver").do("tranches", tranche["id"], "approve", {})
    paid = scene.by("finance_officer").do("tranches", tranche["id"], "release", {"voucher": voucher})
    scene.say(f"拨付 {paid['released']} 元，凭证 {voucher}。", f"{paid['released']} CNY released, {voucher}.")


def milestone_is_reached(scene: Scene) -> None:
    """The lead submits the evidence, the city approves; the milestone's money falls due and is paid."""
    scene.clock.advance_to(_MIDTERM)
    milestone = scene.by("city_officer").find("contract-milestones", contract=scene.memory["contract"])[0]
    scene.by(winner_of(scene)).do(
        "contract-milestones", milestone["id"], "submit", {"evidence": "样机检测报告（编号 JC-2024-018）"}
    )
    scene.by("city_officer").do(
        "contract-milestones", milestone["id"], "approve", {"reason": "样机指标达到要求。"}
    )
    _pay(scene, "milestone", "PZ-2024-0603")


def is_accepted(scene: Scene) -> None:
    """The lead asks for acceptance, the city accepts; the last tranche is paid."""
    scene.clock.advance_to(_END)
    contract = scene.memory["contract"]
    scene.by(winner_of(scene)).do("contracts", contract, "request-acceptance")
    scene.by("city_approver").do(
        "contracts",
        contract,
        "accept",
        {"document_no": "江科验〔2024〕6号", "opinion": "完成全部考核指标，同意通过验收。"},
    )
    _pay(scene, "acceptance", "PZ-2024-0624")


def hard_need_is_resolved(scene: Scene) -> None:
    """The accepted contract resolves the need by an event; its owner confirms."""
    scene.clock.settle()
    need = scene.clerk().get(f"technical-needs/{scene.memory['hard_need']}")
    scene.memory["hard_need_state"] = need["state"]
    scene.say(
        f"验收事件使需求 {need['number']} 转为“已解决待确认”。",
        f"The accepted contract has brought need {need['number']} to {need['state']}.",
    )
    scene.clerk().do(
        "technical-needs", scene.memory["hard_need"], "confirm", {"reason": "已在产线稳定使用。"}
    )
