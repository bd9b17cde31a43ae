"""Verification: recomputes the whole chain and names the first row that is not what was sealed."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from kechuang.audit import batches, merkle
from kechuang.audit.sealing import read_roots
from kechuang.db.tables import audit as audit_rows
from kechuang.db.tables import audit_batch


@dataclass(frozen=True, slots=True)
class Report:
    """`broken` is None when everything holds; otherwise it names the first thing that does not."""

    batches: int
    rows: int
    broken: str | None = None


class _BrokenError(Exception):
    pass


async def verify(
    conn: AsyncConnection, service: str, keys: Sequence[Ed25519PublicKey], roots: Path | None = None
) -> Report:
    """Recompute every batch from the rows; compare signatures and the roots kept outside the database.

    `keys` are the public keys that are trusted, old ones included; `roots` is the file of roots.
    """
    outside = await asyncio.to_thread(read_roots, roots, service) if roots else {}
    walk = _Walk(service, keys, outside)
    try:
        async for batch in _batches(conn):
            walk.check(batch, await _rows(conn, walk.last, batch.last_position))
        walk.end()
    except _BrokenError as error:
        return Report(walk.checked, walk.rows, str(error))
    return Report(walk.checked, walk.rows)


@dataclass
class _Walk:
    """The chain as far as it was followed."""

    service: str
    keys: Sequence[Ed25519PublicKey]
    outside: Mapping[int, Mapping[str, Any]]
    checked: int = 0
    rows: int = 0
    root: str = batches.GENESIS
    last: int = 0

    def check(self, batch: Row[Any], rows: Sequence[Mapping[str, Any]]) -> None:
        if batch.number != self.checked + 1:
            raise _BrokenError(f"batch {self.checked + 1} is missing")
        if batch.previous_root != self.root:
            raise _BrokenError(f"batch {batch.number} does not follow batch {batch.number - 1}")
        _check_rows(batch, rows)
        _check_root(self.service, batch, self.keys, self.outside)
        self.checked, self.rows = batch.number, self.rows + len(rows)
        self.root, self.last = batch.root, batch.last_position

    def end(self) -> None:
        if self.outside and max(self.outside) > self.checked:
            raise _BrokenError(f"batch {self.checked + 1} was published and is missing in the database")


async def _batches(conn: AsyncConnection) -> AsyncIterator[Row[Any]]:
    number = 0
    while True:
        following = sa.select(audit_batch).where(audit_batch.c.number > number)
        row = (await conn.execute(following.order_by(audit_batch.c.number).limit(1))).one_or_none()
        if row is None:
            return
        yield row
        number = row.number


async def _rows(conn: AsyncConnection, after: int, last: int) -> list[Mapping[str, Any]]:
    within = sa.select(audit_rows).where(audit_rows.c.position > after, audit_rows.c.position <= last)
    found = await conn.execute(within.order_by(audit_rows.c.position))
    return [dict(row) for row in found.mappings()]


def _sealed_leaves(batch: Row[Any]) -> list[bytes]:
    raw = bytes(batch.leaves)
    return [raw[start : start + merkle.SIZE] for start in range(0, len(raw), merkle.SIZE)]


def _header(service: str, batch: Row[Any]) -> batches.Header:
    return batches.Header(
        service, batch.number, batch.first_position, batch.last_position, batch.rows, batch.previous_root
    )


def _check_rows(batch: Row[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Compare each row with the hash that was kept when it was sealed."""
    sealed = _sealed_leaves(batch)
    for index, row in enumerate(rows):
        found = merkle.leaf(batches.canonical(row))
        if index < len(sealed) and found == sealed[index]:
            continue
        where = f"in batch {batch.number}, row {index + 1} of {batch.rows}"
        if found in sealed[index + 1 :]:
            raise _BrokenError(f"{where}: a row before position {row['position']} was removed")
        if len(rows) > len(sealed) or index >= len(sealed):
            raise _BrokenError(f"{where}: the row at position {row['position']} (seq {row['seq']}) was added")
        raise _BrokenError(f"{where}: the row at position {row['position']} (seq {row['seq']}) was changed")
    if len(rows) < len(sealed):
        raise _BrokenError(f"in batch {batch.number}: row {len(rows) + 1} of {batch.rows} was removed")


def _check_root(
    service: str,
    batch: Row[Any],
    keys: Sequence[Ed25519PublicKey],
    outside: Mapping[int, Mapping[str, Any]],
) -> None:
    if batches.root_of(_header(service, batch), _sealed_leaves(batch)) != batch.root:
        raise _BrokenError(f"batch {batch.number}: its root is not that of its rows")
    if not batches.signature_holds(keys, batch.signature, service, batch.number, batch.root):
        raise _BrokenError(f"batch {batch.number}: its signature does not hold")
    kept = outside.get(batch.number)
    if kept is not None and kept["root"] != batch.root:
        raise _BrokenError(f"batch {batch.number}: its root differs from the one kept outside the database")


@dataclass(frozen=True, slots=True)
class Proof:
    """Shows that one row is in a published batch: row, header, steps to the root, root, signature."""

    row: Mapping[str, Any]
    header: batches.Header
    steps: tuple[merkle.Step, ...]
    root: str
    signature: str

    def as_json(self) -> bytes:
        """Give the proof as a document that can be handed on."""
        steps = [
            {"sibling": step.sibling.hex(), "side": "left" if step.sibling_is_left else "right"}
            for step in self.steps
        ]
        return batches.canonical(
            {
                "row": batches.canonical(self.row).decode(),
                "header": asdict(self.header),
                "steps": steps,
                "root": self.root,
                "signature": self.signature,
            }
        )

    def holds(self, keys: Sequence[Ed25519PublicKey]) -> bool:
        """Check the steps and the signature; needs no database."""
        reached = merkle.root_from(merkle.leaf(batches.canonical(self.row)), self.steps).hex()
        return reached == self.root and batches.signature_holds(
            keys, self.signature, self.header.service, self.header.number, self.root
        )


async def prove(conn: AsyncConnection, service: str, seq: int) -> Proof:
    """Give the proof for the audit row of this `seq`; raises `LookupError` while it is not in a batch."""
    row = (await conn.execute(sa.select(audit_rows).where(audit_rows.c.seq == seq))).mappings().one_or_none()
    if row is None or row["position"] is None:
        raise LookupError(f"audit row {seq} does not exist or is not sealed yet")
    covering = sa.select(audit_batch).where(audit_batch.c.last_position >= row["position"])
    batch = (await conn.execute(covering.order_by(audit_batch.c.number).limit(1))).one_or_none()
    if batch is None:
        raise LookupError(f"audit row {seq} is not in a closed batch yet")
    before = sa.select(sa.func.count()).where(
        audit_rows.c.position >= batch.first_position, audit_rows.c.position < row["position"]
    )
    index = (await conn.execute(before)).scalar_one()
    header = _header(service, batch)
    steps = merkle.path([header.leaf(), *_sealed_leaves(batch)], index + 1)
    return Proof(dict(row), header, tuple(steps), batch.root, batch.signature)


def public_key(encoded: str) -> Ed25519PublicKey:
    """Read a public key of 32 bytes in base64."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded))
