"""One explained assessment through the gateway, beside the same evaluation in process on facts already read."""

import json
import time
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from enterprise_registry.assessments.explain import answer_of
from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.assessments.standing import standing_of
from enterprise_registry.ladders.nodes import rule_on
from enterprise_registry.policy.library import library
from enterprise_registry.recognitions.counts import held_nodes
from enterprise_registry.service import SERVICE
from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.ids import new_id
from kechuang.settings import Settings
from kechuang_embedded.bench import load
from kechuang_embedded.bench.report import Figure
from kechuang_embedded.stack import Stack

CONNECTIONS = 4
TARGETS = ("tech_sme", "hnte")
RATIO_GOAL, P99_GOAL = 0.10, 100.0
_YEARS = 3
_FACTS = {
    "employees": 60, "st_staff": 12, "operating_revenue": "12000000.00", "sales_revenue": "11800000.00",
    "rd_expense": "600000.00", "ip_class1": 1, "ip_class2": 3, "independent_legal_person": True,
    "product_allowed": True, "major_incident": False, "on_abnormal_list": False, "on_dishonest_list": False,
    "establishment_date": "2016-05-18", "industry_size_group": "industry",
}  # fmt: skip


async def measure(described: dict[str, Any], stack: Stack, *, seconds: float) -> list[Figure]:
    """Register an enterprise with three verified years, and assess it for one node after the other."""
    uscc = await _enterprise(described)
    urls = stack.database(next(each for each in stack.services if each.name == SERVICE.name))
    settings = Settings(
        database_url=SecretStr(urls.reader), database_read_url=SecretStr(urls.reader),
        packs_dir=stack.settings.packs_dir,
    )  # fmt: skip
    database = Database(settings, SERVICE)
    token = described["tokens"]["enterprise"]
    url = f"{described['gateway']}/api/v1/assessments"
    figures = []
    for target in TARGETS:
        alone = await _in_process(database, uscc, target, seconds / 2)
        what_if = {
            "target": target,
            "what_if": True,
            "facts": [{"fact": "st_staff", "year": 2023, "value": 40}],
        }
        for name, body in (
            (f"assessment for {target}", {"target": target}),
            (f"what-if for {target}", what_if),
        ):
            request = load.request_bytes("POST", url, token, json.dumps(body).encode())
            ours = await load.run(url, request, connections=CONNECTIONS, seconds=seconds)
            figures.append(_figure(f"{name}, explained", ours, alone))
    await database.read.dispose()
    return figures


async def _in_process(database: Database, uscc: str, target: str, seconds: float) -> load.Load:
    """Evaluate and explain on facts that are read once: the least that any service could take."""
    times: list[float] = []
    async with database.reading(Actor.system(SERVICE.name)) as unit:
        shelf = library(unit)
        pack = shelf.require_city_pack("440700", unit.today)
        rule = rule_on(shelf.packs, pack, target, unit.today, "first")
        assert rule is not None
        facts = await fact_base(unit, pack, uscc, on=unit.today)
        held = await held_nodes(unit, uscc, unit.today)
        until = time.perf_counter() + seconds
        while (started := time.perf_counter()) < until:
            standing = standing_of(shelf, pack, facts, held, unit.today)
            answer_of(shelf, pack, rule, facts, standing.nodes, target, "first")
            times.append(time.perf_counter() - started)
    times.sort()
    return load.Load(
        len(times) / sum(times), times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000, 0
    )


def _figure(name: str, ours: load.Load, alone: load.Load) -> Figure:
    ratio = ours.per_second / alone.per_second
    failed = f", {ours.failed} failed" if ours.failed else ""
    return Figure(
        name,
        f"{ours.per_second:,.0f}/s (p50 {ours.p50:.1f} ms, p99 {ours.p99:.1f} ms{failed})",
        f"evaluation alone: {alone.per_second:,.0f}/s (p50 {alone.p50:.2f} ms, p99 {alone.p99:.2f} ms)",
        f"{ratio:.2f}",
        f"≥ {RATIO_GOAL:.2f}, p99 ≤ {P99_GOAL:.0f} ms",
        ratio >= RATIO_GOAL and ours.p99 <= P99_GOAL and not ours.failed,
    )


async def _enterprise(described: dict[str, Any]) -> str:
    """The demonstration enterprise, registered, verified, with its filings; gives its credit code."""
    base = f"{described['gateway']}/api/v1"

    def client(name: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {described['tokens'][name]}"}
        return httpx.AsyncClient(base_url=base, headers=headers, timeout=30)

    async with client("enterprise") as enterprise, client("county_officer") as county:
        uscc = (await _read(enterprise, "me"))["organisations"][0]["uscc"]
        found = (await _read(enterprise, f"organisations?uscc={quote(uscc)}"))["items"]
        if not found:
            body = {"uscc": uscc, "name": "江门试验精密制造厂", "kind": "enterprise", "division": "440703", "industry": "34"}  # fmt: skip
            made = await _make(enterprise, "organisations", body)
            await _do(county, f"organisations/{made['id']}", "verify")
        year = int((await _read(enterprise, "clock"))["now"][:4])
        for period in range(year - _YEARS, year):
            sent = await enterprise.post(
                "files", params={"for": "filings", "name": "accounts.txt"}, content=f"accounts {period}".encode(),
                headers={"Content-Type": "text/plain"},
            )  # fmt: skip
            sent.raise_for_status()
            attachment = {"file": sent.json()["id"], "kind": "accounts", "title": "财务报表"}
            made = await _make(
                enterprise,
                "filings",
                {
                    "form": "annual_filing",
                    "period": str(period),
                    "facts": _FACTS,
                    "attachments": [attachment],
                },
            )
            await _do(enterprise, f"filings/{made['id']}", "submit")
            await _do(county, f"filings/{made['id']}", "verify")
    return str(uscc)


async def _read(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    return _done(await client.get(path))


async def _make(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    return _done(await client.post(path, json=body, headers={"Idempotency-Key": new_id()}))


async def _do(client: httpx.AsyncClient, path: str, verb: str) -> None:
    tag = (await client.get(path)).headers["etag"]
    headers = {"If-Match": tag, "Idempotency-Key": new_id()}
    _done(await client.post(f"{path}/{verb}", json={}, headers=headers))


def _done(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise RuntimeError(
            f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        )
    found: dict[str, Any] = answer.json()
    return found
