"""From the opened bids to a decision: review, ranking, notice, award."""

from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from kechuang import access, money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text
from kechuang_contracts import project_bidding as events
from kechuang_procedure.messages import tell
from kechuang_procedure.notices.domain import item
from project_bidding import packs
from project_bidding.bids.domain import Bid
from project_bidding.bids.store import bids
from project_bidding.calls.domain import Call
from project_bidding.calls.schemas import CallAward, CallOpenNotice
from project_bidding.calls.store import call_rankings, calls
from project_bidding.calls.use_cases import ended, placed
from project_bidding.metadata import call_notices, parties
from project_bidding.points import balances
from project_bidding.reviews.collusion import Signal, signals
from project_bidding.reviews.scoring import Rank, Review, rank, round_half_up
from project_bidding.reviews.store import reviews
from project_bidding.reviews.use_cases import require_all_in

_KINDS = ("technical", "management", "financial")


async def start_review(uow: UnitOfWork, call_id: str) -> Call:
    """Ask for a panel: every opened bid was checked, recusals are known now."""
    call = await calls.load(uow, call_id, "start-review")
    found = await bids.lookup(uow, lock=True, call=call.id)
    unchecked = [each.number for each in found if each.state == "opened"]
    if unchecked:
        raise Conflict(
            Text(
                f"以下申请尚未资格审查：{'、'.join(unchecked)}。", f"Not checked yet: {', '.join(unchecked)}."
            ),
            code="bids_unchecked",
        )
    admitted = [each for each in found if each.state in ("eligible", "pooled")]
    if not admitted:
        raise Conflict(Text("没有符合条件的申请。", "No bid is eligible."), code="nothing_to_review")
    for each in admitted:
        if each.state == "eligible":
            await bids.change(uow, each, "pool", implied=True)
    started = await calls.change(uow, call, "start-review")
    organisations = {uscc for bid in admitted for uscc in bid.bidders}
    if call.need_owner:
        organisations.add(call.need_owner)
    known = await parties.find_many(uow, organisations)
    organisations |= {each for party in known.values() for each in party.affiliates}
    uow.emit(
        events.ReviewPanelRequested(
            **placed(call), call=call.id, call_number=call.number, strata=_strata(uow, call),
            disciplines=list(call.disciplines), recused_organisations=sorted(organisations),
            recused_persons=[], per_employer=_per_employer(uow, call),
            run_by=sorted({*started.handlers, *(each for bid in found for each in bid.handlers)}),
        ),
        aggregate=call.id,
        version=started.version,
    )  # fmt: skip
    return started


def _strata(uow: UnitOfWork, call: Call) -> list[events.Stratum]:
    """The call's own panel, or the programme's minimum filled up with technical experts."""
    if call.panel:
        return [events.Stratum(kind=each["kind"], seats=each["seats"]) for each in call.panel]
    programme = packs.made_under(uow, call.pack, call.programme)
    rules = programme.rules.panel if programme else None
    seats = {kind: (rules.kinds_min.get(kind, 0) if rules else 0) for kind in _KINDS}  # type: ignore[call-overload]
    size = rules.size_min if rules else 5
    seats["technical"] += max(0, size - sum(seats.values()))
    return [events.Stratum(kind=kind, seats=count) for kind, count in seats.items() if count]


def _per_employer(uow: UnitOfWork, call: Call) -> int:
    programme = packs.made_under(uow, call.pack, call.programme)
    return (programme.rules.panel.per_employer_max or 1) if programme and programme.rules.panel else 1


async def rank_bids(uow: UnitOfWork, call_id: str) -> Call:
    """Compute the ranking from the marks and keep it with its inputs: anybody can repeat it.

    Anew after marks were voided; out of a notice only when that does not stand any more.
    """
    call = await calls.load(uow, call_id, "rank")
    require_all_in(call)
    if call.state == "public_notice":
        await _require_notice_over(uow, call)
    ranked = await calls.change(uow, call, "rank")
    await _compute(uow, call)
    return ranked


async def _require_current(uow: UnitOfWork, call: Call) -> None:
    """Refuse to decide by a ranking that counts marks which were voided since."""
    computed = await uow.execute(
        sa.select(sa.func.max(call_rankings.c.computed_at)).where(call_rankings.c.call == call.id)
    )
    last = computed.scalar()
    voided = await reviews.lookup(uow, call=call.id, state="voided")
    if last is not None and any(each.updated_at > last for each in voided):
        raise Conflict(
            Text("排序后有评分作废，请重新排序。", "Marks were voided after the ranking; rank again."),
            code="ranking_outdated",
        )


async def _compute(uow: UnitOfWork, call: Call) -> None:
    programme = packs.made_under(uow, call.pack, call.programme)
    panel = programme.rules.panel if programme else None
    scheme = call.scheme(
        drop_from=(panel and panel.drop_extremes_from) or 7,
        sigmas=(panel and panel.deviation_reason_sigma) or 2,
    )
    given = [
        Review(each.expert, each.bid, dict(each.scores), voided=each.state == "voided")
        for each in await reviews.lookup(uow, call=call.id)
        if each.state in ("submitted", "voided") and each.submitted_at is not None
    ]
    pooled = {
        each.id: each
        for each in await bids.lookup(uow, lock=True, call=call.id)
        if each.state in ("pooled", "scored")
    }
    funding = {bid_id: each.requested_fen or 0 for bid_id, each in pooled.items()}
    asked = call.points_asked()
    points: dict[str, int] | None = None
    if asked is not None and asked.breaks_ties:
        held = await balances(uow, [each.organisation or "" for each in pooled.values()], asked.as_of)
        points = {bid_id: held[each.organisation or ""] for bid_id, each in pooled.items()}
    result = rank(scheme, given, funding=funding, seed=call.id, points=points)
    seats = {each.expert: each.seat for each in await reviews.lookup(uow, call=call.id)}
    earlier = await uow.execute(
        sa.select(sa.func.count()).select_from(call_rankings).where(call_rankings.c.call == call.id)
    )
    await uow.execute(
        sa.insert(call_rankings).values(
            call=call.id,
            ordinal=int(earlier.scalar_one()) + 1,
            computed_at=uow.now,
            digest=result.digest,
            inputs={
                "scheme": asdict(scheme),
                "reviews": [asdict(each) for each in given],
                "funding": funding,
                "seed": call.id,
                **({"points": points} if points is not None else {}),
            },
            ranks=[_rank_json(each, seats) for each in result.ranks],
            signals=[_signal_json(each, seats) for each in signals(given)],
        )
    )
    for each in result.ranks:
        bid = pooled.pop(each.score.bid)
        await bids.change(uow, bid, "score", implied=True, rank=each.rank, score=each.score.published)

    for bid in pooled.values():
        if bid.rank is not None:  # its marks were voided
            await bids.change(uow, bid, "score", implied=True, rank=None, score=None)


def _rank_json(each: Rank, seats: dict[str, int]) -> dict[str, Any]:
    return {
        "bid": each.score.bid,
        "rank": each.rank,
        "score": each.score.published,
        "exact": str(each.score.value),
        "decided_by": each.decided_by,
        "totals": {f"seat {seats[expert]}": str(value) for expert, value in each.score.totals.items()},
        "dropped": [seats[expert] for expert in each.score.dropped],
        "criterion_means": {key: str(value) for key, value in each.score.criterion_means.items()},
        "outliers": [seats[outlier.expert] for outlier in each.score.outliers],
    }


def _signal_json(each: Signal, seats: dict[str, int]) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "seats": [seats[expert] for expert in each.experts],
        "bids": list(each.bids),
        "agreement_percent": round_half_up(Fraction(each.agreement) * 100),
    }


async def open_notice(uow: UnitOfWork, call_id: str, body: CallOpenNotice) -> Call:
    """Show the proposed award to the public for the pack's period.

    Again only after the earlier notice was withdrawn, or an objection to its item was upheld.
    """
    call = await calls.load(uow, call_id, "open-notice")
    await _require_current(uow, call)
    if call.notice is not None:
        await _require_notice_over(uow, call)
        if body.bids is None:
            raise invalid(
                "/bids", "name_the_bids", "再次公示须写明拟立项的申请。",
                "A notice after another one names its bids: the first proposal did not hold.",
            )  # fmt: skip
    ranked = [each for each in await bids.lookup(uow, call=call.id, state="scored") if each.rank]
    ranked.sort(key=lambda bid: (bid.rank or 0, bid.id))
    chosen = _chosen(ranked, body.bids, _awards_max(uow, call))
    for each in ranked:
        if not each.disclosed:
            await bids.change(uow, each, "disclose", implied=True, disclosed=True)
    known = await parties.find_many(uow, [each.organisation or "" for each in chosen])
    programme = packs.made_under(uow, call.pack, call.programme)
    changed = await calls.change(uow, call, "open-notice", nominees=[each.id for each in chosen])
    notice = await call_notices.open(
        uow,
        title=f"关于{call.title}拟立项的公示",
        subject="award",
        items=[
            {
                "record": each.id,
                "number": each.number,
                "label": each.title or each.number,
                "organisation": each.organisation,
                "details": {
                    "call": call.number,
                    "lead": known[each.organisation or ""].title if each.organisation in known else None,
                    "rank": each.rank,
                    "score": each.score,
                },
            }
            for each in chosen
        ],
        period=(programme.award_notice() if programme else packs.AWARD_NOTICE),
        contact=body.contact,
        city=call.city,
        division=call.division,
        pack=call.pack,
    )
    return await calls.change(uow, changed, "open-notice", implied=True, notice=notice.id)


async def _require_notice_over(uow: UnitOfWork, call: Call) -> None:
    notice = await call_notices.records.lookup_one(uow, id=call.notice)
    if notice is None or notice.state == "withdrawn":
        return
    states = {(item(notice, each) or {"state": "decided"})["state"] for each in call.nominees}
    if "upheld" not in states:
        raise Conflict(
            Text("已有公示尚在进行或已期满。", "There is a notice that stands."), code="notice_stands"
        )


def _chosen(ranked: Sequence[Bid], named: list[str] | None, most: int) -> list[Bid]:
    if named is None:
        chosen = list(ranked[:most])
        cut = {each.rank for each in chosen} & {each.rank for each in ranked[most:]}
        if tied := [each.number for each in ranked if each.rank in cut]:
            raise invalid(
                "/bids", "tie_needs_a_choice", f"名次并列，请写明拟立项的申请：{'、'.join(tied)}。",
                f"Equal in rank; name the bids: {', '.join(tied)}.",
            )  # fmt: skip
    else:
        by_id = {each.id: each for each in ranked}
        if unknown := [each for each in named if each not in by_id]:
            raise invalid(
                "/bids", "bid_not_ranked",
                "只能公示已排序且达到合格线的申请。", f"Not ranked above the pass mark: {', '.join(unknown)}.",
            )  # fmt: skip
        chosen = [by_id[each] for each in dict.fromkeys(named)]
    if not chosen or len(chosen) > most:
        raise Conflict(
            Text(f"拟立项数量应为1至{most}项。", f"Between 1 and {most} bids can be proposed."),
            code="number_of_awards",
        )
    return chosen


def _awards_max(uow: UnitOfWork, call: Call) -> int:
    programme = packs.made_under(uow, call.pack, call.programme)
    ways = [each for each in programme.rules.procedures if each.mode == call.mode] if programme else []
    stated = next((each.awards_max for each in ways if each.awards_max), None)
    return stated or (1 if call.mode != "horse_race" else 5)


async def award(uow: UnitOfWork, call_id: str, body: CallAward) -> Call:
    """Decide after the notice: a person with a document, not the one who handled the call."""
    call = await calls.load(uow, call_id, "award")
    await _require_current(uow, call)
    uow.reason = body.reason
    winners = list(dict.fromkeys(call.nominees if body.bids is None else body.bids))
    found = await bids.lookup(uow, lock=True, call=call.id)
    if any(uow.actor.subject in each.handlers for each in found):
        raise Conflict(
            Text("经办人不能审批自己经办的事项。", "Who handled a bid of the call does not decide it."),
            code="handler_does_not_decide",
        )
    if call.notice is None or not set(winners) <= set(call.nominees):
        raise invalid(
            "/bids", "bid_not_in_notice", "只能批准已公示的申请。", "Only what was shown can be awarded."
        )
    for each in winners:
        await call_notices.require_passed(uow, call.notice, each)
    awarded = await calls.change(
        uow, call, "award", winners=winners, document_no=body.document_no, awarded_on=uow.today
    )
    for bid in found:
        if bid.state not in ("eligible", "pooled", "scored"):
            continue
        to = "winning" if bid.id in winners else ("reserve" if bid.rank else "losing")
        settled = await bids.change(uow, bid, "settle", to=to, implied=True)
        if to == "winning":
            await _tell_award(uow, awarded, settled)
    for each in winners:
        await call_notices.settle(uow, call.notice, each)
    return awarded


async def _tell_award(uow: UnitOfWork, call: Call, bid: Bid) -> None:
    uow.emit(
        events.AwardDecided(
            **placed(call), call=call.id, bid=bid.id, lead=bid.organisation or "", members=list(bid.members),
            amount_fen=bid.total_fen or 0, document_no=call.document_no or "", decided_on=uow.today,
        ),
        aggregate=bid.id,
        version=bid.version,
    )  # fmt: skip
    lead = await parties.find(uow, bid.organisation or "")
    tell(
        uow, packs.loaded(uow), call, "calls", "award.decided",
        {"all_parties": access.party(*bid.bidders, call.need_owner)},
        title=call.title, organisation=lead.title if lead else bid.organisation,
        document_no=call.document_no or "", amount=money.format(bid.total_fen or 0),
    )  # fmt: skip


async def no_award(uow: UnitOfWork, call_id: str, reason: str | None) -> Call:
    """End an opened call without an award; every bid in it loses."""
    call = await calls.load(uow, call_id, "no-award")
    uow.reason = reason
    closed = await calls.change(uow, call, "no-award")
    for bid in await bids.lookup(uow, lock=True, call=call.id):
        if bid.state in ("opened", "eligible", "pooled", "scored"):
            await bids.change(uow, bid, "settle", to="losing", implied=True)
    ended(uow, closed, "no_award")
    return closed
