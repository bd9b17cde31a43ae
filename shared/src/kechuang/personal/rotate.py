"""After the master key changed: wrap all data keys with the new one. `python -m kechuang.personal.rotate <package>`

The new key stands in `KECHUANG_MASTER_KEY`, the old ones, newest first, in `KECHUANG_FORMER_MASTER_KEYS`. Fields
stay as they are: only their keys are wrapped anew, in batches, beside running services that have both settings.
"""

import argparse
import asyncio
import sys

from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.personal.store import DatabaseKeys, vault
from kechuang.serve import load
from kechuang.settings import Settings


async def rotate(database: Database) -> int:
    """Wrap with the current master key what an older one wraps; gives how many keys there were."""
    total = 0
    while True:
        async with database.unit(Actor.system(database.service.name)) as unit:
            done = await vault(unit).rotate(DatabaseKeys(unit))
            if done:
                unit.audit("personal-keys:rotate", resource="personal-keys", reason=f"{done} keys")
        if done == 0:
            return total
        total += done


async def _run(package: str) -> None:
    database = Database(Settings(), load(package))
    await database.start()
    try:
        sys.stdout.write(f"{await rotate(database)} data keys are wrapped anew\n")
    finally:
        await database.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m kechuang.personal.rotate")
    parser.add_argument("package")
    asyncio.run(_run(parser.parse_args().package))
