"""A list of filings from CSV and from XLSX through `POST /filings/imports`, beside raw COPY of the same rows.

`make bench A="--only import --rows 100000"`. Every row is a filing with its rules, history, feed, audit, work item and
event; COPY puts the same rows into a table of the same shape (indexes, number and identity included) and does
nothing else. Memory is that of the service's api and worker: the most they ever had (VmHWM), before and after.
"""

import asyncio
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx
import xlsxwriter

from enterprise_registry.service import SERVICE
from kechuang.codes.synthetic import synthetic_uscc
from kechuang_embedded.bench.report import Figure
from kechuang_embedded.stack import Stack

CITY, COUNTY, FORM = "440700", "440703", "enterprise_annual"
HEADINGS = ("统一社会信用代码", "期别", "从业人员数", "科技人员数", "营业收入", "销售收入", "研发费用")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FLAT_GOAL = 1.5
"""How much more the worker may hold after an import than before the first one."""
_PARTIES = """
INSERT INTO party (uscc, version, title, kind, state, city, division, zones, chains, affiliates)
SELECT code, 1, '江门试验企业', 'enterprise', 'active', $2, $3, '{}', '{}', '{}' FROM unnest($1::text[]) AS code
"""
_COLUMNS = """
SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_name = 'filing' AND is_generated = 'NEVER' AND is_identity = 'NO'
"""


@dataclass(frozen=True, slots=True)
class _File:
    """What is uploaded."""

    name: str
    media: str
    period: str
    content: bytes


async def measure(folder: Path, described: dict[str, Any], stack: Stack, *, rows: int) -> list[Figure]:
    """Import the list twice, for two periods, and copy what came of it."""
    owner = stack.database(next(each for each in stack.services if each.name == SERVICE.name)).owner
    connection = await asyncpg.connect(owner)
    codes = _codes(rows)
    await connection.execute(_PARTIES, codes, CITY, COUNTY)
    await connection.execute("ANALYZE party")
    files = (
        _File("CSV", "text/csv", "2022", _csv(codes, "2022")),
        _File("XLSX", XLSX, "2023", _xlsx(codes, "2023")),
    )
    figures, before = [], peaks(folder)
    figures.append(await _beside_copy(described, connection, files[0], rows))
    figures += _memory("an import from CSV", before, before := peaks(folder))
    for form in ("csv", "xlsx", "ndjson"):
        figures.append(await _exported(described, form, files[0].period, rows))
    figures += _memory("exports", before, before := peaks(folder))
    figures.append(await _beside_copy(described, connection, files[1], rows))
    figures += _memory("an import from XLSX", before, peaks(folder))
    await connection.close()
    return figures


async def _beside_copy(
    described: dict[str, Any], connection: asyncpg.Connection, file: _File, rows: int
) -> Figure:
    seconds = await _imported(described, file)
    counted = await connection.fetchval("SELECT count(*) FROM filing WHERE period = $1", file.period)
    copied = await _copied(connection, file.period)
    return Figure(
        f"import of {rows:,} filings from {file.name} ({len(file.content) / 1e6:.1f} MB)",
        f"{seconds:.1f} s, {counted / seconds:,.0f} rows/s",
        f"COPY of the same rows: {copied:.2f} s, {counted / copied:,.0f} rows/s",
        f"{copied / seconds:.3f}", "–", counted == rows,
    )  # fmt: skip


def _codes(count: int) -> list[str]:
    random, found = Random(20240301), dict[str, None]()  # noqa: S311  repeatable, and nothing secret
    while len(found) < count:
        found[synthetic_uscc(random, COUNTY)] = None
    return list(found)


def _rows(codes: list[str], period: str) -> Iterator[tuple[str | int, ...]]:
    for number, code in enumerate(codes):
        people, revenue = 5 + number % 400, 1_000_000 + number * 37
        yield code, period, people, people // 3, f"{revenue}.00", f"{revenue}.00", f"{revenue // 20}.00"


def _csv(codes: list[str], period: str) -> bytes:
    lines = [",".join(HEADINGS), *(",".join(map(str, cells)) for cells in _rows(codes, period))]
    return "\n".join(lines).encode()


def _xlsx(codes: list[str], period: str) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADINGS)
    for place, cells in enumerate(_rows(codes, period), start=1):
        sheet.write_row(place, 0, cells)
    book.close()
    return buffer.getvalue()


async def _imported(described: dict[str, Any], file: _File) -> float:
    """Upload a file and wait for its job; gives the seconds from the first byte to done."""
    base = f"{described['gateway']}/api/v1"
    headers = {"Authorization": f"Bearer {described['tokens']['county_officer']}"}
    async with httpx.AsyncClient(headers=headers, timeout=300) as client:
        started = time.perf_counter()
        answer = await client.post(
            f"{base}/filings/imports", params={"city": CITY, "form": FORM}, content=file.content,
            headers={"Content-Type": file.media, "Idempotency-Key": f"bench-import-{file.name}"},
        )  # fmt: skip
        answer.raise_for_status()
        address = f"{base}/jobs/{answer.json()['id']}"
        while (job := (await client.get(address)).json())["state"] == "running":  # noqa: ASYNC110  a poll, as a script would
            await asyncio.sleep(0.5)
        if job["state"] != "succeeded" or job["result"].get("created") != job["result"]["rows"]:
            raise RuntimeError(f"the import of {file.name} went wrong: {job}")
        return time.perf_counter() - started


async def _exported(described: dict[str, Any], form: str, period: str, rows: int) -> Figure:
    """Take the filings of one period as a file; it is thrown away as it comes."""
    headers = {"Authorization": f"Bearer {described['tokens']['county_officer']}"}
    size, started = 0, time.perf_counter()
    async with (
        httpx.AsyncClient(headers=headers, timeout=900) as client,
        client.stream(
            "GET", f"{described['gateway']}/api/v1/filings/export", params={"format": form, "period": period}
        ) as answer,
    ):
        answer.raise_for_status()
        told = int(answer.headers["x-rows"])
        async for piece in answer.aiter_raw():
            size += len(piece)
    seconds = time.perf_counter() - started
    return Figure(
        f"export of {rows:,} filings as {form.upper()} ({size / 1e6:.1f} MB sent)",
        f"{seconds:.1f} s, {told / seconds:,.0f} rows/s", "–", "–", "–", told == rows,
    )  # fmt: skip


async def _copied(connection: asyncpg.Connection, period: str) -> float:
    """COPY the rows of a period into a table of the same shape; gives the seconds."""
    names = await connection.fetchval(_COLUMNS)
    held = io.BytesIO()
    await connection.copy_from_query(
        f"SELECT {names} FROM filing WHERE period = $1", period, output=held  # noqa: S608  columns of ours
    )  # fmt: skip
    await connection.execute("CREATE TABLE bench_filing (LIKE filing INCLUDING ALL)")
    held.seek(0)
    started = time.perf_counter()
    await connection.execute("BEGIN")
    await connection.copy_to_table(
        "bench_filing", source=held, columns=[each.strip('"') for each in names.split(", ")]
    )
    await connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    await connection.execute("DROP TABLE bench_filing")
    return seconds


def peaks(folder: Path) -> dict[str, float]:
    """The most memory in MB that the service's api and worker ever had."""
    mark = str(folder).encode()
    found: dict[str, float] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
            if SERVICE.package not in words or mark not in (process / "environ").read_bytes():
                continue
            status = (process / "status").read_text()
        except (OSError, UnicodeDecodeError):
            continue  # it has ended, or is not ours
        kind = next((each for each in ("api", "worker") if each in words), None)
        if kind is not None:
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
            found[kind] = max(found.get(kind, 0.0), int(peak.split()[1]) / 1000)
    return found


def _memory(act: str, before: Mapping[str, float], after: Mapping[str, float]) -> list[Figure]:
    """By how much an act raised the most memory that a process ever had; a sheet stands in the api's memory whole."""
    return [
        Figure(f"most memory of the {name} with {act}", f"{after[name]:.0f} MB", f"before: {was:.0f} MB",
               f"{after[name] / was:.2f}", f"≤ {FLAT_GOAL:.2f}", after[name] <= FLAT_GOAL * was)
        for name, was in sorted(before.items())
    ]  # fmt: skip
