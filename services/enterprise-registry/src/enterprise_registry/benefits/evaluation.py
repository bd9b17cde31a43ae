"""One organisation against one benefit: the answer, the amount, and why. Verified facts only.

The engine is that of the ladders; statistical filings are never in its fact base.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import sqlalchemy as sa

from enterprise_registry.assessments.explain import Explainer
from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.assessments.standing import standing_of
from enterprise_registry.benefits.amounts import Amount, amount_of
from enterprise_registry.benefits.domain import LIVE
from enterprise_registry.benefits.rules import Benefit
from enterprise_registry.benefits.store import table
from enterprise_registry.integrity import sanction
from enterprise_registry.ladders.assess import Assessment, assess
from enterprise_registry.ladders.relations import relations_of
from enterprise_registry.ladders.results import Result
from enterprise_registry.metadata import parties
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.recognitions.counts import held_nodes
from kechuang import money
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.records import plain
from kechuang.text import Text

Outcome = Literal["beneficiary", "unmet", "unknown", "excluded"]
_REASONS: Final = {
    "met": Text("符合政策条件", "The condition is met"),
    "condition_unmet": Text("不符合政策条件", "The condition is not met"),
    "facts_missing": Text("缺少已核实的数据", "Verified facts are missing"),
    "judgement_needed": Text("需要人工判断", "Somebody must judge"),
    "integrity_record_in_force": Text("有生效中的科研失信处理", "An integrity record is in force"),
    "organisation_not_active": Text("单位未处于正常状态", "The organisation is not active"),
    "other_kind": Text("不属于政策适用的单位类型", "Not a kind of organisation that the benefit is open to"),
    "other_city": Text("不属于本市", "It belongs to another city"),
    "already_benefited": Text("同一事项已享受同类政策", "The same item is paid for already"),
    "amount_zero": Text("按公式计算金额为零", "The amount comes to nothing"),
    "yearly_cap_reached": Text("已达年度奖补上限", "The yearly cap is reached"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out. `shown` is the whole explanation as it is stored and shown; `amount` in fen."""

    outcome: Outcome
    reasons: tuple[str, ...]
    amount: int | None
    item: str
    grounds: tuple[str, ...]
    shown: dict[str, Any]


async def evaluate(
    unit: ReadUnit | UnitOfWork, benefit: Benefit, uscc: str, on: date, *, besides: str | None = None
) -> Finding:
    """Evaluate as known at the end of a day; `besides` is a grant that does not stand in its own way.

    Callers who grant upon the answer hold the organisation's lock (`alone(uow, "benefit", uscc)`).
    """
    shelf = library(unit)
    facts = await fact_base(unit, benefit.pack, uscc, on=on, verified_only=True)
    held = await held_nodes(unit, uscc, on)
    answer = assess(benefit.condition, facts, standing_of(shelf, benefit.pack, facts, held, on).nodes, on)
    relations = relations_of(shelf.packs, benefit.pack.id, benefit.pack.version)
    resting = [
        each
        for node, recognitions in held.items()
        if relations.closed([node]) & benefit.rests_on
        for each in recognitions
    ]
    latest = max(resting, key=lambda each: (each.valid_from, each.id), default=None)
    item = {
        "organisation": "",
        "year": str(on.year - 1),  # the last full accounting year, which the facts are of
        "recognition": latest.id if latest else "",
    }[benefit.model.once_per]
    others = await _others(unit, benefit, uscc, str(on.year), item, besides)
    amount = amount_of(benefit.amount, facts, others.had_this_year)
    reasons = await _exclusions(unit, benefit, uscc)
    if others.paying_already:
        reasons.append("already_benefited")
    outcome, reasons = _outcome(answer, amount, reasons)
    explain = Explainer(shelf.packs.visible(benefit.pack), benefit.condition.vocabulary)
    shown = {
        "outcome": outcome,
        "result": answer.result.name,
        "reasons": [{"code": each, "zh": _REASONS[each].zh, "en": _REASONS[each].en} for each in reasons],
        "amount": None if amount.fen is None else money.format(amount.fen),
        "steps": _steps(amount),
        "used": [explain.ref(each) for each in sorted(amount.used, key=str)],
        "missing": [explain.ref(each) for each in sorted({*answer.missing, *amount.missing}, key=str)],
        "results": [explain.part(leaf) for leaf in answer.root.leaves()],
        "grounds": [{"recognition": each.id, "number": each.number, "kind": each.kind} for each in resting],
        "already": others.paying_already,
        "had_this_year": money.format(others.had_this_year),
        "as_of": on.isoformat(),
        "pack": stamp(benefit.pack),
        "rule": benefit.model.code,
        "rule_version": benefit.model.version,
        "clause": list(benefit.model.clause),
        "policy": benefit.model.source.value == "policy",
    }
    return Finding(
        outcome, tuple(reasons), amount.fen, item, tuple(each.id for each in resting), plain(shown)
    )


def _steps(amount: Amount) -> list[dict[str, Any]]:
    return [
        {
            "step": each.name,
            "amount": money.format(each.amount),
            "limit": None if each.limit is None else money.format(each.limit),
        }
        for each in amount.steps
    ]


@dataclass(frozen=True, slots=True)
class _Others:
    """Other live grants: the one that pays for the item already, and the fen of this fund and year."""

    paying_already: dict[str, Any] | None
    had_this_year: int


async def _others(
    unit: ReadUnit | UnitOfWork, benefit: Benefit, uscc: str, year: str, item: str, besides: str | None
) -> _Others:
    live = [table.c.organisation == uscc, table.c.state.in_(LIVE), table.c.id != (besides or "")]
    same = sa.select(table.c.id, table.c.number, table.c.rule).where(
        *live, table.c.exclusive_group == benefit.exclusive_group, table.c.item == item
    )
    row = (await unit.execute(same.limit(1))).first()
    fund = benefit.model.fund
    total = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(table.c.amount), 0), sa.BigInteger)).where(
        *live,
        table.c.year == year,
        table.c.rule == benefit.model.code if fund is None else table.c.fund == fund,
    )
    had = (await unit.execute(total)).scalar_one()
    already = None if row is None else {"id": row.id, "number": row.number, "label": row.rule}
    return _Others(already, had)


async def _exclusions(unit: ReadUnit | UnitOfWork, benefit: Benefit, uscc: str) -> list[str]:
    party = await parties.find(unit, uscc)
    reasons = []
    if party is None or party.state != "active":
        reasons.append("organisation_not_active")
    elif party.kind not in benefit.model.open_to:
        reasons.append("other_kind")
    elif party.city != benefit.pack.header.area:
        reasons.append("other_city")
    if await sanction(unit, uscc) is not None:
        reasons.append("integrity_record_in_force")
    return reasons


def _outcome(answer: Assessment, amount: Amount, excluded: Sequence[str]) -> tuple[Outcome, list[str]]:
    """Judge: an unmet condition comes first, then what excludes, then what nobody knows, then the amount."""
    if answer.result in (Result.unmet, Result.not_applicable):
        return "unmet", ["condition_unmet", *excluded]
    if excluded:
        return "excluded", list(excluded)
    open_questions = []
    if answer.result is Result.unknown or amount.fen is None:
        open_questions.append("facts_missing")
    if answer.result is Result.manual_review:
        open_questions.append("judgement_needed")
    if open_questions:
        return "unknown", open_questions
    if amount.fen == 0:
        capped = amount.steps[-1].name == "yearly_cap"
        return "excluded", ["yearly_cap_reached" if capped else "amount_zero"]
    return "beneficiary", ["met"]
