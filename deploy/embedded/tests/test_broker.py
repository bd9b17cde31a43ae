"""Users of the broker: each publishes its own subjects, pulls its own durables, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig

from kechuang_embedded import streams
from kechuang_embedded.nats import DLQ, OBSERVER, load_subscriptions, stream_name
from kechuang_embedded.testing import TestEngines

REGISTRY, BIDDING, MATCHING, INDICATORS = (
    "enterprise-registry",
    "project-bidding",
    "commissioner-matching",
    "indicators",
)
REFUSAL_WAIT = 0.5  # a refused call is not answered, it times out


class Session:
    """A connection of one user, with the violations that the server reported."""

    def __init__(self, client: Client, violations: "asyncio.Queue[str]") -> None:
        self.client = client
        self.js = client.jetstream(timeout=REFUSAL_WAIT)
        self.violations = violations

    async def violated(self) -> bool:
        said = await asyncio.wait_for(self.violations.get(), 5)
        return "permissions violation" in said.lower()


Connect = Callable[[str], Any]


@pytest.fixture
def connect(engines: TestEngines) -> Connect:
    engines.clear_streams()

    @asynccontextmanager
    async def session(user: str) -> AsyncIterator[Session]:
        violations: asyncio.Queue[str] = asyncio.Queue()

        async def note(error: Exception) -> None:
            violations.put_nowait(str(error))

        client = await nats.connect(**engines.nats.options(user), error_cb=note)
        try:
            yield Session(client, violations)
        finally:
            await client.close()

    return session


@pytest.mark.parametrize("listener", load_subscriptions().services)
async def test_every_listener_hears_what_the_file_says(connect: Connect, listener: str) -> None:
    for heard in load_subscriptions().hears[listener]:
        async with connect(heard) as speaker, connect(listener) as hearing:
            ack = await speaker.js.publish(
                f"kechuang.{heard}.call.published.v1", b"{}", headers={"Nats-Msg-Id": "1"}
            )
            again = await speaker.js.publish(
                f"kechuang.{heard}.call.published.v1", b"{}", headers={"Nats-Msg-Id": "1"}
            )
            assert (ack.stream, again.duplicate) == (stream_name(heard), True)
            pull = await hearing.js.pull_subscribe_bind(listener, stream=stream_name(heard))
            [message] = await pull.fetch(1, timeout=5)
            await message.ack_sync()
            assert (await pull.consumer_info()).num_pending == 0


@pytest.mark.parametrize(
    "subject",
    ["kechuang.project-bidding.bid.sealed.v1", "kechuang.dlq.indicators.x", "elsewhere", "kechuang"],
)
async def test_a_service_publishes_no_foreign_subject(connect: Connect, subject: str) -> None:
    async with connect(REGISTRY) as registry:
        with pytest.raises((TimeoutError, nats.errors.Error)):
            await registry.js.publish(subject, b"forged")
        assert await registry.violated()


async def test_a_service_cannot_pull_anothers_durable(connect: Connect) -> None:
    async with connect(REGISTRY) as registry:
        pull = await registry.js.pull_subscribe_bind(INDICATORS, stream=stream_name(BIDDING))
        with pytest.raises((TimeoutError, nats.errors.Error)):
            await pull.fetch(1, timeout=REFUSAL_WAIT)
        assert await registry.violated()


@pytest.mark.parametrize("subject", ["kechuang.>", "_INBOX_indicators.>", "_INBOX.>", ">"])
async def test_a_service_listens_only_to_its_inbox(connect: Connect, subject: str) -> None:
    async with connect(REGISTRY) as registry:
        await registry.client.subscribe(subject)
        await registry.client.flush()
        assert await registry.violated()


async def test_a_service_neither_makes_nor_removes_streams_and_consumers(connect: Connect) -> None:
    async with connect(INDICATORS) as indicators:
        for attempt in (
            indicators.js.add_stream(name="MINE", subjects=["mine.>"]),
            indicators.js.delete_stream(stream_name(INDICATORS)),
            indicators.js.delete_consumer(stream_name(BIDDING), MATCHING),
            indicators.js.delete_consumer(stream_name(BIDDING), INDICATORS),
        ):
            with pytest.raises((TimeoutError, nats.errors.Error)):
                await attempt
        assert await indicators.violated()


async def test_a_service_replays_a_stream_it_hears_by_its_own_replay_consumer(connect: Connect) -> None:
    async with connect(BIDDING) as bidding, connect(INDICATORS) as indicators:
        await bidding.js.publish(f"kechuang.{BIDDING}.call.published.v1", b"{}")
        replay = ConsumerConfig(
            name=f"{INDICATORS}_replay", filter_subject=f"kechuang.{BIDDING}.>", ack_policy=AckPolicy.EXPLICIT
        )
        await indicators.js.add_consumer(stream_name(BIDDING), replay)
        pull = await indicators.js.pull_subscribe_bind(str(replay.name), stream=stream_name(BIDDING))
        [message] = await pull.fetch(1, timeout=5)
        await message.ack_sync()
        assert await indicators.js.delete_consumer(stream_name(BIDDING), str(replay.name))


async def test_dead_letters_wait_for_their_listener_and_go_when_acknowledged(connect: Connect) -> None:
    async with connect(INDICATORS) as indicators:
        await indicators.js.publish(f"kechuang.dlq.{INDICATORS}.{BIDDING}", b"{}")
        pull = await indicators.js.pull_subscribe_bind(INDICATORS, stream=DLQ)
        [letter] = await pull.fetch(1, timeout=5)
        await letter.ack_sync()
    async with connect(OBSERVER) as observer:
        assert (await observer.js.stream_info(DLQ)).state.messages == 0


async def test_the_observer_sees_everything_and_changes_nothing(
    connect: Connect, engines: TestEngines
) -> None:
    user, password = engines.nats.users[OBSERVER]
    url = engines.nats.url.replace("://", f"://{user}:{password}@")
    plain = await nats.connect(url)  # as an outside tool does it, with its default inbox
    try:
        heard = await plain.subscribe("kechuang.>")
        await plain.flush()
        async with connect(BIDDING) as bidding:
            await bidding.js.publish(f"kechuang.{BIDDING}.call.published.v1", b"seen")
        assert (await heard.next_msg(timeout=5)).data == b"seen"
        assert (await plain.jetstream().get_msg(stream_name(BIDDING), 1)).data == b"seen"
        with pytest.raises((TimeoutError, nats.errors.Error)):
            await plain.jetstream(timeout=REFUSAL_WAIT).publish(f"kechuang.{BIDDING}.x", b"forged")
        with pytest.raises((TimeoutError, nats.errors.Error)):
            await plain.jetstream(timeout=REFUSAL_WAIT).delete_stream(stream_name(BIDDING))
    finally:
        await plain.close()


async def test_deploying_again_keeps_messages_and_positions(connect: Connect, engines: TestEngines) -> None:
    async with connect(BIDDING) as bidding, connect(INDICATORS) as indicators:
        for _ in range(2):
            await bidding.js.publish(f"kechuang.{BIDDING}.call.published.v1", b"{}")
        pull = await indicators.js.pull_subscribe_bind(INDICATORS, stream=stream_name(BIDDING))
        [first] = await pull.fetch(1, timeout=5)
        await first.ack_sync()
        await streams.deploy(engines.nats, engines.subscriptions)
        assert (await pull.consumer_info()).num_pending == 1
