"""Drafts of bids 草稿: stored only encrypted, readable by the bidding organisation, unreadable once the bid is sealed.

Each draft has a data key of its own, wrapped under its organisation's key, which in turn is wrapped under the
deployment's master key (outside the database, and outside its backups). Sealing a bid destroys that draft's
wrapped key: whatever copies of the ciphertext remain cannot be read, and the organisation's other drafts can.
A copy of the row made before, for instance a backup, still opens with the master key until that is rotated;
so the master key is never stored with backups.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from project_bidding.bids.sealing_errors import DraftKeyDestroyedError
from project_bidding.bids.suites import NONCE_BYTES, RandomBytes, Suite

_KEK_INFO: Final = b"kechuang organisation key|"
_DRAFT_INFO: Final = b"kechuang draft key|"
_BODY_INFO: Final = b"kechuang draft|"


@dataclass(frozen=True, slots=True)
class OrganisationKey:
    """An organisation's key as it is stored: under the master key."""

    organisation: str
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DraftKey:
    """A draft's data key as it is stored, or its tombstone: `wrapped` is None from `destroyed_at` on."""

    organisation: str
    bid: str
    wrapped: bytes | None = field(repr=False)
    destroyed_at: datetime | None = None


def _encrypt(suite: Suite, key: bytes, content: bytes, aad: bytes, random_bytes: RandomBytes) -> bytes:
    nonce = random_bytes(NONCE_BYTES)
    return nonce + suite.seal(key, nonce, content, aad)


def _decrypt(suite: Suite, key: bytes, stored: bytes, aad: bytes) -> bytes:
    return suite.open(key, stored[:NONCE_BYTES], stored[NONCE_BYTES:], aad)


def new_organisation_key(
    suite: Suite, master_key: bytes, organisation: str, *, random_bytes: RandomBytes
) -> OrganisationKey:
    """A key for an organisation's drafts; `master_key` has `suite.content_key_bytes` bytes."""
    key = random_bytes(suite.content_key_bytes)
    aad = _KEK_INFO + organisation.encode()
    return OrganisationKey(organisation, _encrypt(suite, master_key, key, aad, random_bytes))


def _organisation_key(suite: Suite, master_key: bytes, stored: OrganisationKey) -> bytes:
    return _decrypt(suite, master_key, stored.wrapped, _KEK_INFO + stored.organisation.encode())


def _aad(info: bytes, organisation: str, bid: str) -> bytes:
    return info + organisation.encode() + b"|" + bid.encode()


def new_draft_key(
    suite: Suite, master_key: bytes, organisation_key: OrganisationKey, bid: str, *, random_bytes: RandomBytes
) -> DraftKey:
    """A data key for one bid's draft."""
    organisation = organisation_key.organisation
    wrapping = _organisation_key(suite, master_key, organisation_key)
    key = random_bytes(suite.content_key_bytes)
    wrapped = _encrypt(suite, wrapping, key, _aad(_DRAFT_INFO, organisation, bid), random_bytes)
    return DraftKey(organisation, bid, wrapped)


def _draft_key(
    suite: Suite, master_key: bytes, organisation_key: OrganisationKey, draft_key: DraftKey
) -> bytes:
    if draft_key.wrapped is None:
        raise DraftKeyDestroyedError(
            f"the draft of bid {draft_key.bid} was destroyed when the bid was sealed"
        )
    wrapping = _organisation_key(suite, master_key, organisation_key)
    return _decrypt(
        suite, wrapping, draft_key.wrapped, _aad(_DRAFT_INFO, draft_key.organisation, draft_key.bid)
    )


def encrypt_draft(
    suite: Suite,
    master_key: bytes,
    organisation_key: OrganisationKey,
    draft_key: DraftKey,
    content: bytes,
    *,
    random_bytes: RandomBytes,
) -> bytes:
    """The draft as it is stored (nonce, ciphertext, tag)."""
    key = _draft_key(suite, master_key, organisation_key, draft_key)
    return _encrypt(
        suite, key, content, _aad(_BODY_INFO, draft_key.organisation, draft_key.bid), random_bytes
    )


def decrypt_draft(
    suite: Suite, master_key: bytes, organisation_key: OrganisationKey, draft_key: DraftKey, stored: bytes
) -> bytes:
    """The draft's content; DraftKeyDestroyedError after sealing, NotAuthenticError for another organisation or bid."""
    key = _draft_key(suite, master_key, organisation_key, draft_key)
    return _decrypt(suite, key, stored, _aad(_BODY_INFO, draft_key.organisation, draft_key.bid))


def destroy_draft_key(draft_key: DraftKey, *, at: datetime) -> DraftKey:
    """The tombstone that replaces the key in the same transaction that accepts the seal. Idempotent."""
    if draft_key.wrapped is None:
        return draft_key
    return DraftKey(draft_key.organisation, draft_key.bid, None, at)
