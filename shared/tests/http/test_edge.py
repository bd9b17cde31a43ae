"""The HTTP edge: what every operation of every service does with good and bad requests."""

import asyncio
import base64
import json
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kechuang.telemetry import traces
from kechuang.testing import Client, ServiceHarness, token

OWN, OTHER = "91440703MA0TEAT010", "91360404MA0TEAT01G"


def clerk(notes: ServiceHarness, organisation: str = OWN, **more: Any) -> Client:
    return notes.client(roles=["enterprise_clerk"], organisation=organisation, **more)


def county(notes: ServiceHarness, area: str = "440703", name: str = "county") -> Client:
    return notes.client(roles=["county_officer"], areas=[area], subject=f"{name}-{area}")


def _unsigned() -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part({'sub': 'somebody', 'aud': 'kechuang'})}."


class TestTokens:
    @pytest.mark.parametrize(
        ("made", "code"),
        [
            (lambda: "not-a-token", "token_invalid"),
            (lambda: token(exp=1), "token_expired"),
            (lambda: token(aud="another-system"), "token_audience"),
            (lambda: token(iss="http://elsewhere"), "token_issuer"),
            (lambda: token(nbf=4_102_444_800), "token_not_yet_valid"),
            (lambda: token(key=RSAKey.generate_key(2048, {"kid": "test"}, private=True)), "token_invalid"),
            (lambda: token(key=OctKey.import_key(b"k" * 32), algorithm="HS256"), "token_invalid"),
            (lambda: token(sub=""), "token_invalid"),
            (_unsigned, "token_invalid"),
        ],
    )
    async def test_a_token_that_does_not_verify_is_401(
        self, notes: ServiceHarness, made: Any, code: str
    ) -> None:
        public = notes.client()
        answer = await public.get("notes", headers={"Authorization": f"Bearer {made()}"})
        assert answer.status_code == 401
        assert answer.json()["code"] == code
        assert answer.headers["www-authenticate"].startswith("Bearer")

    async def test_no_token_is_401_and_a_wrong_role_is_403(self, notes: ServiceHarness) -> None:
        assert (await notes.client().get("notes")).status_code == 401
        assert (await notes.client(roles=["bank"]).get("notes")).status_code == 403


class TestBadInput:
    async def test_malformed_json_is_400(self, notes: ServiceHarness) -> None:
        answer = await clerk(notes).http.post("/api/v1/notes", content=b'{"title": ', headers=JSON)
        assert answer.status_code == 400
        assert answer.json()["code"] == "malformed_json"

    async def test_a_body_that_is_no_utf8_is_no_500(self, notes: ServiceHarness) -> None:
        answer = await clerk(notes).http.post("/api/v1/notes", content=b'{"title": "\xff\xfe"}', headers=JSON)
        assert answer.status_code in (400, 422)

    async def test_unknown_fields_wrong_types_and_bounds_come_all_at_once(
        self, notes: ServiceHarness
    ) -> None:
        answer = await clerk(notes).post("notes", {"titel": "x", "title": 5, "amount": 3.5, "division": "x"})
        assert answer.status_code == 422
        pointers = {each["pointer"] for each in answer.json()["errors"]}
        assert pointers == {"/titel", "/title", "/amount", "/division"}

    async def test_a_text_with_a_nul_character_is_no_500(self, notes: ServiceHarness) -> None:
        answer = await clerk(notes).post("notes", {"title": "a\u0000b"})
        assert answer.status_code == 422

    async def test_a_huge_body_is_413_declared_or_not(self, notes: ServiceHarness) -> None:
        declared = await clerk(notes).http.post("/api/v1/notes", content=b"x" * 100_001, headers=JSON)

        async def chunks() -> Any:
            for _ in range(11):
                yield b"x" * 10_000

        streamed = await clerk(notes).http.post("/api/v1/notes", content=chunks(), headers=JSON)
        assert (declared.status_code, streamed.status_code) == (413, 413)
        assert declared.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("cursor=nonsense", 400), ("cursor=%F0%9F%98%80", 400), ("limit=0", 422), ("limit=201", 422),
            ("sort=secret", 422), ("colour=red", 422), ("created_from=yesterday", 422),
        ],
    )  # fmt: skip
    async def test_bad_queries_name_themselves(self, notes: ServiceHarness, query: str, status: int) -> None:
        answer = await clerk(notes).get(f"notes?{query}")
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_the_language_follows_the_caller(self, notes: ServiceHarness) -> None:
        zh = await clerk(notes).get("notes/absent")
        en = await clerk(notes).get("notes/absent", headers={"Accept-Language": "en"})
        assert zh.json()["title"] == "未找到"
        assert en.json()["title"] == "Not found"
        assert zh.headers["content-language"] == "zh-CN"


JSON = {"Content-Type": "application/json"}


class TestVersions:
    async def test_a_change_without_if_match_is_428_and_a_stale_one_412(self, notes: ServiceHarness) -> None:
        mine = clerk(notes)
        note = await mine.make("notes", {"title": "一", "amount": "12.30"})
        path = f"/api/v1/notes/{note['id']}"
        assert (await mine.http.patch(path, json={"title": "二"})).status_code == 428
        changed = await mine.patch(f"notes/{note['id']}", {"title": "二"})
        assert (changed["title"], changed["amount"], changed["version"]) == ("二", "12.30", 2)
        stale = await mine.http.patch(path, json={"title": "三"}, headers={"If-Match": '"1.00"'})
        assert stale.status_code == 412
        assert stale.json()["current_version"] == 2
        cleared = await mine.patch(f"notes/{note['id']}", {"amount": None})
        assert cleared["amount"] is None
        refused = await mine.http.patch(path, json={"title": None}, headers={"If-Match": '"3.00"'})
        assert refused.status_code == 422

    async def test_an_unchanged_record_is_304(self, notes: ServiceHarness) -> None:
        mine = clerk(notes)
        note = await mine.make("notes", {"title": "一"})
        first = await mine.get(f"notes/{note['id']}")
        again = await mine.get(f"notes/{note['id']}", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        assert "Authorization" in again.headers["vary"]

    async def test_a_dry_run_checks_everything_and_changes_nothing(self, notes: ServiceHarness) -> None:
        mine = clerk(notes)
        note = await mine.make("notes", {"title": "一"})
        tried = await mine.post(f"notes/{note['id']}/submit?dry_run=true")
        assert (tried.status_code, tried.json()["state"]) == (200, "submitted")
        assert (await mine.read(f"notes/{note['id']}"))["state"] == "draft"
        history = await mine.read(f"notes/{note['id']}/history")
        assert len(history["items"]) == 1


class TestIdempotency:
    async def test_the_same_key_gives_the_first_answer_again(self, notes: ServiceHarness) -> None:
        mine = clerk(notes)
        first = await mine.post("notes", {"title": "一"}, key="k-1")
        again = await mine.post("notes", {"title": "一"}, key="k-1")
        assert first.content == again.content
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["location"] == first.headers["location"]

    async def test_the_same_key_with_another_body_is_422(self, notes: ServiceHarness) -> None:
        mine = clerk(notes)
        await mine.post("notes", {"title": "一"}, key="k-2")
        answer = await mine.post("notes", {"title": "二"}, key="k-2")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    async def test_keys_of_different_callers_do_not_meet(self, notes: ServiceHarness) -> None:
        one = await clerk(notes).post("notes", {"title": "一"}, key="k-3")
        two = await clerk(notes, OTHER).post("notes", {"title": "一"}, key="k-3")
        assert one.json()["id"] != two.json()["id"]

    async def test_a_refused_request_does_not_use_up_its_key(self, notes: ServiceHarness) -> None:
        mine = clerk(notes)
        assert (await mine.post("notes", {"title": ""}, key="k-4")).status_code == 422
        assert (await mine.post("notes", {"title": "一"}, key="k-4")).status_code == 201

    async def test_twenty_at_once_make_one(self, notes: ServiceHarness) -> None:
        mine = clerk(notes)
        answers = await asyncio.gather(*(mine.post("notes", {"title": "同时"}, key="k-5") for _ in range(20)))
        assert {each.status_code for each in answers} == {201}
        assert len({each.content for each in answers}) == 1


class TestDeciding:
    async def test_who_handled_does_not_decide_and_one_of_two_wins(self, notes: ServiceHarness) -> None:
        note = await clerk(notes).make("notes", {"title": "一"})
        await clerk(notes).do(f"notes/{note['id']}", "submit")
        handler, approver = county(notes), county(notes, name="approver")
        await handler.do(f"notes/{note['id']}", "handle")
        tag = (await approver.get(f"notes/{note['id']}")).headers["etag"]
        own = await handler.post(f"notes/{note['id']}/decide", headers={"If-Match": tag})
        assert own.json()["code"] == "handler_does_not_decide"
        actions = {
            each["verb"]: each for each in (await handler.read(f"notes/{note['id']}/actions"))["items"]
        }
        assert not actions["decide"]["allowed"]
        assert actions["decide"]["reasons"][0]["code"] == "handler_does_not_decide"
        missing = await approver.http.post(
            f"/api/v1/notes/{note['id']}/decide", json={}, headers={"If-Match": tag}
        )
        assert missing.json()["code"] == "idempotency_key_required"
        answers = await asyncio.gather(
            *(approver.post(f"notes/{note['id']}/decide", headers={"If-Match": tag}) for _ in range(2))
        )
        assert sorted(each.status_code for each in answers) == [200, 409]

    async def test_a_state_that_forbids_says_what_is_allowed(self, notes: ServiceHarness) -> None:
        note = await clerk(notes).make("notes", {"title": "一"})
        await clerk(notes).do(f"notes/{note['id']}", "submit")
        again = await clerk(notes).post(f"notes/{note['id']}/submit")
        assert again.status_code == 409
        assert (again.json()["state"], again.json()["allowed"]) == ("submitted", ["handle", "decide"])


class TestSight:
    async def test_another_party_sees_what_is_absent(self, notes: ServiceHarness) -> None:
        note = await clerk(notes).make("notes", {"title": "秘密"})
        hidden = await clerk(notes, OTHER).get(f"notes/{note['id']}")
        absent = await clerk(notes, OTHER).get("notes/00000000-0000-7000-8000-000000000000")
        assert hidden.status_code == absent.status_code == 404
        for each in (hidden, absent):
            body = each.json()
            body.pop("trace_id"), body.pop("instance")
            assert body == {
                "type": "/problems/not_found", "title": "未找到", "status": 404, "detail": "未找到该便条。",
                "code": "not_found",
            }  # fmt: skip
        assert (await clerk(notes, OTHER).post(f"notes/{note['id']}/submit")).status_code == 404

    async def test_a_feed_is_gap_free_and_tells_of_removal_from_sight(self, notes: ServiceHarness) -> None:
        reader = county(notes, "440781")
        mine = clerk(notes)
        made = [await mine.make("notes", {"title": f"第{n}条", "division": "440781"}) for n in range(5)]
        for each in made:
            await mine.do(f"notes/{each['id']}", "submit")
        await notes.seal()
        first = await reader.read("notes/changes", limit=3)
        rest = await reader.read("notes/changes", cursor=first["next_cursor"])
        assert [each["id"] for each in [*first["items"], *rest["items"]]] == [each["id"] for each in made]
        async with notes.unit() as uow:
            note = await toy().notes.lookup_one(uow, lock=True, id=made[0]["id"])
            assert note is not None
            await toy().notes.change(uow, note, "handle", division="440785", city="440799")
        await notes.seal()
        later = await reader.read("notes/changes", cursor=rest["next_cursor"])
        assert [(each["op"], each["id"], each["record"]) for each in later["items"]] == [
            ("removed", made[0]["id"], None)
        ]

    async def test_what_is_not_logged_is_not_in_history(self, notes: ServiceHarness) -> None:
        note = await clerk(notes).make("notes", {"title": "一", "secret": "标记-7f3a"})
        history = await clerk(notes).get(f"notes/{note['id']}/history")
        assert "标记-7f3a" not in history.text
        assert history.json()["items"][0]["changes"]["secret"] == "***"


def toy() -> Any:
    import sys

    return sys.modules["kechuang_toy"]


class TestPaging:
    async def test_pages_neither_repeat_nor_skip_while_rows_are_added(self, notes: ServiceHarness) -> None:
        mine = clerk(notes, "91420804MA0TEAT01B")
        made = [(await mine.make("notes", {"title": f"{n:02d}"}))["id"] for n in range(25)]
        seen: list[str] = []
        page = await mine.read("notes", limit=10, include="total")
        assert page["total"] == {"value": 25, "at_least": False}
        while True:
            seen += [each["id"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            await mine.make("notes", {"title": "后来的"})
            page = await mine.read("notes", limit=10, cursor=page["next_cursor"])
        assert seen == made[::-1]

    async def test_a_cursor_of_another_filter_is_refused(self, notes: ServiceHarness) -> None:
        mine = clerk(notes, "91420804MA0TEAT01B")
        page = await mine.read("notes", limit=1)
        answer = await mine.get("notes", params={"cursor": page["next_cursor"], "state": "draft"})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_a_request_and_its_transaction_are_spans_of_the_callers_trace(notes: ServiceHarness) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traces.install_provider(provider)
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    try:
        header = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
        answer = await clerk(notes).post("notes", {"title": "试制"}, headers=header)
    finally:
        traces.install_provider(None)
    assert answer.status_code == 201, answer.text
    transaction, request = exporter.get_finished_spans()
    assert (transaction.name, request.name) == ("unit of work", "POST /notes")
    assert {f"{each.context.trace_id:032x}" for each in (transaction, request)} == {trace_id}
    assert transaction.parent is not None
    assert transaction.parent.span_id == request.context.span_id
