"""Bad input to every operation of every service, read from the specifications that they publish.

For each operation of the OpenAPI document: wrong ids, wrong parameters by their declared kind, wrong headers, bodies
that are no JSON, and every field of the body replaced by something else. Whatever is sent, the answer is one that the
operation documents, fits its schema, and is a problem in the caller's language where it refuses; never a 5xx. The
values are drawn from lists with a seed, so that an operation gets a handful and all operations together get them all.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa

from kechuang.http.paging import Cursor, encode_position
from kechuang.testing import ServiceHarness

if TYPE_CHECKING:
    from conftest import Op, Walk

ABSENT = "00000000-0000-7000-8000-000000000000"

IDS = [
    "x", "x" * 64, "x" * 65, "x" * 5000, "%ff", "%ED%A0%80", "%F0%9F%98%80", "..%2f..", "%25", "%20", "null", "'",
    "%0a", "%2500", "er_" + "0" * 36, "er_" + ABSENT, "0", "%00", ABSENT,
]  # fmt: skip
PARAMETERS = [
    "", " ", ",", ",,a", "x", "x" * 5000, "\ud800", "😀", "'", "%", "\\", "-1", "0", "9" * 20, "2147483648", "1e3",
    "NaN", "0000-01-01", "0001-01-01", "9999-12-31", "2024-02-30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00",
    "true", "None", "*", "../..", "a:b:c", "１２", "²", "2024", "0000", "10000-01-01", "\x00", "0000-Q1",
]  # fmt: skip
BODIES = [
    b"", b"null", b"[]", b'"x"', b"1", b'{"a": "\xff"}', b'{"a": ', b"[" * 50_000, b'{"a":' * 20_000,
    b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": ' + b"9" * 5000 + b"}", rb'{"\ud800": "\ud800"}',
    rb'{"\u0000": 1}', b'{"a": "\x00"}', '{"a": "一"}'.encode("utf-16"), b'{"a": "\xed\xa0\x80"}',
    b'{"' + b"k" * 50_000 + b'": 1}', b"{" + b",".join(b'"k%d": 1' % i for i in range(3000)) + b"}",
    b"a=1&b=2", b"<a/>",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, -1, 10**30, 2**63, 1.5, 1e308, "", " ", "x", "x" * 300, "字" * 30_000, "\ud800", "a\ud800b",
    "\u0000", "\u202e\u200b", [], {}, [None], [[]], {"x": {}}, ["x"] * 1000, [{}] * 300, "0000-01-01", "0001-01-01",
    "9999-12-31", "2024-02-30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999+00:00",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "-0.00", "9" * 23 + ".00", "1e5", "NaN", "Infinity",
    "0000", "9999", "2024-Q9", "2024-00", ABSENT, "１２３", "٣.٠٠", "../../etc/passwd", {"$ref": "#"},
]  # fmt: skip
HEADERS = [
    {"If-Match": "*"}, {"If-Match": "abc"}, {"If-Match": '"999999999.00"'}, {"If-Match": ""}, {"If-Match": '"1", "2"'},
    {"If-Match": '"' + "9" * 5000 + '"'}, {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 256},
    {"Idempotency-Key": "a\tb"}, {"Idempotency-Key": "\xe9"}, {"Content-Type": "text/plain"}, {"Content-Type": ""},
    {"Content-Type": "application/json; charset=utf-16"}, {"Content-Type": "multipart/form-data"},
    {"Content-Type": "application/x-www-form-urlencoded"}, {"Range": "bytes=-1"}, {"Range": "lines=1-"},
    {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer \xff"},
    {"Authorization": "Bearer " + "x" * 9000}, {"If-None-Match": "*"}, {"If-None-Match": '""",'},
    {"Accept": "text/xml"}, {"Accept-Language": "\xff;q=x"}, {"Accept-Language": "en;q=" + "9" * 600},
    {"traceparent": "00-zz"}, {"X-Request-Id": "\xff" * 100}, {"Content-Encoding": "gzip"},
]  # fmt: skip


def replaced(body: Any, random: Random, fields: list[str]) -> Iterator[bytes]:
    """The body with one thing in it replaced: each field once, and those that the example leaves out."""
    if not isinstance(body, dict):
        return
    for name in [*body, *(each for each in fields if each not in body)]:
        yield json.dumps({**body, name: random.choice(VALUES)}).encode()
    inner = [name for name, value in body.items() if isinstance(value, dict | list) and value]
    for name in inner:
        changed = deepcopy(body)
        part = changed[name]
        part[random.choice(list(part) if isinstance(part, dict) else range(len(part)))] = random.choice(
            VALUES
        )
        yield json.dumps(changed).encode()
    yield json.dumps({**body, "no_such_field": 1}).encode()


class TestEveryOperation:
    async def test_its_example_is_well_formed(self, walk: "Walk") -> None:
        shape = {
            "missing",
            "extra_forbidden",
            "literal_error",
            "string_pattern_mismatch",
            "uscc_subject_check",
        }
        wrong = []
        for op in walk.operations:
            if not op.takes_json or "/bulk/" in op.template:
                continue
            answer = await walk.send(
                op, walk.here(op) + "?dry_run=true" * _dry(op), json.dumps(op.example).encode()
            )
            codes = {each["code"] for each in answer.json().get("errors", [])}
            if op.example is None or codes & shape:
                wrong.append((op.name, answer.text))
        assert not wrong, wrong
        assert not (faults := walk.faults()), faults

    async def test_odd_addresses_parameters_and_headers_are_answered_as_documented(
        self, walk: "Walk"
    ) -> None:
        random = Random(20240301)
        for op in walk.sample(random):
            body = json.dumps(op.example or {}).encode() if op.method != "GET" else None
            if "{" in op.template:
                await walk.send(op, op.path(random.choice(IDS)), body)
            names = list(op.parameters())
            for name in [*random.sample(names, min(len(names), 3)), "no_such_parameter"]:
                value = quote(random.choice(PARAMETERS).encode("utf-8", "surrogatepass"))
                answer = await walk.send(op, f"{walk.here(op)}?{name}={value}", body)
                assert name in names or 400 <= answer.status_code < 500, (op.name, answer.text)
            dry = "?dry_run=true" * _dry(op)
            await walk.send(op, walk.here(op) + dry, body, random.choice(HEADERS))
        assert not (faults := walk.faults()), faults

    async def test_odd_fields_of_bodies_are_answered_as_documented(self, walk: "Walk") -> None:
        random = Random(20240302)
        for op in walk.sample(random):
            if not op.takes_json:
                continue
            schema = op.described["requestBody"]["content"]["application/json"]["schema"]
            for body in replaced(op.example, random, _fields(walk.spec, schema)):
                await walk.send(op, walk.here(op), body)
        assert not (faults := walk.faults()), faults

    async def test_what_is_no_body_is_refused_and_leaves_nothing(self, walk: "Walk") -> None:
        random = Random(20240303)
        before = await _traces(walk.harness)
        taken = []
        for op in walk.sample(random):
            if not op.takes_json:
                continue
            for body in random.sample(BODIES[1:], 2):
                answer = await walk.send(op, walk.here(op), body)
                if not 400 <= answer.status_code < 500:
                    taken.append((op.name, body[:40], answer.status_code))
        assert taken == []
        assert not (faults := walk.faults()), faults
        assert await _traces(walk.harness) == before

    async def test_a_cursor_of_another_list_is_refused(self, walk: "Walk") -> None:
        random = Random(20240304)
        strange = [
            Cursor("2024-03-01T00:00:00+00:00", ABSENT).encode("another"),
            Cursor(-1, "").encode("feed"),
        ]
        strange += [
            Cursor(None, "").encode("feed"),
            encode_position(2**64 - 1),
            "W10",
            "e30",
            encode_position(3),
        ]
        for op in walk.operations:
            if "cursor" not in op.parameters():
                continue
            for cursor in random.sample(strange, 3):
                answer = await walk.send(op, f"{walk.here(op)}?cursor={cursor}")
                assert answer.status_code < 500
        assert not (faults := walk.faults()), faults

    async def test_many_ids_two_of_the_same_and_none_are_refused_by_every_bulk_command(
        self, walk: "Walk"
    ) -> None:
        random = Random(20240305)
        refused = [[], [{"id": ABSENT}] * 2, [{"id": f"{n}"} for n in range(201)], [{"id": "x" * 65}]]
        for op in walk.operations:
            if "/bulk/" not in op.template:
                continue
            example = op.example
            for items in random.sample(refused, 2):
                answer = await walk.send(op, op.template, json.dumps({**example, "items": items}).encode())
                assert answer.status_code == 422, (op.name, answer.text)
            foreign = [{"id": ABSENT, "version": 1}, {"id": "%2e%2e", "version": 2**31}]
            answer = await walk.send(op, op.template, json.dumps({**example, "items": foreign}).encode())
            assert answer.status_code == 200, (op.name, answer.text)
            assert {each["status"] for each in answer.json()["items"]} == {404}, (op.name, answer.text)
        assert not (faults := walk.faults()), faults

    async def test_a_method_that_is_not_there_is_405_and_says_which_are(self, walk: "Walk") -> None:
        methods: dict[str, set[str]] = {}
        for op in walk.operations:
            methods.setdefault(walk.here(op), set()).add(op.method)
        for number, (path, there) in enumerate(methods.items()):
            answer = await walk.client.http.request(("PUT", "DELETE", "TRACE")[number % 3], path)
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), path
            assert there <= set(answer.headers["allow"].split(", ")), path


def _dry(op: "Op") -> bool:
    return {"$ref": "#/components/parameters/DryRun"} in op.described.get("parameters", [])


def _fields(spec: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", {}))


async def _traces(harness: ServiceHarness) -> list[int]:
    """How many rows what has happened has left so far."""
    async with harness.database.read.connect() as conn:
        return [
            (await conn.execute(sa.select(sa.func.count()).select_from(sa.table(name)))).scalar_one()
            for name in ("history", "audit", "outbox", "feed", "timer", "idempotency")
        ]
