"""Closing and opening: the commitment at the closing instant, two officers' shares, every bid at once."""

import base64
import binascii
import secrets
from typing import Any

import sqlalchemy as sa

from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_contracts import project_bidding as events
from project_bidding.bids.call_keys import CallKey, check_share, recover_private_key
from project_bidding.bids.disclosure import open_bids
from project_bidding.bids.receipts import close_call
from project_bidding.bids.sealing_errors import MalformedError, WrongShareError
from project_bidding.bids.shamir import Share
from project_bidding.bids.store import bids
from project_bidding.bids.suites import AES_SUITE, NONCE_BYTES, suite_named
from project_bidding.calls.domain import Call
from project_bidding.calls.store import call_closings, call_shares, calls
from project_bidding.calls.use_cases import key_of, placed
from project_bidding.opening_keys.domain import officer_of


async def close(uow: UnitOfWork, timer: Timer) -> None:
    """At the closing instant: no seal is accepted any more, all digests are committed to.

    Seals hold the call's row in share mode, so those accepted in time are all committed here. An extension
    set a later timer; this one then finds a later instant and does nothing.
    """
    call = await calls.lookup_one(uow, lock=True, id=timer.record_id)
    if call is None or call.state != "published" or call.closes_at is None or call.closes_at > timer.due_at:
        return
    key = await key_of(uow, call.id)
    sealed = await bids.lookup(uow, call=call.id, state="sealed")
    closing = close_call(
        suite_named(key.suite),
        call.id,
        [each.envelope_digest or "" for each in sealed],
        random_bytes=secrets.token_bytes,
    )
    await uow.execute(
        sa.insert(call_closings).values(
            call=call.id,
            digests=list(closing.digests),
            root=closing.root,
            blind=closing.blind,
            commitment=closing.commitment,
        )
    )
    await calls.change(uow, call, "close", closing_commitment=closing.commitment)


async def approve_opening(uow: UnitOfWork, call_id: str, share_text: str) -> Call:
    """An officer hands in his share; the one that reaches the threshold opens every bid.

    Until then a share is kept under the master key: whoever reads the database cannot add it to his own.
    """
    call = await calls.load(uow, call_id, "approve-opening")
    officer = officer_of(uow.actor)
    key = await key_of(uow, call.id)
    if officer not in {each.officer for each in key.shares}:
        raise NotPermitted(
            Text("您不是该榜题的开榜人。", "You are not an opening officer of this call."),
            code="not_an_opening_officer",
        )
    share = _read_share(key, officer, share_text)
    held = await _handed_in(uow, call.id)
    if officer in held:
        raise Conflict(
            Text("您已授权开榜，须由另一名开榜人授权。", "You have approved; another officer must."),
            code="already_approved",
        )
    held[officer] = share
    if len(held) < key.threshold:
        changed = await calls.change(uow, call, "approve-opening")
        await _keep(uow, call.id, officer, share)
        return changed
    opened = await calls.change(uow, call, "approve-opening", to="opened", opened_at=uow.now)
    count = await open_bids(uow, opened, recover_private_key(key, held), key.suite)
    await uow.execute(
        sa.update(call_shares).where(call_shares.c.call == call.id).values(handed_in=None)
    )  # they have done their work
    uow.emit(
        events.CallOpened(**placed(call), number=call.number, bids=count, opened_on=uow.today),
        aggregate=call.id,
        version=opened.version,
    )
    return opened


def _read_share(key: CallKey, officer: str, text: str) -> Share:
    try:
        share = Share.from_bytes(base64.b64decode(text, validate=True))
        check_share(key, officer, share)
    except (binascii.Error, ValueError, MalformedError):
        raise invalid("/share", "share_malformed", "份额应为 base64 编码。", "A share is base64.") from None
    except WrongShareError:
        raise invalid(
            "/share", "wrong_share",
            f"开榜人 {officer} 提交的份额与公布的摘要不符。",
            f"The share handed in by officer {officer} does not have its published digest.",
        ) from None  # fmt: skip
    return share


def _aad(call: str, officer: str) -> bytes:
    return f"kechuang handed-in share|{call}|{officer}".encode()


async def _keep(uow: UnitOfWork, call: str, officer: str, share: Share) -> None:
    master, nonce = uow.database.settings.key_bytes("master_key"), secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + AES_SUITE.seal(master, nonce, share.to_bytes(), _aad(call, officer))
    await uow.execute(
        sa.update(call_shares)
        .where(call_shares.c.call == call, call_shares.c.officer == officer)
        .values(handed_in=sealed, handed_in_at=uow.now)
    )


async def _handed_in(uow: UnitOfWork, call: str) -> dict[str, Share]:
    master = uow.database.settings.key_bytes("master_key")
    statement = sa.select(call_shares).where(call_shares.c.call == call, call_shares.c.handed_in.is_not(None))
    found: dict[str, Share] = {}
    for row in await uow.execute(statement):
        raw: Any = AES_SUITE.open(
            master, row.handed_in[:NONCE_BYTES], row.handed_in[NONCE_BYTES:], _aad(call, row.officer)
        )
        found[row.officer] = Share.from_bytes(raw)
    return found
