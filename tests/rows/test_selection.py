"""Rows about selections: benchmark enterprises by quota, tiers kept dynamic by review."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City, Enterprise

    from kechuang.testing import Client

JIANGMEN, JINGMEN, DUODAO = "440700", "420800", "420804"
CAP = 100
AT_ONCE = 8  # how many enterprises act at the same time


async def certified(city: "City", division: str, *kinds: str) -> "Enterprise":
    """A verified enterprise with recognitions decided elsewhere."""
    enterprise = await city.enterprise(division=division)
    today = await city.today()
    for kind in kinds:
        body = {"organisation": enterprise.uscc, "kind": kind, "issued_on": str(today)}
        await city.as_("integration").make("recognitions", body)
    return enterprise


async def nominated(city: "City", officer: "Client", round_id: str, enterprise: "Enterprise") -> str:
    """An enterprise applies, its county recommends, the city reviews; gives the application's id."""
    made = await enterprise.signatory.make("applications", {"round": round_id})
    path = f"applications/{made['id']}"
    await enterprise.signatory.do(path, "submit")
    await enterprise.county.do(path, "recommend", {"opinion": "情况属实，同意推荐。"})
    await officer.do(path, "review", {"opinion": "符合参评条件。"})
    return str(made["id"])


async def announced(city: "City", officer: "Client", area: str, **body: Any) -> str:
    """A round whose window is open for ten days; gives its address."""
    now = await city.now()
    times = {"opens_at": now.isoformat(), "closes_at": (now + timedelta(days=10)).isoformat()}
    made = await officer.make("selection-rounds", times | {"city": area} | body)
    await officer.do(f"selection-rounds/{made['id']}", "announce")
    await city.settle()
    return f"selection-rounds/{made['id']}"


async def test_jm02_a_round_from_nomination_to_award_refuses_number_101_of_100(city: "City") -> None:
    """JM-02: run a round from nomination to award; the round refuses award number 101 of 100, and each honour
    lands on the enterprise's file."""
    officer = city.as_("city_officer", area=JIANGMEN)
    path = await announced(city, officer, JIANGMEN, title="高企创新标兵评选", honour="hnte_benchmark")
    room = asyncio.Semaphore(AT_ONCE)

    async def candidate() -> tuple[str, str]:
        async with room:
            enterprise = await certified(city, "440703", "hnte")
            return await nominated(city, officer, path.rpartition("/")[2], enterprise), enterprise.uscc

    owner = dict(await asyncio.gather(*(candidate() for _ in range(CAP + 1))))
    await city.advance(days=11)
    scorer = city.as_("city_officer", area=JIANGMEN, person="scorer")
    sheets = [
        {
            "item": item,
            "points": dict.fromkeys(("rd_input", "results", "growth", "pull"), f"{100 - n / 4:.2f}"),
        }
        for n, item in enumerate(sorted(owner))
    ]
    await scorer.do(path, "score", {"sheets": sheets})
    await officer.do(path, "shortlist", {"places": CAP + 1})
    await officer.do(path, "open-notice", {"contact": "江门市科学技术局 0750-3500000"})
    await city.advance(days=20)
    approver = city.as_("city_approver", area=JIANGMEN)
    decision = {"document_no": "江科〔2024〕12号", "decided_on": str(await city.today())}
    tag = {"If-Match": (await approver.get(path)).headers["etag"]}
    everybody = await approver.post(f"{path}/award", decision, headers=tag)
    assert (everybody.status_code, everybody.json()["code"]) == (409, "quota_exhausted")
    assert (everybody.json()["remaining"], everybody.json()["asked"]) == (CAP, CAP + 1)
    ranked = [each["item"] for each in (await officer.read(f"{path}/standing"))["items"]]
    assert ranked == sorted(owner)
    done = await approver.do(path, "award", decision | {"items": ranked[:CAP]})
    assert (done["state"], done["decisions"][0]["awarded"]) == ("public_notice", CAP)
    tag = {"If-Match": (await approver.get(path)).headers["etag"]}
    one_more = await approver.post(f"{path}/award", decision | {"items": ranked[CAP:]}, headers=tag)
    assert (one_more.status_code, one_more.json()["code"]) == (409, "quota_exhausted")
    assert one_more.json()["remaining"] == 0
    declined = {"items": [], "decline": [{"item": ranked[CAP], "reason": "名额已满。"}]}
    assert (await approver.do(path, "award", decision | declined))["state"] == "awarded"
    quota = await city.anybody().read(f"{path}/quota")
    assert (quota["taken"], quota["remaining"], quota["value"]) == (CAP, 0, CAP)
    # Each honour is on its enterprise's file, and only there.
    for item in ranked:
        held = await city.anybody().read("recognitions", organisation=owner[item], kind="benchmark")
        assert [each["application"] for each in held["items"]] == ([] if item == ranked[CAP] else [item])
    stock = await city.anybody().read("recognition-counts", city=JIANGMEN, kind="benchmark")
    assert stock["items"][0]["organisations"] == CAP


LINES = [
    {"code": "growth", "name_zh": "成长性", "name_en": "Growth", "weight": "60"},
    {"code": "rd_input", "name_zh": "研发投入", "name_en": "R&D input", "weight": "40"},
]


async def test_jg01_a_review_adds_and_removes_members_with_reasons_and_tiers_have_sizes(city: "City") -> None:
    """JG-01: run a review that adds and removes members with reasons, then read each tier's size against its
    target on any date."""
    officer, approver = city.as_("city_officer", area=JINGMEN), city.as_("city_approver", area=JINGMEN)
    stays = await certified(city, DUODAO, "hnte", "hnte_growth")
    goes = await certified(city, DUODAO, "hnte", "hnte_growth")
    comes = await certified(city, DUODAO, "hnte")
    for_reserve = await city.enterprise(division=DUODAO)
    await officer.make(
        "reserve-pool-members",
        {"organisation": for_reserve.uscc, "pool": "hnte_reserve", "reason": "研发费用占比连续两年达标。"},
    )
    before = str(await city.today())
    size = await tiers(city, before)
    path = await announced(
        city, officer, JINGMEN, title="成长性好的高新技术企业动态复核", kind="review", honour="hnte_growth",
        lines=LINES, pass_mark="60",
    )  # fmt: skip
    newcomer = await nominated(city, officer, path.rpartition("/")[2], comes)
    await city.advance(days=11)
    scorer = city.as_("city_officer", area=JINGMEN, person="scorer")
    about = {each["organisation"]: each["item"] for each in (await scorer.read(f"{path}/my-sheets"))["items"]}
    points = {goes.uscc: "40"}
    sheets = [
        {"item": item, "points": {"growth": points.get(uscc, "80"), "rd_input": points.get(uscc, "80")}}
        for uscc, item in about.items()
    ]
    await scorer.do(path, "score", {"sheets": sheets})
    await officer.do(path, "shortlist")
    await officer.do(path, "open-notice", {"contact": "荆门市科学技术局"})
    await city.advance(days=20)
    decision = {"document_no": "荆科〔2024〕9号", "decided_on": str(await city.today())}
    assert (await approver.do(path, "award", decision))["state"] == "awarded"
    listed = {each["item"]: each for each in (await officer.read(f"{path}/standing"))["items"]}
    assert listed[about[stays.uscc]]["outcome"] == "kept"
    assert listed[about[goes.uscc]]["outcome"] == "removed"
    assert listed[about[goes.uscc]]["outcome_reason"] == "综合得分 40.0000，低于 60 分。"
    assert listed[newcomer]["outcome"] == "awarded"
    # Sizes against targets on any date: now one is out and one is in; on the day before, as it was then.
    after = await tiers(city, str(await city.today()))
    assert after["hnte_growth"] == size["hnte_growth"]
    assert await tiers(city, before) == size
    assert after["hnte_reserve"][1:] == (1000, False)
    assert after["hnte_growth"][1:] == (100, False)
    held = await city.anybody().read("recognitions", organisation=goes.uscc, kind="hnte_growth")
    assert (held["items"][0]["state"], held["items"][0]["reason"]) == (
        "revoked",
        "综合得分 40.0000，低于 60 分。",
    )


async def tiers(city: "City", as_of: str) -> dict[str, tuple[int, int, bool]]:
    """Size, target and whether it is reached, of each tier inside the high-tech enterprises."""
    counted = await city.anybody().read(
        "recognition-counts", city=JINGMEN, as_of=as_of, kind="hnte_growth,hnte_leading"
    )
    pools = await city.anybody().read("reserve-pool-counts", city=JINGMEN, as_of=as_of)
    found = {
        each["kind"]: (each["organisations"], each["target"], each["reached"]) for each in counted["items"]
    }
    return found | {
        each["pool"]: (each["members"], each["target"], each["reached"]) for each in pools["items"]
    }
