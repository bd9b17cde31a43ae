"""Rows about platforms, carriers, tenants, products, patents, heads of chains, enclaves, events (名册)."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from kechuang.testing import Client

if TYPE_CHECKING:
    from conftest import City

RECORDS = "enterprise-records"
YANGJIANG, YANGJIANG_COUNTY = "441700", "441702"
JINGMEN, DONGBAO, DUODAO = "420800", "420802", "420804"
JIUJIANG, XUNYANG = "360400", "360403"
LOCAL = "local-city"


async def reported(client: Client, kind: str, title: str, first: date, **more: Any) -> dict[str, Any]:
    """A record, as it is reported."""
    return await client.make(
        RECORDS, {"kind": kind, "title": title, "valid_from": str(first), "fields": {}, **more}
    )


async def recorded(client: Client, kind: str, title: str, first: date, **more: Any) -> dict[str, Any]:
    """A record, reported and confirmed by the same officer."""
    made = await reported(client, kind, title, first, **more)
    return made if made["state"] == "confirmed" else await client.do(f"{RECORDS}/{made['id']}", "confirm")


async def counted(client: Client, **asked: Any) -> dict[str, Any]:
    """One number of everything that is asked for."""
    (only,) = (await client.read(f"{RECORDS}/counts", by="", **asked))["items"]
    return only


async def listed(client: Client, **asked: Any) -> list[dict[str, Any]]:
    """The records behind a number."""
    items: list[dict[str, Any]] = (await client.read(f"{RECORDS}/counted", limit=200, **asked))["items"]
    return items


async def evidence(client: Client, kind: str) -> list[dict[str, str]]:
    """A file of one's own, to be attached as proof."""
    answer = await client.http.post(
        f"/api/v1/files?for={RECORDS}&name=proof.pdf", content=b"%PDF-1.7\n%proof\n",
        headers={"Content-Type": "application/pdf"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return [{"file": answer.json()["id"], "kind": kind, "title": "佐证材料"}]


def by_group(counts: dict[str, Any], axis: str) -> dict[str, int]:
    """Stock by the values of one axis."""
    return {each["group"][axis]: each["stock"] for each in counts["items"]}


async def test_yj_03_platforms_their_levels_and_what_is_lost(city: "City") -> None:
    """YJ-03: a platform with kind, level, host and date; "added this year at municipal level or higher" equals its
    list; a lost status lowers the stock."""
    officer = city.as_("city_officer", area=YANGJIANG)
    host = await city.enterprise(division=YANGJIANG_COUNTY)
    today = await city.today()
    asked = {"city": YANGJIANG, "kind": "key_laboratory", "min_level": "city"}
    before = await counted(officer, **asked)
    made = [
        await recorded(
            officer, "key_laboratory", f"{name}重点实验室", today - timedelta(days=days),
            level=level, organisation=host.uscc,
        )
        for name, level, days in (("海上风电", "city", 20), ("合金材料", "province", 10), ("调味品", "city", 800))
    ]  # fmt: skip
    now = await counted(officer, **asked)
    assert (now["stock"] - before["stock"], now["added"] - before["added"]) == (3, 2)
    added = await listed(officer, measure="added", **asked)
    assert len(added) == now["added"]
    assert {made[0]["id"], made[1]["id"]} <= {each["id"] for each in added}
    assert made[2]["id"] not in {each["id"] for each in added}
    assert added[0]["organisation"] == host.uscc or made[0]["organisation"] == host.uscc

    lost = await officer.do(
        f"{RECORDS}/{made[1]['id']}",
        "end",
        {"ended_on": str(today - timedelta(days=1)), "reason": "评估未通过。"},
    )
    assert (lost["state"], lost["holds"]) == ("ended", False)
    assert (await counted(officer, **asked))["stock"] == now["stock"] - 1
    yesterday = await counted(officer, **asked, as_of=str(today - timedelta(days=1)))
    assert yesterday["stock"] == now["stock"]


async def test_yj_03_keep_five_strive_for_six(city: "City") -> None:
    """YJ-03: 保五争六: five provincial key laboratories meet the goal, six what the plan strives for, four miss it."""
    officer = city.as_("city_officer", area=JIUJIANG)
    today = await city.today()

    async def goal() -> dict[str, Any]:
        items = (await officer.read(f"{RECORDS}/goals", city=JIUJIANG))["items"]
        return next(each for each in items if each["code"] == "provincial_key_lab")

    assert (await goal())["state"] == "not_met"
    made = [
        await recorded(
            officer, "key_laboratory", f"江西省示例{n}重点实验室", today, level="province", city=JIUJIANG
        )
        for n in range(1, 7)
    ]
    found = await goal()
    assert (found["state"], found["value"], found["count"], found["stretch"]) == ("stretch_met", 6, 5, 6)
    for each, state in ((made[0], "met"), (made[1], "not_met")):
        await officer.do(
            f"{RECORDS}/{each['id']}", "correct",
            {"level": "city", "reason": "应为市级。"},
        )  # fmt: skip
        assert (await goal())["state"] == state
    assert (await goal())["missing"] == 1


async def test_jg_06_a_carrier_reports_its_tenants(city: "City") -> None:
    """JG-06: the carrier reports tenants with entry and exit dates; the number in incubation on a date is right."""
    officer = city.as_("city_officer", area=JINGMEN)
    today = await city.today()
    host = await city.enterprise(division=DONGBAO)
    carrier = city.as_("carrier", organisation=host.uscc)
    incubator = await recorded(
        officer, "incubation", "荆门示例孵化器", today - timedelta(days=900), organisation=host.uscc
    )
    stays = ((400, None), (400, 100), (50, None), (50, 20))
    tenants = []
    for entered, left in stays:
        tenant = await city.enterprise(division=DONGBAO)
        made = await reported(
            carrier, "tenant", tenant.record["name"], today - timedelta(days=entered),
            organisation=tenant.uscc, parent=incubator["id"],
        )  # fmt: skip
        assert made["state"] == "confirmed"
        if left is not None:
            made = await carrier.do(
                f"{RECORDS}/{made['id']}", "end",
                {"ended_on": str(today - timedelta(days=left)), "reason": "毕业退出。"},
            )  # fmt: skip
        tenants.append((entered, left, made))
    for days in (900, 400, 101, 100, 99, 50, 21, 20, 19, 0):
        day = today - timedelta(days=days)
        right = sum(entered >= days and (left is None or left <= days) for entered, left in stays)
        found = await counted(officer, kind="tenant", parent=incubator["id"], as_of=str(day))
        assert found["stock"] == right, day
        own = await counted(carrier, kind="tenant", parent=incubator["id"], as_of=str(day))
        assert own["stock"] == right
    # Another carrier sees none of it and reports nothing for this one.
    other = city.as_("carrier", organisation=(await city.enterprise(division=DUODAO)).uscc)
    assert (await counted(other, kind="tenant", parent=incubator["id"]))["stock"] == 0
    answer = await other.post(
        RECORDS,
        {
            "kind": "tenant", "title": "不相干企业", "valid_from": str(today), "parent": incubator["id"],
            "organisation": tenants[0][2]["organisation"],
        },
    )  # fmt: skip
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "parent_unknown")


async def test_un_03_the_five_conditions_of_an_rd_unit(city: "City") -> None:
    """UN-03: five conditions with evidence; a unit missing one does not count, a commissioned unit counts apart."""
    officer = city.as_("city_officer", area=LOCAL)
    today = await city.today()
    full = dict.fromkeys(("staff", "premises", "equipment", "money", "projects"), True)

    async def unit(**fields: bool) -> dict[str, Any]:
        enterprise = await city.enterprise(division=LOCAL)
        proof = await evidence(officer, "five_conditions")
        made = await reported(
            officer, "enterprise_rd_unit", "企业研发机构", today, organisation=enterprise.uscc, fields=full | fields,
            evidence=proof,
        )  # fmt: skip
        return await officer.do(f"{RECORDS}/{made['id']}", "confirm")

    asked = {"city": LOCAL, "kind": "enterprise_rd_unit"}
    assert (await unit())["standing"] == "counted"
    for condition in full:
        assert (await unit(**{condition: False}))["standing"] == "not_counted"
    assert (await unit(commissioned=True))["standing"] == "apart"
    assert (await counted(officer, **asked))["stock"] == 1
    groups = await officer.read(f"{RECORDS}/counts", **asked, by="standing", standing="all")
    assert by_group(groups, "standing") == {"counted": 1, "apart": 1, "not_counted": 5}
    # Without evidence nothing is confirmed.
    enterprise = await city.enterprise(division=LOCAL)
    bare = await reported(
        officer, "enterprise_rd_unit", "企业研发机构", today, organisation=enterprise.uscc, fields=full
    )
    answer = await officer.post(f"{RECORDS}/{bare['id']}/confirm", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "evidence_missing")


async def test_un_04_high_end_products_are_part_of_the_total(city: "City") -> None:
    """UN-04: a product with evidence; the high-end count is part of the total, never added to it."""
    officer = city.as_("city_officer", area=LOCAL)
    today = await city.today()
    enterprise = await city.enterprise(division=LOCAL)
    for number in range(5):
        made = await reported(
            enterprise.signatory, "new_product", f"新产品{number}", today, city=LOCAL,
            fields={"high_end": number < 2}, evidence=await evidence(enterprise.signatory, "proof"),
        )  # fmt: skip
        assert made["state"] == "reported"
        assert (await counted(officer, city=LOCAL, kind="new_product"))["stock"] == number
        await officer.do(f"{RECORDS}/{made['id']}", "confirm")
    await recorded(officer, "new_technology", "新工艺", today, organisation=enterprise.uscc)
    total = (await counted(officer, city=LOCAL, kind="new_product"))["stock"]
    by = await officer.read(f"{RECORDS}/counts", city=LOCAL, kind="new_product", by="high_end")
    assert (total, by_group(by, "high_end")) == (5, {"true": 2, "false": 3})
    both = await officer.read(f"{RECORDS}/counts", city=LOCAL, register="product,technology", by="register")
    assert by_group(both, "register") == {"product": 5, "technology": 1}


async def test_jg_07_a_head_of_a_chain_from_a_date(city: "City") -> None:
    """JG-07: an enterprise is marked as head of a chain from a date; the chain's members are listed."""
    officer = city.as_("city_officer", area=JINGMEN)
    today = await city.today()
    head = await city.enterprise(division=DONGBAO, chains=["petrochemical"])
    member = await city.enterprise(division=DUODAO, chains=["petrochemical", "battery"])
    await city.enterprise(division=DUODAO, chains=["battery"])
    first = today - timedelta(days=30)
    await recorded(
        officer, "head_enterprise", head.record["name"], first, organisation=head.uscc, chain="petrochemical"
    )
    found = await officer.read("chains/petrochemical/members", city=JINGMEN)
    assert [each["organisation"] for each in found["heads"]] == [head.uscc]
    assert {each["uscc"]: each["head"] for each in found["items"]} == {head.uscc: True, member.uscc: False}
    eve = await officer.read(
        "chains/petrochemical/members", city=JINGMEN, as_of=str(first - timedelta(days=1))
    )
    assert eve["heads"] == []


async def test_jg_05_what_enterprises_of_a_size_lack(city: "City") -> None:
    """JG-05: lists by county: backbone without R&D centre, above-scale without a partner, micro without an expert."""
    officer = city.as_("city_officer", area=JINGMEN)
    today = await city.today()

    async def enterprise(division: str, **more: Any) -> str:
        return (await city.enterprise(division=division, **more)).uscc

    facts = {"resident_mainland": True, "industry_size_group": "industry"}
    has_centre, no_centre = await enterprise(DONGBAO), await enterprise(DUODAO)
    for uscc in (has_centre, no_centre):
        await recorded(officer, "backbone", "骨干企业", today, organisation=uscc)
    await recorded(officer, "enterprise_rd_unit", "研发中心", today, organisation=has_centre)
    above = {"facts": {**facts, "above_scale": True}, "scale": "large"}
    has_partner, no_partner = await enterprise(DUODAO, **above), await enterprise(DONGBAO, **above)
    await recorded(officer, "partner_agreement", "合作协议", today, organisation=has_partner)
    micro = await enterprise(DUODAO, scale="micro")

    async def lacking(rule: str) -> dict[str, str]:
        page = await officer.read(f"{RECORDS}/coverage/{rule}", city=JINGMEN, covered="false", limit=200)
        return {each["uscc"]: each["division"] for each in page["items"]}

    assert await lacking("backbone_rd_centre") == {no_centre: DUODAO}
    assert await lacking("above_scale_partner") == {no_partner: DONGBAO}
    assert (await lacking("micro_expert"))[micro] == DUODAO
    rules = (await officer.read(f"{RECORDS}/coverage", city=JINGMEN))["items"]
    rule = next(each for each in rules if each["rule"] == "backbone_rd_centre")
    assert (rule["population"], rule["covered"], rule["uncovered"]) == (2, 1, 1)
    assert {each["division"]: each["uncovered"] for each in rule["divisions"]} == {DONGBAO: 0, DUODAO: 1}
    county = city.as_("county_officer", area=DONGBAO)
    seen = await county.read(f"{RECORDS}/coverage/above_scale_partner", city=JINGMEN, covered="false")
    assert [each["uscc"] for each in seen["items"]] == [no_partner]


async def test_jj_06_the_reserve_of_award_candidates(city: "City") -> None:
    """JJ-06: a candidate by type; the coaching is logged and its award result."""
    officer = city.as_("city_officer", area=JIUJIANG)
    today = await city.today()
    enterprise = await city.enterprise(division=XUNYANG)
    candidate = await recorded(
        officer, "award_candidate", "铜合金近终成形关键技术", today, organisation=enterprise.uscc,
        fields={"award_type": "progress"},
    )  # fmt: skip
    for number in (1, 2):
        await reported(
            officer, "award_coaching", f"第{number}次辅导", today, parent=candidate["id"], city=JIUJIANG,
            fields={"content": "修改提名书，补充应用证明。"},
        )  # fmt: skip
    await recorded(
        officer, "award_result", "省科技进步奖评审结果", today, parent=candidate["id"], city=JIUJIANG,
        fields={"result": "awarded", "grade": "二等奖"},
    )  # fmt: skip
    log = await officer.read(RECORDS, parent=candidate["id"], sort="created_at")
    assert [each["kind"] for each in log["items"]] == ["award_coaching", "award_coaching", "award_result"]
    assert log["items"][-1]["fields"]["result"] == "awarded"
    types = await officer.read(f"{RECORDS}/counts", city=JIUJIANG, kind="award_candidate", by="award_type")
    assert by_group(types, "award_type") == {"progress": 1}


async def test_jg_10_patents_of_an_enterprise_by_product(city: "City") -> None:
    """JG-10: an enterprise's patents by product, the high-value ones marked."""
    officer = city.as_("city_officer", area=JINGMEN)
    today = await city.today()
    enterprise = await city.enterprise(division=DONGBAO)
    for number, product, valuable in (("1", "减速机", True), ("2", "减速机", False), ("3", "轴承", True)):
        await recorded(
            officer, "patent", f"一种{product}{number}", today, organisation=enterprise.uscc,
            fields={"patent_no": f"ZL2024100000{number}.X", "product": product, "high_value": valuable},
        )  # fmt: skip
    found = await officer.read(RECORDS, organisation=enterprise.uscc, kind="patent")
    products = sorted((each["fields"]["product"], each["fields"]["high_value"]) for each in found["items"])
    assert products == [("减速机", False), ("减速机", True), ("轴承", True)]
    by = await officer.read(
        f"{RECORDS}/counts", organisation=enterprise.uscc, kind="patent", by="product,high_value"
    )
    marked = {
        each["group"]["product"]: each["stock"]
        for each in by["items"]
        if each["group"]["high_value"] == "true"
    }
    assert marked == {"减速机": 1, "轴承": 1}


async def test_jj_07_enclaves_by_who_leads(city: "City") -> None:
    """JJ-07: an enclave with host city, lead mode and people; counted by mode."""
    officer = city.as_("city_officer", area=JIUJIANG)
    today = await city.today()
    for host_city, mode, people in (("深圳", "government_led", 12), ("上海", "enterprise_led", 8), ("武汉", "enterprise_led", 5)):  # fmt: skip
        await recorded(
            officer, "enclave", f"九江（{host_city}）科创飞地", today, city=JIUJIANG,
            fields={"host_city": host_city, "lead_mode": mode, "people": people},
        )  # fmt: skip
    by = await officer.read(f"{RECORDS}/counts", city=JIUJIANG, kind="enclave", by="lead_mode")
    assert by_group(by, "lead_mode") == {"government_led": 1, "enterprise_led": 2}


async def test_jj_28_meetings_by_kind_against_their_target(city: "City") -> None:
    """JJ-28: an event is registered with its results; meetings are counted by kind against target."""
    officer = city.as_("city_officer", area=YANGJIANG)
    today = await city.today()

    async def goal(code: str) -> tuple[int, str]:
        items = (await officer.read(f"{RECORDS}/goals", city=YANGJIANG))["items"]
        found = next(each for each in items if each["code"] == code)
        return found["value"], found["state"]

    assert await goal("docking_meetings") == (0, "not_met")
    for number, state in ((1, "not_met"), (2, "met"), (3, "stretch_met")):
        await recorded(officer, "docking_meeting", f"第{number}场产研对接会", today, city=YANGJIANG)
        assert await goal("docking_meetings") == (number, state)
    await recorded(officer, "academic_meeting", "海上风电论坛", today, city=YANGJIANG)
    by = await officer.read(f"{RECORDS}/counts", city=YANGJIANG, register="event", by="kind")
    assert {each["group"]["kind"]: each["added"] for each in by["items"]} == {
        "docking_meeting": 3,
        "academic_meeting": 1,
    }
