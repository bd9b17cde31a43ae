"""What a unit of work leaves behind beside its own rows, and the one statement that writes it.

The text of the statement never changes, so that the server plans it once, and another audit row costs no
round trip.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from kechuang.access import Actor

FLUSH = """
WITH h AS (
  INSERT INTO history (resource, record_id, version, verb, from_state, to_state, at,
                       subject, person, organisation, roles, changes, note)
  SELECT resource, record_id, version, verb, from_state, to_state, at,
         $7, $8, $9, $10::text[], changes, note
  FROM jsonb_to_recordset($1::jsonb) AS x(resource text, record_id text, version int, verb text,
       from_state text, to_state text, at timestamptz, changes jsonb, note text)
), f AS (
  INSERT INTO feed AS was (resource, record_id, version, ever_sight)
  SELECT resource, record_id, version, sight
  FROM jsonb_to_recordset($2::jsonb) AS x(resource text, record_id text, version int, sight text[])
  ON CONFLICT (resource, record_id) DO UPDATE SET
    version = excluded.version, seq = nextval('feed_seq'), position = NULL,
    ever_sight = CASE WHEN was.ever_sight @> excluded.ever_sight THEN was.ever_sight
      ELSE ARRAY(SELECT DISTINCT unnest(was.ever_sight || excluded.ever_sight)) END
), o AS (
  INSERT INTO outbox (event_id, subject, aggregate, aggregate_version, envelope)
  SELECT event_id, subject, aggregate, aggregate_version, envelope
  FROM jsonb_to_recordset($3::jsonb) AS x(event_id text, subject text, aggregate text,
       aggregate_version int, envelope jsonb)
), a AS (
  INSERT INTO audit (at, business_at, subject, person, organisation, roles, client, action, resource,
                     record_id, version, outcome, reason, request_id, digest)
  SELECT clock_timestamp(), business_at, $7, $8, $9, $10::text[], $11, action, resource,
         record_id, version, outcome, reason, $12, digest
  FROM jsonb_to_recordset($4::jsonb) AS x(business_at timestamptz, action text, resource text,
       record_id text, version int, outcome text, reason text, digest text)
), t AS (
  INSERT INTO timer (due_at, kind, record_id, set_for_version, payload)
  SELECT due_at, kind, record_id, set_for_version, payload
  FROM jsonb_to_recordset($5::jsonb) AS x(due_at timestamptz, kind text, record_id text,
       set_for_version int, payload jsonb)
  ON CONFLICT (kind, record_id, due_at) DO NOTHING
)
UPDATE idempotency SET status = $13, headers = $14::jsonb, answer = $15
WHERE caller = $16 AND operation = $17 AND key = $6
"""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer to an idempotent request: exact bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class ClaimedKey:
    """The idempotency key that a unit of work claimed, and the answer to keep with it."""

    operation: str
    key: str
    answer: StoredAnswer | None = None


@dataclass(slots=True)
class Marks:
    """Where a collection stood, so that a part that failed can be forgotten."""

    lengths: tuple[int, int, int, int]
    feed: dict[tuple[str, str], dict[str, Any]]


@dataclass(slots=True)
class SideRows:
    """The side rows of one transaction, as they will be sent: one list a table."""

    history: list[dict[str, Any]] = field(default_factory=list)
    feed: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.history or self.feed or self.outbox or self.audit or self.timers)

    def mark(self) -> Marks:
        """Note where the collection stands."""
        return Marks(
            (len(self.history), len(self.outbox), len(self.audit), len(self.timers)), dict(self.feed)
        )

    def forget_since(self, marks: Marks) -> None:
        """Drop what was collected after the mark."""
        kept = zip((self.history, self.outbox, self.audit, self.timers), marks.lengths, strict=True)
        for rows, length in kept:
            del rows[length:]
        self.feed = marks.feed

    def parameters(self, actor: Actor, request_id: str | None, claimed: ClaimedKey | None) -> tuple[Any, ...]:
        """Give the parameters of `FLUSH`."""
        answer = claimed.answer if claimed else None
        return (
            _json(self.history),
            _json(list(self.feed.values())),
            _json(self.outbox),
            _json(self.audit),
            _json(self.timers),
            claimed.key if claimed else None,
            actor.subject,
            actor.person,
            actor.organisation,
            sorted(actor.roles),
            actor.client,
            request_id,
            answer.status if answer else None,
            orjson.dumps(dict(answer.headers)).decode() if answer else None,
            answer.body if answer else None,
            actor.subject,
            claimed.operation if claimed else None,
        )


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode() if rows else "[]"
