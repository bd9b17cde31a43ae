"""Publishing to JetStream without waiting for each acknowledgement.

Beside nats-py's `publish_async`, because there an answer that is an error raises inside the library instead
of reaching the future: a refusal would look like five seconds of silence (nats-py 2.16).
"""

import asyncio
from collections.abc import Iterable, Mapping

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from kechuang.messaging.broker import Broker


class RefusedError(Exception):
    """The broker will never take this event: its permissions, or the event's size, forbid it."""


class NotTakenError(Exception):
    """The broker did not take the event this time."""


class Publisher:
    """Sends over the broker's connection; each `send` gives a future that the acknowledgement resolves."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client: Client | None = None
        self._inbox = ""
        self._count = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[None]]] = {}
        broker.on_refused(self._refuse)

    async def send(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> asyncio.Future[None]:
        """Send one message; raises `RefusedError` when it is larger than the broker's limit."""
        client = await self._broker.connected()
        if len(payload) > client.max_payload:
            raise RefusedError("larger than the broker's limit")
        if client is not self._client:
            self._inbox = client.new_inbox()
            await client.subscribe(f"{self._inbox}.*", cb=self._answer)
            self._client = client
        self._count += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[self._count] = (subject.lower(), future)
        await client.publish(subject, payload, reply=f"{self._inbox}.{self._count}", headers=dict(headers))
        return future

    def forget(self, futures: Iterable[asyncio.Future[None]]) -> None:
        """Stop waiting for what has not been answered."""
        for future in futures:
            if future.done():
                future.exception()  # looked at, so that the loop does not complain
            else:
                future.cancel()
        self._waiting = {n: each for n, each in self._waiting.items() if not each[1].done()}

    async def _answer(self, message: Msg) -> None:
        _, future = self._waiting.pop(int(message.subject.rpartition(".")[2]), (None, None))
        if future is None or future.done():
            return
        if message.headers and message.headers.get("Status") == "503":
            future.set_exception(NotTakenError("no stream takes the subject, or its leader is away"))
            return
        error = orjson.loads(message.data).get("error")
        if error:
            future.set_exception(NotTakenError(str(error.get("description", "refused"))))
        else:
            future.set_result(None)

    def _refuse(self, subject: str) -> None:
        """Fail what waits on a subject that the broker's permissions forbid."""
        for waiting, future in self._waiting.values():
            if waiting == subject and not future.done():
                future.set_exception(RefusedError("the broker's permissions forbid the subject"))
