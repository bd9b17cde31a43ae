"""Lists of and searches in a million organisations, through the gateway and as the same SQL with plain asyncpg."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import sqlalchemy as sa
from pydantic import SecretStr

from enterprise_registry.organisations.routes import router
from enterprise_registry.service import SERVICE
from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.unit import ReadUnit
from kechuang.http import listing, paging
from kechuang.settings import Settings
from kechuang_embedded.bench import load
from kechuang_embedded.bench.report import Figure
from kechuang_embedded.bench.synthetic_organisations import Row
from kechuang_embedded.bench.synthetic_organisations import load as load_organisations
from kechuang_embedded.stack import Stack

CONNECTIONS = 4
P99_GOAL = 250.0  # milliseconds: what a person takes for at once, with the machine shared by all
_COUNTY = Actor("bench-county", frozenset({"county_officer"}), areas=("440703",))
_CITY = Actor("bench-city", frozenset({"city_officer"}), areas=("440700",))
_ALL = Actor("bench-province", frozenset({"integration"}))
_TOKENS = {_COUNTY.subject: "county_officer", _CITY.subject: "city_officer", _ALL.subject: "integration"}
Statement = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """A list that is asked for."""

    name: str
    actor: Actor
    query: Mapping[str, Any]


def cases(sample: Row, rare: Row) -> list[Case]:
    """The lists that officers ask for, and what they type; `sample` lies in the county of the officer."""
    return [
        Case("list of a county", _COUNTY, {}),
        Case("list of all, by number", _ALL, {"sort": "number"}),
        Case("list of all, by last change", _ALL, {"sort": "-updated_at"}),
        Case("a county's small ones of an industry", _COUNTY, {"industry": "34", "scale": "small"}),
        Case("a city's in a zone", _CITY, {"zone": "jiangmen-hnz"}),
        Case("a city's large ones", _CITY, {"scale": "large"}),
        Case("a city's on a rung", _CITY, {"rung": "national-srdi/srdi_sme"}),
        Case("all on a rare rung", _ALL, {"rung": "national-srdi/little_giant"}),
        Case("a chain of a county, of one kind", _COUNTY, {"chain": "high_end_equipment", "kind": "enterprise"}),
        Case("with its total", _COUNTY, {"include": "total"}),
        Case("one character, all", _ALL, {"q": "锐"}),
        Case("two characters, all", _ALL, {"q": "轨道"}),
        Case("two characters, a county", _COUNTY, {"q": "轨道"}),
        Case("a word of nearly all names", _ALL, {"q": "有限公司"}),
        Case("a rare name", _ALL, {"q": rare.name[2:6]}),
        Case("the whole name", _COUNTY, {"q": sample.name}),
        Case("two words, a county", _COUNTY, {"q": f"{sample.name[2:5]} 有限公司"}),
        Case("a code", _ALL, {"q": sample.code}),
        Case("the beginning of a code", _ALL, {"q": sample.code[:13]}),
        Case("nothing like it", _ALL, {"q": "龘龘科技"}),
        Case("two characters in an industry, newest first", _CITY, {"q": "科技", "industry": "39", "sort": "-created_at"}),
    ]  # fmt: skip


class Direct:
    """The statements of a list, taken from the service's own code, and run with asyncpg and nothing else."""

    def __init__(self, reader_url: str) -> None:
        self._url = reader_url
        settings = Settings(database_url=SecretStr(reader_url), database_read_url=SecretStr(reader_url))
        self._database = Database(settings, SERVICE)
        self._caught: list[Statement] = []
        sa.event.listen(self._database.read.sync_engine, "before_cursor_execute", self._catch)

    def _catch(self, _c: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
        self._caught.append((text, tuple(parameters)))

    async def statements(self, case: Case) -> tuple[list[Statement], str | None]:
        """Read the page once; gives its statements and the cursor of the next page."""
        query = listing.list_model(router.view)(**case.query)
        unit = ReadUnit(self._database, case.actor)
        self._caught.clear()
        try:
            _, cursor = await listing.page(router.view, unit, query)
            if "total" in (query.model_dump().get("include") or ""):
                await listing.total(router.view, unit, query)
        finally:
            await unit.close()
        return list(self._caught), cursor

    async def deep(self, case: Case, share: float) -> str:
        """Make the cursor of a page far down: after the row at `share` of the list."""
        query = listing.list_model(router.view)(**case.query)
        unit = ReadUnit(self._database, case.actor)
        statement, column, _ = listing.ordered(router.view, unit, query)
        table = router.view.records.table
        ids = statement.with_only_columns(column.label("value"), table.c.id)
        size = (await unit.execute(sa.select(sa.func.count()).select_from(ids.subquery()))).scalar_one()
        found = (await unit.execute(ids.offset(int(size * share)).limit(1))).one()
        await unit.close()
        asked = query.model_dump(exclude={"cursor", "limit", "include"}, exclude_none=True)
        return paging.Cursor(found.value, found.id).encode(paging.binding_of(asked))

    async def run(self, statements: list[Statement], seconds: float) -> load.Load:
        """Closed loops over prepared statements."""
        times: list[float] = []
        until = time.perf_counter() + seconds

        async def client() -> None:
            connection = await asyncpg.connect(
                self._url, server_settings={"jit": "off", "plan_cache_mode": "force_custom_plan"}
            )
            prepared = [(await connection.prepare(text), values) for text, values in statements]
            while (started := time.perf_counter()) < until:
                for statement, values in prepared:
                    await statement.fetch(*values)
                times.append(time.perf_counter() - started)
            await connection.close()

        await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
        ordered = sorted(times)
        return load.Load(
            len(times) / seconds,
            ordered[len(ordered) // 2] * 1000,
            ordered[int(len(ordered) * 0.99)] * 1000,
            0,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._database.read.dispose()


async def measure(
    folder: Path, described: dict[str, Any], stack: Stack, *, size: int, seconds: float
) -> list[Figure]:
    """Load the organisations and ask for them."""
    urls = stack.database(next(each for each in stack.services if each.name == SERVICE.name))
    started = time.perf_counter()
    samples = await load_organisations(urls.owner, size, seed=20240301)
    figures = [
        Figure(
            f"loading of {size:,} organisations (generator, COPY, indexes)",
            f"{time.perf_counter() - started:.0f} s", await _sizes(urls.owner), "–", "–", None,
        )
    ]  # fmt: skip
    sample = next(each for each in reversed(samples) if each.code[2:8] == "440703")
    rare = samples[len(samples) // 2]
    direct = Direct(urls.reader)
    before = memory(folder)
    asked = cases(sample, rare)
    for case in (asked[0], Case("list of all", _ALL, {})):
        asked.append(Case(f"{case.name}, half way down", case.actor,
                          {**case.query, "cursor": await direct.deep(case, 0.5)}))  # fmt: skip
    figures += [await _beside(described, direct, case, seconds) for case in asked]
    figures.append(await _one(described, urls.reader, direct, seconds))
    figures.append(await _facets(described, seconds))
    await direct.close()
    return figures + _flat(before, memory(folder))


async def _beside(described: dict[str, Any], direct: Direct, case: Case, seconds: float) -> Figure:
    statements, _ = await direct.statements(case)
    alone = await direct.run(statements, seconds)
    path = f"organisations?{urlencode(case.query, quote_via=quote)}"
    ours = await _through(described, case.actor, path, seconds)
    return _figure(case.name, ours, alone)


async def _through(described: dict[str, Any], actor: Actor, path: str, seconds: float) -> load.Load:
    url = f"{described['gateway']}/api/v1/{path}"
    request = load.request_bytes("GET", url, described["tokens"][_TOKENS[actor.subject]])
    return await load.run(url, request, connections=CONNECTIONS, seconds=seconds)


async def _one(described: dict[str, Any], reader_url: str, direct: Direct, seconds: float) -> Figure:
    connection = await asyncpg.connect(reader_url)
    one = await connection.fetchval("SELECT id FROM organisation WHERE division = '440703' LIMIT 1")
    await connection.close()
    records = router.view.records
    names = ", ".join(f"organisation.{column.name}" for column in records.columns)
    text = f"SELECT {names} FROM organisation WHERE id = $1 AND sight && $2::text[]"  # noqa: S608  column names of ours
    alone = await direct.run([(text, (one, ["place:440703"]))], seconds)
    return _figure("read by id", await _through(described, _COUNTY, f"organisations/{one}", seconds), alone)


async def _facets(described: dict[str, Any], seconds: float) -> Figure:
    ours = await _through(described, _CITY, "organisations/facets?by=division,scale,industry", seconds)
    return Figure("facets of a city by division, scale and industry", _shown(ours), "–", "–",
                  "p99 ≤ 1 s", ours.p99 <= 1000 and not ours.failed)  # noqa: PLR2004  # fmt: skip


def _figure(name: str, ours: load.Load, alone: load.Load) -> Figure:
    return Figure(
        f"organisations: {name}", _shown(ours), f"SQL alone: {_shown(alone)}",
        f"{ours.per_second / alone.per_second:.2f}", f"p99 ≤ {P99_GOAL:.0f} ms",
        ours.p99 <= P99_GOAL and not ours.failed,
    )  # fmt: skip


def _shown(found: load.Load) -> str:
    failed = f", {found.failed} failed" if found.failed else ""
    return f"{found.per_second:,.0f}/s (p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms{failed})"


async def _sizes(owner_url: str) -> str:
    connection = await asyncpg.connect(owner_url)
    rows = await connection.fetchrow(
        "SELECT pg_table_size('organisation') AS heap, pg_relation_size('organisation_search') AS search, "
        "pg_indexes_size('organisation') AS indexes"
    )
    await connection.close()
    assert rows is not None
    mega = {name: value / 1e6 for name, value in rows.items()}
    return f"table {mega['heap']:.0f} MB, search index {mega['search']:.0f} MB, all indexes {mega['indexes']:.0f} MB"


def memory(folder: Path) -> dict[str, float]:
    """Resident memory of the stack's processes in MB, by what they are; PostgreSQL is left to itself."""
    mark = str(folder).encode()
    found: dict[str, float] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes().split(b"\0")
            if not any(mark in each for each in environment) or b"postgres" in command[0]:
                continue
            service = next((each for each in environment if each.startswith(b"KECHUANG_SERVICE=")), b"=")
            pages = int((process / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue  # it has ended, or is not ours
        words = [Path(each.decode()).name for each in command if each and not each.startswith(b"-")]
        name = " ".join([*words[:3], service.decode().partition("=")[2]]).strip()
        found[name] = found.get(name, 0.0) + pages * 4096 / 1e6
    return found


def _flat(before: Mapping[str, float], after: Mapping[str, float]) -> list[Figure]:
    return [
        Figure(f"memory of {name}", f"{after[name]:.0f} MB", f"before: {was:.0f} MB", f"{after[name] / was:.2f}",
               "≤ 1.30", after[name] <= 1.3 * was)
        for name, was in sorted(before.items())
        if name in after
    ]  # fmt: skip
