"""Messages of a durable pull consumer, as they come.

nats-py's `fetch(n)` waits for all n or for its time-out once the first message has come late, which adds
seconds to the latency of a quiet stream. This asks for n and hands each message on at once.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext

from kechuang.messaging.broker import Broker

_EXPIRES_SECONDS = 5.0
_GRACE_SECONDS = 1.0
_AWAY_SECONDS = 0.5
_CONFLICT = "409"  # also "consumer deleted": asking again at once would be a busy loop


class Pull:
    """An endless iterator over one durable's messages; at most `batch` are asked for at a time."""

    def __init__(self, broker: Broker, stream: str, durable: str, batch: int) -> None:
        self._broker = broker
        self._request = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._batch = batch
        self._again = False
        broker.on_returned(self._ask_again)

    def _ask_again(self) -> None:
        self._again = True

    async def messages(self) -> AsyncIterator[Msg]:
        """Give messages for ever; survives reconnects and a broker that is away."""
        client = await self._broker.connected()
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        try:
            while True:
                client = await self._broker.connected()
                with suppress(nats.errors.Error, OSError):
                    async for message in self._one_request(subscription, inbox):
                        yield message
        finally:
            with suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def _one_request(self, subscription: Subscription, inbox: str) -> AsyncIterator[Msg]:
        self._again = False
        wanted = self._batch
        ask = {"batch": wanted, "expires": int(_EXPIRES_SECONDS * 1_000_000_000)}
        client = await self._broker.connected()
        await client.publish(self._request, json.dumps(ask).encode(), inbox)
        while wanted and not self._again:
            try:
                message = await subscription.next_msg(timeout=_EXPIRES_SECONDS + _GRACE_SECONDS)
            except TimeoutError:
                return
            status = JetStreamContext.is_status_msg(message)
            if status == "100":
                continue
            if status:
                if status in (_CONFLICT, "503"):
                    await asyncio.sleep(_AWAY_SECONDS)
                return
            wanted -= 1
            yield message
