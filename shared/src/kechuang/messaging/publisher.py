"""Publishing to JetStream without waiting for each acknowledgement.

Beside nats-py's `publish_async`, because there an answer that is an error raises inside the library instead
of reaching the future: a refusal would look like five seconds of silence (nats-py 2.16).
"""

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from kechuang.messaging.broker import Broker

_BATCHES_ARE_DISABLED = 10174  # the broker's error code, when the stream was made without them


class RefusedError(Exception):
    """The broker will never take this event: its permissions, or the event's size, forbid it."""


class NotTakenError(Exception):
    """The broker did not take the event this time."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one event is for the broker."""

    subject: str
    payload: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Awaited:
    subject: str
    future: "asyncio.Future[None]"
    batch: int  # how many messages the answer must stand for; 0 for one that was sent alone


class Publisher:
    """Sends over the broker's connection; each sending gives a future that the acknowledgement resolves."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client: Client | None = None
        self._inbox = ""
        self._count = 0
        self._waiting: dict[int, _Awaited] = {}
        self.takes_batches = True
        """Whether the stream takes batches, as far as known; it says so when the first one is sent."""
        broker.on_refused(self._refuse)

    async def send(self, message: Message) -> "asyncio.Future[None]":
        """Send one message; raises `RefusedError` when it is larger than the broker's limit."""
        client = await self._ready([message])
        return await self._send_last(client, message, message.headers, batch=0)

    async def send_batch(self, messages: Sequence[Message]) -> "asyncio.Future[None]":
        """Send messages of which the stream takes all, in this order, or none (nats-server 2.12, ADR-50).

        Raises `RefusedError` when one is larger than the broker's limit; nothing has been sent then.
        """
        client = await self._ready(messages)
        batch = uuid.uuid4().hex
        for number, message in enumerate(messages[:-1], start=1):
            member = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            await client.publish(message.subject, message.payload, headers={**message.headers, **member})
        size, last = len(messages), messages[-1]
        end = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(size), "Nats-Batch-Commit": "1"}
        return await self._send_last(client, last, {**last.headers, **end}, batch=size)

    async def _ready(self, messages: Sequence[Message]) -> Client:
        client = await self._broker.connected()
        if max(len(message.payload) for message in messages) > client.max_payload:
            raise RefusedError("larger than the broker's limit")
        if client is not self._client:
            self._inbox = client.new_inbox()
            await client.subscribe(f"{self._inbox}.*", cb=self._answer)
            self._client = client
            self.takes_batches = True
        return client

    async def _send_last(
        self, client: Client, message: Message, headers: Mapping[str, str], *, batch: int
    ) -> "asyncio.Future[None]":
        self._count += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[self._count] = _Awaited(message.subject.lower(), future, batch)
        reply = f"{self._inbox}.{self._count}"
        await client.publish(message.subject, message.payload, reply=reply, headers=dict(headers))
        return future

    def forget(self, futures: Iterable[asyncio.Future[None]]) -> None:
        """Stop waiting for what has not been answered."""
        for future in futures:
            if future.done():
                future.exception()  # looked at, so that the loop does not complain
            else:
                future.cancel()
        self._waiting = {n: each for n, each in self._waiting.items() if not each.future.done()}

    async def _answer(self, message: Msg) -> None:
        awaited = self._waiting.pop(int(message.subject.rpartition(".")[2]), None)
        if awaited is None or awaited.future.done():
            return
        if message.headers and message.headers.get("Status") == "503":
            awaited.future.set_exception(NotTakenError("no stream takes the subject, or its leader is away"))
            return
        answer = orjson.loads(message.data)
        if error := answer.get("error"):
            self.takes_batches &= error.get("err_code") != _BATCHES_ARE_DISABLED
            awaited.future.set_exception(NotTakenError(str(error.get("description", "refused"))))
        elif awaited.batch and answer.get("count") != awaited.batch:
            self.takes_batches = False
            awaited.future.set_exception(NotTakenError("the broker is too old to know batches"))
        else:
            awaited.future.set_result(None)

    def _refuse(self, subject: str) -> None:
        """Fail what waits on a subject that the broker's permissions forbid."""
        for awaited in self._waiting.values():
            if awaited.subject == subject and not awaited.future.done():
                awaited.future.set_exception(RefusedError("the broker's permissions forbid the subject"))
