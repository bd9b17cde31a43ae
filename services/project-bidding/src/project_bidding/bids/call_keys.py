"""A call's key pair 榜题密钥: made when the call is published, split among opening officers, then forgotten.

What is kept is this record: public key, one wrapped share for each officer, and the published digest of each
share. No process keeps the private key; it exists again only when `threshold` officers have handed in their
shares after closing. A single share says nothing about it (Shamir), so one officer, or one officer and the
database, cannot open anything.

Where the budget must stay sealed until the technical scores are in, the call has two keys, one for each `purpose`:
a share of one says nothing about the other, so opening one part opens nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from project_bidding.bids import shamir
from project_bidding.bids.envelope import Context
from project_bidding.bids.sealing_errors import (
    MalformedError,
    NotAuthenticError,
    NotEnoughSharesError,
    WrongShareError,
)
from project_bidding.bids.shamir import Share
from project_bidding.bids.suites import RandomBytes, Suite, suite_named


@dataclass(frozen=True, slots=True)
class WrappedShare:
    """One officer's share under his own public key; `digest` is published, `wrapped` only he can use."""

    officer: str
    index: int
    wrapped: bytes = field(repr=False)
    digest: str


@dataclass(frozen=True, slots=True)
class CallKey:
    """What a call keeps and publishes about one of its keys; `purpose` is bid, technical or budget."""

    call: str
    purpose: str
    suite: str
    threshold: int
    public_key: bytes
    shares: tuple[WrappedShare, ...]

    def share_of(self, officer: str) -> WrappedShare:
        """The share addressed to `officer`; KeyError when he is no opening officer of this call."""
        for share in self.shares:
            if share.officer == officer:
                return share
        raise KeyError(officer)


def _share_context(call: str, purpose: str, officer: str, index: int) -> bytes:
    return Context(call, officer, f"share:{purpose}:{index}", 1).info()


def share_digest(suite: Suite, call: str, purpose: str, share: Share) -> str:
    """The published digest of a share; it binds call and purpose, so that another key's share is named as wrong."""
    return suite.digest(f"kechuang key share|{call}|{purpose}|".encode(), share.to_bytes())


def create_call_key(
    call: str,
    suite: Suite,
    officers: Mapping[str, bytes],
    *,
    threshold: int = 2,
    purpose: str = "bid",
    random_bytes: RandomBytes,
) -> CallKey:
    """A new key pair for `call`, its private key split among `officers` (id → raw public key of the suite's kind).

    At least one officer more than the threshold should be named: a lost share is otherwise a lost call.
    """
    if not 2 <= threshold <= len(officers):  # noqa: PLR2004 - opening is never one person's act
        raise ValueError("opening needs at least two officers, and as many as the threshold")
    private = suite.new_private_key(random_bytes)
    shares = shamir.split(private, count=len(officers), threshold=threshold, random_bytes=random_bytes)
    wrapped = tuple(
        WrappedShare(
            officer,
            share.index,
            suite.wrap(
                share.to_bytes(), officers[officer], _share_context(call, purpose, officer, share.index)
            ),
            share_digest(suite, call, purpose, share),
        )
        for officer, share in zip(sorted(officers), shares, strict=True)
    )
    return CallKey(call, purpose, suite.id, threshold, suite.public_of(private), wrapped)


def unwrap_share(key: CallKey, officer: str, officer_private_key: bytes) -> Share:
    """What an officer does himself, on his own machine: decrypts his share and checks it against its digest."""
    mine = key.share_of(officer)
    suite = suite_named(key.suite)
    raw = suite.unwrap(
        mine.wrapped, officer_private_key, _share_context(key.call, key.purpose, officer, mine.index)
    )
    share = Share.from_bytes(raw)
    check_share(key, officer, share)
    return share


def check_share(key: CallKey, officer: str, share: Share) -> None:
    """WrongShareError, naming the officer, unless `share` is the one published for him."""
    published = key.share_of(officer)
    if (
        share.index != published.index
        or share_digest(suite_named(key.suite), key.call, key.purpose, share) != published.digest
    ):
        raise WrongShareError(officer, share.index)


def recover_private_key(key: CallKey, handed_in: Mapping[str, Share]) -> bytes:
    """The call's private key from shares handed in by officer; the caller uses it and forgets it.

    Errors: WrongShareError (which officer's), NotEnoughSharesError, NotAuthenticError when right shares do not
    give the published public key (the call's record was changed).
    """
    if len(handed_in) < key.threshold:
        raise NotEnoughSharesError(len(handed_in), key.threshold)
    for officer, share in sorted(handed_in.items()):
        try:
            check_share(key, officer, share)
        except KeyError:
            raise MalformedError(f"{officer} is no opening officer of this call") from None
    private = shamir.combine(list(handed_in.values()), threshold=key.threshold)
    if suite_named(key.suite).public_of(private) != key.public_key:
        raise NotAuthenticError("the shares do not give the key that this call published")
    return private
