import random
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kechuang.access import Actor
from kechuang.audit import merkle
from kechuang.audit.sealing import close_batch, export_roots
from kechuang.audit.verification import prove, verify
from kechuang.messaging.sealer import seal

KEY = Ed25519PrivateKey.from_private_bytes(b"s" * 32).public_key()
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"x" * 32).public_key()
SERVICE = "enterprise-registry"


@pytest.fixture
async def log(world: Any, tmp_path: Path) -> Any:
    """Three closed batches of four audit rows each."""

    class Log:
        roots = tmp_path / "outside" / "roots.jsonl"
        database: Any

        async def write(self, rows: int) -> None:
            for _ in range(rows):
                async with self.database.unit(
                    Actor(subject="officer-7", roles=frozenset({"auditor"}))
                ) as uow:
                    uow.audit("enterprises:read", record_id="e-1", reason="年度核查")
            await seal(self.database)

        async def tamper(self, statement: str) -> None:
            async with self.database.write.connect() as conn:
                await conn.execute(sa.text(statement))

        async def report(self, keys: Any = (KEY,)) -> Any:
            async with self.database.read.connect() as conn:
                return await verify(conn, SERVICE, keys, self.roots)

    made = Log()
    made.database = await world.database(audit_roots=made.roots)
    for _ in range(3):
        await made.write(4)
        assert await close_batch(made.database) == 4
    await export_roots(made.database)
    return made


async def test_an_untouched_log_is_intact_and_its_roots_are_published(log: Any) -> None:
    report = await log.report([OTHER_KEY, KEY])
    assert (report.batches, report.rows, report.broken) == (3, 12, None)
    assert len(log.roots.read_text().splitlines()) == 3
    assert await export_roots(log.database) == 0
    async with log.database.read.connect() as conn:
        events = (await conn.execute(sa.text("SELECT envelope FROM outbox ORDER BY seq"))).scalars().all()
    assert [each["type"] for each in events] == ["kechuang.enterprise-registry.audit-batch.closed.v1"] * 3
    assert [each["data"]["rows"] for each in events] == [4, 4, 4]
    assert await close_batch(log.database) == 0  # closing leaves no audit row, so it comes to rest


async def test_rows_that_commit_late_go_into_a_later_batch(world: Any, log: Any) -> None:
    slow = await world.connection(log.database)
    late = slow.transaction()
    await late.start()
    insert = "INSERT INTO audit (at, business_at, subject, action, outcome) VALUES (now(), now(), 's', 'late', 'done')"
    await slow.execute(insert)
    await log.write(2)
    assert await close_batch(log.database) == 2
    await late.commit()
    await seal(log.database)
    assert await close_batch(log.database) == 1
    assert (await log.report()).broken is None


SLIPPED_IN = """
INSERT INTO audit (position, at, business_at, subject, action, outcome)
SELECT min(free), now(), now(), 'officer-7', 'forged', 'done'
FROM generate_series(1, (SELECT max(position) FROM audit)) AS free
WHERE free NOT IN (SELECT position FROM audit)
"""
TAMPERING = (
    ("UPDATE audit SET reason = '例行' WHERE seq = 6", r"batch 2, row 2 of 4: .*\(seq 6\) was changed"),
    ("UPDATE audit SET at = at + interval '1 microsecond' WHERE seq = 9", r"\(seq 9\) was changed"),
    ("DELETE FROM audit WHERE seq = 6", r"batch 2, row 2 of 4: a row before position \d+ was removed"),
    ("DELETE FROM audit WHERE seq = 12", "in batch 3: row 4 of 4 was removed"),
    (SLIPPED_IN, r"the row at position \d+ \(seq \d+\) was added"),
    ("UPDATE audit SET position = position + 1000 WHERE seq = 4", "in batch 1: row 4 of 4 was removed"),
    ("DELETE FROM audit_batch WHERE number = 3", "batch 3 was published and is missing"),
    ("DELETE FROM audit_batch WHERE number = 2", "batch 2 is missing"),
    (
        "UPDATE audit_batch SET leaves = set_byte(leaves, 40, 255 - get_byte(leaves, 40)) WHERE number = 1",
        "batch 1, row 2 of 4",
    ),
    ("UPDATE audit_batch SET signature = 'x:y' WHERE number = 2", "batch 2: its signature"),
    ("UPDATE audit_batch SET root = repeat('0', 64) WHERE number = 3", "batch 3: its root is not"),
)


async def test_tampering_is_named(log: Any) -> None:
    async with log.database.write.connect() as conn:
        for statement, named in TAMPERING:
            await conn.execute(sa.text("BEGIN"))
            await conn.execute(sa.text(statement))
            verdict = (await verify(conn, SERVICE, [KEY], log.roots)).broken or ""
            await conn.execute(sa.text("ROLLBACK"))
            assert re.search(named, verdict), (statement, verdict)


async def test_whoever_holds_the_database_and_a_key_of_his_own_is_found_out(log: Any) -> None:
    """Everything is made anew over changed rows: the root outside the database still tells."""
    await log.tamper("UPDATE audit SET reason = '例行' WHERE seq = 6")
    await log.tamper("DELETE FROM audit_batch WHERE number >= 2")
    assert await close_batch(log.database) == 8  # signed with the service's own key
    assert (await log.report([OTHER_KEY])).broken == "batch 1: its signature does not hold"
    verdict = (await log.report()).broken
    assert verdict == "batch 2: its root differs from the one kept outside the database"


async def test_one_row_can_be_proven_without_the_database(log: Any) -> None:
    async with log.database.read.connect() as conn:
        proof = await prove(conn, SERVICE, 7)
        with pytest.raises(LookupError):
            await prove(conn, SERVICE, 99)
    assert proof.row["seq"] == 7
    assert proof.holds([KEY])
    assert not proof.holds([OTHER_KEY])
    forged = type(proof)(
        {**proof.row, "subject": "nobody"}, proof.header, proof.steps, proof.root, proof.signature
    )
    assert not forged.holds([KEY])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
def test_every_leaf_leads_to_the_root(size: int) -> None:
    chance = random.Random(size)
    leaves = [merkle.leaf(chance.randbytes(20)) for _ in range(size)]
    whole = merkle.root(leaves)
    for index, start in enumerate(leaves):
        assert merkle.root_from(start, merkle.path(leaves, index)) == whole
        assert merkle.root_from(merkle.leaf(b"other"), merkle.path(leaves, index)) != whole


def test_the_tree_is_that_of_rfc_6962() -> None:
    """Vectors of Certificate Transparency's reference implementation (its Merkle tree tests)."""
    inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    leaves = [merkle.leaf(bytes.fromhex(each)) for each in inputs]
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for size, expected in roots.items():
        assert merkle.root(leaves[:size]).hex() == expected
