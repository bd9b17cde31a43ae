"""Whether these parties may answer this call: facts of the read models, judged on the day of publication."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text
from kechuang_procedure.parties import Party as Known
from project_bidding import packs, points
from project_bidding.calls.affiliations import Relation
from project_bidding.calls.domain import Call
from project_bidding.calls.eligibility import (
    CallFacts,
    HeldRung,
    IntegrityRecord,
    Party,
    Rule,
    Verdict,
    judge_consortium,
)
from project_bidding.integrity.feature import records_of
from project_bidding.metadata import parties


def _party(known: Known, records: Sequence[IntegrityRecord], today: date, balance: int | None) -> Party:
    rungs = tuple(
        HeldRung(
            each["kind"],
            date.fromisoformat(each["from"]),
            date.fromisoformat(each["to"]) if each["to"] else None,
        )
        for each in known.rungs
    )
    return Party(known.uscc, known.kind, known.division or "", rungs, today, tuple(records), points=balance)


async def judge_bid(unit: ReadUnit | UnitOfWork, call: Call, lead: str, members: Sequence[str]) -> Verdict:
    """Judge lead and members by the programme under the version that the call was made under."""
    programme = packs.made_under(unit, call.pack, call.programme)
    rule = programme.answer_rule() if programme else Rule("answer")
    asked = call.points_asked()
    balances: dict[str, int] = {}
    if asked is not None:
        rule = replace(rule, points_at_least=asked.at_least, points_on=asked.as_of)
        # Until the day is over more can be booked on it.
        balances = await points.balances(unit, [lead], asked.as_of) if asked.as_of < unit.today else {}
    owners = (call.need_owner,) if call.need_owner else ()
    known = await parties.find_many(unit, [lead, *members, *owners])
    records = await records_of(unit, [lead, *members])
    relations = [
        Relation(each.uscc, other, "parent_subsidiary", "registration")
        for each in known.values()
        for other in each.affiliates
    ]
    facts = CallFacts(call.id, owners, call.published_on or unit.today, unit.today)
    judged = {
        uscc: _party(known[uscc], records.get(uscc, ()), unit.today, balances.get(uscc))
        for uscc in (lead, *members)
        if uscc in known
    }
    return judge_consortium(
        rule, judged[lead], [judged[each] for each in members if each in judged], facts, relations
    )


def findings(verdict: Verdict) -> list[dict[str, Any]]:
    """Give what stands against a bid as data."""
    return [
        {
            "check": each.check,
            "organisation": each.organisation,
            "outcome": each.outcome,
            "zh": each.message.zh,
            "en": each.message.en,
            "evidence": list(each.evidence),
            "clause": each.clause,
        }
        for each in verdict.reasons
    ]


def require_eligible(verdict: Verdict) -> None:
    """Refuse what is certain now; what a person must judge is judged after the opening."""
    if verdict.outcome != "unmet":
        return
    against = [each for each in verdict.reasons if each.outcome == "unmet"]
    raise Conflict(
        Text("；".join(each.message.zh for each in against), " ".join(each.message.en for each in against)),
        code="not_eligible",
        extra={"findings": findings(verdict)},
    )
