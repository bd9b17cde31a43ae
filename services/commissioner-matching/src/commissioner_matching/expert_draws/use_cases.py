"""What can be done with a draw: one function per step, each kept in the record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import count
from typing import Any

from commissioner_matching.expert_draws import domain
from commissioner_matching.expert_draws.domain import ExpertDraw
from commissioner_matching.expert_draws.pool import pool_of
from commissioner_matching.expert_draws.seating import DrawRefusedError
from commissioner_matching.expert_draws.sequence import commitment, freeze, key_string, record
from commissioner_matching.expert_draws.store import expert_draws
from commissioner_matching.locks import hold
from commissioner_matching.persons.use_cases import contacts
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.messaging.events import Received
from kechuang.text import Text
from kechuang_contracts import commissioner_matching as events
from kechuang_contracts.project_bidding import ReviewPanelRequested

_OFFICERS = 2
_EMPTY: dict[str, Any] = {
    "commitments": [], "pool": [], "people": {}, "reveals": [], "withdrawals": [], "seats": [],
    "seated_persons": [],
}  # fmt: skip


async def request(uow: UnitOfWork, values: dict[str, Any]) -> ExpertDraw:
    """Ask for a draw; who asks runs the matter and does not draw.

    A call's panel is asked for by the call alone. Where its draw was stopped, this draws again: for the same call, with
    the recusals that followed from its bidders, and without those who run it.
    """
    await hold(uow, "expert-draw", values["source"])
    earlier = await expert_draws.lookup(uow, source=values["source"])
    if any(each.state != "cancelled" for each in earlier):
        raise Conflict(Text("该事项已有抽取。", "There is a draw for this already."), code="draw_exists")
    run_by, of_call = {uow.actor.subject}, [each for each in earlier if each.call]
    if of_call:
        stopped = of_call[-1]
        if values["city"] != stopped.city:
            raise invalid("/city", "not_its_city", "该榜单属于其他城市。", "The call is another city's.")
        run_by.update(stopped.run_by)
        values = values | {
            "purpose": stopped.purpose, "call": stopped.call, "call_number": stopped.call_number,
            "division": stopped.division, "zones": list(stopped.zones),
            "recused_organisations": sorted({*values["recused_organisations"], *stopped.recused_organisations}),
            "recused_persons": sorted({*values["recused_persons"], *stopped.recused_persons}),
            "per_employer": stopped.per_employer,
        }  # fmt: skip
    return await expert_draws.create(uow, **values, **_EMPTY, run_by=sorted(run_by))


async def requested_by_call(uow: UnitOfWork, event: Received[ReviewPanelRequested]) -> None:
    """A call has been opened and asks for its panel.

    Idempotent: one open draw for each review panel, whatever is repeated.
    """
    data = event.data
    await hold(uow, "expert-draw", event.aggregate)
    known = await expert_draws.lookup(uow, source=event.aggregate, call=data.call)
    if any(each.state != "cancelled" for each in known):
        return
    seats: Counter[str] = Counter()
    for each in data.strata:
        seats[each.kind] += each.seats
    await expert_draws.create(
        uow, city=data.city, division=data.division, zones=list(data.zones), purpose="call",
        source=event.aggregate, call=data.call, call_number=data.call_number,
        strata=[{"kind": kind, "seats": count} for kind, count in seats.items()], disciplines=list(data.disciplines),
        recused_organisations=list(data.recused_organisations),
        recused_persons=list(data.recused_persons), per_employer=data.per_employer,
        run_by=list(data.run_by), **_EMPTY,
    )  # fmt: skip


async def commit(uow: UnitOfWork, draw_id: str, digest: str) -> ExpertDraw:
    """An officer commits to a secret. Raises NotPermitted `runs_the_matter`, Conflict `committed_already`."""
    draw = await expert_draws.load(uow, draw_id, "commit")
    if uow.actor.subject in draw.run_by:
        raise _runs_the_matter()
    if domain.is_drawing(draw, uow.actor):
        raise Conflict(
            Text("您已提交承诺，须由另一人提交第二份。", "You have committed; another officer is needed."),
            code="committed_already",
        )
    entry = {"officer": uow.actor.subject, "digest": digest, "committed_at": uow.now.isoformat()}
    entries = [*draw.commitments, entry]
    to = "committed" if len(entries) == _OFFICERS else None
    return await expert_draws.change(uow, draw, "commit", to=to, commitments=entries)


async def freeze_pool(uow: UnitOfWork, draw_id: str, declared: Mapping[str, str]) -> ExpertDraw:
    """Freeze the pool and publish its digest; nobody knows yet what the key will be."""
    draw = await _of_officer(uow, draw_id, "freeze")
    pool = await pool_of(uow, draw, declared)
    try:
        frozen = freeze(
            draw.id, domain.rules_of(draw), pool.candidates, domain.commitments_of(draw), frozen_at=uow.now
        )
    except DrawRefusedError as refused:
        raise _refused(refused) from refused
    return await expert_draws.change(
        uow, draw, "freeze", pool=[{**asdict(each), "kinds": list(each.kinds)} for each in frozen.pool],
        people=dict(pool.people), pool_digest=frozen.pool_digest, frozen_at=uow.now,
    )  # fmt: skip


async def reveal(uow: UnitOfWork, draw_id: str, secret: str, public: Mapping[str, Any] | None) -> ExpertDraw:
    """An officer reveals; the public value is noted with the first reveal, the second one draws."""
    draw = await _of_officer(uow, draw_id, "reveal")
    if any(each["officer"] == uow.actor.subject for each in draw.reveals):
        raise Conflict(Text("您已公开随机数。", "You have revealed already."), code="revealed_already")
    mine = next((each for each in draw.commitments if each["officer"] == uow.actor.subject), None)
    if mine is None:
        raise Conflict(
            Text("您尚未提交随机数的承诺。", "You have committed to no secret yet."), code="not_committed"
        )
    if commitment(draw.id, uow.actor.subject, secret) != mine["digest"]:
        raise invalid(
            "/secret", "not_committed_to", "与所承诺的摘要不一致。", "Not the secret that was committed to."
        )
    noted = _public_value(uow, draw, public)
    entry = {"officer": uow.actor.subject, "secret": secret.lower(), "revealed_at": uow.now.isoformat()}
    reveals = [*draw.reveals, entry]
    if len(reveals) < _OFFICERS:
        return await expert_draws.change(uow, draw, "reveal", reveals=reveals, public_value=noted)
    return await expert_draws.change(
        uow, draw, "reveal", to="drawn", **_drawn(draw, reveals=reveals, public_value=noted)
    )


def _public_value(uow: UnitOfWork, draw: ExpertDraw, public: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if draw.public_value is not None:
        # Chosen by the second officer, who knows the first secret, it would choose the panel.
        if public is not None:
            raise invalid(
                "/public_value", "noted_already", "公开随机值已登记，不能再改。", "It was noted already."
            )
        return draw.public_value
    if public is None:
        raise invalid(
            "/public_value", "public_value_missing", "首次公开须同时登记公开随机值。",
            "The first reveal notes the public value.",
        )  # fmt: skip
    at: datetime = public["published_at"]
    if draw.frozen_at is None or not draw.frozen_at < at <= uow.now:
        raise invalid(
            "/public_value/published_at", "not_after_freeze", "公开随机值须产生于名单冻结之后。",
            "The public value must have come after the freeze.",
        )  # fmt: skip
    value = public["value"]
    try:
        key_string([tuple(value) if isinstance(value, list) else value])
    except DrawRefusedError as refused:
        raise invalid(
            "/public_value/value", "empty", "公开随机值不含字母或数字。", "It has no letter and no digit."
        ) from refused
    return {"source": public["source"], "value": value, "published_at": at.isoformat()}


def _drawn(draw: ExpertDraw, **given: Any) -> dict[str, Any]:
    """Work the whole draw out anew from what is on record."""
    full = replace(draw, **given)
    try:
        protocol = record(
            domain.frozen_of(full), domain.reveals_of(full), domain.public_value_of(full),
            domain.withdrawals_of(full),
        )  # fmt: skip
    except DrawRefusedError as refused:
        raise _refused(refused) from refused
    places = _places(protocol["history"])
    seats = sorted(
        (
            {"seat": places[each["candidate"]], "stratum": each["kind"], "candidate": each["candidate"]}
            for each in protocol["seats"]
        ),
        key=lambda seat: int(seat["seat"]),
    )
    people = [full.people[each["candidate"]]["person"] for each in seats]
    return {**given, "protocol": protocol, "seats": seats, "seated_persons": people}


def _places(history: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Number the places in the order in which they were first given; who replaces somebody takes the place over."""
    places: dict[str, int] = {}
    first = count(1)
    for each in history:
        places[each["candidate"]] = places[each["replaces"]] if each["replaces"] else next(first)
    return places


async def replace_expert(uow: UnitOfWork, draw_id: str, candidate: str, kind: str, reason: str) -> ExpertDraw:
    """Somebody drawn does not take part: the place goes to the next of the same sequence."""
    draw = await _of_officer(uow, draw_id, "replace")
    if candidate not in {each["candidate"] for each in draw.seats}:
        raise invalid("/candidate", "not_seated", "该代号不在名单中。", "Nobody sits under this pseudonym.")
    entry = {"candidate": candidate, "kind": kind, "reason": reason, "at": uow.now.isoformat()}
    replaced = await expert_draws.change(
        uow, draw, "replace", **_drawn(draw, withdrawals=[*draw.withdrawals, entry])
    )
    if replaced.state == "confirmed":
        _tell(uow, replaced)
    return replaced


async def confirm(uow: UnitOfWork, draw_id: str) -> ExpertDraw:
    """The panel is complete: whoever asked for it is told."""
    draw = await _of_officer(uow, draw_id, "confirm")
    confirmed = await expert_draws.change(uow, draw, "confirm", confirmed_on=uow.today)
    _tell(uow, confirmed)
    return confirmed


async def publish(uow: UnitOfWork, draw_id: str) -> ExpertDraw:
    """After the result's notice: everybody may read and verify the record, by pseudonyms."""
    draw = await _of_officer(uow, draw_id, "publish")
    return await expert_draws.change(uow, draw, "publish", published_on=uow.today)


async def cancel(uow: UnitOfWork, draw_id: str, reason: str) -> ExpertDraw:
    """Stop a draw; it stays on record. Who runs the call does not stop its draw, nor his own matter's once begun."""
    uow.reason = reason
    draw = await expert_draws.load(uow, draw_id, "cancel")
    if uow.actor.subject in draw.run_by and (draw.call or draw.state != "requested"):
        raise _runs_the_matter()
    return await expert_draws.change(uow, draw, "cancel")


async def protocol_of(unit: ReadUnit, draw_id: str) -> Mapping[str, Any]:
    """Give the record for download: to the drawing officers once drawn, to everybody once published."""
    draw = await expert_draws.get(unit, draw_id)
    if draw.protocol is None or not (draw.state == "published" or domain.is_drawing(draw, unit.actor)):
        raise NotPermitted(
            Text(
                "抽取记录在公布前仅抽取人员可见。",
                "Before it is published the drawing officers alone see it.",
            ),
            code="not_published",
        )
    return draw.protocol


async def names(uow: UnitOfWork, draw_id: str, reason: str) -> list[dict[str, Any]]:
    """Give the panel's names to a drawing officer, who must notify them; audited."""
    draw = await _of_officer(uow, draw_id, "names")
    uow.audit(
        "expert-draws:names", resource="expert-draws", record_id=draw.id, version=draw.version, reason=reason
    )
    people = {each["candidate"]: draw.people[each["candidate"]] for each in draw.seats}
    clear = await contacts(uow, [each["person"] for each in people.values()])
    return [
        {
            "seat": each["seat"], "expert": people[each["candidate"]]["expert"],
            "person": people[each["candidate"]]["person"], **clear[people[each["candidate"]]["person"]],
        }
        for each in draw.seats
    ]  # fmt: skip


async def _of_officer(uow: UnitOfWork, draw_id: str, verb: str) -> ExpertDraw:
    draw = await expert_draws.load(uow, draw_id, verb)
    if not domain.is_drawing(draw, uow.actor) and draw.state != "requested":
        raise NotPermitted(
            Text("仅两名抽取人员可以操作。", "Only the two drawing officers may do this."),
            code="not_a_drawing_officer",
        )
    return draw


def _runs_the_matter() -> NotPermitted:
    return NotPermitted(
        Text("承办该事项的人员不得参与抽取。", "Who runs the matter does not draw."), code="runs_the_matter"
    )


def _refused(refused: DrawRefusedError) -> Conflict:
    return Conflict(
        Text("抽取条件不满足，请核对名单与步骤。", f"The draw refuses: {refused}."),
        code=f"draw_{refused.code}",
    )


def _tell(uow: UnitOfWork, draw: ExpertDraw) -> None:
    panel = [
        events.PanelSeat(
            seat=each["seat"], person=draw.people[each["candidate"]]["person"], stratum=each["stratum"]
        )
        for each in draw.seats
    ]
    uow.emit(
        events.ExpertDrawDrawn(
            purpose=draw.purpose, record=draw.source, call=draw.call, panel=panel,
            pool_digest=draw.pool_digest or "", drawn_on=uow.today,
        ),
        aggregate=draw.id,
        version=draw.version,
    )  # fmt: skip
