"""Facts: expressions parse, fit together by unit and period, and do not depend on themselves."""

from __future__ import annotations

from collections.abc import Iterator

from kechuang_packs import expressions as e
from kechuang_packs.checks.references import find_cycle
from kechuang_packs.models.facts import Classification, FactDefinition, PeriodKind, Unit
from kechuang_packs.models.pack import Pack
from kechuang_packs.quantities import QuantityError, parse_quantity
from kechuang_packs.reading import Path_
from kechuang_packs.units import Type, infer, type_of_unit
from kechuang_packs.visibility import Visible


def unit_of(fact: FactDefinition | Classification) -> Unit:
    """A classification is a code fact."""
    return Unit.code if isinstance(fact, Classification) else fact.unit


def type_of_fact(visible: Visible, name: str) -> Type:
    """The type of a fact called by key or alias; ExpressionError when there is none."""
    key = visible.fact_key(name)
    if key is None:
        raise e.ExpressionError(f"no fact {name}")
    return type_of_unit(unit_of(visible.facts[key]))


def definitions(pack: Pack, visible: Visible) -> Iterator[tuple[Path_, str]]:
    """Expressions of the pack's own derived facts, bounds of values, circles among all visible derived facts."""
    graph: dict[str, set[str]] = {}
    for index, fact in enumerate(pack.facts.facts):
        path: Path_ = ("facts", "facts", index)
        yield from ((path, message) for message in _bounds(fact))
        if fact.expression is None:
            continue
        try:
            expr = e.parse(fact.expression)
            found = infer(expr, lambda name: type_of_fact(visible, name))
        except e.ExpressionError as error:
            yield (*path, "expression"), str(error)
            continue
        wanted = type_of_unit(fact.unit)
        if found.kind != wanted.kind or (found.dimension != wanted.dimension and not found.literal):
            yield (*path, "expression"), f"yields {found}, the fact is in {fact.unit.value}"
        depends = {visible.fact_key(name) or name for name in e.names(expr)}
        graph[fact.key] = depends
        yield from (
            ((*path, "expression"), message)
            for message in _periods(fact, expr, [visible.facts[key] for key in sorted(depends)])
        )
    cycle = find_cycle(graph)
    if cycle:
        yield ("facts", "facts"), f"facts go in a circle: {' → '.join(cycle)}"


def _bounds(fact: FactDefinition) -> Iterator[str]:
    numeric = fact.unit not in (Unit.flag, Unit.code, Unit.date) and fact.expression is None
    for name, bound in (("minimum", fact.minimum), ("maximum", fact.maximum)):
        if bound in (None, 0) or not numeric:
            continue
        try:
            parse_quantity(bound or 0, fact.unit)
        except QuantityError as error:
            yield f"{name}: {error}"


def _periods(
    fact: FactDefinition, expr: e.Expr, used: list[FactDefinition | Classification]
) -> Iterator[str]:
    yearly = [one for one in used if one.period is PeriodKind.year]
    if fact.period is PeriodKind.static and yearly:
        yield "a static fact cannot come from a yearly one"
    for one in used:
        if one.period in (PeriodKind.quarter, PeriodKind.month):
            yield f"rules read yearly facts and states, not one by {one.period.value}"
        if isinstance(one, FactDefinition) and one.statistical and not fact.statistical:
            yield f"{one.key} is statistical and feeds totals only"
    shifts = any(isinstance(part, e.Ago | e.SumYears) for part in e.walk(expr))
    if shifts and not yearly:
        yield "ago and sum need a yearly fact"


def classifications(pack: Pack, visible: Visible) -> Iterator[tuple[Path_, str]]:  # noqa: C901 - one nested table
    """Rows name codes once, limits fit their facts and fall from class to class."""
    for index, table in enumerate(pack.facts.classifications):
        path: Path_ = ("facts", "classifications", index)
        key = visible.fact_key(table.by)
        if key is None or unit_of(visible.facts[key]) is not Unit.code:
            yield (*path, "by"), f"{table.by} is no code fact"
        seen: set[str] = set()
        for row_index, row in enumerate(table.rows):
            row_path: Path_ = (*path, "rows", row_index)
            for code in row.when:
                if code in seen:
                    yield (*row_path, "when"), f"{code} stands in two rows"
                seen.add(code)
            above: dict[str, int] = {}
            for class_index, limit in enumerate(row.classes):
                for name, literal in limit.lower.items():
                    where: Path_ = (*row_path, "classes", class_index, "lower", name)
                    fact = visible.facts.get(name)
                    if fact is None:
                        yield where, f"no fact {name}"
                        continue
                    try:
                        value = parse_quantity(literal, unit_of(fact))
                    except QuantityError as error:
                        yield where, str(error)
                        continue
                    if value >= above.get(name, value + 1):
                        yield where, "the limits do not fall from class to class"
                    above[name] = value
