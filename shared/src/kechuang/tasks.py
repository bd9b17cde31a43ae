"""Ending background tasks for certain."""

import asyncio
from typing import Any


async def end(*tasks: "asyncio.Task[Any]", again_after: float = 12.0) -> None:
    """Cancel tasks and wait until all have ended; what they raised is dropped.

    Once is not always enough: a library can lose a cancellation that arrives just when what it waits for
    comes (`asyncio.wait_for` before Python 3.12, and the drivers that copied it), and the loop then goes on.
    `again_after` seconds are longer than any orderly ending takes, so that this does not cut one short.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=again_after)
    await asyncio.gather(*tasks, return_exceptions=True)
