"""Where a bid's secrets lie: drafts under keys of their organisation, envelopes under the call's key."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text
from project_bidding.bids import drafts as draft_keys
from project_bidding.bids.domain import Bid
from project_bidding.bids.drafts import DraftKey, OrganisationKey
from project_bidding.bids.envelope import canonical_json, check_intact, envelope_digest, split_header
from project_bidding.bids.schemas import BidContent, BidEnvelope
from project_bidding.bids.sealing import bid_digest, seal_bid
from project_bidding.bids.sealing_errors import SealingError
from project_bidding.bids.store import drafts, envelopes, organisation_keys
from project_bidding.bids.suites import AES_SUITE, suite_named

PARTS = ("technical", "budget")


def _master(unit: ReadUnit | UnitOfWork) -> bytes:
    return unit.database.settings.key_bytes("master_key")


async def _organisation_key(unit: ReadUnit | UnitOfWork, organisation: str) -> OrganisationKey | None:
    row = (
        await unit.execute(
            sa.select(organisation_keys).where(organisation_keys.c.organisation == organisation)
        )
    ).one_or_none()
    return OrganisationKey(organisation, row.wrapped) if row else None


async def _own_key(uow: UnitOfWork, organisation: str) -> OrganisationKey:
    made = draft_keys.new_organisation_key(
        AES_SUITE, _master(uow), organisation, random_bytes=secrets.token_bytes
    )
    await uow.execute(
        insert(organisation_keys)
        .values(organisation=organisation, wrapped=made.wrapped)
        .on_conflict_do_nothing()
    )
    kept = await _organisation_key(uow, organisation)
    assert kept is not None, "it was just inserted, or was there"
    return kept


async def read_draft(unit: ReadUnit | UnitOfWork, bid: Bid) -> dict[str, Any]:
    """Decrypt the draft; empty when nothing was drafted; refuses once the key was destroyed."""
    row = (await unit.execute(sa.select(drafts).where(drafts.c.bid == bid.id))).one_or_none()
    if row is None:
        return {}
    if row.wrapped is None:
        raise Conflict(
            Text("投标已密封，草稿密钥已销毁。", "The bid is sealed; the draft's key was destroyed."),
            code="draft_destroyed",
        )
    own = await _organisation_key(unit, row.organisation)
    assert own is not None, "a draft has its organisation's key"
    key = DraftKey(row.organisation, bid.id, row.wrapped)
    content: dict[str, Any] = orjson.loads(
        draft_keys.decrypt_draft(AES_SUITE, _master(unit), own, key, row.content)
    )
    return content


async def save_draft(uow: UnitOfWork, bid: Bid, content: BidContent) -> None:
    """Merge the parts that were sent into the draft, encrypted under the draft's own key."""
    parts = content.model_dump(mode="json", exclude_none=True)
    merged = await read_draft(uow, bid) | parts
    organisation = bid.organisation or ""
    own = await _own_key(uow, organisation)
    row = (await uow.execute(sa.select(drafts).where(drafts.c.bid == bid.id))).one_or_none()
    key = (
        DraftKey(organisation, bid.id, row.wrapped)
        if row
        else draft_keys.new_draft_key(AES_SUITE, _master(uow), own, bid.id, random_bytes=secrets.token_bytes)
    )
    stored = draft_keys.encrypt_draft(
        AES_SUITE, _master(uow), own, key, orjson.dumps(merged), random_bytes=secrets.token_bytes
    )
    statement = insert(drafts).values(
        bid=bid.id, organisation=organisation, wrapped=key.wrapped, content=stored
    )
    await uow.execute(statement.on_conflict_do_update(index_elements=["bid"], set_={"content": stored}))


async def destroy_draft(uow: UnitOfWork, bid: Bid) -> None:
    """Destroy the draft's key, and the ciphertext with it; a tombstone stays."""
    await uow.execute(
        sa.update(drafts)
        .where(drafts.c.bid == bid.id, drafts.c.wrapped.is_not(None))
        .values(wrapped=None, content=None, destroyed_at=uow.now)
    )


def seal_content(bid: Bid, public_key: bytes, content: BidContent) -> tuple[dict[str, bytes], str]:
    """Make the envelopes at the edge; the plaintext lives in this request only."""
    missing = [part for part in PARTS if getattr(content, part) is None]
    if missing:
        raise invalid(
            f"/content/{missing[0]}", "content_incomplete",
            "技术方案与经费预算均须填写。", "Both the technical and the budget part are needed.",
        )  # fmt: skip
    assert content.technical is not None and content.budget is not None  # noqa: PT018  checked above
    sealed = seal_bid(
        public_key,
        suite_id=bid.suite,
        call=bid.call,
        bidder=bid.organisation or "",
        version=bid.envelope_version + 1,
        technical=canonical_json(content.technical.model_dump(mode="json")),
        budget=canonical_json(content.budget.model_dump(mode="json")),
    )
    return dict(sealed.parts), sealed.digest


def take_envelopes(bid: Bid, envelope: BidEnvelope) -> tuple[dict[str, bytes], str]:
    """Check ready envelopes as far as that is possible without a key: structure, suite, part, version."""
    parts: dict[str, bytes] = {}
    version = bid.envelope_version + 1
    for part in PARTS:
        try:
            raw = base64.b64decode(getattr(envelope, part), validate=True)
            suite = check_intact(raw)
            header, _ = split_header(raw)
        except (binascii.Error, ValueError, SealingError):
            raise invalid(
                f"/envelope/{part}", "envelope_malformed", "密封件格式不正确。", "This is no sealed envelope."
            ) from None
        if suite.id != bid.suite or header["part"] != part or header["version"] != version:
            raise invalid(
                f"/envelope/{part}", "envelope_context",
                f"密封件应为本榜题套件、{part} 部分、第 {version} 版。",
                f"The envelope must be of suite {bid.suite}, part {part}, version {version}.",
            )  # fmt: skip
        parts[part] = raw
    digest = bid_digest(
        suite_named(bid.suite),
        call=bid.call,
        bidder=bid.organisation or "",
        version=version,
        digests={part: envelope_digest(raw) for part, raw in parts.items()},
    )
    return parts, digest


async def keep_envelopes(uow: UnitOfWork, bid: Bid, parts: Mapping[str, bytes], version: int) -> None:
    """Store the present envelopes; an earlier version is replaced, nobody can open it any more."""
    for part, raw in parts.items():
        statement = insert(envelopes).values(bid=bid.id, part=part, version=version, envelope=raw)
        await uow.execute(
            statement.on_conflict_do_update(
                index_elements=["bid", "part"], set_={"version": version, "envelope": raw}
            )
        )


async def read_envelopes(unit: ReadUnit | UnitOfWork, bid: Bid) -> dict[str, bytes]:
    """Give the stored envelopes by part."""
    rows = await unit.execute(sa.select(envelopes).where(envelopes.c.bid == bid.id))
    return {row.part: row.envelope for row in rows}


async def drop_envelopes(uow: UnitOfWork, bid: Bid) -> None:
    """A withdrawn bid is never opened: its envelopes go, digest and receipt stay with the record."""
    await uow.execute(sa.delete(envelopes).where(envelopes.c.bid == bid.id))
