"""The main story, while every engine and every service is killed, one after another."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from kechuang_embedded.demo.client import Act
from kechuang_embedded.demo.load import Size, load_city
from kechuang_embedded.demo.story import Story
from kechuang_embedded.demo.story.teller import Silent
from kechuang_embedded.demo.synthetic import CITIES
from kechuang_embedded.services import SERVICES
from kechuang_embedded.testing_stack import WholeStack

pytestmark = pytest.mark.timeout(600)
SMALL = Size(organisations=12, institutions=6, persons=48, filers=0)


def victims(stack: WholeStack) -> Iterator[list[str]]:
    """Engines, then each service's apis and each service's workers: all copies of one at once."""
    yield from (["nats"], ["postgres"], ["gateway"])
    for service in SERVICES:
        for part in ("api", "worker"):
            if copies := [each for each in stack.programs if each.startswith(f"{service.name}-{part}-")]:
                yield copies


class Killer(Silent):
    """Listens to the story and kills: every third step before it begins or after its first act."""

    def __init__(self, stack: WholeStack) -> None:
        self._stack = stack
        self._left = list(victims(stack))
        self._due = False
        self.killed: list[str] = []

    @property
    def is_done(self) -> bool:
        return not self._left

    def begin(self, number: int, of: int, title: Any) -> None:
        if number % 3 == 0:
            self._due = True
            if number % 2 == 0:
                self._kill()

    def act(self, act: Act) -> None:
        if self._due:
            self._kill()

    def _kill(self) -> None:
        self._due = False
        if self.killed:
            self._stack.await_back(*self.killed[-1:])
        if self._left:
            for program in self._left.pop(0):
                self._stack.kill(program)
                self.killed.append(program)

    def await_all(self) -> None:
        self._stack.await_back(*self.killed)


def test_the_story_ends_with_the_figures_that_a_recount_gives(stack: WholeStack, books: Any) -> None:
    described = stack.described
    asyncio.run(load_city(described, CITIES[0], SMALL, run="city", told=lambda *_: None))
    killer = Killer(stack)
    story = Story(described, run="faults", teller=killer, patience=120)
    with story.api:
        story.begin()
        told = [story.tell_step(step) for step in story.steps]
        killer.await_all()
        result = story.end()
    assert killer.is_done, "every victim had its turn"
    assert [each.name for each in told] == [each.name for each in story.steps]
    assert len(result.counts) > 10
    assert result.differences == {}
    assert asyncio.run(books.dead_letters()) == 0
