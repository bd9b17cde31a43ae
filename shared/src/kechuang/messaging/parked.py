"""Events that the broker refuses for good: `python -m kechuang.messaging.parked list|unpark <package>`.

The relay puts such an event aside (its subject is not allowed to this service, or it is too large) and alarms.
`unpark` gives all of them another chance at the end of the queue, after the cause was mended.
"""

import argparse
import asyncio
import sys

import asyncpg

from kechuang.messaging.relay import unpark
from kechuang.settings import Settings

_PARKED = (
    "SELECT event_id, subject, parked_at, parked_reason FROM outbox WHERE parked_at IS NOT NULL ORDER BY seq"
)


async def _run(command: str) -> None:
    conn = await asyncpg.connect(Settings().database_url.get_secret_value())
    try:
        if command == "unpark":
            sys.stdout.write(f"{await unpark(conn)} events will be published again\n")
            return
        for row in await conn.fetch(_PARKED):
            sys.stdout.write("\t".join(str(each) for each in row.values()) + "\n")
    finally:
        await conn.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m kechuang.messaging.parked")
    parser.add_argument("command", choices=["list", "unpark"])
    parser.add_argument("package", help="whose environment this is; see the operators' guide")
    asyncio.run(_run(parser.parse_args().command))
