"""`make bench`: start a stack of its own, measure, print, and with `--keep` add the run to docs/benchmarks.md."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvloop

from kechuang_embedded.bench import explained, imports, limits, load, rule_impact, search
from kechuang_embedded.bench.report import Figure, keep, table
from kechuang_embedded.layout import CHECKOUT, Layout, write_atomically
from kechuang_embedded.ports import free_ports
from kechuang_embedded.settings import StackSettings
from kechuang_embedded.stack import Stack
from kechuang_embedded.traefik import ServiceRoutes, dynamic_configuration, load_routes

CONNECTIONS = 32
SERVICE = "commissioner-matching"
CONSUMER = "indicators"
BACKLOG = 20_000
SECTIONS = ("rules", "stack", "explained", "import", "search")
LONGEST = 1800  # seconds; a benchmark that hangs says so


@contextmanager
def own_stack(folder: Path) -> Iterator[dict[str, str]]:
    """A whole stack in a temporary folder; gives its environment."""
    environment = {
        **os.environ,
        "KECHUANG_STATE_HOME": str(folder / "state"),
        "KECHUANG_RUN_HERE": "1",
        "KECHUANG_SERVICES": "enterprise-registry,commissioner-matching,indicators,portal",
        "KECHUANG_RATE_PER_ADDRESS": "1000000",
        "KECHUANG_RATE_PER_TOKEN": "1000000",
    }
    command = [sys.executable, "-m", "kechuang_embedded"]
    subprocess.run([*command, "up"], env=environment, check=True, stdout=subprocess.DEVNULL)
    try:
        yield environment
    finally:
        subprocess.run([*command, "down"], env=environment, check=False, stdout=subprocess.DEVNULL)


@contextmanager
def bare_app(stack: Stack, described: dict[str, Any]) -> Iterator[str]:
    """The same application without a database, behind the same gateway; gives its address there."""
    port = next(free_ports())
    service = next(each for each in stack.services if each.name == SERVICE)
    environment = stack.service_environment(service, port) | {"KECHUANG_PORT": str(port)}
    bare = subprocess.Popen(
        [sys.executable, "-m", "kechuang_embedded.bench.bare"], env=environment, stdout=subprocess.DEVNULL
    )
    routes = load_routes() | {"bench": ServiceRoutes(resources=("bench",))}
    upstreams = {**stack.upstreams(), "bench": [f"http://127.0.0.1:{port}"]}
    dynamic = dynamic_configuration(stack.settings, routes, upstreams)
    write_atomically(stack.layout.gateway / "dynamic.yaml", json.dumps(dynamic))
    try:
        yield f"{described['gateway']}/api/v1/bench/one"
    finally:
        bare.terminate()
        bare.wait(15)


async def until_ok(url: str, token: str) -> None:
    """Wait until an address answers."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        async with asyncio.timeout(30):
            while True:
                try:
                    if (await client.get(url)).is_success:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)


NEED = json.dumps(
    {
        "title": "铝合金压铸件气孔缺陷控制",
        "text": "壁厚 3 mm 的铝合金压铸件内部气孔率需低于 1%，并给出可量产的工艺窗口。" * 3,
        "budget": "300000.00",
    }
).encode()


async def register_owner(described: dict[str, Any]) -> str:
    """Register and verify the demonstration enterprise, wait until its needs are taken; gives its token."""
    tokens = described["tokens"]
    base = f"{described['gateway']}/api/v1"

    def client(name: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(headers={"Authorization": f"Bearer {tokens[name]}"}, timeout=30)

    async with client("enterprise") as enterprise, client("county_officer") as county:
        me = (await enterprise.get(f"{base}/me")).json()
        uscc = me["organisations"][0]["uscc"]
        body = {
            "uscc": uscc,
            "name": "江门试验精密制造厂",
            "kind": "enterprise",
            "division": "440703",
            "industry": "34",
        }
        made = (await enterprise.post(f"{base}/organisations", json=body)).json()
        tag = (await county.get(f"{base}/organisations/{made['id']}")).headers["etag"]
        headers = {"If-Match": tag, "Idempotency-Key": "bench-verify"}
        verified = await county.post(f"{base}/organisations/{made['id']}/verify", json={}, headers=headers)
        verified.raise_for_status()
        async with asyncio.timeout(30):
            while (  # noqa: ASYNC110  the service tells nobody when it has heard
                await enterprise.post(f"{base}/technical-needs", content=NEED, headers=_JSON)
            ).is_error:
                await asyncio.sleep(0.1)
    return str(tokens["enterprise"])


_JSON = {"Content-Type": "application/json"}


async def measure(folder: Path, environment: dict[str, str], seconds: float) -> list[Figure]:
    """All benchmarks, one after another."""
    described: dict[str, Any] = json.loads((folder / "state" / "stack.json").read_text())
    stack = Stack(Layout.of(environment), StackSettings(**_settings(environment)), environment, running=True)
    gateway = described["gateway"]
    database = described["services"][SERVICE]["database_url"]
    owner = stack.database(next(each for each in stack.services if each.name == SERVICE)).owner
    url = f"{gateway}/api/v1/technical-needs"
    token = await register_owner(described)
    create = load.request_bytes("POST", url, token, NEED)
    figures = []

    await load.run(url, create, connections=CONNECTIONS, seconds=1)  # warm
    raw = await limits.two_row_transactions(owner, connections=16, seconds=seconds)
    created = await load.run(url, create, connections=CONNECTIONS, seconds=seconds)
    figures.append(
        _ratio("create with event, through the gateway", created, raw, "two-row transactions", 0.20)
    )

    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        one = (await client.get(url, params={"limit": 1})).json()["items"][0]["id"]
    with bare_app(stack, described) as bare_url:
        await until_ok(bare_url, token)
        bare = await load.run(
            bare_url, load.request_bytes("GET", bare_url, token), connections=CONNECTIONS, seconds=seconds
        )
        for name, address, goal in (
            ("read by id", f"{url}/{one}", 0.30),
            ("list of 50", f"{url}?limit=50", 0.12),
        ):
            read = await load.run(
                address, load.request_bytes("GET", address, token), connections=CONNECTIONS, seconds=seconds
            )
            figures.append(_ratio(f"{name}, through the gateway", read, bare.per_second, "bare app", goal))

    figures += await _events(described, stack, database, url, create, seconds)
    return figures


def _settings(environment: dict[str, str]) -> dict[str, Any]:
    names = StackSettings.model_fields
    return {
        name: environment[f"KECHUANG_{name.upper()}"]
        for name in names
        if f"KECHUANG_{name.upper()}" in environment
    }


def _ratio(name: str, ours: load.Load, limit: float, limit_name: str, goal: float) -> Figure:
    ratio = ours.per_second / limit
    failed = f", {ours.failed} failed" if ours.failed else ""
    return Figure(
        name,
        f"{ours.per_second:,.0f}/s (p50 {ours.p50:.1f} ms, p99 {ours.p99:.1f} ms{failed})",
        f"{limit_name}: {limit:,.0f}/s",
        f"{ratio:.2f}",
        f"≥ {goal:.2f}",
        ratio >= goal and not ours.failed,
    )


async def _events(
    described: dict[str, Any],
    stack: Stack,
    database: str,
    url: str,
    create: Callable[[], bytes],
    seconds: float,
) -> list[Figure]:
    """Latency from commit to handled at 200 events a second; the relay's rate against raw publishing."""
    consumer = await asyncpg.connect(described["services"][CONSUMER]["database_url"])
    producer = await asyncpg.connect(database)
    before = await producer.fetchval("SELECT coalesce(max(seq), 0) FROM outbox")
    connection = await asyncio.open_connection(*url.split("/")[2].split(":"))
    loop = asyncio.get_running_loop()
    start = loop.time()
    for n in range(int(200 * seconds)):
        connection[1].write(create())
        await connection[0].readuntil(b"\r\n\r\n")
        connection[0]._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001  the body, which nobody reads
        await asyncio.sleep(max(0.0, start + (n + 1) / 200 - loop.time()))
    committed = {
        row["event_id"]: row["at"]
        for row in await producer.fetch(
            "SELECT o.event_id, a.at FROM outbox o "
            "JOIN audit a ON a.record_id = o.aggregate AND a.version = o.aggregate_version WHERE o.seq > $1",
            before,
        )
    }
    await _drained(producer)
    handled: dict[str, Any] = {}
    async with asyncio.timeout(30):
        while len(handled) < len(committed):
            rows = await consumer.fetch(
                "SELECT event_id, handled_at FROM inbox WHERE event_id = ANY($1)", list(committed)
            )
            handled = {row["event_id"]: row["handled_at"] for row in rows}
            await asyncio.sleep(0.1)
    delays = sorted((handled[key] - committed[key]).total_seconds() * 1000 for key in handled)
    p50, p99 = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    user, password = stack.broker.users["admin"]
    raw = await limits.publishing(stack.broker.url, user, password, seconds=seconds)
    relayed = await _relay_rate(producer, url, create)
    await consumer.close()
    await producer.close()
    rate = f"{len(delays) / seconds:.0f}/s"
    return [
        Figure("commit to handled, p50", f"{p50:.1f} ms", rate, "–", "≤ 5 ms", p50 <= 5),  # noqa: PLR2004
        Figure("commit to handled, p99", f"{p99:.1f} ms", rate, "–", "≤ 25 ms", p99 <= 25),  # noqa: PLR2004
        Figure(
            "relay with creates going on", f"{relayed:,.0f} events/s", f"raw publish: {raw:,.0f}/s",
            f"{relayed / raw:.2f}", "≥ 0.50", relayed / raw >= 0.5,  # noqa: PLR2004
        ),
    ]  # fmt: skip


async def _drained(producer: asyncpg.Connection) -> None:
    async with asyncio.timeout(60):
        while await producer.fetchval(  # noqa: ASYNC110  the database cannot set an event
            "SELECT count(*) FROM outbox WHERE position IS NULL "
            "OR position > (SELECT coalesce(max(position), 0) FROM relay_cursor)"
        ):
            await asyncio.sleep(0.02)


async def _relay_rate(producer: asyncpg.Connection, url: str, create: Callable[[], bytes]) -> float:
    """Put a backlog into the outbox, and time its way to the broker while creates go on."""
    await producer.execute(
        """
        INSERT INTO outbox (event_id, subject, aggregate, aggregate_version, envelope)
        SELECT gen_random_uuid()::text, 'kechuang.commissioner-matching.bench.made.v1', 'bench-' || n, 1,
               jsonb_build_object('specversion', '1.0', 'id', gen_random_uuid()::text, 'source', '/bench',
                 'type', 'kechuang.commissioner-matching.bench.made.v1', 'subject', 'bench-' || n,
                 'time', '2024-03-01T00:00:00Z', 'aggregateversion', 1,
                 'data', jsonb_build_object('text', repeat('x', 250)))
        FROM generate_series(1, $1::int) AS n
        """,
        BACKLOG,
    )
    loop = asyncio.get_running_loop()
    started = loop.time()
    creates = asyncio.create_task(load.run(url, create, connections=2, seconds=3))
    await _drained(producer)
    took = loop.time() - started
    await creates
    return BACKLOG / took


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of every measurement")
    parser.add_argument("--keep", action="store_true", help="add the run to docs/benchmarks.md")
    parser.add_argument("--only", choices=SECTIONS, help="one section alone")
    parser.add_argument("--size", type=int, default=1_000_000, help="organisations of the section `search`")
    parser.add_argument("--rows", type=int, default=100_000, help="filings of the section `import`")
    asked = parser.parse_args()
    figures: list[Figure] = []
    if asked.only in (None, "rules"):
        figures += rule_impact.measure()
    if asked.only != "rules":
        figures += _with_stack(asked)
    print(table(figures))
    if asked.keep:
        keep(CHECKOUT / "docs" / "benchmarks.md", figures)


async def on_stack(folder: Path, environment: dict[str, str], asked: argparse.Namespace) -> list[Figure]:
    """The sections that need a stack; the million comes last, since it fills the memory of the machine."""
    described: dict[str, Any] = json.loads((folder / "state" / "stack.json").read_text())
    stack = Stack(Layout.of(environment), StackSettings(**_settings(environment)), environment, running=True)
    figures: list[Figure] = []
    if asked.only in (None, "stack"):
        figures += await measure(folder, environment, asked.seconds)
    if asked.only in (None, "explained"):
        figures += await explained.measure(described, stack, seconds=asked.seconds)
    if asked.only in (None, "import"):
        figures += await imports.measure(folder, described, stack, rows=asked.rows)
    if asked.only in (None, "search"):
        figures += await search.measure(folder, described, stack, size=asked.size, seconds=asked.seconds)
    return figures


def _with_stack(asked: argparse.Namespace) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kechuang-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the database's uid passes through
        with own_stack(folder) as environment:
            return uvloop.run(asyncio.wait_for(on_stack(folder, environment, asked), LONGEST))


if __name__ == "__main__":
    main()
