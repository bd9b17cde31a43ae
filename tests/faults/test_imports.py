"""A list is imported while every worker of the service is killed: no row is lost, none is there twice."""

import asyncio
from random import Random
from typing import Any

import httpx
import pytest

from kechuang.codes.synthetic import synthetic_uscc
from kechuang_embedded.testing_stack import WholeStack

pytestmark = pytest.mark.timeout(300)

ROWS = 4_000
WORKERS = ("enterprise-registry-worker-1", "enterprise-registry-worker-2")
ORGANISATIONS = "SELECT uscc, id FROM organisation WHERE uscc = ANY($1)"
TRACES = (
    "SELECT record_id FROM history WHERE resource = 'organisations' AND record_id = ANY($1)",
    "SELECT record_id FROM audit WHERE action = 'organisations:create' AND record_id = ANY($1)",
)
EVENTS = "SELECT aggregate FROM outbox WHERE subject LIKE '%.organisation.changed.v1' AND aggregate = ANY($1)"
PARTIES = "SELECT uscc FROM party WHERE uscc = ANY($1)"


def codes() -> list[str]:
    """Credit codes of nobody, of an area that no other test here uses."""
    random = Random(440114)
    return list(dict.fromkeys(synthetic_uscc(random, "440114") for _ in range(ROWS + 50)))[:ROWS]


async def until(client: httpx.AsyncClient, job: str, **wanted: Any) -> dict[str, Any]:
    """Wait for a job to be as wanted (`done` at least, or a `state`)."""
    async with asyncio.timeout(200):
        while True:
            found: dict[str, Any] = (await client.get(f"jobs/{job}")).raise_for_status().json()
            if found["done"] >= wanted.get("done", 0) and found["state"] == wanted.get(
                "state", found["state"]
            ):
                return found
            await asyncio.sleep(0.02)


async def test_an_import_whose_workers_are_killed_registers_each_row_once(
    stack: WholeStack, books: Any
) -> None:
    wanted = codes()
    lines = (f"{code},广州示例{number}有限公司,企业,420804" for number, code in enumerate(wanted))
    table = "\n".join(["统一社会信用代码,单位名称,单位类型,县（市、区）", *lines]).encode()
    headers = {"Authorization": f"Bearer {stack.token('integration')}"}
    async with httpx.AsyncClient(base_url=f"{stack.gateway}/api/v1/", headers=headers, timeout=60) as client:
        answer = await client.post(
            "organisations/imports", content=table,
            headers={"Content-Type": "text/csv", "Idempotency-Key": "import-under-fire"},
        )  # fmt: skip
        job = answer.raise_for_status().json()["id"]
        begun = await until(client, job, done=1)
        for worker in WORKERS:
            stack.kill(worker)
        assert begun["done"] < begun["chunks"], "all was done before anybody was killed"
        await asyncio.to_thread(stack.await_back, *WORKERS)
        ended = await until(client, job, state="succeeded")
    assert ended["result"] == {"rows": ROWS, "created": ROWS}
    await asyncio.to_thread(stack.settle)
    stored = {
        row["uscc"]: row["id"] for row in await books.rows("enterprise-registry", ORGANISATIONS, wanted)
    }
    assert sorted(stored) == sorted(wanted)
    for statement in TRACES:
        traced = await books.column("enterprise-registry", statement, [*stored.values()])
        assert sorted(traced) == sorted(stored.values())
    assert sorted(await books.column("enterprise-registry", EVENTS, wanted)) == sorted(wanted)
    assert sorted(await books.column("commissioner-matching", PARTIES, wanted)) == sorted(wanted)
