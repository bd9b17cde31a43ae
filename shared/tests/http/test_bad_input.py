"""Classes of input that no honest client sends, and what each is answered; on the toy service of this folder."""

import base64
import json
import re
from datetime import date
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError, model_validator

from kechuang.http.bounds import LARGEST
from kechuang.http.schemas import Input, merge_patch
from kechuang.testing import Client, ServiceHarness

OWN = "91440703MA0TEAT010"
JSON = {"Content-Type": "application/json"}
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def clerk(notes: ServiceHarness) -> Client:
    """Somebody who may draft notes."""
    return notes.client(roles=["enterprise_clerk"], organisation=OWN)


class TestTexts:
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (rb'{"title": "\ud800"}', 422, "unpaired_surrogate"),
            (rb'{"title": "\ud83d\ud83d\ude00"}', 422, "unpaired_surrogate"),
            (rb'{"title": "\ude00\ud83d"}', 422, "unpaired_surrogate"),
            (rb'{"\udfff": 1}', 422, "unpaired_surrogate"),
            (b'{"title": "\xed\xa0\x80"}', 400, "malformed_json"),  # a surrogate in the guise of UTF-8
            (b'{"title": "\xff"}', 400, "malformed_json"),
            ('{"title": "一"}'.encode("utf-16"), 400, "malformed_json"),
            ('{"title": "\\u0000"}'.encode("utf-16-le"), 400, "malformed_json"),
            (rb'{"title": "\u0000"}', 422, "nul_character"),
        ],
    )
    async def test_what_is_no_text_is_refused(
        self, clerk: Client, body: bytes, status: int, code: str
    ) -> None:
        answer = await clerk.http.post("/api/v1/notes", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    @pytest.mark.parametrize(
        ("body", "title"),
        [
            (rb'{"title": "\ud83d\ude00"}', "😀"),
            (rb'{"title": "C:\\ud800\\u0000"}', r"C:\ud800\u0000"),
            (b'\xef\xbb\xbf{"title": "\xe4\xb8\x80"}', "一"),
        ],
    )
    async def test_what_only_looks_like_it_is_taken(self, clerk: Client, body: bytes, title: str) -> None:
        answer = await clerk.http.post("/api/v1/notes", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["title"]) == (201, title)


class TestBounds:
    @pytest.mark.parametrize("day", ["0001-01-01", "1799-12-31", "2200-01-01", "9999-12-31"])
    async def test_a_day_that_calendars_do_not_reach_is_refused_by_field(
        self, clerk: Client, day: str
    ) -> None:
        body = await clerk.post("notes", {"title": "一", "due_on": day})
        query = await clerk.get(f"notes?due_on_to={day}&created_from={day}")
        for answer, pointers in ((body, {"/due_on"}), (query, {"#query/due_on_to", "#query/created_from"})):
            assert answer.status_code == 422, answer.text
            assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} == {
                (pointer, "day_out_of_range") for pointer in pointers
            }

    def test_every_field_has_the_bounds_wherever_the_day_or_the_number_stands(self) -> None:
        class Inner(Input):
            day: date

        class Body(Input):
            day: date | None = None
            days: list[date] = Field(default_factory=list)
            count: int = 0
            most: Annotated[int, Field(ge=0)] = 0
            by: dict[str, int] = Field(default_factory=dict)
            either: int | str = 0
            inner: Inner | None = None
            anything: dict[str, Any] = Field(default_factory=dict)

            @model_validator(mode="after")
            def _wrapped(self) -> "Body":
                return self

        @merge_patch
        class Patch(Body):
            pass

        late, large = "9999-12-31", LARGEST + 1
        sent: dict[str, Any] = {
            "day": late, "days": [late], "count": large, "most": large, "by": {"a": large}, "either": large,
            "inner": {"day": late},
            "anything": {"large": [large], "nan": float("nan"), "deep": json.loads("[" * 40 + "]" * 40), "fits": [[1.5]]},
        }  # fmt: skip
        for model in (Body, Patch):
            with pytest.raises(ValidationError) as refused:
                model.model_validate(sent)
            found = {each["loc"] for each in refused.value.errors() if each["type"] != "string_type"}
            assert found == {
                ("day",), ("days", 0), ("count",), ("most",), ("by", "a"), ("either", "int"), ("inner", "day"),
                ("anything", "large"), ("anything", "nan"), ("anything", "deep"),
            }  # fmt: skip
        assert Body.model_validate({"day": "2199-12-31", "count": LARGEST}).count == LARGEST


class TestParameters:
    @pytest.mark.parametrize(
        ("query", "pointer"),
        [("dry-run=true", "dry-run"), ("dryrun=true", "dryrun"), ("dry_run=yes", "dry_run"), ("x=1", "x")],
    )
    async def test_a_misspelled_dry_run_is_not_done_in_earnest(
        self, clerk: Client, query: str, pointer: str
    ) -> None:
        note = await clerk.make("notes", {"title": "一"})
        answer = await clerk.post(f"notes/{note['id']}/submit?{query}")
        assert answer.status_code == 422
        assert [each["pointer"] for each in answer.json()["errors"]] == [f"#query/{pointer}"]
        assert (await clerk.read(f"notes/{note['id']}"))["state"] == "draft"

    async def test_what_a_reading_does_not_take_is_refused_too(self, clerk: Client) -> None:
        note = await clerk.make("notes", {"title": "一"})
        for path in (f"notes/{note['id']}", f"notes/{note['id']}/history", "notes", "notes/facets"):
            answer = await clerk.get(path, params={"by": "state", "colour": "red"})
            pointers = {each["pointer"] for each in answer.json()["errors"]}
            assert (answer.status_code, "#query/colour" in pointers) == (422, True)


class TestCursors:
    @pytest.mark.parametrize("sort", ["created_at", "title"])
    async def test_a_changed_cursor_is_refused(self, clerk: Client, sort: str) -> None:
        for title in ("一", "二"):
            await clerk.make("notes", {"title": title})
        given = (await clerk.read("notes", limit=1, sort=sort))["next_cursor"]
        binding, value, record_id = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        for odd in (
            [binding, "\x00", record_id], [binding, value, "\x00"], [binding, 2**64 - 1, record_id],
            [binding, None, record_id], [binding, [value], record_id], [binding, value, 5], [binding, value],
            ["other", value, record_id], {"a": 1}, [binding, "0001-01-01T00:00:00+23:59", 1],
        ):  # fmt: skip
            cursor = base64.urlsafe_b64encode(json.dumps(odd).encode()).decode()
            answer = await clerk.get("notes", params={"cursor": cursor.rstrip("="), "limit": 1, "sort": sort})
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid"), odd

    async def test_an_instant_without_a_zone_is_no_defect(self, clerk: Client) -> None:
        for title in ("一", "二"):
            await clerk.make("notes", {"title": title})
        given = (await clerk.read("notes", limit=1))["next_cursor"]
        binding, _, record_id = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        changed = json.dumps([binding, "2024-03-01T00:00:00", record_id]).encode()
        answer = await clerk.get(
            "notes", params={"cursor": base64.urlsafe_b64encode(changed).decode().rstrip("="), "limit": 1}
        )
        assert answer.status_code == 200

    @pytest.mark.parametrize("position", [2**63, 2**64 - 1, "1", None, 1.5])
    async def test_a_position_that_no_feed_has_is_refused(self, clerk: Client, position: Any) -> None:
        cursor = base64.urlsafe_b64encode(json.dumps(["feed", position, ""]).encode()).decode().rstrip("=")
        answer = await clerk.get("notes/changes", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


class TestLanguages:
    async def test_every_finding_is_said_in_the_callers_language_alone(self, clerk: Client) -> None:
        wrong = {"title": 5, "amount": 3.5, "division": "x", "due_on": "gestern", "attachments": {}, "x": 1}
        chinese = (await clerk.post("notes", wrong, headers={"Accept-Language": "zh-CN"})).json()
        english = (await clerk.post("notes", wrong, headers={"Accept-Language": "en"})).json()
        assert len(chinese["errors"]) == len(english["errors"]) == len(wrong)
        for each in chinese["errors"]:
            assert CHINESE.search(each["detail"]), each
            assert "Input should" not in each["detail"]
        assert not CHINESE.search(str(english))

    async def test_a_body_too_large_is_too(self, clerk: Client) -> None:
        for language, is_chinese in (("zh-CN", True), ("en", False)):
            headers = JSON | {"Accept-Language": language}
            answer = await clerk.http.post("/api/v1/notes", content=b"x" * 100_001, headers=headers)
            assert answer.status_code == 413
            assert answer.headers["content-language"] == language
            assert bool(CHINESE.search(answer.json()["detail"])) == is_chinese


class TestSpecification:
    def test_it_names_the_fields_as_they_are_sent(self, notes: ServiceHarness) -> None:
        note = notes.app.openapi()["components"]["schemas"]["NoteOut"]
        assert note["properties"]["amount"]["title"] == "Amount"
        assert "amount" in note["required"]
        assert "amount_fen" not in str(note)
