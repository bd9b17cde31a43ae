"""Randomness that is the same every time."""

from random import Random


def seeded(seed: int, *purpose: str) -> Random:
    """A generator of its own for each purpose, so that more of one thing changes nothing of another."""
    return Random(":".join((str(seed), *purpose)))  # noqa: S311 - a synthetic city is to be repeatable, not secret
