"""The main story on the packs as they are deployed: a rung that the city of Jiangmen decides."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from er_story import registered

from enterprise_registry.service import SERVICE
from kechuang.testing import ServiceHarness

FACTS = {
    "employees": 60,
    "st_staff": 12,
    "operating_revenue": "12000000.00",
    "sales_revenue": "11800000.00",
    "rd_expense": "600000.00",
    "ip_class1": 1,
    "ip_class2": 3,
    "independent_legal_person": True,
    "product_allowed": True,
    "major_incident": False,
    "on_abnormal_list": False,
    "on_dishonest_list": False,
    "establishment_date": "2016-05-18",
    "industry_size_group": "industry",
}
ANSWERS = {
    "main_product": "精密轴承",
    "technology_field": "advanced_manufacturing",
    "technology_summary": "高速轴承的在线检测。",
    "ip_list": [{"name": "一种轴承检测装置", "kind": "invention", "number": "ZL000000000000.0"}],
    "truth_declared": True,
}


@pytest.fixture
async def jiangmen(engines: Any, deployed_packs: str) -> AsyncIterator[ServiceHarness]:
    """The service with the packs of the repository."""
    async with ServiceHarness(SERVICE, engines, packs_dir=deployed_packs) as harness:
        yield harness


class TestTheStory:
    async def test_from_registration_to_recognition_in_jiangmen(self, jiangmen: ServiceHarness) -> None:
        cast = await registered(jiangmen)
        year = jiangmen.database.clock.today().year
        for period in (year - 3, year - 2, year - 1):
            accounts = [await cast.signatory.attachment("filings", "accounts")]
            made = await cast.signatory.make(
                "filings",
                {"form": "annual_filing", "period": str(period), "facts": FACTS, "attachments": accounts},
            )
            await cast.signatory.do(f"filings/{made['id']}", "submit")
            await cast.county.do(f"filings/{made['id']}", "verify")
        assessed = (await cast.signatory.post("assessments", {"target": "tech_micro"})).json()
        assert (assessed["result"], assessed["evidence"], assessed["gaps"]) == ("met", "verified", [])
        gap = (await cast.signatory.post("assessments", {"target": "hnte"})).json()
        assert gap["result"] != "met"
        assert gap["gaps"]
        now = jiangmen.database.clock.now()
        window = await cast.city.make(
            "application-windows",
            {
                "title": "2024年科技型小微企业认定申报通知", "target": "tech_micro", "city": "440700",
                "form": "tech_micro_application", "opens_at": now.isoformat(),
                "closes_at": now.replace(year=now.year + 1).isoformat(),
            },
        )  # fmt: skip
        await jiangmen.fire_timers()
        kinds = ("licence", "ip_certificates")
        made = await cast.signatory.make(
            "applications",
            {
                "window": window["id"], "answers": ANSWERS,
                "attachments": [await cast.signatory.attachment("applications", each) for each in kinds],
            },
        )  # fmt: skip
        path = f"applications/{made['id']}"
        assert (await cast.signatory.do(path, "submit"))["assessment_result"] == "met"
        await cast.county.do(path, "recommend", {"opinion": "同意推荐"})
        await cast.city.do(path, "review", {"opinion": "符合条件"})
        await cast.city.do(path, "open-notice", {"contact": "江门市科学技术局"})
        await jiangmen.at(days=20)
        await jiangmen.fire_timers()
        today = jiangmen.database.clock.today().isoformat()
        done = await cast.approver.do(
            path, "decide", {"outcome": "recognised", "document_no": "江科〔2024〕12号", "decided_on": today}
        )
        assert (done["state"], done["pack"]) == ("recognised", "jiangmen-2023@2023.1")
        counted = await jiangmen.client().read("recognition-counts", by="node,division", city="440700")
        (row,) = counted["items"]
        assert (row["kind"], row["division"]) == ("tech_micro", "440703")
        assert (row["organisations"], row["recognitions"]) == (1, 1)
        told = [e["data"]["template"] for e in await jiangmen.events("sent")]
        assert told.count("filing_verified") == 3
        assert told[3] == "application_submitted"
        messages = [e["data"] for e in await jiangmen.events("sent")]
        assert all("{" not in each["body_zh"] for each in messages)

    async def test_the_specification_and_lists_serve_all_five_cities(self, jiangmen: ServiceHarness) -> None:
        public = jiangmen.client()
        ladders = await public.read("ladders", limit=200)
        assert "jiangmen-2023" in {each["pack"] for each in ladders["items"]}
        for each in ladders["items"]:
            assert (await public.get(f"ladders/{each['pack']}")).status_code == 200
        for each in (await public.read("codelists"))["items"]:
            assert (await public.get(f"codelists/{each['code']}")).status_code == 200
        for each in (await public.read("forms", limit=200))["items"]:
            assert (await public.get(f"forms/{each['code']}/{each['version']}")).status_code == 200
