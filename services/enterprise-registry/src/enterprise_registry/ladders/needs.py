"""Which filed facts a rule, or a whole plan, looks at."""

from collections.abc import Iterator

from enterprise_registry.ladders.conditions import (
    BandedThreshold,
    FactTest,
    Group,
    JudgedTest,
    Part,
    ScoreTest,
)
from enterprise_registry.ladders.plan import LadderPlan
from enterprise_registry.ladders.vocabulary import Vocabulary


def facts_named(part: Part) -> Iterator[str]:
    """The facts that a part of a rule names, with those of its waiver."""
    match part.test:
        case Group(parts=parts):
            for child in parts:
                yield from facts_named(child)
        case FactTest(fact=fact, threshold=threshold):
            yield fact
            if isinstance(threshold, BandedThreshold):
                yield threshold.by
        case JudgedTest(fact=fact):
            yield fact
        case ScoreTest(blocks=blocks):
            for line in (line for block in blocks for line in block.lines):
                yield from (measure.fact for measure in line.measures)
                if line.chosen_by is not None:
                    yield line.chosen_by
    if part.waived_by is not None:
        yield from facts_named(part.waived_by)


def needed_words(*plans: LadderPlan) -> Vocabulary:
    """The vocabulary of these plans, which is the same, with nothing filed but what their rules look at.

    The rest is not worth reading.
    """
    return _needed(plans[0].vocabulary, frozenset(name for plan in plans for name in _named(plan)))


def _named(plan: LadderPlan) -> Iterator[str]:
    for node in plan.nodes:
        for rule in (node.first, node.review):
            if rule is not None:
                yield from facts_named(rule.root)


def _needed(words: Vocabulary, names: frozenset[str]) -> Vocabulary:
    keys = frozenset().union(*(words.filed(name) for name in names))
    return Vocabulary({key: words.facts[key] for key in sorted(keys)}, words.aliases)
