"""Somebody with every role who speaks to each service in turn and looks at each answer with its specification."""

import json
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from kechuang.access import ROLES
from kechuang.testing import Client, ServiceHarness

PACKS = Path(__file__).parents[2] / "deploy" / "policy-packs"
PACKAGES = ("enterprise_registry", "commissioner_matching", "project_bidding", "indicators")
START = datetime(2024, 3, 1, 1, tzinfo=UTC)
OWN = "91440703MATE000L4P"
ABSENT = "00000000-0000-7000-8000-000000000000"
STREAMED = {"follow_job"}


@dataclass(frozen=True)
class Op:
    """One operation as its specification describes it."""

    method: str
    template: str
    described: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.described["operationId"])

    @property
    def example(self) -> Any:
        content = self.described.get("requestBody", {}).get("content", {})
        return deepcopy(next((each["example"] for each in content.values() if "example" in each), None))

    @property
    def takes_json(self) -> bool:
        content = self.described.get("requestBody", {}).get("content", {})
        return "application/json" in content and "format" not in content["application/json"]["schema"]

    def path(self, record_id: str) -> str:
        before, brace, after = self.template.partition("{")
        if not brace:
            return self.template
        return before + record_id + Op("", after.partition("}")[2], {}).path(ABSENT)

    def parameters(self) -> Iterator[str]:
        for each in self.described.get("parameters", []):
            if each.get("in") == "query":
                yield each["name"]


@dataclass
class Walk:
    """One service, spoken to by somebody with every role, in turns of Chinese and English."""

    harness: ServiceHarness
    client: Client
    spec: dict[str, Any]
    records: dict[str, str] = field(default_factory=dict)
    wrong: list[tuple[Any, ...]] = field(default_factory=list)
    sent: int = 0
    _validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    @property
    def operations(self) -> list[Op]:
        return [
            Op(method.upper(), path, described)
            for path, methods in self.spec["paths"].items()
            for method, described in methods.items()
            if described["operationId"] not in STREAMED
        ]

    def sample(self, random: Random) -> list[Op]:
        """All operations, but of the bulk commands, which are one mechanism, every tenth."""
        return [op for op in self.operations if "/bulk/" not in op.template or random.random() < 0.1]

    def here(self, op: Op) -> str:
        """The operation's address, of a record that is there when there is one."""
        return op.path(self.records.get(op.template.split("/")[3], ABSENT))

    def faults(self) -> str:
        """Give what was wrong since it was asked last, a line each."""
        found, self.wrong = self.wrong, []
        return "\n".join(str(each) for each in found)

    async def send(
        self, op: Op, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send, and note whatever is wrong with the answer."""
        self.sent += 1
        told = {"Accept-Language": ("zh-CN", "en")[self.sent % 2], "Content-Type": "application/json"}
        if op.method != "GET":
            told |= {"Idempotency-Key": f"bad-{self.sent}", "If-Match": '"1.00"'}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (told | (headers or {})).items()]
        answer = await self.client.http.request(op.method, path, content=body, headers=raw)
        faults = list(self._faults(op, answer, (told | (headers or {}))["Accept-Language"]))
        if faults:
            said = (answer.status_code, answer.text[:300])
            self.wrong.append((op.name, faults, path[:120], (body or b"")[:200], headers, *said))
        return answer

    def _faults(self, op: Op, answer: httpx.Response, language: str) -> Iterator[str]:
        documented = op.described["responses"].get(str(answer.status_code))
        media = answer.headers.get("content-type", "").partition(";")[0]
        if answer.status_code >= 500:
            yield "a defect of ours"
        if documented is None:
            yield "the status is not documented"
        elif answer.status_code >= 400:
            if media != "application/problem+json":
                yield f"{media} is no problem"
                return
            yield from self._problem(answer.json(), chinese=language != "en")
        elif answer.status_code != 304:
            shape = documented.get("content", {})
            if shape and media not in shape:
                yield f"{media} is not documented"
            elif "schema" in shape.get(media, {}) and media == "application/json":
                yield from self._unfit(op.name, shape[media]["schema"], answer.json())

    def _problem(self, problem: dict[str, Any], *, chinese: bool) -> Iterator[str]:
        yield from self._unfit("Problem", {"$ref": "#/components/schemas/Problem"}, problem)
        found = [problem["title"], problem["detail"], *(each["detail"] for each in problem.get("errors", []))]
        for text in found:
            if chinese != any("\u4e00" <= each <= "\u9fff" for each in text) and not (
                # An English sentence may quote a Chinese name.
                not chinese and any(each.isascii() and each.isalpha() for each in text)
            ):
                yield f"not in the caller's language: {text}"

    def _unfit(self, name: str, schema: dict[str, Any], content: Any) -> Iterator[str]:
        if name not in self._validators:
            whole = {**schema, "components": self.spec["components"]}
            self._validators[name] = Draft202012Validator(whole)
        for error in self._validators[name].iter_errors(content):
            yield f"does not fit its schema at {error.json_path}: {error.message[:200]}"


@pytest.fixture(scope="module", params=PACKAGES)
async def walk(request: pytest.FixtureRequest, engines: Any) -> AsyncIterator[Walk]:
    """Each service in turn, with what its own examples can create."""
    service = import_module(f"{request.param}.service").SERVICE
    async with ServiceHarness(service, engines, packs_dir=str(PACKS), log_level="error") as harness:
        await harness.at(seconds=(START - harness.database.clock.now()).total_seconds())
        client = harness.client(
            roles=[each for each in ROLES if each != "public"], subject="everybody", areas=["440700", "440703"],
            organisation=OWN, person="a-person", unit="a-unit", client_id="a-system",
        )  # fmt: skip
        made = Walk(harness, client, harness.app.openapi())
        creating = [op for op in made.operations if op.name.startswith("create_") and "{" not in op.template]
        for op in sorted(creating, key=lambda each: "/organisations" not in each.template):
            answer = await made.send(op, op.template, json.dumps(op.example).encode())
            if answer.status_code == 201:
                name = op.template.split("/")[3]
                made.records[name] = answer.json()["id"]
                if name == "organisations":
                    await client.do(f"{name}/{made.records[name]}", "verify")
        await harness.seal()
        yield made
