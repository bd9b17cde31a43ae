"""Full-text search (全文检索) over organisations, and over every other list that takes `q`."""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from er_story import approver, city, county, integration, new_uscc
from sqlalchemy.dialects import postgresql

from enterprise_registry.service import SERVICE
from kechuang.http import facets, relevance
from kechuang.testing import Client, ServiceHarness

_numbers = count(1)
SEARCHED = sorted(each.name for each in SERVICE.resources if each.search)


@pytest.fixture
def own() -> str:
    """A word that only the names of one test have: ideographs, since a word of letters stands by itself."""
    return "".join(chr(0x8D00 + int(digit)) for digit in f"{next(_numbers):03}")


async def register(er: ServiceHarness, name: str, division: str = "440703", **more: Any) -> dict[str, Any]:
    body = {"uscc": new_uscc(division), "name": name, "kind": "enterprise", "division": division, **more}
    made: dict[str, Any] = await integration(er).make("organisations", body)
    return made


async def names(client: Client, q: str, **params: Any) -> list[str]:
    return [each["name"] for each in (await client.read("organisations", q=q, **params))["items"]]


class TestFinding:
    async def test_it_is_found_from_the_moment_it_is_registered_and_by_its_new_name_when_renamed(
        self, er: ServiceHarness, own: str
    ) -> None:
        made = await register(er, f"江门（{own}）精密制造有限公司")
        officer = county(er)
        for asked in (own, f"{own}精密", f"江门{own}", f"精密 {own}", f"（{own}）"):
            assert await names(officer, asked) == [made["name"]], asked
        assert await names(officer, f"{own}软件") == []
        await officer.do(f"organisations/{made['id']}", "rename", {"name": f"江门{own}软件股份有限公司"})
        assert await names(officer, f"{own}软件") == [f"江门{own}软件股份有限公司"]
        # The former name stays a way to it.
        assert await names(officer, f"{own}精密制造") == [f"江门{own}软件股份有限公司"]

    async def test_by_code_in_any_writing_by_the_organisation_code_in_it_by_address_and_number(
        self, er: ServiceHarness, own: str
    ) -> None:
        made = await register(er, f"{own}厂", address=f"江门市蓬江区{own[::-1]}路１２号")
        code, officer = made["uscc"], county(er)
        full_width = "".join(chr(ord(each) + 0xFEE0) for each in code)
        for asked in (code, code.lower(), full_width, code[8:17], f"{own[::-1]}路12号", made["number"]):
            assert await names(officer, asked) == [made["name"]], asked

    async def test_traditional_characters_find_simplified_ones_and_the_other_way_round(
        self, er: ServiceHarness, own: str
    ) -> None:
        simple = await register(er, f"{own}电机厂")
        traditional = await register(er, f"{own}電機廠")
        for asked in (f"{own}电机", f"{own}電機"):
            assert set(await names(county(er), asked)) == {simple["name"], traditional["name"]}

    async def test_one_character_and_words_of_letters_and_digits(self, er: ServiceHarness, own: str) -> None:
        made = await register(er, f"{own}LED5G照明厂")
        assert await names(county(er), f"{own} led") == [made["name"]]
        assert await names(county(er), f"{own} ＬＥＤ5g照明") == [made["name"]]
        assert await names(county(er), f"{own[-1]} {own}") == [made["name"]]

    async def test_a_question_without_a_letter_finds_nothing(self, er: ServiceHarness, own: str) -> None:
        await register(er, f"{own}厂")
        for asked in ("%", "_", "' | 'x", "（）", "&"):
            assert await names(county(er), asked) == []

    async def test_nobody_finds_what_lies_outside_his_sight(self, er: ServiceHarness, own: str) -> None:
        await register(er, f"{own}甲厂")
        elsewhere = await register(er, f"{own}乙厂", "440704")
        assert await names(county(er, "440704"), own) == [elsewhere["name"]]
        assert len(await names(city(er), own)) == 2

    async def test_filters_total_facets_and_export_say_the_same(self, er: ServiceHarness, own: str) -> None:
        for place, scale in (("440703", "small"), ("440703", "micro"), ("440704", "small")):
            await register(er, f"{own}{place}{scale}厂", place, scale=scale)
        officer = city(er)
        found = await officer.read("organisations", q=own, scale="small", include="total")
        assert (len(found["items"]), found["total"]) == (2, {"value": 2, "at_least": False})
        counted = await officer.read("organisations/facets", q=own, by="division")
        assert {each["value"]: each["count"] for each in counted["items"][0]["values"]} == {
            "440703": 2, "440704": 1,
        }  # fmt: skip
        exported = await approver(er).get("organisations/export", params={"q": own, "format": "ndjson"})
        assert exported.text.count(own) == 3

    async def test_a_change_and_its_lexemes_are_one_transaction(self, er: ServiceHarness, own: str) -> None:
        """Fifty readers at once never see the new name without finding it."""
        made = await register(er, f"{own}旧厂")
        officer = county(er)

        async def consistent() -> bool:
            found = (await officer.read("organisations", q=own))["items"]
            return bool(found)

        rename = officer.do(f"organisations/{made['id']}", "rename", {"name": f"{own}新厂"})
        seen = await asyncio.gather(rename, *(consistent() for _ in range(50)))
        assert all(seen[1:])
        assert await names(officer, f"{own}新厂") == [f"{own}新厂"]


class TestRanking:
    async def test_equal_first_then_beginning_then_the_greater_part_then_elsewhere(
        self, er: ServiceHarness, own: str
    ) -> None:
        await register(er, f"{own}之外", address=f"{own}路")
        expected = [own, f"{own}厂", f"{own}精密制造厂", f"新{own}厂", f"江门市新{own}精密制造厂"]
        for name in reversed(expected):
            await register(er, name)
        elsewhere = await register(er, "别处", address=f"在{own}路口")
        found = await names(county(er), own)
        assert [each for each in found if each != f"{own}之外"] == [*expected, elsewhere["name"]]

    async def test_an_equal_code_comes_first(self, er: ServiceHarness, own: str) -> None:
        first = await register(er, f"{own}甲厂")
        await register(er, f"{first['uscc']}的分公司")
        assert (await names(county(er), first["uscc"]))[0] == first["name"]

    @pytest.mark.parametrize("few", [2000, 3])
    async def test_pages_by_relevance_give_each_match_once_while_others_are_added(
        self, er: ServiceHarness, own: str, few: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both ways of ranking: of few matches one by one, of many by bands."""
        monkeypatch.setattr(relevance, "FEW", few)
        made = [own, *(f"{own}{n}厂" for n in range(5)), *(f"新{own}{n}厂" for n in range(5))]
        for name in made:
            await register(er, name)
        officer, found, cursor = county(er), [], None
        while True:
            page = await officer.read(
                "organisations", q=own, limit=2, **({"cursor": cursor} if cursor else {})
            )
            found += [each["name"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
            await register(er, f"{own}后来{len(found)}")
        assert len(found) == len(set(found))
        assert set(made) <= set(found)
        assert found[0] == own
        assert [each.startswith(own) for each in found] == sorted(
            (each.startswith(own) for each in found), reverse=True
        )

    async def test_other_sorts_hold_with_a_question_and_relevance_needs_one(
        self, er: ServiceHarness, own: str
    ) -> None:
        for name in ("丙", "甲", "乙"):
            await register(er, f"{own}{name}")
        officer = county(er)
        assert await names(officer, own, sort="number") == [f"{own}丙", f"{own}甲", f"{own}乙"]
        refused = await officer.get("organisations", params={"sort": "relevance"})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "relevance_needs_q")

    async def test_a_cursor_of_another_question_is_refused(self, er: ServiceHarness, own: str) -> None:
        for name in ("甲", "乙"):
            await register(er, f"{own}{name}")
        officer = county(er)
        cursor = (await officer.read("organisations", q=own, limit=1))["next_cursor"]
        for q, given in ((own[:2], cursor), (own, "eyJ4"), (own, cursor[:-4])):
            refused = await officer.get("organisations", params={"q": q, "cursor": given})
            assert (refused.status_code, refused.json()["code"]) == (400, "cursor_invalid"), q


class TestLists:
    async def test_by_rung_on_the_day(self, er: ServiceHarness, own: str) -> None:
        holder, other = await register(er, f"{own}甲厂"), await register(er, f"{own}乙厂")
        day = er.database.clock.today()
        await integration(er).make(
            "recognitions",
            {"organisation": holder["uscc"], "kind": "tech_sme", "issued_on": str(day)},
        )
        officer = county(er)
        for rung in ("tech_sme", "national-tech-sme/tech_sme", "hnte,national-tech-sme/tech_sme"):
            assert await names(officer, own, rung=rung) == [holder["name"]], rung
        assert await names(officer, own, rung="hnte") == []
        assert other["name"] in await names(officer, own)

    async def test_an_enterprise_lists_itself_without_a_look_at_the_others(
        self, er: ServiceHarness, own: str
    ) -> None:
        for name in ("甲", "乙"):
            made = await register(er, f"{own}{name}")
        own_people = er.client(roles=["enterprise_clerk"], organisation=made["uscc"])
        for sort in ("created_at", "-updated_at", "-number"):
            found = await own_people.read("organisations", sort=sort, include="total")
            assert [each["id"] for each in found["items"]] == [made["id"]]
            assert found["total"]["value"] == 1

    async def test_by_an_outside_systems_id(self, er: ServiceHarness, own: str) -> None:
        made = await register(er, own, external_ids=[{"system": "tax", "id": own}])
        await register(er, f"{own}二")
        found = await county(er).read("organisations", external_id=f"tax:{own}")
        assert [each["id"] for each in found["items"]] == [made["id"]]

    async def test_counts_of_very_many_are_estimated_and_say_so(
        self, er: ServiceHarness, own: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(40):
            await register(er, f"{own}{number}", scale="small" if number % 4 else "micro")
        owner = await asyncpg.connect(er.urls.owner)
        await owner.execute("ANALYZE organisation")
        await owner.close()
        monkeypatch.setattr(facets, "EXACT", 20)
        monkeypatch.setattr(facets, "SAMPLED", 20)
        found = (await county(er).read("organisations/facets", by="scale", q=own))["items"][0]
        assert found["estimated"]
        exact = (await county(er).read("organisations/facets", by="scale", q=f"{own} 39"))["items"][0]
        assert not exact["estimated"]
        assert [each["count"] for each in exact["values"]] == [1]


def _paths() -> Iterator[str]:
    yield from SEARCHED
    yield "enterprises"


class TestEveryList:
    @pytest.mark.parametrize("resource", list(_paths()))
    async def test_takes_a_question(self, er: ServiceHarness, resource: str) -> None:
        for asked in ("江", "江门", "江门 5g", "粤科函〔2024〕12号", "9144"):
            found = await city(er).get(resource, params={"q": asked, "include": "total"})
            assert found.status_code == 200, found.text

    async def test_a_question_is_served_by_the_index(self, er: ServiceHarness) -> None:
        for resource in SERVICE.resources:
            if not resource.search:
                continue
            async with er.database.read.connect() as conn:
                await conn.execute(sa.text("SET enable_seqscan = off"))
                plan = await conn.execute(_explain(resource.table))
                assert f"{resource.table.name}_search" in "\n".join(plan.scalars()), resource.name
                await conn.execute(sa.text("RESET enable_seqscan"))


def _explain(table: sa.Table) -> sa.TextClause:
    statement = sa.select(table.c.id).where(relevance.matching(table, "江门精密"))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return sa.text(f"EXPLAIN {compiled}".replace(":", "\\:"))
