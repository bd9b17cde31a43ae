"""Indicators and formulas, shares that must add up, dates of items."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kechuang_packs import expressions as e
from kechuang_packs.checks.references import find_cycle
from kechuang_packs.checks.walk import walk
from kechuang_packs.models.bidding import MoneyRules
from kechuang_packs.models.common import Provenance
from kechuang_packs.models.content import MessageTemplate
from kechuang_packs.models.facts import Unit
from kechuang_packs.models.pack import Pack
from kechuang_packs.quantities import PPM, QuantityError, parse_quantity
from kechuang_packs.reading import Path_
from kechuang_packs.units import Type, infer
from kechuang_packs.visibility import Visible

Found = Iterator[tuple[Path_, str]]
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def indicators(pack: Pack, _visible: Visible) -> Found:
    """Formulas name indicators of the pack, without circles; targets suit what they measure."""
    known = {indicator.code: indicator for indicator in pack.indicators.indicators}
    graph: dict[str, set[str]] = {}
    for index, indicator in enumerate(pack.indicators.indicators):
        if indicator.feed.formula is None:
            continue
        path: Path_ = ("indicators", "indicators", index, "feed", "formula")
        try:
            expr = e.parse(indicator.feed.formula)
            infer(expr, lambda _name: Type("number"))
        except e.ExpressionError as error:
            yield path, str(error)
            continue
        graph[indicator.code] = set(e.names(expr))
        for name in sorted(e.names(expr) - set(known)):
            yield path, f"no indicator {name}"
    cycle = find_cycle(graph)
    if cycle:
        yield ("indicators", "indicators"), f"formulas go in a circle: {' → '.join(cycle)}"
    for index, target in enumerate(pack.indicators.targets):
        measured = known.get(target.indicator)
        if measured is not None and measured.measure == "judged" and target.value is not None:
            yield ("indicators", "targets", index), f"{target.indicator} is judged and has no number"
    for index, relation in enumerate(pack.indicators.relations):
        if relation.indicator in relation.of:
            yield ("indicators", "relations", index), "an indicator is no part of itself"


def sums(pack: Pack, _visible: Visible) -> Found:
    """Tranches make the whole; shares and amounts are numbers of their kind."""
    for path, model in walk(pack):
        if isinstance(model, MoneyRules):
            yield from _money(model, path)
        elif isinstance(model, MessageTemplate):
            for text in (model.subject_zh, model.body_zh, model.subject_en or "", model.body_en or ""):
                for name in _PLACEHOLDER.findall(text):
                    if not name.isidentifier():
                        yield path, f"{{{name}}} is no placeholder"


def _money(rules: MoneyRules, path: Path_) -> Found:
    numbers = [
        ("ceiling", rules.ceiling, Unit.CNY), ("floor", rules.floor, Unit.CNY), ("bounty_min", rules.bounty_min, Unit.CNY),
        ("share_cap", rules.share_cap, Unit.percent), ("own_share_min", rules.own_share_min, Unit.percent),
    ]  # fmt: skip
    for name, value, unit in numbers:
        try:
            if value is not None:
                parse_quantity(value, unit)
        except QuantityError as error:
            yield (*path, name), str(error)
    try:
        total = sum(parse_quantity(tranche.share, Unit.percent) for tranche in rules.tranches)
    except QuantityError as error:
        yield (*path, "tranches"), str(error)
        return
    if rules.tranches and total != PPM:
        yield (*path, "tranches"), f"the shares sum to {total / 10_000:g}%, not to 100%"


def dates(pack: Pack, _visible: Visible) -> Found:
    """Documents end after they begin; a document that is superseded is there; items lie within the pack's time."""
    ids = {document.id for document in pack.header.documents}
    for index, document in enumerate(pack.header.documents):
        path: Path_ = ("header", "documents", index)
        if document.in_force_from and document.in_force_to and document.in_force_to < document.in_force_from:
            yield (*path, "in_force_to"), "in_force_to lies before in_force_from"
        for other in sorted(set(document.supersedes) - ids):
            yield (*path, "supersedes"), f"no document {other}"
    last = pack.header.in_force_to
    for place, model in walk(pack):
        if isinstance(model, Provenance) and last and model.in_force_from and model.in_force_from > last:
            yield (*place, "in_force_from"), f"after the pack's last day {last}"
