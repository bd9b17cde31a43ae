"""One verb for many records: each one's own answer, one transaction, one key."""

import asyncio
from typing import Any

import httpx

from kechuang.ids import new_id
from kechuang.testing import Client, ServiceHarness

OWN, OTHER = "91440703MA0TEAT010", "91360404MA0TEAT01G"


def clerk(notes: ServiceHarness, organisation: str = OWN) -> Client:
    return notes.client(roles=["enterprise_clerk"], organisation=organisation)


def county(notes: ServiceHarness, name: str = "county", area: str = "440703") -> Client:
    return notes.client(roles=["county_officer"], areas=[area], subject=f"{name}-{area}")


async def drafts(client: Client, count: int) -> list[dict[str, Any]]:
    return [await client.make("notes", {"title": f"便条{number}"}) for number in range(count)]


async def submitted(client: Client, count: int) -> list[dict[str, Any]]:
    return [await client.do(f"notes/{each['id']}", "submit") for each in await drafts(client, count)]


def items(records: list[dict[str, Any]], *, versions: bool = False) -> list[dict[str, Any]]:
    return [{"id": each["id"]} | ({"version": each["version"]} if versions else {}) for each in records]


def statuses(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [each["status"] for each in answer.json()["items"]]


class TestEachRecord:
    async def test_all_are_done_and_answered_in_the_order_asked(self, notes: ServiceHarness) -> None:
        made = list(reversed(await drafts(clerk(notes), 3)))
        answer = await clerk(notes).post("notes/bulk/submit", {"items": items(made)})
        assert statuses(answer) == [200, 200, 200]
        body = answer.json()
        assert [each["id"] for each in body["items"]] == [each["id"] for each in made]
        assert {each["record"]["state"] for each in body["items"]} == {"submitted"}
        assert (body["done"], body["refused"]) == (3, 0)
        assert (await clerk(notes).read(f"notes/{made[0]['id']}"))["version"] == 2

    async def test_what_is_refused_leaves_nothing_and_says_what_the_verb_alone_would_say(
        self, notes: ServiceHarness
    ) -> None:
        [good, again] = await drafts(clerk(notes), 2)
        await clerk(notes).do(f"notes/{again['id']}", "submit")
        alone = await clerk(notes).post(f"notes/{again['id']}/submit")
        answer = await clerk(notes).post("notes/bulk/submit", {"items": items([again, good])})
        assert statuses(answer) == [409, 200]
        refused = answer.json()["items"][0]
        assert refused["record"] is None
        assert {**refused["problem"], "trace_id": None} == {**alone.json(), "trace_id": None}
        history = await clerk(notes).read(f"notes/{again['id']}/history")
        assert [each["verb"] for each in history["items"]] == ["create", "submit"]

    async def test_another_partys_record_is_404_like_one_that_is_not_there(
        self, notes: ServiceHarness
    ) -> None:
        [mine], [theirs] = await drafts(clerk(notes), 1), await drafts(clerk(notes, OTHER), 1)
        asked = [mine["id"], theirs["id"], new_id()]
        answer = await clerk(notes).post("notes/bulk/submit", {"items": [{"id": each} for each in asked]})
        assert statuses(answer) == [200, 404, 404]
        [_, hidden, absent] = [each["problem"] for each in answer.json()["items"]]
        assert (hidden["code"], hidden["detail"]) == (absent["code"], absent["detail"])
        assert (await clerk(notes, OTHER).read(f"notes/{theirs['id']}"))["state"] == "draft"

    async def test_a_record_outside_the_officers_place_is_404_and_a_wrong_role_is_403(
        self, notes: ServiceHarness
    ) -> None:
        [here] = await submitted(clerk(notes), 1)
        body = {"items": items([here], versions=True), "body": {}}
        assert statuses(await county(notes, area="440704").post("notes/bulk/decide", body)) == [404]
        assert (await clerk(notes).post("notes/bulk/decide", body)).status_code == 403
        assert (await notes.client().post("notes/bulk/decide", body)).status_code == 401

    async def test_a_deciding_verb_demands_each_version_and_refuses_old_ones(
        self, notes: ServiceHarness
    ) -> None:
        made = await submitted(clerk(notes), 3)
        [one, two, three] = items(made, versions=True)
        answer = await county(notes).post(
            "notes/bulk/decide",
            {"items": [one, {"id": two["id"]}, {**three, "version": 1}], "body": {"reason": "材料齐全。"}},
        )
        assert statuses(answer) == [200, 428, 412]
        codes = [each["problem"] and each["problem"]["code"] for each in answer.json()["items"]]
        assert codes == [None, "precondition_required", "stale_version"]
        history = await county(notes).read(f"notes/{one['id']}/history")
        assert history["items"][-1]["note"] == "材料齐全。"

    async def test_who_handled_one_of_them_decides_the_others(self, notes: ServiceHarness) -> None:
        [mine, free] = await submitted(clerk(notes), 2)
        handled = await county(notes).do(f"notes/{mine['id']}", "handle")
        body = {"items": items([handled, free], versions=True)}
        answer = await county(notes).post("notes/bulk/decide", body)
        assert statuses(answer) == [409, 200]
        assert answer.json()["items"][0]["problem"]["code"] == "handler_does_not_decide"


class TestTheCommand:
    async def test_two_hundred_are_taken_and_one_more_is_refused(self, notes: ServiceHarness) -> None:
        made = await drafts(clerk(notes), 200)
        more = [*items(made), {"id": new_id()}]
        refused = await clerk(notes).post("notes/bulk/submit", {"items": more})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/items"
        answer = await clerk(notes).post("notes/bulk/submit", {"items": items(made)})
        assert statuses(answer) == [200] * 200
        assert (await clerk(notes).post("notes/bulk/submit", {"items": []})).status_code == 422

    async def test_a_record_named_twice_and_an_unknown_field_are_refused(self, notes: ServiceHarness) -> None:
        [made] = await drafts(clerk(notes), 1)
        twice = await clerk(notes).post("notes/bulk/submit", {"items": items([made, made])})
        assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (422, "/items/1/id")
        odd = await clerk(notes).post("notes/bulk/submit", {"items": items([made]), "body": {}})
        assert (odd.status_code, odd.json()["errors"][0]["pointer"]) == (422, "/body")
        assert (await clerk(notes).read(f"notes/{made['id']}"))["state"] == "draft"

    async def test_the_key_is_demanded_and_replays_the_first_answer(self, notes: ServiceHarness) -> None:
        made = await drafts(clerk(notes), 3)
        body = {"items": items(made)}
        without = await clerk(notes).http.post("/api/v1/notes/bulk/submit", json=body)
        assert (without.status_code, without.json()["code"]) == (428, "idempotency_key_required")
        key = new_id()
        copies = await asyncio.gather(
            *(clerk(notes).post("notes/bulk/submit", body, key=key) for _ in range(8))
        )
        assert {each.status_code for each in copies} == {200}
        assert len({each.content for each in copies}) == 1
        assert statuses(copies[0]) == [200] * 3
        assert (await clerk(notes).read(f"notes/{made[0]['id']}"))["version"] == 2
        other = await clerk(notes).post("notes/bulk/submit", {"items": items(made[:1])}, key=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    async def test_a_dry_run_answers_the_same_and_changes_nothing(self, notes: ServiceHarness) -> None:
        [one, two] = await drafts(clerk(notes), 2)
        await clerk(notes).do(f"notes/{two['id']}", "submit")
        tried = await clerk(notes).http.post(
            "/api/v1/notes/bulk/submit", params={"dry_run": "true"}, json={"items": items([one, two])}
        )
        assert statuses(tried) == [200, 409]
        assert tried.headers["x-dry-run"] == "true"
        assert (await clerk(notes).read(f"notes/{one['id']}"))["state"] == "draft"
        before = await notes.events("work-item")
        answer = await clerk(notes).post("notes/bulk/submit", {"items": items([one, two])})
        assert statuses(answer) == statuses(tried)
        assert len(await notes.events("work-item")) == len(before) + 1

    async def test_two_commands_over_the_same_records_do_each_record_once(
        self, notes: ServiceHarness
    ) -> None:
        made = await submitted(clerk(notes), 20)
        forth, back = items(made, versions=True), items(made[::-1], versions=True)
        one, two = await asyncio.gather(
            county(notes, "first").post("notes/bulk/decide", {"items": forth}),
            county(notes, "second").post("notes/bulk/decide", {"items": back}),
        )
        done = [
            each["id"] for answer in (one, two) for each in answer.json()["items"] if each["status"] == 200
        ]
        assert sorted(done) == sorted(each["id"] for each in made)
        assert set(statuses(one) + statuses(two)) <= {200, 409, 412}

    async def test_a_held_record_is_busy_and_the_others_do_not_wait_for_it(
        self, notes: ServiceHarness
    ) -> None:
        [held, free] = await drafts(clerk(notes), 2)
        async with notes.unit() as uow:
            await sys_notes().load(uow, held["id"], "submit")
            answer = await clerk(notes).post("notes/bulk/submit", {"items": items([held, free])})
        assert statuses(answer) == [409, 200]
        assert answer.json()["items"][0]["problem"]["code"] == "busy"

    def test_the_specification_has_one_operation_for_each_verb(self, notes: ServiceHarness) -> None:
        paths = notes.app.openapi()["paths"]
        bulk = paths["/api/v1/notes/bulk/decide"]["post"]
        assert (bulk["operationId"], bulk["x-action"]) == ("bulk_decide_notes", "notes:decide")
        named = {each["$ref"].rpartition("/")[2] for each in bulk["parameters"]}
        assert named == {"AcceptLanguage", "IdempotencyKeyRequired", "DryRun"}
        assert "/api/v1/notes/bulk/update" not in paths


def sys_notes() -> Any:
    import sys

    return sys.modules["kechuang_toy"].notes
