"""Sealing and opening a whole bid: the door of this folder for use cases, integrators and the demonstration.

    key = create_call_key(call, AES_SUITE, officers, random_bytes=secrets.token_bytes)      # at publication
    bid = seal_bid(key.public_key, suite_id=key.suite, call=…, bidder=…, version=1, technical=…, budget=…)
    receipt = sign_receipt(service_key, "2024-1", call=…, bidder=…, digest=bid.digest, received_at=…)
    closing = close_call(suite, call, digests, random_bytes=…)                              # at closes_at
    share = unwrap_share(key, officer, officer_private_key)                                 # each officer
    private = recover_private_key(key, {officer: share, other: share})                      # at opening
    technical = open_part(bid.parts["technical"], private, Context(call, bidder, "technical", 1))

`seal_bid` needs no server and may be copied by an integrator. Where the programme opens the budget later than the
technical part, the call has a second key (`create_call_key(…, purpose="budget")`), passed as `budget_key`.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from project_bidding.bids.envelope import Context, canonical_json, envelope_digest, seal_part
from project_bidding.bids.filestream import seal_file
from project_bidding.bids.suites import RandomBytes, Suite, suite_named


@dataclass(frozen=True, slots=True)
class SealedBid:
    """What a bidder hands in: one envelope a part, sealed files, and the digest that its receipt will sign."""

    suite: str
    call: str
    bidder: str
    version: int
    parts: Mapping[str, bytes] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    digest: str


def bid_digest(suite: Suite, *, call: str, bidder: str, version: int, digests: Mapping[str, str]) -> str:
    """The digest of a whole bid over the digests of its parts and files (names as in `Context.part`).

    Members of a consortium confirm this value, the receipt signs it, the closing commits to it.
    """
    manifest = {
        "call": call,
        "bidder": bidder,
        "version": version,
        "suite": suite.id,
        "sealed": dict(digests),
    }
    return suite.digest(b"kechuang bid|", canonical_json(manifest))


def seal_bid(
    public_key: bytes,
    *,
    suite_id: str,
    call: str,
    bidder: str,
    version: int,
    technical: bytes,
    budget: bytes,
    files: Mapping[str, Iterable[bytes]] | None = None,
    budget_key: bytes | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> SealedBid:
    """Seals a bid on the bidder's side; `files` maps a file's id to its bytes in pieces of any size.

    The budget is sealed under `budget_key` where the call has one; technical part and files under `public_key`.

    Here the sealed files are kept in memory; whoever has large ones calls `filestream.seal_file` and `bid_digest`.
    """
    suite = suite_named(suite_id)
    contents = {"technical": (public_key, technical), "budget": (budget_key or public_key, budget)}
    parts = {
        part: seal_part(suite, key, Context(call, bidder, part, version), content, random_bytes=random_bytes)
        for part, (key, content) in contents.items()
    }
    sealed_files = {
        f"file:{name}": b"".join(
            seal_file(
                suite,
                public_key,
                Context(call, bidder, f"file:{name}", version),
                pieces,
                random_bytes=random_bytes,
            )
        )
        for name, pieces in (files or {}).items()
    }
    digests = {name: envelope_digest(envelope) for name, envelope in {**parts, **sealed_files}.items()}
    digest = bid_digest(suite, call=call, bidder=bidder, version=version, digests=digests)
    return SealedBid(suite_id, call, bidder, version, parts, sealed_files, digest)
