"""Benefits: amounts are money, bands can be reached, funds are there, versions do not overlap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

from kechuang_packs import expressions as e
from kechuang_packs.checks.facts import type_of_fact, unit_of
from kechuang_packs.checks.intervals import read_interval, unreachable
from kechuang_packs.models.benefits import AmountBands, BenefitRule
from kechuang_packs.models.facts import FactDefinition, Unit
from kechuang_packs.models.pack import Pack
from kechuang_packs.quantities import QuantityError, parse_quantity
from kechuang_packs.reading import Path_
from kechuang_packs.units import infer
from kechuang_packs.visibility import Visible

Found = Iterator[tuple[Path_, str]]


def benefits(pack: Pack, visible: Visible) -> Found:
    """Every benefit and fund of services.yaml."""
    funds = {fund.code for fund in pack.services.funds}
    for index, fund in enumerate(pack.services.funds):
        yield from _money(fund.yearly_minimum, ("services", "funds", index, "yearly_minimum"))
    for index, rule in enumerate(pack.services.benefits):
        path: Path_ = ("services", "benefits", index)
        for name in ("amount", "cap", "yearly_cap"):
            yield from _money(getattr(rule, name), (*path, name))
        if rule.fund is not None and rule.fund not in funds:
            yield (*path, "fund"), f"no fund {rule.fund}"
        if rule.amount_expression is not None:
            yield from _expression(rule.amount_expression, (*path, "amount_expression"), visible)
        if rule.amount_bands is not None:
            yield from _bands(rule.amount_bands, (*path, "amount_bands"), visible)
    yield from _versions(pack)


def _money(value: int | str | None, path: Path_) -> Found:
    try:
        if value is not None and parse_quantity(value, Unit.CNY) <= 0:
            yield path, "an amount is above zero"
    except QuantityError as error:
        yield path, str(error)


def _expression(text: str, path: Path_, visible: Visible) -> Found:
    try:
        expr = e.parse(text)
        found = infer(expr, lambda key: type_of_fact(visible, key))
    except e.ExpressionError as error:
        yield path, str(error)
        return
    if found.dimension != ((Unit.CNY.value, 1),):
        yield path, f"yields {found}, not money"
    for name in sorted(e.names(expr)):
        yield from _readable(name, path, visible)


def _readable(name: str, path: Path_, visible: Visible) -> Found:
    key = visible.fact_key(name)
    fact = visible.facts.get(key) if key is not None else None
    if fact is None:
        yield path, f"no fact {name}"
    elif isinstance(fact, FactDefinition) and fact.statistical:
        yield path, f"{name} is statistical: it feeds totals and no benefit may read it"


def _bands(bands: AmountBands, path: Path_, visible: Visible) -> Found:
    faults = [*_readable(bands.by, (*path, "by"), visible)]
    if bands.of is not None:
        faults += _readable(bands.of, (*path, "of"), visible)
    yield from faults
    if faults:
        return
    if bands.of is not None and unit_of(visible.facts[bands.of]) is not Unit.CNY:
        yield (*path, "of"), f"{bands.of} is no amount of money"
    unit = unit_of(visible.facts[bands.by])
    try:
        intervals = [read_interval(band, unit) for band in bands.bands]
    except QuantityError as error:
        yield (*path, "bands"), str(error)
        return
    for index in unreachable(intervals):
        yield (*path, "bands", index), "can never be reached: those before it cover it, or it is empty"
    for index, band in enumerate(bands.bands):
        yield from _money(band.amount, (*path, "bands", index, "amount"))
        try:
            if band.rate is not None:
                parse_quantity(band.rate, Unit.percent)
        except QuantityError as error:
            yield (*path, "bands", index, "rate"), str(error)


def _versions(pack: Pack) -> Found:
    """Versions of one code follow each other without overlap; those without dates hold with the pack."""
    by_code: dict[str, list[tuple[int, BenefitRule]]] = {}
    for index, rule in enumerate(pack.services.benefits):
        by_code.setdefault(rule.code, []).append((index, rule))
    for rules in by_code.values():
        rules.sort(key=lambda pair: pair[1].in_force_from or dt.date.min)
        for (_, before), (index, after) in pairwise(rules):
            if (before.in_force_to or dt.date.max) >= (after.in_force_from or dt.date.min):
                yield (
                    ("services", "benefits", index, "in_force_from"),
                    f"in force together with version {before.version} of {before.code}",
                )
