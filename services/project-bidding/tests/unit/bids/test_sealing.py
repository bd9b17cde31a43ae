"""Sealed means sealed: what a bid's envelope, its key and its shares promise."""

import random
import secrets
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project_bidding.bids import shamir
from project_bidding.bids.call_keys import CallKey, create_call_key, recover_private_key, unwrap_share
from project_bidding.bids.envelope import (
    Context,
    check_intact,
    open_part,
    padded_length,
    seal_part,
    split_header,
)
from project_bidding.bids.filestream import CHUNK_BYTES, open_file, seal_file
from project_bidding.bids.sealing import bid_digest, seal_bid
from project_bidding.bids.sealing_errors import (
    MalformedError,
    NotAuthenticError,
    NotEnoughSharesError,
    SealingError,
    TruncatedError,
    UnknownSuiteError,
    UnusableKeyError,
    WrongShareError,
)
from project_bidding.bids.suites import AES_SUITE, SM_SUITE, SUITES, Suite, suite_named

OFFICERS = ("officer-chen", "officer-li", "officer-wu", "officer-zhao")
CALL, BIDDER = "call-7f3a", "org-15b2"
BUDGET = '{"总预算":"3000000.00","财政资金":"900000.00"}'.encode()
TECHNICAL = "技术方案:采用固态电解质界面工程,循环寿命不低于三千次。".encode()


def call_with_officers(suite: Suite) -> tuple[CallKey, dict[str, bytes]]:
    privates = {officer: suite.new_private_key(secrets.token_bytes) for officer in OFFICERS}
    publics = {officer: suite.public_of(private) for officer, private in privates.items()}
    return create_call_key(CALL, suite, publics, random_bytes=secrets.token_bytes), privates


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_a_bid_opens_after_any_two_officers_have_handed_in_their_shares(suite: Suite) -> None:
    key, privates = call_with_officers(suite)
    bid = seal_bid(
        key.public_key,
        suite_id=key.suite,
        call=CALL,
        bidder=BIDDER,
        version=1,
        technical=TECHNICAL,
        budget=BUDGET,
        files={"附件一": [b"a" * 70_000, b"b"]},
    )
    first, second = OFFICERS[3], OFFICERS[1]
    shares = {officer: unwrap_share(key, officer, privates[officer]) for officer in (first, second)}
    private = recover_private_key(key, shares)
    assert (
        open_part(bid.parts["technical"], private, Context(CALL, BIDDER, "technical", 1)).content == TECHNICAL
    )
    assert open_part(bid.parts["budget"], private, Context(CALL, BIDDER, "budget", 1)).content == BUDGET
    file = b"".join(open_file(private, Context(CALL, BIDDER, "file:附件一", 1), [bid.files["file:附件一"]]))
    assert file == b"a" * 70_000 + b"b"
    assert bid.digest.startswith("sm3:" if suite is SM_SUITE else "sha256:")


def test_one_officer_cannot_open() -> None:
    key, privates = call_with_officers(AES_SUITE)
    share = unwrap_share(key, OFFICERS[0], privates[OFFICERS[0]])
    with pytest.raises(NotEnoughSharesError) as refused:
        recover_private_key(key, {OFFICERS[0]: share})
    assert (refused.value.given, refused.value.needed) == (1, 2)


def test_a_second_key_keeps_the_budget_sealed_when_the_technical_part_is_open() -> None:
    privates = {officer: AES_SUITE.new_private_key(secrets.token_bytes) for officer in OFFICERS}
    publics = {officer: AES_SUITE.public_of(private) for officer, private in privates.items()}
    technical, budget = (
        create_call_key(CALL, AES_SUITE, publics, purpose=purpose, random_bytes=secrets.token_bytes)
        for purpose in ("technical", "budget")
    )
    bid = seal_bid(
        technical.public_key,
        budget_key=budget.public_key,
        suite_id=AES_SUITE.id,
        call=CALL,
        bidder=BIDDER,
        version=1,
        technical=TECHNICAL,
        budget=BUDGET,
    )
    shares = {officer: unwrap_share(technical, officer, privates[officer]) for officer in OFFICERS[:2]}
    private = recover_private_key(technical, shares)
    assert (
        open_part(bid.parts["technical"], private, Context(CALL, BIDDER, "technical", 1)).content == TECHNICAL
    )
    with pytest.raises(NotAuthenticError):
        open_part(bid.parts["budget"], private, Context(CALL, BIDDER, "budget", 1))
    with pytest.raises(WrongShareError, match=OFFICERS[0]):
        recover_private_key(budget, shares)


def test_one_share_handed_in_under_two_names_is_still_one() -> None:
    key, privates = call_with_officers(AES_SUITE)
    share = unwrap_share(key, OFFICERS[0], privates[OFFICERS[0]])
    with pytest.raises(WrongShareError) as refused:
        recover_private_key(key, {OFFICERS[0]: share, OFFICERS[1]: share})
    assert refused.value.officer == OFFICERS[1]


def test_a_wrong_share_names_its_officer() -> None:
    key, privates = call_with_officers(AES_SUITE)
    good = unwrap_share(key, OFFICERS[0], privates[OFFICERS[0]])
    other_call, other_privates = call_with_officers(AES_SUITE)
    wrong = unwrap_share(other_call, OFFICERS[2], other_privates[OFFICERS[2]])
    with pytest.raises(WrongShareError, match=OFFICERS[2]):
        recover_private_key(key, {OFFICERS[0]: good, OFFICERS[2]: wrong})


def test_a_stranger_is_no_opening_officer() -> None:
    key, privates = call_with_officers(AES_SUITE)
    share = unwrap_share(key, OFFICERS[0], privates[OFFICERS[0]])
    with pytest.raises(MalformedError, match="no opening officer"):
        recover_private_key(key, {OFFICERS[0]: share, "officer-nobody": share})


def test_an_officer_cannot_unwrap_the_share_of_another() -> None:
    key, privates = call_with_officers(AES_SUITE)
    with pytest.raises(NotAuthenticError):
        unwrap_share(key, OFFICERS[0], privates[OFFICERS[1]])


def test_right_shares_that_do_not_give_the_published_key_are_refused() -> None:
    key, privates = call_with_officers(AES_SUITE)
    shares = {officer: unwrap_share(key, officer, privates[officer]) for officer in OFFICERS[:2]}
    swapped = AES_SUITE.public_of(AES_SUITE.new_private_key(secrets.token_bytes))
    changed = replace(key, public_key=swapped)
    with pytest.raises(NotAuthenticError, match="published"):
        recover_private_key(changed, shares)


@pytest.mark.parametrize("threshold", [0, 1, 5])
def test_a_call_is_never_opened_by_one_person(threshold: int) -> None:
    publics = {officer: AES_SUITE.public_of(secrets.token_bytes(32)) for officer in OFFICERS}
    with pytest.raises(ValueError, match="at least two officers"):
        create_call_key(CALL, AES_SUITE, publics, threshold=threshold, random_bytes=secrets.token_bytes)


def test_an_officer_key_without_a_secret_is_refused() -> None:
    publics = {OFFICERS[0]: bytes(32), OFFICERS[1]: AES_SUITE.public_of(secrets.token_bytes(32))}
    with pytest.raises(UnusableKeyError):
        create_call_key(CALL, AES_SUITE, publics, random_bytes=secrets.token_bytes)


@pytest.mark.parametrize(
    "context",
    [
        Context("call-other", BIDDER, "budget", 1),
        Context(CALL, "org-other", "budget", 1),
        Context(CALL, BIDDER, "technical", 1),
        Context(CALL, BIDDER, "budget", 2),
    ],
    ids=["call", "bidder", "part", "version"],
)
@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_an_envelope_opens_in_no_other_context(suite: Suite, context: Context) -> None:
    private = suite.new_private_key(secrets.token_bytes)
    envelope = seal_part(
        suite,
        suite.public_of(private),
        Context(CALL, BIDDER, "budget", 1),
        BUDGET,
        random_bytes=secrets.token_bytes,
    )
    with pytest.raises(NotAuthenticError):
        open_part(envelope, private, context)


def test_a_context_cannot_be_ambiguous() -> None:
    with pytest.raises(ValueError, match="versions start at 1"):
        Context("call|org", "bidder", "budget", 1).info()


def test_the_size_of_an_envelope_does_not_tell_the_digits_of_a_price() -> None:
    public = AES_SUITE.public_of(secrets.token_bytes(32))
    context = Context(CALL, BIDDER, "budget", 1)
    sizes = {
        len(split_header(seal_part(AES_SUITE, public, context, price, random_bytes=secrets.token_bytes))[1])
        for price in (b"9.00", b"300000.00", b"1250000000.00")
    }
    assert len(sizes) == 1


@given(st.integers(0, 10**12))
def test_padding_costs_little(length: int) -> None:
    assert length <= padded_length(length) <= max(1024, length * 1.12)


def test_an_unknown_suite_and_rubbish_are_told_apart() -> None:
    with pytest.raises(UnknownSuiteError):
        suite_named("rsa-md5")
    for rubbish in (
        b"",
        b"KCE1",
        b"KCE1\0\0\0\x02{}",
        b"KCE1\xff\xff\xff\xff",
        b"PK\x03\x04",
        b"KCE1\0\0\0\x02[]",
    ):
        with pytest.raises(MalformedError):
            check_intact(rubbish)


PRIVATE = AES_SUITE.new_private_key(random.Random(1).randbytes)
SM_PRIVATE = SM_SUITE.new_private_key(random.Random(2).randbytes)
CONTEXT = Context(CALL, BIDDER, "technical", 1)
SEALED = seal_part(
    AES_SUITE, AES_SUITE.public_of(PRIVATE), CONTEXT, TECHNICAL, random_bytes=random.Random(3).randbytes
)


@given(position=st.integers(0, len(SEALED) - 1), flip=st.integers(1, 255))
@settings(max_examples=300)
def test_no_changed_byte_of_an_envelope_goes_unseen(position: int, flip: int) -> None:
    changed = bytearray(SEALED)
    changed[position] ^= flip
    with pytest.raises(SealingError):
        open_part(bytes(changed), PRIVATE, CONTEXT)


@given(st.integers(0, len(SEALED) - 1))
def test_no_shortened_envelope_opens(length: int) -> None:
    with pytest.raises(SealingError):
        open_part(SEALED[:length], PRIVATE, CONTEXT)


@given(secret=st.binary(min_size=1, max_size=96), count=st.integers(2, 7), seed=st.integers(), data=st.data())
def test_any_threshold_of_shares_give_the_secret(
    secret: bytes, count: int, seed: int, data: st.DataObject
) -> None:
    threshold = data.draw(st.integers(2, count))
    shares = shamir.split(
        secret, count=count, threshold=threshold, random_bytes=random.Random(seed).randbytes
    )
    chosen = data.draw(st.permutations(shares))[:threshold]
    assert shamir.combine(chosen, threshold=threshold) == secret
    with pytest.raises(NotEnoughSharesError):
        shamir.combine(chosen[: threshold - 1], threshold=threshold)
    assert [shamir.Share.from_bytes(share.to_bytes()) for share in shares] == list(shares)


def test_one_share_of_two_is_compatible_with_every_secret() -> None:
    """The secrecy itself, by exhaustion: whatever the byte, each value of a share occurs exactly once."""
    for secret in (0, 1, 137, 255):
        splits = [
            shamir.split(bytes([secret]), count=3, threshold=2, random_bytes=constant)
            for constant in (bytes([value]).__mul__ for value in range(256))
        ]
        for position in range(3):
            assert {shares[position].value[0] for shares in splits} == set(range(256))


def test_shares_follow_the_layout_of_vault() -> None:
    """Worked by hand in GF(256): p(x) = 0x53 + 0xCA·x, so p(1) = 0x99 and p(0xCA⁻¹ = 0x53) = 0x53 + 1."""
    shares = shamir.split(b"\x53", count=0x53, threshold=2, random_bytes=lambda _: b"\xca")
    assert shares[0] == shamir.Share(1, b"\x99")
    assert shares[0x53 - 1] == shamir.Share(0x53, b"\x52")


def sealed_file(content: bytes, suite: Suite = AES_SUITE, private: bytes = PRIVATE) -> list[bytes]:
    pieces = [content[start : start + 50_000] for start in range(0, len(content), 50_000)]
    return list(
        seal_file(suite, suite.public_of(private), CONTEXT, pieces, random_bytes=random.Random(5).randbytes)
    )


@pytest.mark.parametrize(
    "length", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000]
)
@pytest.mark.parametrize(
    ("suite", "private"), [(AES_SUITE, PRIVATE), (SM_SUITE, SM_PRIVATE)], ids=["aes", "sm"]
)
def test_a_file_comes_back_whatever_its_length(suite: Suite, private: bytes, length: int) -> None:
    content = random.Random(length).randbytes(length)
    stream = b"".join(sealed_file(content, suite, private))
    for size in (7_001, len(stream)):
        pieces = (stream[start : start + size] for start in range(0, len(stream), size))
        assert b"".join(open_file(private, CONTEXT, pieces)) == content


def test_a_file_cut_at_a_chunk_is_said_to_be_truncated() -> None:
    header, *chunks = sealed_file(b"x" * (3 * CHUNK_BYTES + 5))
    for kept in range(1, len(chunks)):
        with pytest.raises(TruncatedError):
            list(open_file(PRIVATE, CONTEXT, [header, *chunks[:kept]]))
    with pytest.raises(TruncatedError):
        list(open_file(PRIVATE, CONTEXT, [header[:20]]))
    with pytest.raises(SealingError):
        list(open_file(PRIVATE, CONTEXT, [header]))


def test_chunks_cannot_be_swapped_repeated_or_taken_from_another_file() -> None:
    header, *chunks = sealed_file(random.Random(8).randbytes(4 * CHUNK_BYTES + 9))
    other = list(
        seal_file(
            AES_SUITE,
            AES_SUITE.public_of(PRIVATE),
            CONTEXT,
            [b"y" * 300_000],
            random_bytes=secrets.token_bytes,
        )
    )
    for order in (
        [chunks[1], chunks[0], *chunks[2:]],
        [chunks[0], chunks[0], *chunks[1:]],
        [chunks[0], *chunks[2:]],
        [*chunks, chunks[-1]],
        [other[1], *chunks[1:]],
    ):
        with pytest.raises(NotAuthenticError):
            list(open_file(PRIVATE, CONTEXT, [header, *order]))


FILE = b"".join(sealed_file(random.Random(6).randbytes(CHUNK_BYTES + 400)))


@given(position=st.integers(0, len(FILE) - 1), bit=st.integers(0, 7))
@settings(max_examples=150)
def test_no_flipped_bit_of_a_file_goes_unseen(position: int, bit: int) -> None:
    changed = bytearray(FILE)
    changed[position] ^= 1 << bit
    with pytest.raises(SealingError):
        list(open_file(PRIVATE, CONTEXT, [bytes(changed)]))


@given(st.integers(0, len(FILE) - 1))
@settings(max_examples=150)
def test_no_shortened_file_opens(length: int) -> None:
    with pytest.raises(SealingError):
        list(open_file(PRIVATE, CONTEXT, [FILE[:length]]))


def test_a_file_opens_in_no_other_context() -> None:
    with pytest.raises(NotAuthenticError):
        list(open_file(PRIVATE, Context(CALL, "org-other", "technical", 1), [FILE]))


def test_the_digest_of_a_bid_changes_with_everything_in_it() -> None:
    digests = {"technical": "sha256:aa", "budget": "sha256:bb"}
    base = {"call": CALL, "bidder": BIDDER, "version": 1, "digests": digests}
    variants: list[dict[str, object]] = [
        base,
        {**base, "call": "other"},
        {**base, "bidder": "other"},
        {**base, "version": 2},
        {**base, "digests": {**digests, "budget": "sha256:cc"}},
        {**base, "digests": {**digests, "file:a": "sha256:dd"}},
    ]
    assert len({bid_digest(AES_SUITE, **variant) for variant in variants}) == len(variants)  # type: ignore[arg-type]


def test_nothing_secret_shows_when_printed() -> None:
    key, privates = call_with_officers(AES_SUITE)
    share = unwrap_share(key, OFFICERS[0], privates[OFFICERS[0]])
    assert share.value.hex() not in repr(share)
    assert repr(share.value) not in repr(share)
