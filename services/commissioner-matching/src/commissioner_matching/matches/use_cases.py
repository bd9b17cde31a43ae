"""What can be done with matches: make one, judge it, propose a dispatch from it."""

from dataclasses import asdict
from typing import Any

from commissioner_matching.dispatches.proposing import propose
from commissioner_matching.matches.domain import StoredMatch
from commissioner_matching.matches.model import Need, Weights
from commissioner_matching.matches.pool import pool_for
from commissioner_matching.matches.ranking import rank
from commissioner_matching.matches.store import matches
from commissioner_matching.packs import require_programme
from commissioner_matching.technical_needs.domain import Need as TechnicalNeed
from commissioner_matching.technical_needs.store import needs
from kechuang.db.unit import UnitOfWork
from kechuang.errors import invalid

_MATCHABLE = ("accepted", "routed", "in_service")


async def make_match(uow: UnitOfWork, need_id: str, limit: int, programme: str | None) -> StoredMatch:
    """Rank the city's commissioners for a need and keep the answer.

    The confidential part is never read. Raises Invalid `need_unknown` or `programme_unknown`.
    """
    need = await needs.lookup_one(uow, id=need_id)
    if need is None or not uow.permissions.permits(uow.actor, "technical-needs:read", need.sight):
        raise invalid("/need", "need_unknown", "未找到该技术需求。", "There is no such need for you.")
    if need.state not in _MATCHABLE:
        raise invalid(
            "/need",
            "need_not_accepted",
            "该需求尚未受理或已结束。",
            "The need is not accepted, or has ended.",
        )
    if programme is not None:
        require_programme(uow, need.city, programme, "/programme")
    pool = await pool_for(uow, need.city, need.organisation or "")
    result = rank(
        _asked(uow, need, programme), pool.candidates, pool.index, Weights(), seed=need.id, limit=limit
    )
    return await matches.create(
        uow, city=need.city, division=need.division, zones=list(need.zones), need=need.id,
        handlers=[uow.actor.subject], programme=programme, seed=need.id, corpus=pool.corpus,
        embedder=result.embedder, considered=result.considered,
        candidates=[
            {"server": _server(pool.labels, each.candidate), "rank": each.rank, "score": each.score,
             "reasons": asdict(each.reasons)}
            for each in result.matches
        ],
        excluded=[
            {"server": _server(pool.labels, each.candidate), "reasons": [asdict(one) for one in each.reasons]}
            for each in result.excluded
        ],
        feedback=[], proposals=[],
    )  # fmt: skip


def _server(labels: Any, candidate: str) -> dict[str, str]:
    return {"kind": "commissioner", "id": candidate, "label": labels[candidate]}


def _asked(uow: UnitOfWork, need: TechnicalNeed, programme: str | None) -> Need:
    return Need(
        id=need.id,
        organisation=need.organisation or "",
        text=f"{need.title}\n{need.text}",
        on=uow.today,
        disciplines=(need.discipline,) if need.discipline else (),
        chains=(need.chain,) if need.chain else (),
        place=tuple(each for each in (need.city, need.division) if each),
        programme=programme or "",
    )


async def give_feedback(uow: UnitOfWork, match_id: str, values: dict[str, Any]) -> StoredMatch:
    """Note how good a candidate really was; kept beside the ranking for later judgement of the weights."""
    match = await matches.load(uow, match_id, "feedback")
    _require_candidate(match, values["server"])
    entry = {**values, "by": uow.actor.subject, "at": uow.now.isoformat()}
    return await matches.change(uow, match, "feedback", feedback=[*match.feedback, entry])


async def propose_from(uow: UnitOfWork, match_id: str, server: str) -> StoredMatch:
    """Propose a dispatch of one of the candidates; the same checks as for any dispatch are made anew."""
    match = await matches.load(uow, match_id, "propose")
    _require_candidate(match, server)
    values = {"server_kind": "commissioner", "server": server, "target_kind": "need", "target": match.need}
    dispatch = await propose(uow, values)
    linked = [*match.proposals, {"server": server, "dispatch": dispatch.id}]
    return await matches.change(uow, match, "propose", proposals=linked)


def _require_candidate(match: StoredMatch, server: str) -> None:
    if server not in {each["server"]["id"] for each in match.candidates}:
        raise invalid(
            "/server", "not_a_candidate", "不在本次匹配的候选名单中。", "Not a candidate of this match."
        )
