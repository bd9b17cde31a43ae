"""The sealer: gives positions to committed rows, so that readers in order skip nothing and wait for nobody.

A row's `seq` is drawn before its transaction commits; a reader that remembers the last `seq` skips whatever
commits late. The sealer sees only what is committed and numbers it in the order of `seq`; a late committer
gets a later position, and a transaction that stays open delays nobody. One aggregate's rows are in order,
because their `seq` is drawn while the aggregate's row is locked: a later change is inserted after the
earlier one was committed.

There is one sealer at a time. Its lock ends with the statement that takes it, which also works behind a
pooler that hands connections around.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:  # the engines import this package
    from kechuang.db.engines import Database

BATCH = 1000
# Advisory locks of one database; the numbers mean nothing and must only differ.
SEALER_LOCK = 0x6B63_0001
PUBLISHER_LOCK = 0x6B63_0002
AUDIT_LOCK = 0x6B63_0003

# Every event waits for this statement, so it is one round trip: lock, number and commit. Its snapshot may be older
# than its lock, and rows that the previous sealer has just numbered then look as if they had no position. An UPDATE
# looks at the newest version of its row, which is why each asks again; nothing else can be wrong about an old snapshot.
# It asks with num_nulls, because "position IS NULL" would have the planner join through the index of unsealed rows.
#
# `numbered` draws positions in the order of its sorted input: the volatile nextval is evaluated row by row
# above the LIMIT. SKIP LOCKED matters for `feed` alone, whose rows are changed in place: one that is being
# changed again would make the sealer wait for that writer; it gets its position with the new change instead.
_SEAL = """
WITH turn AS MATERIALIZED (
  SELECT pg_try_advisory_xact_lock($2) AS taken
), next_outbox AS MATERIALIZED (
  SELECT seq FROM outbox WHERE position IS NULL AND (SELECT taken FROM turn) ORDER BY seq LIMIT $1
), numbered_outbox AS MATERIALIZED (
  SELECT seq, nextval('kechuang_position') AS position FROM next_outbox
), sealed_outbox AS (
  UPDATE outbox AS o SET position = n.position FROM numbered_outbox AS n
  WHERE o.seq = n.seq AND num_nulls(o.position) = 1 RETURNING 1
), next_audit AS MATERIALIZED (
  SELECT seq FROM audit WHERE position IS NULL AND (SELECT taken FROM turn) ORDER BY seq LIMIT $1
), numbered_audit AS MATERIALIZED (
  SELECT seq, nextval('kechuang_position') AS position FROM next_audit
), sealed_audit AS (
  UPDATE audit AS a SET position = n.position FROM numbered_audit AS n
  WHERE a.seq = n.seq AND num_nulls(a.position) = 1 RETURNING 1
), next_feed AS MATERIALIZED (
  SELECT resource, record_id, seq FROM feed WHERE position IS NULL AND (SELECT taken FROM turn)
  ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED
), numbered_feed AS MATERIALIZED (
  SELECT resource, record_id, seq, nextval('kechuang_position') AS position
  FROM (SELECT * FROM next_feed ORDER BY seq) AS sorted
), sealed_feed AS (
  UPDATE feed AS f SET position = n.position FROM numbered_feed AS n
  WHERE f.resource = n.resource AND f.record_id = n.record_id
  RETURNING 1
)
SELECT (SELECT count(*) FROM sealed_outbox) AS outbox,
       (SELECT count(*) FROM sealed_audit) AS audit,
       (SELECT count(*) FROM sealed_feed) AS feed
"""

_OLDEST_UNSEALED = "SELECT event_id FROM outbox WHERE position IS NULL ORDER BY seq LIMIT 1"


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many rows of each table got a position in one pass."""

    outbox: int = 0
    audit: int = 0
    feed: int = 0

    @property
    def full(self) -> bool:
        """Tell whether a table may have more."""
        return max(self.outbox, self.audit, self.feed) >= BATCH


async def seal_batch(conn: asyncpg.Connection) -> Sealed:
    """Seal one batch of each table in one statement; does nothing while another sealer is at work."""
    row = await conn.fetchrow(_SEAL, BATCH, SEALER_LOCK)
    assert row is not None
    return Sealed(**dict(row))


async def seal(database: "Database") -> None:
    """Seal everything that is committed; for commands and tests, the relay does it in a worker."""
    async with database.write.connect() as held:
        conn: Any = (await held.get_raw_connection()).driver_connection
        while (await seal_batch(conn)).full:
            pass


async def oldest_unsealed(conn: asyncpg.Connection) -> str | None:
    """Give the id of the oldest event that has no position."""
    found: str | None = await conn.fetchval(_OLDEST_UNSEALED)
    return found
