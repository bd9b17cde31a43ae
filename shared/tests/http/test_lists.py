"""Lists: what may be done with each item, counts beside them, days from and to."""

from collections import Counter
from datetime import date
from typing import Any

import pytest

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.testing import Client, ServiceHarness

OTHER = "91360404MA0TEAT01G"


@pytest.fixture
def own(request: pytest.FixtureRequest) -> str:
    """An organisation for this test alone, so that its lists hold its own notes only."""
    from random import Random

    return synthetic_uscc(Random(request.node.name))


def clerk(notes: ServiceHarness, organisation: str) -> Client:
    return notes.client(roles=["enterprise_clerk"], organisation=organisation)


def county(notes: ServiceHarness, area: str = "440703") -> Client:
    return notes.client(roles=["county_officer"], areas=[area], subject=f"county-{area}")


async def some(client: Client, **fields: Any) -> dict[str, Any]:
    return await client.make("notes", {"title": "便条", **fields})


class TestActions:
    async def test_each_item_has_the_same_actions_as_the_record_itself(
        self, notes: ServiceHarness, own: str
    ) -> None:
        one, two = await some(clerk(notes, own)), await some(clerk(notes, own))
        await clerk(notes, own).do(f"notes/{two['id']}", "submit")
        for client in (clerk(notes, own), county(notes)):
            listed = await client.read("notes", organisation=own, include="actions")
            for item in listed["items"]:
                alone = await client.read(f"notes/{item['id']}/actions")
                assert item.pop("actions") == alone["items"]
                assert item == await client.read(f"notes/{item['id']}")
        mine = await clerk(notes, own).read("notes", include="actions", sort="created_at")
        assert [[each["verb"] for each in item["actions"] if each["allowed"]] for item in mine["items"]] == [
            ["update", "submit"], [],
        ]  # fmt: skip
        assert one["id"] == mine["items"][0]["id"]

    async def test_actions_and_total_come_together_and_only_when_asked(
        self, notes: ServiceHarness, own: str
    ) -> None:
        await some(clerk(notes, own))
        both = await clerk(notes, own).read("notes", include="total,actions")
        assert (both["total"]["value"], len(both["items"][0]["actions"])) == (1, 2)
        neither = await clerk(notes, own).read("notes")
        assert neither["total"] is None
        assert "actions" not in neither["items"][0]
        assert (await clerk(notes, own).get("notes", params={"include": "history"})).status_code == 422

    async def test_the_resource_says_who_may_create_import_and_export(
        self, notes: ServiceHarness, own: str
    ) -> None:
        for client, expected in (
            (clerk(notes, own), {"create": True, "import": True, "export": True}),
            (county(notes), {"create": False, "import": False, "export": True}),
        ):
            offered = (await client.read("notes/actions"))["items"]
            assert {each["verb"]: each["allowed"] for each in offered} == expected
            assert all(each["allowed"] or each["reasons"][0]["code"] == "not_permitted" for each in offered)
        operations = {
            each["operationId"] for path in notes.app.openapi()["paths"].values() for each in path.values()
        }
        assert {each["operation_id"] for each in offered} == {"create_note", "import_notes", "export_notes"}
        assert {each["operation_id"] for each in offered} <= operations

    def test_the_specification_describes_an_items_actions(self, notes: ServiceHarness) -> None:
        page = notes.app.openapi()["components"]["schemas"]["ListPage_NoteOut_"]
        [record, more] = page["properties"]["items"]["items"]["allOf"]
        assert record == {"$ref": "#/components/schemas/NoteOut"}
        assert more["properties"]["actions"]["items"] == {"$ref": "#/components/schemas/Action"}


class TestFacets:
    async def test_they_count_what_the_list_holds(self, notes: ServiceHarness, own: str) -> None:
        mine = clerk(notes, own)
        for title, division in (("甲", "440703"), ("甲", "440703"), ("乙", "440704")):
            await some(mine, title=title, division=division)
        last = await some(mine, title="乙")
        await mine.do(f"notes/{last['id']}", "submit")
        found = (await mine.read("notes/facets", by="state,division,title"))["items"]
        assert [each["by"] for each in found] == ["state", "division", "title"]
        counted = {each["by"]: {one["value"]: one["count"] for one in each["values"]} for each in found}
        listed = (await mine.read("notes"))["items"]
        assert counted == {
            name: dict(Counter(each[name] for each in listed)) for name in ("state", "division", "title")
        }
        assert counted["division"] == {"440703": 3, "440704": 1}
        labels = {one["value"]: one["label"] for each in found for one in each["values"]}
        assert (labels["draft"], labels["440703"]) == ("草稿", "蓬江区")

    async def test_they_obey_the_lists_filters_and_the_callers_sight(
        self, notes: ServiceHarness, own: str
    ) -> None:
        await some(clerk(notes, own), title="甲")
        await some(clerk(notes, OTHER), title="甲")
        by_title = await clerk(notes, own).read("notes/facets", by="state", title="甲,丙")
        assert by_title["items"][0]["values"] == [{"value": "draft", "label": "草稿", "count": 1}]
        hidden = await county(notes).read("notes/facets", by="state", organisation=own)
        assert hidden["items"][0]["values"] == []

    @pytest.mark.parametrize("by", ["secret", "state,sight", "id", ""])
    async def test_nothing_else_can_be_counted_by(self, notes: ServiceHarness, own: str, by: str) -> None:
        answer = await clerk(notes, own).get("notes/facets", params={"by": by})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#query/by")


class TestDays:
    async def test_a_declared_date_is_asked_from_a_day_to_a_day(
        self, notes: ServiceHarness, own: str
    ) -> None:
        mine = clerk(notes, own)
        for day in ("2024-02-29", "2024-03-01", "2024-03-31", None):
            await some(mine, due_on=day)

        async def due(**asked: str) -> list[str]:
            return [each["due_on"] for each in (await mine.read("notes", sort="number", **asked))["items"]]

        assert await due(due_on_from="2024-03-01", due_on_to="2024-03-31") == ["2024-03-01", "2024-03-31"]
        assert await due(due_on_to="2024-02-29") == ["2024-02-29"]
        assert await due(due_on_from="2024-04-01") == []
        assert (await mine.get("notes", params={"due_on_from": "März"})).status_code == 422

    async def test_the_days_of_making_and_changing_are_shanghais(
        self, notes: ServiceHarness, own: str
    ) -> None:
        mine = clerk(notes, own)
        await some(mine)
        today = notes.database.clock.today()
        assert len((await mine.read("notes", updated_from=today, updated_to=today))["items"]) == 1
        assert (await mine.read("notes", updated_to=date(2000, 1, 1)))["items"] == []
