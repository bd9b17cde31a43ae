"""The drawing of experts 专家抽取: a frozen pool, randomness nobody controls alone, one sequence for all places.

1. Two officers, neither running the call, each commit to a secret: only its hash is recorded.
2. The pool is frozen: candidates with employer, kinds and recusals, in the order of their ids; its digest is
   published. Nobody knows yet what the secrets and the public value will be together.
3. A public value that did not exist at the freeze is noted with its source (a lottery, a stock index).
4. The officers reveal. Key of the draw = pool digest, both secrets, public value, spelled as RFC 3797 says.
5. RFC 3797 puts the whole frozen pool into one sequence. Places are filled by walking it: who is recused, whose
   kinds are all full, or whose employer has reached its limit is skipped, with the reason on record.
6. Who declines, is absent or turns out to be in conflict is replaced from the same sequence, by walking it again
   from its start for that place alone: a name skipped before for a full place or employer is the next in line.

An officer who refuses to reveal can stop a draw, but cannot choose its outcome; a stopped draw stays on record.
`verify.py` repeats a record without using anything of this module.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from commissioner_matching.expert_draws.seating import (
    Algorithm,
    Candidate,
    DrawRefusedError,
    DrawRules,
    Withdrawal,
    seat,
)

_MAX_POOL: Final = 65_536  # RFC 3797 numbers its hashes with two bytes
_MIN_SECRET_BYTES: Final = 16
_OFFICERS: Final = 2


@dataclass(frozen=True, slots=True)
class Commitment:
    """An officer's hash of his secret, and when it was recorded."""

    officer: str
    digest: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class Reveal:
    """The secret (hexadecimal) behind a commitment."""

    officer: str
    secret: str
    revealed_at: datetime


@dataclass(frozen=True, slots=True)
class PublicValue:
    """Digits or words from a named public source; numbers of a lottery are a tuple, their order does not count."""

    source: str
    value: str | tuple[int, ...]
    published_at: datetime


@dataclass(frozen=True, slots=True)
class FrozenDraw:
    """Pool and rules as they were frozen; `pool_digest` is published at that moment."""

    draw: str
    rules: DrawRules
    pool: tuple[Candidate, ...]
    pool_digest: str
    commitments: tuple[Commitment, ...]
    frozen_at: datetime


def commitment(draw: str, officer: str, secret: str) -> str:
    """SHA-256 binding draw and officer, so that nobody can commit to another's secret by copying his hash."""
    if len(bytes.fromhex(secret)) < _MIN_SECRET_BYTES:
        raise ValueError("a secret has 16 random bytes at least, in hexadecimal")
    return hashlib.sha256(f"kechuang-draw|{draw}|{officer}|{secret.lower()}".encode()).hexdigest()


def pseudonym(key: bytes, draw: str, name: str) -> str:
    """A name for one draw only, so that published records of two draws cannot be joined. Also for employers."""
    return hmac.new(key, f"{draw}|{name}".encode(), hashlib.sha256).hexdigest()[:20]


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def digest_of(draw: str, rules: DrawRules, pool: Sequence[Candidate]) -> str:
    """SHA-256 over the canonical JSON of draw, rules and pool in its frozen order."""
    content = {"draw": draw, "rules": asdict(rules), "pool": [asdict(candidate) for candidate in pool]}
    spelled = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()


def freeze(
    draw: str,
    rules: DrawRules,
    candidates: Iterable[Candidate],
    commitments: Sequence[Commitment],
    *,
    frozen_at: datetime,
) -> FrozenDraw:
    """The pool in the order of ids, once two officers have committed. Refused: codes commitments, pool."""
    if len({each.officer for each in commitments}) != _OFFICERS or len(commitments) != _OFFICERS:
        raise DrawRefusedError("commitments", "two different officers commit before the pool is frozen")
    if any(each.committed_at >= frozen_at for each in commitments):
        raise DrawRefusedError("commitments", "commitments come before the freeze")
    pool = tuple(sorted(candidates, key=lambda candidate: candidate.id))
    if not 0 < len(pool) <= _MAX_POOL or len({candidate.id for candidate in pool}) != len(pool):
        raise DrawRefusedError("pool", "a pool has 1 to 65536 candidates with different ids")
    ordered = tuple(sorted(commitments, key=lambda each: each.officer))
    return FrozenDraw(draw, rules, pool, digest_of(draw, rules, pool), ordered, frozen_at)


def canonical(value: str | tuple[int, ...]) -> str:
    """RFC 3797 section 4: numbers ascending, each followed by a point; words by their ASCII letters and digits in capitals."""
    if isinstance(value, tuple):
        return "".join(f"{number}." for number in sorted(value))
    return re.sub(r"[^A-Z0-9]", "", value.upper())


def key_string(values: Iterable[str | tuple[int, ...]]) -> str:
    """Every canonical value followed by a slash; DrawRefusedError (randomness) for a value with nothing in it."""
    spelled = [canonical(value) for value in values]
    if not all(spelled):
        raise DrawRefusedError("randomness", "a source of randomness gave no letter and no digit")
    return "".join(f"{value}/" for value in spelled)


def rfc3797_order(key: str, size: int, algorithm: Algorithm) -> list[int]:
    """The numbers 0…size−1 in the order in which RFC 3797 selects them (it numbers from 1)."""
    hashed = hashlib.md5 if algorithm == "rfc3797-md5" else hashlib.sha256
    left = list(range(size))
    order = []
    for number in range(size):
        count = number.to_bytes(2, "big")
        # MD5 is RFC 3797's own choice; no property it has lost matters once the inputs are fixed
        value = int.from_bytes(hashed(count + key.encode() + count).digest(), "big")
        order.append(left.pop(value % len(left)))
    return order


def _check_randomness(frozen: FrozenDraw, reveals: Sequence[Reveal], public: PublicValue) -> list[Reveal]:
    if public.published_at <= frozen.frozen_at:
        raise DrawRefusedError(
            "randomness", "the public value must not have existed when the pool was frozen"
        )
    by_officer = {reveal.officer: reveal for reveal in reveals}
    if by_officer.keys() != {each.officer for each in frozen.commitments} or len(reveals) != _OFFICERS:
        raise DrawRefusedError("randomness", "exactly the two officers who committed reveal")
    for each in frozen.commitments:
        revealed = by_officer[each.officer]
        if revealed.revealed_at <= frozen.frozen_at:
            raise DrawRefusedError("randomness", "secrets are revealed after the freeze")
        if commitment(frozen.draw, each.officer, revealed.secret) != each.digest:
            raise DrawRefusedError(
                "randomness", f"officer {each.officer} revealed another secret than committed to"
            )
    return [by_officer[each.officer] for each in frozen.commitments]


def draw_key(frozen: FrozenDraw, reveals: Sequence[Reveal], public: PublicValue) -> str:
    """The key string of the draw; the pool's digest is in it, so that no two draws share a sequence."""
    ordered = _check_randomness(frozen, reveals, public)
    return key_string([frozen.pool_digest, *(reveal.secret for reveal in ordered), public.value])


def sequence_of(frozen: FrozenDraw, key: str) -> tuple[Candidate, ...]:
    """The whole frozen pool in the order of the draw."""
    return tuple(frozen.pool[index] for index in rfc3797_order(key, len(frozen.pool), frozen.rules.algorithm))


def record(
    frozen: FrozenDraw,
    reveals: Sequence[Reveal],
    public: PublicValue,
    withdrawals: Sequence[Withdrawal] = (),
) -> dict[str, Any]:
    """Everything that happened, as JSON: what is kept, published after the result's notice, and verified."""
    key = draw_key(frozen, reveals, public)
    outcome = seat(frozen.rules, sequence_of(frozen, key), withdrawals)

    def plain(item: Any) -> dict[str, Any]:
        return {
            name: _instant(value) if isinstance(value, datetime) else value
            for name, value in asdict(item).items()
        }

    content = {
        "draw": frozen.draw,
        "rules": asdict(frozen.rules),
        "pool": [asdict(candidate) for candidate in frozen.pool],
        "pool_digest": frozen.pool_digest,
        "frozen_at": _instant(frozen.frozen_at),
        "commitments": [plain(each) for each in frozen.commitments],
        "reveals": [plain(each) for each in sorted(reveals, key=lambda each: each.officer)],
        "public_value": plain(public),
        "key": key,
        "sequence": list(outcome.sequence),
        "seats": [asdict(each) for each in outcome.seats],
        "skipped": [asdict(each) for each in outcome.skipped],
        "history": [asdict(each) for each in outcome.history],
        "unfilled": list(outcome.unfilled),
        "withdrawals": [plain(each) for each in withdrawals],
    }
    return dict(json.loads(json.dumps(content)))  # tuples become lists: what is verified is what is stored
