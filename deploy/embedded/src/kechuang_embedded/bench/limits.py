"""What the engines themselves can do here and now: the denominators."""

import asyncio
import time
from typing import Any

import asyncpg
import nats

from kechuang.ids import new_id

_TABLES = """
CREATE TABLE bench_record (id text PRIMARY KEY, title text, body text, at timestamptz DEFAULT now());
CREATE TABLE bench_event (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body jsonb);
"""
_BODY = "x" * 400


async def two_row_transactions(url: str, *, connections: int, seconds: float) -> float:
    """BEGIN, two INSERTs, COMMIT with plain asyncpg: transactions a second."""
    pool = await asyncpg.create_pool(url, min_size=connections, max_size=connections)
    await pool.execute(_TABLES)
    done = 0
    until = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal done
        async with pool.acquire() as conn:
            while time.perf_counter() < until:
                async with conn.transaction():
                    await conn.execute(
                        "INSERT INTO bench_record (id, title, body) VALUES ($1, $2, $3)",
                        new_id(),
                        "title",
                        _BODY,
                    )
                    await conn.execute("INSERT INTO bench_event (body) VALUES ($1)", '{"event": "created"}')
                done += 1

    await asyncio.gather(*(client() for _ in range(connections)))
    await pool.execute("DROP TABLE bench_record, bench_event")
    await pool.close()
    return done / seconds


async def publishing(url: str, user: str, password: str, *, seconds: float, window: int = 512) -> float:
    """Acknowledged JetStream publishes a second on one connection, on a stream of its own."""
    client = await nats.connect(url, user=user, password=password)
    stream = client.jetstream(publish_async_max_pending=window * 2)
    await stream.add_stream(name="BENCH", subjects=["bench.>"])
    body = _BODY.encode()
    done = 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        futures: list[Any] = [await stream.publish_async("bench.event", body) for _ in range(window)]
        await asyncio.gather(*futures)
        done += window
    await stream.delete_stream("BENCH")
    await client.close()
    return done / seconds
