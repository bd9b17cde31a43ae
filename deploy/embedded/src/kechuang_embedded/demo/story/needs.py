"""Chapter three: a technical need, the commissioner who solves it, and a harder one that becomes a call."""

from datetime import datetime

from kechuang.clock import SHANGHAI
from kechuang_embedded.demo.client import Json
from kechuang_embedded.demo.scene import Scene

_VISIT = datetime(2024, 3, 20, 16, tzinfo=SHANGHAI)


def files_need(scene: Scene) -> None:
    """The clerk files a need; its confidential part stays with the owner and the handling officers."""
    scene.memory["need"] = _file(
        scene,
        {
            "title": "铝合金薄壁压铸件气孔缺陷控制",
            "text": "壁厚 2.5 mm 的铝合金压铸件内部气孔率约 6%，需通过真空压铸与模温控制降到 1% 以下。",
            "confidential": "客户型号与模具图纸另附。",
            "fields": ["advanced_manufacturing"],
            "discipline": "430",
            "chain": "metal_products",
            "budget": "300000.00",
        },
    )


def _file(scene: Scene, body: Json) -> str:
    clerk = scene.clerk()
    need = clerk.create("technical-needs", body)
    clerk.do("technical-needs", need["id"], "submit")
    return str(need["id"])


def need_is_routed(scene: Scene) -> None:
    """The county accepts the need and sends it to matching."""
    _route(scene, scene.memory["need"], "matching")


def _route(scene: Scene, need: str, way: str) -> None:
    county = scene.by("county_officer")
    county.do("technical-needs", need, "accept", {"reason": "需求明确，予以受理。"})
    county.do("technical-needs", need, "route", {"route": way})


def is_matched(scene: Scene) -> None:
    """The city's commissioners are ranked, with the reasons for every place."""
    match = scene.by("county_officer").create("matches", {"need": scene.memory["need"], "limit": 5})
    scene.memory["match"] = match["id"]
    scene.memory["candidate"] = match["candidates"][0]["server"]["id"]
    scene.say(
        f"考虑 {match['considered']} 名科技特派员，排除 {len(match['excluded'])} 名。",
        f"{match['considered']} commissioners were considered, {len(match['excluded'])} excluded.",
    )
    for each in match["candidates"][:3]:
        scene.say(
            f"  第{each['rank']}名 {each['server']['label']} 得分 {each['score'] / 1_000_000:.3f}"
            f"：{_reasons(each['reasons'])}",
            f"  #{each['rank']} score {each['score'] / 1_000_000:.3f}",
        )


def _reasons(reasons: Json) -> str:
    """The fields and the terms of the works that made the score."""
    names = [_FIELDS[each["field"]] for each in reasons["fields"] if each["contribution"] > 0]
    terms = [each["term"] for each in reasons["terms"]]
    return f"{'、'.join(names)}；成果用词：{'、'.join(terms[:4])}"


_FIELDS = {
    "discipline": "学科", "chain": "产业链", "place": "区域", "kind": "类型", "results": "以往成效",
    "load": "负荷", "rating": "评价",
}  # fmt: skip


def is_proposed(scene: Scene) -> None:
    """The first of the list is proposed; everybody concerned must accept before anything is disclosed."""
    match = scene.by("county_officer").do(
        "matches", scene.memory["match"], "propose", {"server": scene.memory["candidate"]}
    )
    dispatch = scene.by("county_officer").get(f"dispatches/{match['proposals'][-1]['dispatch']}")
    scene.memory["dispatch"] = dispatch["id"]
    scene.memory["person"] = dispatch["persons"][0]
    scene.memory["sending_unit"] = dispatch["sending_unit"]
    scene.say(
        f"选派 {dispatch['number']} 待接受：{'、'.join(dispatch['required'])}。",
        f"Dispatch {dispatch['number']} waits for: {', '.join(dispatch['required'])}.",
    )


def all_accept(scene: Scene) -> None:
    """Commissioner, sending unit and host accept, each for himself."""
    dispatch = scene.memory["dispatch"]
    scene.person(scene.memory["person"], "commissioner").do("dispatches", dispatch, "accept", {})
    if scene.memory["sending_unit"]:
        scene.unit(scene.memory["sending_unit"]).do("dispatches", dispatch, "accept", {})
    scene.by("enterprise").do("dispatches", dispatch, "accept", {})


def is_dispatched(scene: Scene) -> None:
    """The agreement is signed, the dispatch begins, the need is in service."""
    county, dispatch = scene.by("county_officer"), scene.memory["dispatch"]
    county.do("dispatches", dispatch, "sign", {"agreement_no": "江科特派〔2024〕1号"})
    active = county.do("dispatches", dispatch, "activate", {})
    scene.say(
        f"服务期 {active['valid_from']} 至 {active['valid_to']}。",
        f"In service from {active['valid_from']} to {active['valid_to']}.",
    )


def serves(scene: Scene) -> None:
    """The commissioner logs a service; it counts when the enterprise confirms it."""
    scene.clock.advance_to(_VISIT)
    record = scene.person(scene.memory["person"], "commissioner").create(
        "service-records",
        {
            "dispatch": scene.memory["dispatch"],
            "on": _VISIT.date().isoformat(),
            "hours": 6.0,
            "place": "压铸车间",
            "content": "现场测温，调整真空度与模温分区，培训操作人员 6 名，试产气孔率 0.8%。",
        },
    )
    scene.memory["service_record"] = record["id"]
    scene.clerk().do("service-records", record["id"], "confirm")


def need_is_resolved(scene: Scene) -> None:
    """Who serves says that it is solved; only the enterprise's own confirmation counts."""
    need = scene.memory["need"]
    scene.person(scene.memory["person"], "commissioner").do(
        "technical-needs", need, "resolve", {"reason": "工艺参数已固化，试产合格。"}
    )
    scene.clerk().do("technical-needs", need, "confirm", {"reason": "连续三批气孔率低于 1%。"})


def harder_need(scene: Scene) -> None:
    """A harder need: the signatory consents to exactly the text that may be published; the city escalates it."""
    need = _file(
        scene,
        {
            "title": "高温合金薄壁件激光焊接变形控制",
            "text": "厚度 0.8 mm 的高温合金环形件激光焊接后圆度超差，需将变形控制在 0.05 mm 以内。",
            "confidential": "产品型号、客户名称与现有工艺窗口。",
            "fields": ["advanced_manufacturing"],
            "discipline": "460",
            "chain": "high_end_equipment",
            "budget": "2000000.00",
        },
    )
    scene.memory["hard_need"] = need
    _route(scene, need, "call")
    scene.by("enterprise").do(
        "technical-needs",
        need,
        "consent",
        {
            "public_title": "高温合金薄壁环形件激光焊接变形控制技术",
            "public_text": "研制薄壁环形件激光焊接工艺与装备，圆度误差不大于 0.05 mm。",
        },
    )
    scene.by("city_officer").do(
        "technical-needs", need, "escalate", {"reason": "共性关键技术，适合揭榜攻关。"}
    )
    scene.clock.settle()
    call = scene.by("city_officer").find("calls", need=need)
    scene.memory["call"] = call[0]["id"]
    scene.say(
        f"项目服务据此事件起草榜题 {call[0]['number']}，只含经同意的公开文本。",
        f"project-bidding drafted call {call[0]['number']} from the event, with the consented text alone.",
    )
