"""Chapter five: a panel nobody could choose, independent scores, a notice, an objection, the award."""

import hashlib
from decimal import Decimal

from kechuang_embedded.demo.client import Json
from kechuang_embedded.demo.scene import Scene

_DRAWING = ("second_city_officer", "supervisor")
_CONTACT = "市科技局资源配置科 0750-0000000"
# What the panel thinks of each bid, before every expert's own bias: innovation, feasibility, budget.
_MERIT = {"bidder_1": (88, 84, 80), "bidder_2": (82, 80, 84), "bidder_3": (74, 78, 88)}


def panel_is_requested(scene: Scene) -> None:
    """Every opened bid is checked; then the panel is asked for by an event, since recusal needs the bidders."""
    officer, call = scene.by("city_officer"), scene.memory["call"]
    for bid in scene.memory["bids"].values():
        officer.do("bids", bid, "check-entry", {"eligible": True, "reason": "资格与材料符合要求。"})
    officer.do("calls", call, "start-review")
    scene.clock.settle()
    draws = [each for each in scene.by("supervisor").find("expert-draws") if each["call"] == call]
    scene.memory["draw"] = draws[0]["id"]
    scene.say(
        f"特派员服务据此事件建立抽取 {draws[0]['number']}：{_strata(draws[0])}。",
        f"commissioner-matching opened draw {draws[0]['number']} from the event.",
    )


def _strata(draw: Json) -> str:
    return "、".join(f"{each['kind']} {each['seats']} 席" for each in draw["strata"])


def panel_is_drawn(scene: Scene) -> None:
    """Two officers who do not run the call commit to secrets; the pool is frozen; then both reveal."""
    draw = scene.memory["draw"]
    first, second = (scene.by(who) for who in _DRAWING)
    secrets = {who: _secret(scene, who) for who in _DRAWING}
    for officer in (first, second):
        digest = _commitment(draw, _subject(officer.who), secrets[officer.who])
        officer.do("expert-draws", draw, "commit", {"digest": digest})
    frozen = first.do("expert-draws", draw, "freeze", {"recusals": []})
    scene.say(
        f"名单冻结：{frozen['pool_size']} 人，摘要 {frozen['pool_digest'][:16]}…",
        f"The pool is frozen: {frozen['pool_size']} experts, digest {frozen['pool_digest'][:16]}….",
    )
    public = scene.memory.setdefault(
        "public_value",
        {
            "source": "示例彩票 2024047 期（演示）",
            "value": [3, 9, 12, 20, 28, 31],
            "published_at": scene.clock.now(),
        },
    )
    first.do("expert-draws", draw, "reveal", {"secret": secrets[first.who], "public_value": public})
    second.do("expert-draws", draw, "reveal", {"secret": secrets[second.who]})
    first.do("expert-draws", draw, "confirm")
    named = second.post(f"expert-draws/{draw}/names", {"reason": "通知参加评审"})
    scene.memory["panel"] = [each["person"] for each in named["items"]]
    scene.say(
        f"抽取 {len(named['items'])} 名专家，公布前仅两名抽取人员与本人知晓。",
        f"{len(named['items'])} experts are drawn; until publication only the two officers and they know.",
    )


def _secret(scene: Scene, who: str) -> str:
    """In life a die; here it follows from the call, so that a step told again reveals what was committed to."""
    return hashlib.sha256(f"{scene.memory['call']}|{who}".encode()).hexdigest()[:64]


def _subject(who: str) -> str:
    return f"person-{who.replace('_', '-')}"


def _commitment(draw: str, officer: str, secret: str) -> str:
    """As `POST /expert-draws/{id}/commit` describes it."""
    return hashlib.sha256(f"kechuang-draw|{draw}|{officer}|{secret}".encode()).hexdigest()


def experts_score(scene: Scene) -> None:
    """Each expert accepts and scores alone; the scores are visible to nobody until all are in."""
    leads = {bid: lead for lead, bid in scene.memory["bids"].items()}
    count = 0
    scene.clock.settle()
    with scene.quietly():
        for position, person in enumerate(scene.memory["panel"]):
            expert = scene.person(person, "expert")
            for review in sorted(expert.find("reviews"), key=lambda each: each["id"]):
                bias = Decimal((position * 3) % 7 - 3) / 2
                marks = {
                    name: str(mark + bias)
                    for name, mark in zip(
                        ("innovation", "feasibility", "budget"), _MERIT[leads[review["bid"]]], strict=True
                    )
                }
                if review["state"] == "invited":
                    expert.do("reviews", review["id"], "accept")
                if review["state"] != "submitted":
                    body = {"scores": marks, "opinion": "技术路线清晰，量产验证计划需细化。"}
                    expert.do("reviews", review["id"], "submit", body)
                count += 1
    scene.memory["reviews"] = count
    scene.say(
        f"{len(scene.memory['panel'])} 名专家独立提交 {count} 份评分。",
        f"{len(scene.memory['panel'])} experts submitted {count} score sheets independently.",
    )


def is_ranked(scene: Scene) -> None:
    """The ranking is computed from the scores, kept with all inputs; the first is put on public notice."""
    officer, call = scene.by("city_officer"), scene.memory["call"]
    officer.do("calls", call, "rank")
    for bid in sorted(officer.find("bids", call=call), key=lambda each: each["rank"] or 99):
        score = (bid["score"] or 0) / 100
        scene.say(
            f"  第{bid['rank']}名 {bid['title']} {score:.2f} 分",
            f"  #{bid['rank']} {bid['number']} {score:.2f}",
        )
    shown = officer.do("calls", call, "open-notice", {"contact": _CONTACT})
    notice = officer.get(f"call-notices/{shown['notice']}")
    scene.memory["call_notice"] = notice["id"]
    scene.memory["call_notice_ends_on"] = notice["ends_on"]
    scene.memory["winner"] = notice["items"][0]["record"]
    scene.say(
        f"拟立项公示 {notice['starts_on']} 至 {notice['ends_on']}。",
        f"The proposed award is on notice from {notice['starts_on']} to {notice['ends_on']}.",
    )


def objection_is_dismissed(scene: Scene) -> None:
    """A losing bidder objects in its real name; only its item is held, until the supervisor has answered."""
    lodged = scene.by("bidder_2").create(
        "objections",
        {
            "notice": scene.memory["call_notice"],
            "item": scene.memory["winner"],
            "grounds": "参与单位的合作协议签署日期早于其成立日期，请核查。",
            "evidence": "附：登记信息截图及协议复印件。",
            "real_name": "周示清",
            "contact": "13900000000",
        },
    )
    supervisor = scene.by("supervisor")
    supervisor.do("objections", lodged["id"], "accept")
    supervisor.do("objections", lodged["id"], "examine")
    supervisor.do("objections", lodged["id"], "dismiss", {"answer": "经核查，协议签署日期无误，异议不成立。"})
    supervisor.do("objections", lodged["id"], "close")
    scene.memory["objection"] = lodged["id"]


def is_awarded(scene: Scene) -> None:
    """The notice passes; an approver who did not handle the call decides, with a document."""
    scene.clock.morning_after(scene.memory["call_notice_ends_on"])
    scene.by("city_approver").do("calls", scene.memory["call"], "award", {"document_no": "江科〔2024〕58号"})
    scene.by("supervisor").do("expert-draws", scene.memory["draw"], "publish")
    scene.say(
        "抽取记录以代号公布，任何人可复算。",
        "The record of the draw is published by pseudonyms; anybody can repeat it.",
    )


def winner_of(scene: Scene) -> str:
    """Which lead won."""
    bids: dict[str, str] = scene.memory["bids"]
    return next(lead for lead, bid in bids.items() if bid == scene.memory["winner"])


def parties_of(lead: str) -> list[str]:
    """Who signs the task book: lead, member, owner of the need."""
    return [lead, lead.replace("bidder", "member"), "enterprise"]
