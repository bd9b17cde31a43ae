"""Marks are planted where personal data and sealed content belong, and then searched everywhere else.

A mark is a phone number, an identity number, a real name, the content of a sealed bid. Nobody may find it in any
row of any table (encrypted columns hold it, but not readably), in what the services publish, log and measure, or in
the answers to people who may see the record but not the person.
"""

import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from commissioner_matching.service import SERVICE as MATCHING
from enterprise_registry.service import SERVICE as REGISTRY
from kechuang.codes.synthetic import synthetic_resident_id, synthetic_uscc
from kechuang.service import Service
from kechuang.testing import Client, ServiceHarness
from kechuang_contracts.enterprise_registry import OrganisationChanged
from project_bidding.service import SERVICE as BIDDING

ROOT = Path(__file__).parents[2]
RANDOM = Random(15)
NAME, PHONE = "欧阳标记甲", "13911223344"
NUMBER = synthetic_resident_id(RANDOM, date(1971, 5, 6))
USCC = synthetic_uscc(RANDOM)
PUBLISHED = ("outbox", "audit", "feed", "audit_batch")


class House:
    """A service, and where a mark can turn up in it."""

    def __init__(self, harness: ServiceHarness, capture: pytest.CaptureFixture[str]) -> None:
        self.harness = harness
        self.client = harness.client
        self._capture = capture

    async def tables_with(self, mark: str) -> set[str]:
        """The tables of which a row shows the mark, as text or as the bytes of the text."""
        found = set()
        async with self.harness.database.read.connect() as conn:
            names = await conn.execute(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            for (name,) in names.all():
                rows = sa.text(
                    f'SELECT count(*) FROM "{name}" AS t '
                    "WHERE strpos(t::text, :mark) > 0 OR strpos(t::text, :bytes) > 0"
                )
                marked = {"mark": mark, "bytes": mark.encode().hex()}
                if (await conn.execute(rows, marked)).scalar_one():
                    found.add(str(name))
        return found

    async def said(self) -> str:
        """Everything logged since the last call, and the metrics page."""
        await self.harness.seal()
        metrics = (await self.client().http.get("/metrics")).text
        assert "kechuang" in metrics
        logged = self._capture.readouterr()
        assert '"message":"request"' in logged.out
        return logged.out + logged.err + metrics

    async def assert_nowhere(self, *marks: str) -> None:
        said = await self.said()
        for mark in marks:
            assert await self.tables_with(mark) == set(), mark
            assert mark not in said


@pytest.fixture
def house(engines: Any, capfd: pytest.CaptureFixture[str]) -> Any:
    @asynccontextmanager
    async def opened(service: Service, **settings: Any) -> AsyncIterator[House]:
        packs = str(ROOT / "deploy" / "policy-packs")
        async with ServiceHarness(service, engines, packs_dir=packs, **settings) as harness:
            yield House(harness, capfd)

    return opened


async def answers(client: Client, *paths: str) -> str:
    """What somebody is told at these addresses."""
    found = [await client.get(path) for path in paths]
    assert {each.status_code for each in found} == {200}, [each.text for each in found]
    return "\n".join(each.text for each in found)


async def test_a_legal_representatives_name_stays_with_the_registry(house: Any) -> None:
    async with house(REGISTRY) as registry:
        enterprise = registry.client(roles=["enterprise_signatory"], organisation=USCC, person="p-1")
        county = registry.client(roles=["county_officer"], areas=["440703"])
        body = {"uscc": USCC, "name": "江门公开标记有限公司", "kind": "enterprise", "division": "440703"}
        made = await enterprise.make("organisations", {**body, "legal_representative": NAME})
        path = f"organisations/{made['id']}"
        again = await county.post("organisations", {**body, "legal_representative": NAME})
        assert again.status_code == 409
        misspelt = await enterprise.post("organisations", {**body, "phone": PHONE, "id_number": NUMBER})
        assert misspelt.status_code == 422
        await enterprise.patch(path, {"legal_representative": f"{NAME}乙", "address": "江门市蓬江区"})
        revealed = await county.post(f"{path}/reveal", {"reason": "核对登记"})
        assert NAME in revealed.text, "the search below looks for what was really planted"
        await county.do(path, "verify", {"reason": "属实"})

        assert {"organisation", "outbox"} <= await registry.tables_with("公开标记"), "the search finds marks"
        told = await answers(county, path, f"{path}/history", "organisations", "organisations/changes")
        assert NAME not in told
        await registry.assert_nowhere(NAME, PHONE, NUMBER)


async def test_a_persons_identity_stays_in_the_persons_file(house: Any) -> None:
    async with house(MATCHING) as matching:
        city = matching.client(roles=["city_officer"], areas=["440700"])
        county = matching.client(roles=["county_officer"], areas=["440703"])
        body = {
            "name": NAME, "phone": PHONE, "id_number": NUMBER, "city": "440700", "division": "440703",
            "employer": "示范大学材料学院", "disciplines": ["430.40"],
        }  # fmt: skip
        made = await city.make("persons", body)
        path = f"persons/{made['id']}"
        refused = [
            await county.post("persons", body),
            await city.post("persons", {**body, "phone": f"{PHONE}5"}),
            await city.post("persons", {**body, "id_number": f"{NUMBER[:17]}Y"}),
            await city.post("persons", {**body, "disciplines": [NUMBER], "mobile": PHONE}),
        ]
        assert [each.status_code for each in refused] == [409, 422, 422, 422]
        await city.patch(path, {"specialty": "公开标记：轻合金压铸"})
        revealed = await city.post(
            f"{path}/reveal", {"fields": ["name", "phone", "id_number"], "reason": "通知签约"}
        )
        assert all(mark in revealed.text for mark in (NAME, PHONE, NUMBER))

        assert "person" in await matching.tables_with("公开标记"), "the search finds marks"
        told = await answers(county, path, f"{path}/history", "persons", "persons/changes")
        told += "".join(each.text for each in refused)
        assert not [mark for mark in (NAME, PHONE, NUMBER) if mark in told]
        await matching.assert_nowhere(NAME, PHONE, NUMBER)


async def test_the_confidential_part_of_a_need_is_not_published(house: Any) -> None:
    secret = "保密标记丙：客户名称与型号"
    async with house(MATCHING) as matching:
        await matching.harness.deliver(
            OrganisationChanged(
                uscc=USCC, title="江门示例有限公司", kind="enterprise", scale=None, industry=None, chains=[],
                state="active", city="440700", division="440703", zones=[],
            ),
            aggregate=USCC,
        )  # fmt: skip
        owner = matching.client(roles=["enterprise_signatory"], organisation=USCC, person="p-1")
        need = await owner.make(
            "technical-needs", {"title": "公开标记薄壁件焊接", "text": "圆度。", "confidential": secret}
        )
        await owner.do(f"technical-needs/{need['id']}", "submit")
        auditor = matching.client(roles=["auditor"])
        path = f"technical-needs/{need['id']}"
        told = await answers(auditor, path, f"{path}/history", "technical-needs/changes")
        assert secret not in told
        assert secret in (await owner.get(path)).text

        assert not await matching.tables_with(secret) & set(PUBLISHED)
        assert "outbox" in await matching.tables_with("公开标记"), "the search finds marks"
        assert secret not in await matching.said()


async def test_a_sealed_bid_is_readable_nowhere(house: Any) -> None:
    title, plan, price = "密封标记丁工艺", "密封标记戊方案", "2876543.21"
    content = {
        "technical": {"title": title, "plan": plan, "team": ["教授一名"]},
        "budget": {"total": price, "requested": "876543.21"},
    }
    async with house(BIDDING) as bidding:
        stage = stage_of_bidding()(bidding.harness, 1)
        call = await stage.published()
        lead = await stage.register(stage.uscc())
        bidder = stage.signatory(lead)
        bid = await bidder.make("bids", {"call": call, "content": content})
        path = f"bids/{bid['id']}"
        broken = await bidder.post("bids", {"call": call, "content": {**content, "offer": plan}})
        assert broken.status_code == 422
        await bidder.patch(path, {"content": content})
        assert plan in (await bidder.get(f"{path}/draft")).text
        marks = (title, plan, price, "287654321", "876543.21", "87654321")
        await bidding.assert_nowhere(*marks)
        sealed = await bidder.do(path, "seal")
        assert sealed["receipt"]
        assert not [mark for mark in marks if mark in await answers(bidder, path, f"{path}/history", "bids")]
        await bidding.assert_nowhere(*marks)


def stage_of_bidding() -> Any:
    """The acts that project-bidding's own tests are written with."""
    spec = importlib.util.spec_from_file_location(
        "stage_of_bidding", ROOT / "services" / "project-bidding" / "tests" / "conftest.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Stage
