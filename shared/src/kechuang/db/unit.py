"""The unit of work: one request, one event or one timer is one transaction.

A use case changes rows through Core and *collects* its side rows (history, feed, outbox, audit, timers)
as plain lists. `commit` writes all of them, and the stored answer of an idempotent request, with one
constant statement (`kechuang.db.flush`), then commits.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

from kechuang.access import Actor
from kechuang.db.flush import FLUSH, ClaimedKey, SideRows, StoredAnswer
from kechuang.errors import Conflict, PreconditionRequired, Stale
from kechuang.ids import new_id
from kechuang.telemetry import span
from kechuang.text import Text

if TYPE_CHECKING:
    from kechuang.db.engines import Database
    from kechuang.messaging.events import Event

_CLAIM = """
INSERT INTO idempotency (caller, operation, key, digest, created_at)
VALUES ($1, $2, $3, $4, clock_timestamp())
ON CONFLICT DO NOTHING RETURNING 1
"""

_STORED = """
SELECT digest, status, headers::text, answer FROM idempotency WHERE caller = $1 AND operation = $2 AND key = $3
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """Where a unit of work comes from: the request or the event, for logs, traces and envelopes."""

    request_id: str | None = None
    traceparent: str | None = None
    event_id: str | None = None


class _Unit:
    """What reading and writing have in common."""

    def __init__(self, database: "Database", actor: Actor) -> None:
        self.database = database
        self.actor = actor
        self.now: datetime = database.clock.now()
        self.today: date = database.clock.today()
        self.permissions = database.service.permissions

    async def execute(self, statement: Any, parameters: Any = None) -> CursorResult[Any]:
        """Run a Core statement."""
        raise NotImplementedError


class ReadUnit(_Unit):
    """Reads with a role that can only SELECT; takes its connection when the first query comes."""

    def __init__(self, database: "Database", actor: Actor) -> None:
        super().__init__(database, actor)
        self._conn: AsyncConnection | None = None

    async def execute(self, statement: Any, parameters: Any = None) -> CursorResult[Any]:
        """Run a Core statement."""
        if self._conn is None:
            self._conn = await self._connect()
        result: CursorResult[Any] = await self._conn.execute(statement, parameters)
        return result

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Let the statements inside agree with each other: one repeatable-read snapshot."""
        await self.execute(sa.text("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        try:
            yield
        finally:
            await self.execute(sa.text("COMMIT"))

    async def _connect(self) -> AsyncConnection:
        await self.database.readers.take()
        try:
            return await self.database.read.connect()
        except BaseException:
            self.database.readers.give_back()
            raise

    async def close(self) -> None:
        """Give the connection back."""
        if self._conn is not None:
            try:
                await self._conn.close()
            finally:
                self._conn = None
                self.database.readers.give_back()


class UnitOfWork(_Unit):
    """One transaction, with what it will leave behind."""

    def __init__(self, database: "Database", actor: Actor, conn: AsyncConnection, driver: Any) -> None:
        super().__init__(database, actor)
        self.conn = conn
        self._driver = driver
        self._key: ClaimedKey | None = None
        self._side = SideRows()
        self.cause = Cause()
        self.if_match: int | None = None
        self.reason: str | None = None
        self.dry_run = False
        """Nothing of this stays: what would be evidence outside (a signature) must not be given out."""
        self.committed = False
        self.wakes = False

    @classmethod
    @asynccontextmanager
    async def begin(
        cls, database: "Database", actor: Actor, *, cause: Cause | None = None
    ) -> AsyncIterator["UnitOfWork"]:
        """Open a transaction; whatever is not committed when the block ends is rolled back."""
        with span("unit of work", kind="client", database="postgresql"):
            async with cls._transaction(database, actor, cause or Cause()) as unit:
                yield unit
        if unit.committed and unit.wakes:
            database.wake()

    @classmethod
    @asynccontextmanager
    async def _transaction(
        cls, database: "Database", actor: Actor, cause: Cause
    ) -> AsyncIterator["UnitOfWork"]:
        async with database.writers.turn(), database.write.connect() as conn:
            driver: Any = (await conn.get_raw_connection()).driver_connection
            transaction = driver.transaction()
            await transaction.start()
            unit = cls(database, actor, conn, driver)
            unit.cause = cause
            try:
                yield unit
            except BaseException:
                await transaction.rollback()
                raise
            # Without an explicit commit (a dry run, a replayed answer) nothing stays.
            await (transaction.commit() if unit.committed else transaction.rollback())

    async def execute(self, statement: Any, parameters: Any = None) -> CursorResult[Any]:
        """Run a Core statement in the transaction."""
        result: CursorResult[Any] = await self.conn.execute(statement, parameters)
        return result

    async def copy(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        """Write many rows with COPY; JSON columns come as text."""
        if rows:
            names = list(rows[0])
            records = [tuple(row[name] for name in names) for row in rows]
            await self._driver.copy_records_to_table(table.name, records=records, columns=names)

    # -- what a use case leaves behind ---------------------------------------------------------

    def changed(
        self,
        resource: str,
        record_id: str,
        version: int,
        verb: str,
        *,
        from_state: str | None,
        to_state: str,
        changes: Mapping[str, Any],
        sight: list[str],
    ) -> None:
        """Note a change of a record: its history row, its audit row, its place in the feed."""
        self._side.history.append(
            {
                "resource": resource,
                "record_id": record_id,
                "version": version,
                "verb": verb,
                "from_state": from_state,
                "to_state": to_state,
                "at": self.now,
                "changes": changes,
                "note": self.reason,
            }
        )
        self._side.feed[resource, record_id] = {
            "resource": resource,
            "record_id": record_id,
            "version": version,
            "sight": sight,
        }
        digest = sha256(orjson.dumps(changes, option=orjson.OPT_SORT_KEYS)).hexdigest()
        self.audit(
            f"{resource}:{verb}", resource=resource, record_id=record_id, version=version, digest=digest
        )

    def emit(self, event: "Event", *, aggregate: str, version: int) -> None:
        """Publish an event with this change: it is written now and sent after the commit."""
        event_id = new_id()
        self._side.outbox.append(
            {
                "event_id": event_id,
                "subject": event.subject(),
                "aggregate": aggregate,
                "aggregate_version": version,
                "envelope": event.envelope(
                    event_id=event_id,
                    aggregate=aggregate,
                    version=version,
                    time=self.now,
                    traceparent=self.cause.traceparent,
                    cause=self.cause.event_id,
                ),
            }
        )

    def schedule(
        self,
        kind: str,
        due_at: datetime,
        record_id: str,
        version: int,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Set a durable timer on the business clock; its handler checks that the reason still holds."""
        self._side.timers.append(
            {
                "due_at": due_at,
                "kind": kind,
                "record_id": record_id,
                "set_for_version": version,
                "payload": payload or {},
            }
        )

    def audit(
        self,
        action: str,
        *,
        resource: str | None = None,
        record_id: str | None = None,
        version: int | None = None,
        outcome: str = "done",
        reason: str | None = None,
        digest: str | None = None,
    ) -> None:
        """Write an audit row with this transaction."""
        self._side.audit.append(
            {
                "business_at": self.now,
                "action": action,
                "resource": resource,
                "record_id": record_id,
                "version": version,
                "outcome": outcome,
                "reason": reason or self.reason,
                "digest": digest,
            }
        )

    def events(self) -> list[dict[str, Any]]:
        """Give the envelopes collected so far; a dry run shows them."""
        return [row["envelope"] for row in self._side.outbox]

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A part that may fail alone: on an exception its rows and its side rows are gone, and it is raised."""
        marks = self._side.mark()
        try:
            async with self._driver.transaction():  # a savepoint, since a transaction is open
                yield
        except BaseException:
            self._side.forget_since(marks)
            raise

    # -- preconditions -------------------------------------------------------------------------

    def require_version(self, current: int, *, demanded: bool) -> None:
        """Compare `If-Match` with the record's version; refuse when stale, or absent where demanded."""
        if self.actor.is_system:
            return
        if self.if_match is None:
            if demanded:
                raise PreconditionRequired(
                    Text(
                        "请在 If-Match 请求头中带上该记录的 ETag。",
                        "Send the record's ETag in an If-Match header.",
                    ),
                    extra={"header": "If-Match"},
                )
            return
        if self.if_match != current:
            raise Stale(
                Text(
                    f"您看到的是第 {self.if_match} 版，当前为第 {current} 版，请重新读取后再操作。",
                    f"You saw version {self.if_match}; the current one is {current}. Read it again.",
                ),
                extra={"current_version": current},
            )

    # -- idempotency and commit ----------------------------------------------------------------

    async def claim(self, operation: str, key: str, digest: str) -> StoredAnswer | None:
        """Claim an idempotency key in this transaction, or give the first answer.

        A concurrent twin waits here until the first one ends: it then replays the stored answer, or,
        when the first one rolled back, does the work itself. Raises `Conflict` with code
        `idempotency_key_reused` (422) when the same key came with another request.
        """
        caller = self.actor.subject
        if await self._driver.fetchval(_CLAIM, caller, operation, key, digest):
            self._key = ClaimedKey(operation, key)
            return None
        stored = await self._driver.fetchrow(_STORED, caller, operation, key)
        if stored is None or stored["status"] is None:  # the twin rolled back between the two statements
            raise Conflict(
                Text("同一请求正在处理，请稍后重试。", "The same request is being handled; retry."),
                code="request_in_progress",
                retry_after=1,
            )
        if stored["digest"] != digest:
            refusal = Conflict(
                Text(
                    "该 Idempotency-Key 已用于内容不同的请求，请换一个新的键。",
                    "This Idempotency-Key came with a different request before; use a new one.",
                ),
                code="idempotency_key_reused",
            )
            refusal.status = 422
            raise refusal
        return StoredAnswer(stored["status"], orjson.loads(stored["headers"]), bytes(stored["answer"]))

    def store_answer(self, answer: StoredAnswer) -> None:
        """Keep the answer with the claimed key, if there is one."""
        if self._key is not None:
            self._key.answer = answer

    async def commit(self) -> None:
        """Flush all side rows in one statement and mark the transaction for commit."""
        # Read models change without leaving anything for the workers: no need to wake them.
        self.wakes = self.wakes or bool(self._side)
        if self.wakes or self._key:
            parameters = self._side.parameters(self.actor, self.cause.request_id, self._key)
            await self._driver.execute(FLUSH, *parameters)
        self.committed = True
