"""From a draft to a published call, and what may end it early."""

import base64
import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kechuang import access
from kechuang.clock import SHANGHAI
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.messaging.events import Received
from kechuang.text import Text
from kechuang_contracts import project_bidding as events
from kechuang_contracts.commissioner_matching import TechnicalNeedEscalated
from kechuang_procedure.messages import tell
from project_bidding import packs
from project_bidding.bids.call_keys import CallKey, WrappedShare, create_call_key
from project_bidding.bids.suites import SUITES, suite_named
from project_bidding.calls.domain import Call, all_signed
from project_bidding.calls.schemas import CallExtend, CallPublish
from project_bidding.calls.store import call_keys, call_shares, calls
from project_bidding.contracts.store import contracts
from project_bidding.locks import take_turns
from project_bidding.opening_keys.feature import public_keys

CLOSE = "call.close"
_WITHOUT_AWARD = ("cancelled", "no_award")
_DEFAULTS: dict[str, Any] = {
    "tests": [], "fields": [], "disciplines": [], "departments": [], "signatures": [], "criteria": [],
    "panel": [], "funders": [], "pass_mark": 0, "opening_officers": [], "revealed": False, "nominees": [],
    "winners": [], "mode": "open_call", "procedure": "panel_first",
}  # fmt: skip


async def draft_call(uow: UnitOfWork, values: dict[str, Any]) -> Call:
    """An officer drafts a call under a programme of the city's pack in force."""
    city = values.pop("city", None) or (uow.actor.areas[0] if uow.actor.areas else None)
    division = values.pop("division", None) or city
    code = values.pop("programme", None)
    programme = (
        packs.require_programme(uow, city, code) if code is not None else packs.default_programme(uow, city)
    )
    if programme is None:
        raise invalid("/programme", "programme_missing", "请指明攻关计划。", "Name the programme.")
    await _require_first(uow, values.get("need"))
    return await calls.create(
        uow,
        **{**_DEFAULTS, **values, "procedure": _procedure(programme, values.get("mode", "open_call"))},
        programme=programme.code,
        pack=programme.made_under,
        city=city,
        division=division,
        handlers=[uow.actor.subject],
    )


async def _require_first(uow: UnitOfWork, need: str | None) -> None:
    """Refuse a second call for one need while the first runs or is awarded; one at a time asks this.

    A call that ended without an award leaves its need to another one.
    """
    if need is None:
        return
    await take_turns(uow, "need", need)
    if any(each.state not in _WITHOUT_AWARD for each in await calls.lookup(uow, need=need)):
        raise Conflict(
            Text("该技术需求已转为榜题。", "There is a call for this need already."), code="need_has_call"
        )


async def _over(uow: UnitOfWork, call: Call) -> bool:
    """Tell whether nothing is to come of a call: no award was made, or a contract was accepted, or all have ended."""
    if call.state != "awarded":
        return call.state in _WITHOUT_AWARD
    outcomes = [each.outcome for each in await contracts.lookup(uow, call=call.id)]
    return "accepted" in outcomes or (bool(outcomes) and None not in outcomes)


def _procedure(programme: packs.Programme, mode: str) -> str:
    ways = [each.procedure for each in programme.rules.procedures if each.mode == mode]
    return ways[0] if ways else "panel_first"


async def draft_from_need(uow: UnitOfWork, event: Received[TechnicalNeedEscalated]) -> None:
    """A need that was escalated becomes a draft with its public text; a second telling changes nothing.

    Nor does one that was sent before the need's latest call was made: it asked for that call or an earlier one.
    An escalation that is newer makes another draft once the earlier calls are over.
    """
    need = event.data
    await take_turns(uow, "need", event.aggregate)
    for earlier in await calls.lookup(uow, need=event.aggregate):
        if earlier.created_at > event.time or not await _over(uow, earlier):
            return
    programme = packs.default_programme(uow, need.city)
    await calls.create(
        uow,
        **{
            **_DEFAULTS, "title": need.public_title, "goal": need.public_text, "need": event.aggregate,
            "need_number": need.need_number, "need_owner": need.organisation, "fields": list(need.fields),
            "chain": need.chain, "budget_fen": need.budget_fen, "city": need.city, "division": need.division,
            "zones": list(need.zones), "programme": programme.code if programme else "",
            "pack": programme.made_under if programme else None,
        },
    )  # fmt: skip


async def correct_call(uow: UnitOfWork, call_id: str, values: dict[str, Any]) -> Call:
    """The draft is completed; signatures given before are for the text they saw, so they fall away."""
    call = await calls.load(uow, call_id, "update")
    if values.get("need") != call.need:
        await _require_first(uow, values.get("need"))
    if "programme" in values:
        programme = packs.require_programme(uow, call.city, values["programme"] or "")
        values["pack"] = programme.made_under
    values = {name: _DEFAULTS.get(name) if value is None else value for name, value in values.items()}
    return await calls.change(uow, call, "update", signatures=[], **values)


async def co_sign(uow: UnitOfWork, call_id: str, opinion: str) -> Call:
    """A named department signs; with the last one the call is co-signed."""
    call = await calls.load(uow, call_id, "co-sign")
    department = uow.actor.unit
    if department is None or department not in call.departments:
        raise NotPermitted(
            Text("您所在部门不在会签名单中。", "Your department is not named to co-sign."),
            code="department_not_named",
        )
    if any(each["unit"] == department for each in call.signatures):
        raise Conflict(Text("您所在部门已会签。", "Your department has signed."), code="already_signed")
    signed = [
        *call.signatures,
        {
            "unit": department,
            "subject": uow.actor.subject,
            "at": uow.now.isoformat(),
            "opinion": opinion,
        },
    ]
    to = "co_signed" if all_signed(call, signed) else None
    return await calls.change(uow, call, "co-sign", to=to, signatures=signed)


async def publish(uow: UnitOfWork, call_id: str, body: CallPublish) -> Call:
    """Publish: the key pair is made, its private half split among the officers and forgotten."""
    call = await calls.load(uow, call_id, "publish")
    if call.closes_at is not None and call.closes_at <= uow.now:
        raise invalid(
            "/closes_at", "closing_in_past", "截止时刻应晚于现在。", "The closing lies in the future."
        )
    if body.suite not in SUITES:
        raise invalid("/suite", "suite_unknown", "未知的密码套件。", f"Suites: {', '.join(SUITES)}.")
    officers = await public_keys(uow, call.city, body.suite, body.opening_officers)
    if len(officers) < 2:  # noqa: PLR2004  opening is never one person's act
        raise invalid(
            "/opening_officers", "two_officers_needed",
            "至少需要两名已登记公钥的开榜人。", "At least two officers with registered keys are needed.",
        )  # fmt: skip
    published = await calls.change(
        uow, call, "publish", published_on=uow.today, opening_officers=sorted(officers)
    )
    await _keep_key(
        uow,
        create_call_key(call.id, suite_named(body.suite), officers, random_bytes=secrets.token_bytes),
    )
    assert published.closes_at is not None, "the guard of publication asks for it"
    uow.schedule(CLOSE, published.closes_at, call.id, published.version)
    uow.emit(
        events.CallPublished(
            **placed(call), number=call.number, title=call.title, mode=call.mode, programme=call.programme,
            chain=call.chain, fields=list(call.fields), need=call.need, need_owner=call.need_owner,
            budget_fen=call.budget_fen or 0, closes_at=published.closes_at.isoformat(),
            published_on=uow.today,
        ),
        aggregate=call.id,
        version=published.version,
    )  # fmt: skip
    tell(
        uow, packs.loaded(uow), published, "calls", "call.published",
        {"all_parties": (*access.party(call.need_owner), *access.unit(*call.departments))},
        title=published.title, due_on=_minute(published.closes_at),
    )  # fmt: skip
    return published


def _minute(instant: datetime) -> str:
    """An instant as people in China read it."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


async def _keep_key(uow: UnitOfWork, key: CallKey) -> None:
    await uow.execute(
        sa.insert(call_keys).values(
            call=key.call, suite=key.suite, threshold=key.threshold, public_key=key.public_key
        )
    )
    await uow.execute(
        sa.insert(call_shares),
        [
            {
                "call": key.call,
                "officer": each.officer,
                "share_index": each.index,
                "wrapped": each.wrapped,
                "digest": each.digest,
            }
            for each in key.shares
        ],
    )


async def key_of(unit: ReadUnit | UnitOfWork, call_id: str) -> CallKey:
    """Read a published call's key; refuses when the call has none."""
    row = (await unit.execute(sa.select(call_keys).where(call_keys.c.call == call_id))).one_or_none()
    if row is None:
        raise Conflict(Text("该榜题尚未发榜。", "The call is not published yet."), code="call_not_published")
    shares = await unit.execute(
        sa.select(call_shares).where(call_shares.c.call == call_id).order_by(call_shares.c.share_index)
    )
    wrapped = tuple(
        WrappedShare(each.officer, each.share_index, each.wrapped, each.digest) for each in shares
    )
    return CallKey(call_id, "bid", row.suite, row.threshold, row.public_key, wrapped)


async def extend(uow: UnitOfWork, call_id: str, body: CallExtend) -> Call:
    """A later closing instant; earlier ones are refused, since somebody may rely on the published one."""
    call = await calls.load(uow, call_id, "extend")
    uow.reason = body.reason
    if not call.is_open(uow.now):
        raise Conflict(Text("该榜题已截止。", "The call has closed."), code="call_closed")
    if call.closes_at is None or body.closes_at <= call.closes_at:
        raise invalid("/closes_at", "closing_not_later", "只能延后截止时刻。", "It can only be later.")
    extended = await calls.change(uow, call, "extend", closes_at=body.closes_at)
    uow.schedule(CLOSE, body.closes_at, call.id, extended.version)
    return extended


async def cancel(uow: UnitOfWork, call_id: str, reason: str | None) -> Call:
    """End a call before it is opened: sealed bids stay sealed for ever."""
    call = await calls.load(uow, call_id, "cancel")
    uow.reason = reason
    cancelled = await calls.change(uow, call, "cancel")
    if call.published_on is not None:
        ended(uow, cancelled, "cancelled")
    return cancelled


def ended(uow: UnitOfWork, call: Call, outcome: str) -> None:
    """Tell the others that a published call ends without an award."""
    event = events.CallEnded(**placed(call), number=call.number, outcome=outcome, ended_on=uow.today)
    uow.emit(event, aggregate=call.id, version=call.version)


def placed(call: Call) -> dict[str, Any]:
    """Give where the call belongs, as events say it."""
    return {"city": call.city, "division": call.division, "zones": list(call.zones)}


def receipt_key(unit: ReadUnit | UnitOfWork) -> tuple[Ed25519PrivateKey, str]:
    """Give the service's signing key of receipts and its id (the beginning of its public key)."""
    key = Ed25519PrivateKey.from_private_bytes(unit.database.settings.key_bytes("signing_key"))
    public = key.public_key().public_bytes_raw()
    return key, base64.urlsafe_b64encode(public[:9]).decode()
