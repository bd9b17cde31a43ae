"""A province of invented organisations for the benchmark of lists and search, loaded by COPY; seeded.

Rows are those that the service itself would write, lexemes included; what a registration leaves beside them
(history, feed, audit, outbox) is left out.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from random import Random

import asyncpg
import orjson

from enterprise_registry.organisations.domain import SCALES
from kechuang.codes import uscc
from kechuang.ids import new_id
from kechuang.search import lexemes
from kechuang_embedded.demo.synthetic.cities import CITIES
from kechuang_embedded.demo.synthetic.names import brand, enterprise_name
from kechuang_embedded.demo.synthetic.trades import TRADES

BATCH = 2000
_SINCE = datetime(2019, 3, 1, tzinfo=UTC)
_YEARS = 5
_FACTS = orjson.dumps(
    {
        "resident_mainland": {"value": True, "verified": True, "on": "2024-03-01"},
        "industry_size_group": {"value": "industry", "verified": True, "on": "2024-03-01"},
    }
).decode()
_COLUMNS = (
    "id", "state", "version", "city", "division", "zones", "organisation", "sight", "handlers", "external_ids",
    "created_at", "updated_at", "uscc", "name", "former_names", "kind", "scale", "scale_source", "industry",
    "chains", "affiliates", "address", "established_on", "facts", "registered_on", "search",
)  # fmt: skip
_HELD = (("national-tech-sme/tech_sme", "tech_sme", 0.12), ("national-hnte/hnte", "hnte", 0.04),
         ("national-srdi/srdi_sme", "srdi_sme", 0.02), ("national-srdi/little_giant", "little_giant", 0.001))  # fmt: skip
_HELD_COLUMNS = (
    "id", "state", "version", "city", "division", "zones", "organisation", "sight", "handlers", "external_ids",
    "created_at", "updated_at", "kind", "node", "source", "decided_by", "issued_on", "valid_from", "valid_to",
    "first_time",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One organisation as the columns of its table, and the nodes it holds."""

    values: tuple[str, ...]
    code: str
    name: str
    held: tuple[tuple[str, str], ...]


def organisations(size: int, seed: int) -> Iterator[Row]:
    """Make them in the order of registration; names of one city, county and trade are alike, as in life."""
    random = Random(seed)  # noqa: S311  repeatable, and nothing secret
    counts: dict[str, int] = {}
    areas = [(city, county, share) for city in CITIES for county, (_, share) in city.counties.items()]
    shares = [share for _, _, share in areas]
    for number in range(size):
        city, county, _ = random.choices(areas, shares)[0]
        trade = random.choice(TRADES)
        counts[county] = counts.get(county, 0) + 1
        code = _code(county, counts[county])
        name = enterprise_name(random, city.name, trade).replace("示", brand(random), 1)
        zones = [zone for zone, lies in city.zones.items() if lies == county and random.random() < 0.4]  # noqa: PLR2004
        at = _SINCE + timedelta(days=365 * _YEARS * number / size, milliseconds=number % 1000)
        address = f"{city.name}市{city.counties[county][0]}示{brand(random)[1:]}路{random.randint(1, 999)}号"
        former = [f"{city.name}{brand(random)}厂"] if random.random() < 0.03 else []  # noqa: PLR2004
        founded = date(random.randint(1990, 2023), random.randint(1, 12), random.randint(1, 28))
        chains = [city.chains[trade.code]] if trade.code in city.chains and random.random() < 0.3 else []  # noqa: PLR2004
        scale = random.choices(tuple(SCALES), (1, 5, 34, 60))[0]
        sight = sorted(
            {f"owner:{code}", f"party:{code}", f"place:{city.area}", f"place:{county}"}
            | {f"place:{zone}" for zone in zones}
        )
        values = (
            new_id(), "active" if random.random() < 0.97 else "registered", "2", city.area, county, _array(zones),  # noqa: PLR2004
            code, _array(sight), "{}", "[]", at.isoformat(), at.isoformat(), code, name, _array(former),
            "enterprise" if random.random() < 0.98 else "university", scale, "given", trade.industry,  # noqa: PLR2004
            _array(chains), "{}", address, founded.isoformat(), _FACTS, at.date().isoformat(),
            " ".join(f"'{each}'" for each in lexemes(name, [code, *former, address])),
        )  # fmt: skip
        held = tuple((node, kind) for node, kind, share in _HELD if random.random() < share)
        yield Row(values, code, name, held)


def _code(area: str, number: int) -> str:
    """The nth code of a county in the series that nobody is given."""
    digits = ""
    for _ in range(4):
        number, digit = divmod(number, len(uscc.ALPHABET))
        digits = uscc.ALPHABET[digit] + digits
    subject = f"MATE{digits}"
    body = f"91{area}{subject}{uscc.subject_check_character(subject)}"
    return body + uscc.check_character(body)


def _array(values: list[str]) -> str:
    return "{" + ",".join(f'"{each}"' for each in values) + "}"


def _recognitions(row: Row) -> Iterator[tuple[str, ...]]:
    city, county, zones = row.values[3], row.values[4], row.values[5]
    for node, kind in row.held:
        yield (
            new_id(), "valid", "1", city, county, zones, row.code, row.values[7], "{}", "[]", row.values[10],
            row.values[10], kind, node, "arrived", "province", "2023-06-01", "2023-06-01", "2035-05-31", "true",
        )  # fmt: skip


async def load(owner_url: str, size: int, seed: int) -> list[Row]:
    """Put the province into the tables, their indexes built afterwards; gives every hundredth row."""
    connection = await asyncpg.connect(owner_url)
    samples: list[Row] = []
    held: list[tuple[str, ...]] = []

    async def lines() -> AsyncIterator[bytes]:
        batch: list[str] = []
        for number, row in enumerate(organisations(size, seed)):
            batch.append("\t".join(row.values))
            held.extend(_recognitions(row))
            if number % 100 == 0:
                samples.append(row)
            if len(batch) == BATCH:
                yield ("\n".join(batch) + "\n").encode()
                batch.clear()
        if batch:
            yield ("\n".join(batch) + "\n").encode()

    async with connection.transaction():
        definitions = await _without_indexes(connection)
        await connection.copy_to_table("organisation", source=lines(), columns=_COLUMNS, format="text")
        await connection.copy_to_table(
            "recognition",
            source=BytesIO("".join("\t".join(each) + "\n" for each in held).encode()),
            columns=_HELD_COLUMNS,
            format="text",
        )
        await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for definition in definitions:
            await connection.execute(definition)
    for table in ("organisation", "recognition"):
        await connection.execute(f"VACUUM ANALYZE {table}")
    await connection.close()
    return samples


async def _without_indexes(connection: asyncpg.Connection) -> list[str]:
    """Drop the indexes that are no constraints; gives their definitions."""
    found = await connection.fetch(
        "SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition "
        "FROM pg_index i WHERE i.indrelid IN ('organisation'::regclass, 'recognition'::regclass) "
        "AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)"
    )
    for each in found:
        await connection.execute(f"DROP INDEX {each['name']}")
    return [each["definition"] for each in found]
