"""Chapter four: the call is completed, co-signed, published; three consortia seal; two officers open."""

from datetime import datetime, timedelta
from typing import Any

from kechuang.clock import SHANGHAI
from kechuang_embedded.demo import sealing
from kechuang_embedded.demo.client import Json
from kechuang_embedded.demo.scene import Scene, uscc

CLOSES = datetime(2024, 4, 19, 17, 30, tzinfo=SHANGHAI)
_OFFICERS = ("city_officer", "second_city_officer", "city_approver")
_OPENING = ("second_city_officer", "city_approver")
BIDS: dict[str, tuple[str, str, str, str]] = {
    "bidder_1": ("member_1", "薄壁件激光焊接变形预测与在线补偿", "2000000.00", "600000.00"),
    "bidder_2": ("member_2", "双光束协同焊接的残余应力调控", "1950000.00", "590000.00"),
    "bidder_3": ("member_3", "柔性工装与焊后整形一体化装备", "1880000.00", "560000.00"),
}


def is_completed(scene: Scene) -> None:
    """The city completes the draft: measurable goals, criteria with weights, funders that add up to the budget."""
    scene.by("city_officer").patch(
        "calls",
        scene.memory["call"],
        {
            "programme": "municipal_open_call",
            "tests": ["第三方检测：圆度误差 ≤ 0.05 mm", "连续 30 件合格率 ≥ 98%"],
            "disciplines": ["460", "430"],
            "departments": ["jiangmen-science", "jiangmen-industry"],
            "criteria": [
                {"key": "innovation", "label": "创新性", "weight": 40, "highest": 100},
                {"key": "feasibility", "label": "可行性", "weight": 40, "highest": 100},
                {"key": "budget", "label": "经费合理性", "weight": 20, "highest": 100},
            ],
            "pass_mark": 60,
            "budget": "2000000.00",
            "funders": [
                {"funder": "jiangmen-finance", "label": "市级财政", "fiscal": True, "amount": "600000.00"},
                {
                    "funder": uscc("enterprise"),
                    "label": "需求企业",
                    "fiscal": False,
                    "amount": "1400000.00",
                },
            ],
            "closes_at": CLOSES.isoformat(),
        },
    )


def is_co_signed(scene: Scene) -> None:
    """Every named department signs; then the call is appraised."""
    call = scene.memory["call"]
    scene.by("second_city_officer").do("calls", call, "co-sign", {"opinion": "市科技局同意。"})
    scene.by("industry_department_officer").do("calls", call, "co-sign", {"opinion": "市工信局同意。"})
    scene.by("city_officer").do("calls", call, "appraise", {"opinion": "指标可测、经费合理，同意发榜。"})


def is_published(scene: Scene) -> None:
    """Three officers register public keys of their own; the call's sealing key is made and split among them."""
    for who in _OFFICERS:
        key = sealing.public_key(scene.api.stack["opening_keys"][who])
        scene.by(who).create("opening-keys", {"public_key": key})
    published = scene.by("city_officer").do("calls", scene.memory["call"], "publish", {})
    scene.say(
        f"榜题公开，截止 {CLOSES:%Y-%m-%d %H:%M}；封存密钥需两名开榜人共同恢复。",
        f"Call {published['number']} is open until {CLOSES:%Y-%m-%d %H:%M}; two officers together can open.",
    )


def three_bids_are_sealed(scene: Scene) -> None:
    """Three consortia seal: two on their own machines, one at the edge; members confirm the exact digest."""
    call, bids = scene.memory["call"], {}
    key = scene.by("bidder_1").get(f"calls/{call}/sealing-key")
    for lead, (member, title, total, requested) in BIDS.items():
        bidder = scene.by(lead)
        bid = bidder.create("bids", {"call": call, "members": [uscc(member)]})
        technical, budget = _content(title, total, requested)
        if lead == "bidder_3":
            prepared = bidder.do(
                "bids", bid["id"], "prepare", {"content": {"technical": technical, "budget": budget}}
            )
        else:
            made = _once(scene, f"envelope:{lead}", key, uscc(lead), technical, budget)
            prepared = bidder.do("bids", bid["id"], "prepare", {"envelope": made})
        scene.by(member).do("bids", bid["id"], "confirm", {"envelope_digest": prepared["envelope_digest"]})
        sealed = bidder.do("bids", bid["id"], "seal", {})
        bids[lead] = bid["id"]
        scene.say(
            f"{lead} 收到回执：{sealed['receipt']['digest'][:23]}… {sealed['received_at']}",
            f"{lead} holds a signed receipt of its digest.",
        )
    scene.memory["bids"] = bids
    seen = scene.by("city_officer").get("bids", call=call)["items"]
    scene.memory["seen_while_sealed"] = len(seen)
    scene.say(
        f"截止前，经办人员看到的申请数：{len(seen)}。",
        f"Before the deadline the officer of the call sees {len(seen)} bids.",
    )


def _once(scene: Scene, name: str, key: Json, bidder: str, technical: Any, budget: Any) -> Any:
    """Sealing is random: what was sealed is kept, so that a step that is told again sends the same."""
    if name not in scene.memory:
        scene.memory[name] = sealing.envelopes(key, bidder, 1, technical, budget)
    return scene.memory[name]


def _content(title: str, total: str, requested: str) -> tuple[Json, Json]:
    technical = {
        "title": title,
        "plan": f"围绕“{title}”，先建立热弹塑性模型，再在样机上验证，最后在需求企业产线连续试产 30 件。",
        "team": ["项目负责人：教授级高工一名", "骨干：工程师四名"],
        "results": ["工艺规范一套", "样机一台", "发明专利两件"],
    }
    lines = [{"category": "设备费", "amount": "900000.00"}, {"category": "业务费", "amount": "600000.00"}]
    return technical, {"total": total, "requested": requested, "lines": lines}


def deadline_passes(scene: Scene) -> None:
    """At the closing instant the digests are committed to; later bids are refused."""
    scene.clock.advance_to(CLOSES + timedelta(minutes=1))
    call = scene.by("city_officer").get(f"calls/{scene.memory['call']}")
    scene.say(
        f"榜题{_STATE[call['state']]}，全部摘要的承诺值 {call['closing_commitment'][:23]}…",
        f"The call is {call['state']}; the commitment to all digests is published.",
    )


_STATE = {"closed": "已截止", "published": "仍开放"}


def two_officers_open(scene: Scene) -> None:
    """Each officer unwraps the own share on the own machine; the second one opens every bid at once."""
    call = scene.memory["call"]
    for who in _OPENING:
        officer = scene.by(who)
        key = officer.get(f"calls/{call}/sealing-key")
        mine = officer.get(f"calls/{call}/opening-shares/mine")
        share = sealing.open_share(key, mine, scene.api.stack["opening_keys"][who])
        officer.do("calls", call, "approve-opening", {"share": share})
    opened = scene.by("city_officer").find("bids", call=call)
    scene.memory["opened"] = len(opened)
    for each in sorted(opened, key=lambda bid: bid["title"] or ""):
        scene.say(
            f"  开封：{each['title']}，报价 {each['total']}", f"  opened: {each['number']}, {each['total']}"
        )
