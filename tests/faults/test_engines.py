"""The engines are killed, and kept dead for a while, while organisations are registered."""

import json
from typing import Any

import pytest

from kechuang_embedded.testing_load import Registrations, Trouble
from kechuang_embedded.testing_stack import WholeStack

pytestmark = pytest.mark.timeout(300)


async def test_without_the_broker_requests_go_on_and_the_outbox_keeps_the_events(
    stack: WholeStack, load: Registrations, books: Any
) -> None:
    async with load.running():
        await load.more(20)
        with stack.away("nats"):
            await load.more(40)
            assert not load.troubles
            latest = [each.uscc for each in load.acknowledged[-20:]]
            kept = "SELECT aggregate FROM outbox WHERE aggregate = ANY($1)"
            assert set(await books.column("enterprise-registry", kept, latest)) == set(latest)
            arrived = "SELECT uscc FROM party WHERE uscc = ANY($1)"
            assert not await books.column("commissioner-matching", arrived, latest)
        await load.more(10)
    assert not load.troubles
    await books.agree_with(load)


async def test_without_the_database_requests_are_told_to_come_again_and_nothing_acknowledged_is_lost(
    stack: WholeStack, load: Registrations, books: Any
) -> None:
    async with load.running():
        await load.more(20)
        with stack.away("postgres"):
            before = len(load.acknowledged)
            await load.more_troubles(12)
            assert len(load.acknowledged) <= before + 6  # what was on its way when the server died
        await load.more(20)
    assert load.troubles
    for trouble in load.troubles:
        assert_says_come_again(trouble)
    await books.agree_with(load)


async def test_a_killed_gateway_comes_back_on_the_same_address(
    stack: WholeStack, load: Registrations, books: Any
) -> None:
    address = stack.gateway
    async with load.running():
        await load.more(20)
        with stack.away("gateway"):
            await load.more_troubles(6)
        await load.more(20)
    assert stack.gateway == address
    # Refused connections; and while a new gateway has not read its routes, it knows none.
    assert {trouble.status for trouble in load.troubles} <= {None, 404}
    await books.agree_with(load)


def assert_says_come_again(trouble: Trouble) -> None:
    """A problem of ours, in words, with the time to wait."""
    assert trouble.status == 503, trouble
    assert int(trouble.headers["retry-after"]) >= 1
    assert trouble.headers["content-type"] == "application/problem+json"
    problem = json.loads(trouble.text)
    assert problem["status"] == 503
    assert problem["code"]
    assert problem["detail"]
