"""Two copies of every api and every worker; one of each is killed while organisations are registered."""

import asyncio
from typing import Any

import pytest

from kechuang_embedded.testing_load import AWAY, Registrations
from kechuang_embedded.testing_stack import WholeStack

EVERY_PARTY = "SELECT uscc, title, version, state FROM party ORDER BY uscc"
EVERY_ORGANISATION = "SELECT uscc, name, version, state FROM organisation ORDER BY uscc"
pytestmark = pytest.mark.timeout(300)


async def test_one_copy_of_each_killed_under_load_loses_nothing_and_does_nothing_twice(
    stack: WholeStack, load: Registrations, books: Any
) -> None:
    copies = [each for each in stack.programs if each.endswith(("-api-1", "-worker-1"))]
    assert len(copies) == 9  # the portal has no worker
    async with load.running():
        await load.more(20)
        for program in copies:
            stack.kill(program)
            await load.more(10)  # the other copy goes on meanwhile
        await asyncio.to_thread(stack.await_back, *copies)
        await load.more(10)
    await asyncio.to_thread(stack.settle)  # what a killed worker held has come again
    await books.agree_with(load)
    assert await books.rows("commissioner-matching", EVERY_PARTY) == await books.rows(
        "enterprise-registry", EVERY_ORGANISATION
    )
    # Whoever met the dying process heard so, and did not have to guess: connections that broke, nothing else.
    assert {trouble.status for trouble in load.troubles} <= {None, *AWAY}


async def test_a_registration_sent_again_gets_its_first_answer(
    stack: WholeStack, load: Registrations, books: Any
) -> None:
    async with load.running():
        await load.more(20)
        stack.kill("enterprise-registry-api-2")
        await load.more(20)
        await asyncio.to_thread(stack.await_back, "enterprise-registry-api-2")
    tried_again = [each for each in load.begun if each.troubles]
    for each in (*tried_again, *load.begun[:20]):
        answer = await load.repeat(each)
        assert answer.status_code == 201
        assert answer.headers["idempotent-replayed"] == "true"
        assert answer.json() == each.answer
    await books.agree_with(load)
