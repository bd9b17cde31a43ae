"""The deploy step: streams and durable consumers from the file of subscriptions, created or brought up to date.

    python -m kechuang_embedded streams

Services never create them; they only check that theirs exist (`/readyz`).
"""

import nats
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from kechuang_embedded.nats import ADMIN, DLQ, NatsUrls, Subscriptions, stream_name


async def deploy(urls: NatsUrls, subscriptions: Subscriptions, *, replicas: int = 1) -> None:
    """Create or update every stream and durable consumer; never delete, since both hold what was acknowledged."""
    connection = await nats.connect(**urls.options(ADMIN))
    try:
        jetstream = connection.jetstream(timeout=10)
        for service in subscriptions.services:
            await _ensure_stream(jetstream, _events_of(service, subscriptions, replicas))
        await _ensure_stream(jetstream, _dead_letters(subscriptions, replicas))
        for service, heard in subscriptions.hears.items():
            for other in heard:
                consumer = _durable(service, f"kechuang.{other}.>", subscriptions)
                await jetstream.add_consumer(stream_name(other), consumer)
            letters = _durable(service, f"kechuang.dlq.{service}.>", subscriptions)
            await jetstream.add_consumer(DLQ, letters)
    finally:
        await connection.close()


async def clear(urls: NatsUrls, subscriptions: Subscriptions) -> None:
    """Remove every stream with its consumers, and deploy them anew: for tests and for `make reset`."""
    connection = await nats.connect(**urls.options(ADMIN))
    try:
        jetstream = connection.jetstream(timeout=10)
        for stream in (*(stream_name(service) for service in subscriptions.services), DLQ):
            try:
                await jetstream.delete_stream(stream)
            except NotFoundError:
                continue
    finally:
        await connection.close()
    await deploy(urls, subscriptions)


def _events_of(service: str, subscriptions: Subscriptions, replicas: int) -> StreamConfig:
    return StreamConfig(
        name=stream_name(service),
        subjects=[f"kechuang.{service}.>"],
        retention=RetentionPolicy.LIMITS,  # without limits: read models are rebuilt by replay from the start
        storage=StorageType.FILE,
        num_replicas=replicas,
        duplicate_window=subscriptions.duplicate_window,
        deny_delete=True,
        allow_direct=True,
        allow_atomic=True,  # the relay publishes in batches
    )


def _dead_letters(subscriptions: Subscriptions, replicas: int) -> StreamConfig:
    """A work queue: a letter that its listener replayed or dropped (acknowledged) is gone."""
    return StreamConfig(
        name=DLQ,
        subjects=["kechuang.dlq.>"],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        num_replicas=replicas,
        duplicate_window=subscriptions.duplicate_window,
        allow_direct=True,
    )


def _durable(service: str, subject: str, subscriptions: Subscriptions) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=service,
        filter_subject=subject,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=subscriptions.ack_wait,
        max_deliver=subscriptions.max_deliver,
        max_ack_pending=subscriptions.max_ack_pending,
    )


async def _ensure_stream(jetstream: JetStreamContext, wanted: StreamConfig) -> None:
    try:
        await jetstream.stream_info(str(wanted.name))
    except NotFoundError:
        await jetstream.add_stream(wanted)
    else:
        await jetstream.update_stream(wanted)
