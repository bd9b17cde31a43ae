"""Chapter one: an enterprise registers, files three years, and learns where it stands."""

from typing import Any

from kechuang_embedded.demo.scene import COUNTY, Scene, uscc

ENTERPRISE = "江门示澄精密压铸有限公司"
OTHERS = {
    "other_enterprise": ("江门示岭焊接装备有限公司", "enterprise", "440704"),
    "bidder_1": ("江门示远激光装备有限公司", "enterprise", "440703"),
    "bidder_2": ("江门示松智能装备有限公司", "enterprise", "440705"),
    "bidder_3": ("江门示柏自动化设备有限公司", "enterprise", "440704"),
    "member_1": ("江门示越软件科技有限公司", "enterprise", "440703"),
    "member_2": ("江门示川金属制品有限公司", "enterprise", "440781"),
    "member_3": ("江门示帆新材料有限公司", "enterprise", "440783"),
    "university": ("江门示恒理工大学", "university", "440703"),
}
_FACTS = {
    "industry_size_group": "industry",
    "independent_legal_person": True,
    "resident_mainland": True,
    "product_allowed": True,
    "hnte_field": "advanced_manufacturing",
}
# Year → employees, S&T staff, revenue, R&D expense (CNY), class I and class II intellectual property.
_YEARS = {
    "2021": (52, 6, "9800000.00", "410000.00", 0, 3),
    "2022": (58, 8, "12600000.00", "560000.00", 0, 5),
    "2023": (64, 9, "15200000.00", "730000.00", 1, 7),
}


def registers(scene: Scene) -> None:
    """The enterprise registers itself; until its county has verified it, it may do nothing."""
    made = scene.by("enterprise").create("organisations", _registration("enterprise", ENTERPRISE, COUNTY))
    scene.memory["organisation"] = made["id"]


def _registration(who: str, name: str, division: str, kind: str = "enterprise") -> dict[str, Any]:
    body: dict[str, Any] = {"uscc": uscc(who), "name": name, "kind": kind, "division": division}
    if kind == "enterprise":
        body |= {
            "industry": "33",
            "established_on": "2016-05-18",
            "legal_representative": "陈示安",
            "facts": _FACTS,
        }
    return body


def county_verifies(scene: Scene) -> None:
    """The county compares the registration with the business licence."""
    scene.by("county_officer").do(
        "organisations", scene.memory["organisation"], "verify", {"reason": "与营业执照核对一致。"}
    )


def authorises_clerk(scene: Scene) -> None:
    """The signatory lets a clerk draft and submit, for a year; signing stays with the signatory."""
    scene.by("enterprise").create(
        "authorisations",
        {
            "organisation": uscc("enterprise"),
            "person": "person-clerk",
            "scopes": ["draft", "submit"],
            "valid_from": "2024-03-01",
            "valid_to": "2025-02-28",
            "letter": "授权委托书 2024-03-01",
        },
    )


def others_register(scene: Scene) -> None:
    """Everybody else of the story registers too, each verified by its own county."""
    for who, (name, kind, division) in OTHERS.items():
        made = scene.by(who).create("organisations", _registration(who, name, division, kind))
        scene.county(division).do("organisations", made["id"], "verify", {"reason": "核对一致。"})
    scene.say("另有八家单位登记并经各自县区核实。", "Eight more organisations are registered and verified.")


def files_three_years(scene: Scene) -> None:
    """The clerk files the yearly figures; a form is judged complete when it is submitted, all faults at once."""
    clerk = scene.clerk()
    filings = []
    for year, (staff, st_staff, revenue, rd, class1, class2) in _YEARS.items():
        filing = clerk.create(
            "filings",
            {
                "form": "annual_filing",
                "period": year,
                "facts": {
                    "employees": staff,
                    "st_staff": st_staff,
                    "rd_staff": st_staff,
                    "operating_revenue": revenue,
                    "sales_revenue": revenue,
                    "main_business_revenue": revenue,
                    "total_income": revenue,
                    "hightech_income": revenue,
                    "cost_expense": revenue,
                    "total_assets": "21000000.00",
                    "total_liabilities": "8000000.00",
                    "net_assets": "13000000.00",
                    "net_profit": "900000.00",
                    "rd_expense": rd,
                    "rd_expense_domestic": rd,
                    "conversions": 2,
                    "ip_class1": class1,
                    "ip_class2": class2,
                    "hnte_field": "advanced_manufacturing",
                    "establishment_date": "2016-05-18",
                    "industry_size_group": "industry",
                    "above_scale": False,
                    "independent_legal_person": True,
                    "resident_mainland": True,
                    "product_allowed": True,
                    "major_incident": False,
                    "on_abnormal_list": False,
                    "on_dishonest_list": False,
                },
                "attachments": [scene.attachment(clerk, "filings", "accounts", f"{year}年度财务报表")],
            },
        )
        clerk.do("filings", filing["id"], "submit")
        filings.append(filing["id"])
    scene.memory["filings"] = filings


def county_verifies_filings(scene: Scene) -> None:
    """The county verifies each year; from now on assessments rest on these figures."""
    for filing in scene.memory["filings"]:
        scene.by("county_officer").do("filings", filing, "verify", {"reason": "与审计报告一致。"})


def is_assessed(scene: Scene) -> None:
    """The clerk asks where the enterprise stands: met for tech_micro, and what is missing for hnte."""
    clerk = scene.clerk()
    ready = clerk.post("assessments", {"target": "tech_micro"})
    scene.memory["assessment"] = ready["result"]
    scene.say(
        f"对标“科技型小微企业”：{_RESULTS[ready['result']]}，依据{_EVIDENCE[ready['evidence']]}数据，"
        f"政策版本 {ready['pack']}。",
        f"Assessed for tech_micro: {ready['result']} on {ready['evidence']} facts, under {ready['pack']}.",
    )
    further = clerk.post("assessments", {"target": "hnte"})
    scene.say(
        f"对标“高新技术企业”：{_RESULTS[further['result']]}，差距 {len(further['gaps'])} 项：",
        f"Assessed for hnte: {further['result']}, {len(further['gaps'])} gaps:",
    )
    for gap in further["gaps"][:5]:
        for change in gap["changes"][:1]:
            name = change["fact"]["name"] or {"zh": change["fact"]["fact"], "en": change["fact"]["fact"]}
            scene.say(
                f"  {name['zh']}：现 {change['current']}，需 {change['needed']}",
                f"  {name['en']}: {change['current']} → {change['needed']}",
            )
        if gap["points_short"]:
            scene.say(f"  评分还差 {gap['points_short']} 分", f"  {gap['points_short']} points short")


_RESULTS = {
    "met": "符合", "unmet": "不符合", "unknown": "资料不足", "manual_review": "需人工判断",
    "not_applicable": "不适用",
}  # fmt: skip
_EVIDENCE = {"verified": "已核实", "submitted": "仅提交", "none": "无"}
