"""Chapter two: a rung that the city decides, and one that it forwards to the province."""

from datetime import datetime

from kechuang.clock import SHANGHAI
from kechuang_embedded.demo.client import Json
from kechuang_embedded.demo.scene import CITY, Scene, uscc

_OPENS = datetime(2024, 3, 4, 9, tzinfo=SHANGHAI)
_CLOSES = datetime(2024, 3, 29, 17, 30, tzinfo=SHANGHAI)
_CONTACT = "市科技局高新科 0750-0000000"


def window_opens(scene: Scene) -> None:
    """The city announces two windows; they open by themselves at their instant."""
    for target, title, form in (
        ("tech_micro", "2024年度科技型小微企业认定申报通知", "tech_micro_application"),
        ("hnte", "2024年度高新技术企业推荐申报通知", None),
    ):
        window = scene.by("city_officer").create(
            "application-windows",
            {
                "title": title,
                "target": target,
                "city": CITY,
                "form": form,
                "form_version": "2023.1" if form else None,
                "opens_at": _OPENS.isoformat(),
                "closes_at": _CLOSES.isoformat(),
            },
        )
        scene.memory[f"window:{target}"] = window["id"]
    scene.clock.advance_to(_OPENS)
    window = scene.clerk().get(f"application-windows/{scene.memory['window:tech_micro']}")
    scene.memory["window_open"] = window["is_open"]
    scene.say(
        f"时钟拨到 {_OPENS:%Y-%m-%d %H:%M}，申报窗口自动开放（{window['state']}）。",
        f"The clock moves to {_OPENS:%Y-%m-%d %H:%M}; the windows open by themselves ({window['state']}).",
    )


def applies(scene: Scene) -> None:
    """The clerk applies; the pre-flight lists every fault before anything is submitted."""
    clerk = scene.clerk()
    application = clerk.create(
        "applications",
        {
            "window": scene.memory["window:tech_micro"],
            "target": "tech_micro",
            "answers": {
                "main_product": "新能源汽车铝合金薄壁结构件",
                "technology_field": "advanced_manufacturing",
                "technology_summary": "真空压铸与模温分区控制，薄壁件一次合格率 96%。",
                "ip_list": [
                    {"name": "一种薄壁件压铸模具温控装置", "kind": "invention", "number": "ZL2021SYNTH0001"}
                ],
                "truth_declared": True,
            },
        },
    )
    scene.memory["application"] = application["id"]
    attached = [
        scene.attachment(clerk, "applications", "licence", "营业执照"),
        scene.attachment(clerk, "applications", "ip_certificates", "发明专利证书"),
    ]
    clerk.patch("applications", application["id"], {"attachments": attached})
    submitted = clerk.do("applications", application["id"], "submit")
    scene.say(
        f"回执 {submitted['receipt']['number']}，当日对标结果随申报保存：{submitted['assessment_result']}。",
        f"Receipt {submitted['receipt']['number']}; the assessment of the day is kept: "
        f"{submitted['assessment_result']}.",
    )


def county_recommends(scene: Scene) -> None:
    """The county recommends it to the city."""
    scene.by("county_officer").do(
        "applications", scene.memory["application"], "recommend", {"opinion": "情况属实，同意推荐。"}
    )


def city_reviews(scene: Scene) -> None:
    """The city's officer reviews it and puts it on public notice."""
    officer, application = scene.by("city_officer"), scene.memory["application"]
    officer.do("applications", application, "review", {"opinion": "材料齐全，符合条件。"})
    shown = officer.do("applications", application, "open-notice", {"contact": _CONTACT})
    notice = officer.get(f"enterprise-notices/{shown['notice']}")
    scene.memory["notice"] = notice["id"]
    scene.memory["notice_ends_on"] = notice["ends_on"]
    scene.say(
        f"公示《{notice['title']}》{notice['starts_on']} 至 {notice['ends_on']}（5 个工作日）。",
        f"Public notice from {notice['starts_on']} to {notice['ends_on']} (five working days).",
    )


def is_recognised(scene: Scene) -> None:
    """The period passes; then somebody who did not handle the matter decides, with a document."""
    scene.clock.morning_after(scene.memory["notice_ends_on"])
    decided = scene.by("city_approver").do(
        "applications",
        scene.memory["application"],
        "decide",
        {"outcome": "recognised", "document_no": "江科〔2024〕12号", "decided_on": _today(scene)},
    )
    scene.memory["recognition"] = decided["recognition"]
    found = scene.clerk().get(f"recognitions/{decided['recognition']}")
    scene.say(
        f"认定为科技型小微企业，有效期 {found['valid_from']} 至 {found['valid_to']}，首次认定。",
        f"Recognised as a technology micro enterprise from {found['valid_from']} to {found['valid_to']}.",
    )


def is_forwarded(scene: Scene) -> None:
    """A second enterprise applies for a rung that the province decides; the city only forwards."""
    applicant, officer = scene.by("other_enterprise"), scene.by("city_officer")
    application = applicant.create(
        "applications", {"window": scene.memory["window:hnte"], "target": "hnte", "answers": {}}
    )
    record = application["id"]
    scene.memory["forwarded"] = record
    applicant.do("applications", record, "submit")
    scene.by("other_county_officer").do("applications", record, "recommend", {"opinion": "同意推荐。"})
    officer.do("applications", record, "review", {"opinion": "符合推荐条件。"})
    officer.do(
        "applications",
        record,
        "forward",
        {"forwarded_to": "广东省科学技术厅", "document_no": "江科函〔2024〕31号"},
    )


def province_answers(scene: Scene) -> None:
    """The province's answer arrives from its system, through the integration client."""
    today = _today(scene)
    answered: Json = scene.by("integration").do(
        "applications",
        scene.memory["forwarded"],
        "record-result",
        {
            "outcome": "recognised",
            "document_no": "粤示高企〔2024〕1号",
            "decided_on": today,
            "certificate_no": "GR202444000001",
            "valid_from": today,
        },
    )
    scene.memory["forwarded_recognition"] = answered["recognition"]
    rungs = scene.by("other_enterprise").get("recognitions", organisation=uscc("other_enterprise"))
    scene.memory["hnte_held"] = len(rungs["items"])


def _today(scene: Scene) -> str:
    return datetime.fromisoformat(scene.clock.now()).astimezone(SHANGHAI).date().isoformat()
