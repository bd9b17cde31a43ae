"""A bidder can prove that its bid was in time and is the one that was opened; drafts die with the seal."""

import base64
import secrets
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from project_bidding.bids import verify
from project_bidding.bids.drafts import (
    decrypt_draft,
    destroy_draft_key,
    encrypt_draft,
    new_draft_key,
    new_organisation_key,
)
from project_bidding.bids.envelope import Context, open_part
from project_bidding.bids.receipts import (
    InclusionProof,
    Receipt,
    check_receipt,
    close_call,
    prove_inclusion,
    root_from_proof,
    sign_receipt,
)
from project_bidding.bids.sealing import seal_bid
from project_bidding.bids.sealing_errors import DraftKeyDestroyedError, NotAuthenticError
from project_bidding.bids.suites import AES_SUITE, SM_SUITE, SUITES, Suite

CALL, BIDDER = "call-7f3a", "org-15b2"
SERVICE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
CLOSES = datetime(2024, 5, 31, 9, 0, tzinfo=UTC)


def receipt_for(digest: str) -> Receipt:
    return sign_receipt(
        SERVICE, "2024-1", call=CALL, bidder=BIDDER, digest=digest, received_at=CLOSES - timedelta(seconds=1)
    )


def test_a_receipt_is_good_for_exactly_what_it_says() -> None:
    receipt = receipt_for("sha256:aa")
    check_receipt(receipt, SERVICE.public_key())
    assert receipt.received_at == "2024-05-31T08:59:59.000000Z"
    for changed in (
        Receipt("call-x", BIDDER, "sha256:aa", receipt.received_at, "2024-1", receipt.signature),
        Receipt(CALL, "org-x", "sha256:aa", receipt.received_at, "2024-1", receipt.signature),
        Receipt(CALL, BIDDER, "sha256:ab", receipt.received_at, "2024-1", receipt.signature),
        Receipt(CALL, BIDDER, "sha256:aa", "2024-05-31T08:00:00.000000Z", "2024-1", receipt.signature),
        Receipt(CALL, BIDDER, "sha256:aa", receipt.received_at, "2023-1", receipt.signature),
    ):
        with pytest.raises(NotAuthenticError):
            check_receipt(changed, SERVICE.public_key())


def test_an_instant_is_signed_in_utc() -> None:
    shanghai = datetime(2024, 5, 31, 16, 59, 59, tzinfo=timezone(timedelta(hours=8)))
    receipt = sign_receipt(
        SERVICE, "2024-1", call=CALL, bidder=BIDDER, digest="sha256:aa", received_at=shanghai
    )
    assert receipt == receipt_for("sha256:aa")
    with pytest.raises(ValueError, match="offset"):
        sign_receipt(
            SERVICE,
            "k",
            call=CALL,
            bidder=BIDDER,
            digest="d",
            received_at=datetime(2024, 1, 1),  # noqa: DTZ001 - the point
        )


@given(st.sets(st.integers(0, 10**6), min_size=1, max_size=40), st.sampled_from([AES_SUITE, SM_SUITE]))
def test_every_digest_leads_to_the_root_and_no_other_does(numbers: set[int], suite: Suite) -> None:
    digests = [suite.digest(str(number).encode()) for number in numbers]
    closing = close_call(suite, CALL, digests, random_bytes=secrets.token_bytes)
    for digest in digests:
        proof = prove_inclusion(suite, closing, digest)
        root = root_from_proof(suite, digest, proof)
        assert root is not None
        assert suite.label(root) == closing.root
        stranger = root_from_proof(suite, suite.digest(b"stranger"), proof)
        assert stranger is None or suite.label(stranger) != closing.root
        longer = InclusionProof(proof.index, proof.size, (*proof.path, bytes(32)))
        assert root_from_proof(suite, digest, longer) is None
    assert not verify.verify_closing(suite.id, CALL, published(closing), digests[0])


def test_the_tree_is_that_of_rfc_6962() -> None:
    """Roots of the reference implementation's test data would need its leaves; here three leaves by hand."""
    closing = close_call(
        AES_SUITE, CALL, ["sha256:a", "sha256:b", "sha256:c"], random_bytes=secrets.token_bytes
    )
    a, b, c = (AES_SUITE.hash(b"\x00", f"sha256:{name}".encode()) for name in "abc")
    assert closing.root == AES_SUITE.digest(b"\x01", AES_SUITE.hash(b"\x01", a, b), c)


def test_the_commitment_does_not_tell_that_there_was_no_bid() -> None:
    first, second = (close_call(AES_SUITE, CALL, [], random_bytes=secrets.token_bytes) for _ in range(2))
    assert first.root == second.root
    assert first.commitment != second.commitment


def test_published_digests_tell_no_order_of_arrival() -> None:
    digests = ["sha256:c", "sha256:a", "sha256:b"]
    forwards = close_call(AES_SUITE, CALL, digests, random_bytes=lambda n: b"r" * n)
    backwards = close_call(AES_SUITE, CALL, digests[::-1], random_bytes=lambda n: b"r" * n)
    assert forwards == backwards


def published(closing: Any) -> dict[str, Any]:
    return {
        "commitment": closing.commitment,
        "blind": closing.blind.hex(),
        "root": closing.root,
        "digests": list(closing.digests),
    }


class Story:
    """One bid among three, opened; everything the verifier is given."""

    def __init__(self, suite: Suite) -> None:
        private = suite.new_private_key(secrets.token_bytes)
        bid = seal_bid(
            suite.public_of(private),
            suite_id=suite.id,
            call=CALL,
            bidder=BIDDER,
            version=2,
            technical="方案".encode(),
            budget=b"900000.00",
            files={"f1": [b"drawing"]},
        )
        receipt = receipt_for(bid.digest)
        others = [suite.digest(name) for name in (b"second", b"third")]
        closing = close_call(suite, CALL, [bid.digest, *others], random_bytes=secrets.token_bytes)
        opened = {
            part: open_part(envelope, private, Context(CALL, BIDDER, part, 2))
            for part, envelope in bid.parts.items()
        }
        self.evidence: dict[str, Any] = {
            "suite": suite.id,
            "version": 2,
            "service_key": SERVICE.public_key().public_bytes_raw(),
            "receipt": {
                "call": CALL,
                "bidder": BIDDER,
                "digest": receipt.digest,
                "received_at": receipt.received_at,
                "key_id": receipt.key_id,
                "signature": base64.b64encode(receipt.signature).decode(),
            },
            "published": published(closing),
            "sealed": {**bid.parts, **bid.files},
            "opened": {part: (each.content_key, each.content) for part, each in opened.items()},
        }


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_the_verifier_follows_a_bid_from_receipt_to_content(suite: Suite) -> None:
    assert verify.verify_bid(**Story(suite).evidence) == []


def test_the_verifier_names_what_was_tampered_with() -> None:
    evidence = Story(AES_SUITE).evidence
    key, content = evidence["opened"]["budget"]
    assert verify.verify_bid(**{**evidence, "opened": {"budget": (key, b"800000.00")}}) == [
        "budget: the opened content is not what was sealed"
    ]
    assert verify.verify_bid(**{**evidence, "opened": {"budget": (bytes(32), content)}}) == [
        "budget: the disclosed key is not the one sealed"
    ]
    assert verify.verify_bid(**{**evidence, "sealed": {**evidence["sealed"], "file:f1": b"other"}}) == [
        "bid: these envelopes do not have the receipt's digest"
    ]
    late = {**evidence["receipt"], "received_at": "2024-05-31T08:00:00.000000Z"}
    assert verify.verify_bid(**{**evidence, "receipt": late}) == [
        "receipt: the signature is not the service's"
    ]
    added = {**evidence["published"], "digests": [*evidence["published"]["digests"], "sha256:later"]}
    assert verify.verify_bid(**{**evidence, "published": added}) == [
        "closing: the digests do not have the published root",
        "closing: the digests are not those committed to at closing",
    ]
    dropped = {**evidence["published"], "digests": []}
    assert "closing: the receipt's digest is not among those published" in verify.verify_bid(
        **{**evidence, "published": dropped}
    )


def test_the_verifier_sees_a_changed_body() -> None:
    evidence = Story(SM_SUITE).evidence
    envelope = bytearray(evidence["sealed"]["budget"])
    envelope[-1] ^= 1
    key, content = evidence["opened"]["budget"]
    assert verify.verify_part(bytes(envelope), key, content) == [
        "budget: the envelope was changed after sealing"
    ]


MASTER = b"m" * 32


@pytest.mark.parametrize("suite", [AES_SUITE, SM_SUITE], ids=["aes", "sm"])
def test_a_draft_is_its_organisations_until_the_seal_and_nobodys_after(suite: Suite) -> None:
    master, rng = MASTER[: suite.content_key_bytes], secrets.token_bytes
    own = new_organisation_key(suite, master, "org-own", random_bytes=rng)
    first, second = (new_draft_key(suite, master, own, bid, random_bytes=rng) for bid in ("bid-1", "bid-2"))
    stored = encrypt_draft(suite, master, own, first, "草稿".encode(), random_bytes=rng)
    other_stored = encrypt_draft(suite, master, own, second, b"other", random_bytes=rng)
    assert decrypt_draft(suite, master, own, first, stored) == "草稿".encode()
    with pytest.raises(NotAuthenticError):
        decrypt_draft(suite, master, own, second, stored)
    stranger = new_organisation_key(suite, master, "org-other", random_bytes=rng)
    with pytest.raises(NotAuthenticError):
        decrypt_draft(suite, master, stranger, first, stored)
    with pytest.raises(NotAuthenticError):
        decrypt_draft(suite, master[::-1][:-1] + b"?", own, first, stored)

    gone = destroy_draft_key(first, at=CLOSES)
    assert gone.wrapped is None
    assert destroy_draft_key(gone, at=CLOSES + timedelta(days=1)) == gone
    with pytest.raises(DraftKeyDestroyedError):
        decrypt_draft(suite, master, own, gone, stored)
    with pytest.raises(DraftKeyDestroyedError):
        encrypt_draft(suite, master, own, gone, b"again", random_bytes=rng)
    assert decrypt_draft(suite, master, own, second, other_stored) == b"other"
