"""A draw can be repeated by anybody and steered by nobody."""

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissioner_matching.expert_draws import verify as verify_module
from commissioner_matching.expert_draws.seating import (
    Candidate,
    DrawRefusedError,
    DrawRules,
    Outcome,
    Stratum,
    Withdrawal,
    seat,
)
from commissioner_matching.expert_draws.sequence import (
    Commitment,
    FrozenDraw,
    PublicValue,
    Reveal,
    canonical,
    commitment,
    draw_key,
    freeze,
    key_string,
    pseudonym,
    record,
    rfc3797_order,
    sequence_of,
)
from commissioner_matching.expert_draws.verify import verify

NOON = datetime(2024, 6, 3, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECRETS = {"officer-lin": "a1" * 32, "officer-tan": "b2" * 32}
COMMITMENTS = tuple(
    Commitment(officer, commitment("draw-1", officer, secret), NOON - 5 * MINUTE)
    for officer, secret in SECRETS.items()
)
REVEALS = tuple(Reveal(officer, secret, NOON + 30 * MINUTE) for officer, secret in SECRETS.items())
LOTTERY = PublicValue("双色球2024063期红球与蓝球", (7, 12, 13, 20, 26, 33, 5), NOON + 20 * MINUTE)
RULES = DrawRules((Stratum("technical", 5), Stratum("financial", 2)), per_employer=1)


def pool(size: int = 40, seed: int = 1, employers: int = 20) -> list[Candidate]:
    rng = random.Random(seed)
    return [
        Candidate(
            pseudonym(b"k", "draw-1", f"专家{number}"),
            f"单位{rng.randrange(employers)}",
            rng.choice([("technical",), ("technical",), ("financial",), ("financial", "technical")]),
            "与申报单位有任职关系" if rng.random() < 0.1 else "",
        )
        for number in range(size)
    ]


def frozen(candidates: list[Candidate] | None = None, rules: DrawRules = RULES) -> FrozenDraw:
    return freeze("draw-1", rules, candidates or pool(), COMMITMENTS, frozen_at=NOON)


def seated(draw: FrozenDraw, withdrawals: Sequence[Withdrawal] = ()) -> Outcome:
    return seat(draw.rules, sequence_of(draw, draw_key(draw, REVEALS, LOTTERY)), withdrawals)


def test_the_example_of_rfc_3797_comes_out() -> None:
    """RFC 3797 section 6: three public sources, a pool of 25, ten selected."""
    key = key_string([(9319,), (2, 5, 12, 8, 10), (9, 18, 26, 34, 41, 45)])
    assert key == "9319./2.5.8.10.12./9.18.26.34.41.45./"
    order = rfc3797_order(key, 25, "rfc3797-md5")
    assert [number + 1 for number in order[:10]] == [17, 7, 2, 16, 25, 23, 8, 24, 19, 13]
    assert sorted(order) == list(range(25))


def test_sources_are_spelled_as_the_rfc_says() -> None:
    assert canonical((33, 7, 12)) == "7.12.33."
    assert canonical(" Mission: yes, 42 ") == "MISSIONYES42"
    with pytest.raises(DrawRefusedError, match="no letter"):
        key_string(["沪深"])


def test_a_record_verifies_and_keeps_the_rules() -> None:
    made = record(frozen(), REVEALS, LOTTERY)
    assert verify(made) == []
    people = {candidate.id: candidate for candidate in pool()}
    panel = [people[each["candidate"]] for each in made["seats"]]
    assert Counter(each["kind"] for each in made["seats"]) == {"technical": 5, "financial": 2}
    assert max(Counter(person.employer for person in panel).values()) == 1
    assert not any(person.recusal for person in panel)
    assert {each["reason"] for each in made["skipped"]} <= {"recused", "kind_full", "employer_limit"}


@pytest.mark.parametrize("algorithm", ["rfc3797-sha256", "rfc3797-md5"])
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 60),
    employers=st.integers(1, 30),
    limit=st.sampled_from([None, 1, 2]),
    leaving=st.lists(st.integers(0, 20), max_size=8),
)
@settings(max_examples=60)
def test_every_record_verifies_whatever_happens(
    algorithm: Any, seed: int, size: int, employers: int, limit: int | None, leaving: list[int]
) -> None:
    draw = frozen(pool(size, seed, employers), replace(RULES, per_employer=limit, algorithm=algorithm))
    withdrawals: list[Withdrawal] = []
    for number in leaving:
        seats = seated(draw, withdrawals).seats
        if seats:
            name = seats[number % len(seats)].candidate
            withdrawals.append(Withdrawal(name, "declined", "另有安排", NOON + 60 * MINUTE))
    made = record(draw, REVEALS, LOTTERY, withdrawals)
    assert verify(made) == []
    assert len(made["seats"]) + len(made["unfilled"]) == 7
    assert not {each["candidate"] for each in made["seats"]} & {each.candidate for each in withdrawals}
    people = {candidate.id: candidate for candidate in draw.pool}
    counts = Counter(people[each["candidate"]].employer for each in made["seats"])
    assert limit is None or all(count <= limit for count in counts.values())


def test_a_replacement_is_the_first_of_the_same_sequence_who_fits() -> None:
    candidates = [Candidate(f"c{n}", f"单位{n // 2}", ("technical",)) for n in range(10)]
    draw = frozen(candidates, DrawRules((Stratum("technical", 3),)))
    before = seated(draw)
    leaver = before.seats[0]
    after = seated(draw, [Withdrawal(leaver.candidate, "absent", "未到场", NOON + 90 * MINUTE)])
    people = {candidate.id: candidate for candidate in candidates}
    kept = {each.candidate for each in before.seats[1:]}
    taken = {people[name].employer for name in kept}
    expected = next(
        name
        for name in before.sequence
        if name not in kept | {leaver.candidate} and people[name].employer not in taken
    )
    assert after.seats[-1].candidate == expected
    assert after.seats[-1].replaces == leaver.candidate
    assert after.seats[:-1] == before.seats[1:]
    assert after.sequence == before.sequence


def test_who_does_not_sit_cannot_withdraw() -> None:
    with pytest.raises(DrawRefusedError, match="does not sit"):
        record(frozen(), REVEALS, LOTTERY, [Withdrawal("nobody", "declined", "", NOON)])


def test_places_that_nobody_can_fill_are_said_to_be_unfilled() -> None:
    few = [Candidate("c1", "甲", ("technical",)), Candidate("c2", "甲", ("technical",))]
    made = record(frozen(few), REVEALS, LOTTERY)
    assert made["unfilled"] == ["technical"] * 4 + ["financial"] * 2
    assert verify(made) == []


def test_the_order_in_which_candidates_were_entered_does_not_matter() -> None:
    assert frozen(pool()) == frozen(pool()[::-1])


@pytest.mark.parametrize(
    "commitments",
    [
        COMMITMENTS[:1],
        (COMMITMENTS[0], COMMITMENTS[0]),
        (COMMITMENTS[0], replace(COMMITMENTS[1], committed_at=NOON)),
    ],
    ids=["one officer", "the same officer twice", "after the freeze"],
)
def test_no_freeze_without_two_earlier_commitments(commitments: tuple[Commitment, ...]) -> None:
    with pytest.raises(DrawRefusedError) as refused:
        freeze("draw-1", RULES, pool(), commitments, frozen_at=NOON)
    assert refused.value.code == "commitments"


def test_a_pool_has_each_name_once() -> None:
    with pytest.raises(DrawRefusedError, match="different ids"):
        frozen([*pool(3), pool(3)[0]])


@pytest.mark.parametrize(
    ("reveals", "public"),
    [
        (REVEALS[:1], LOTTERY),
        ((REVEALS[0], replace(REVEALS[1], secret="c3" * 32)), LOTTERY),
        ((REVEALS[0], replace(REVEALS[1], officer="officer-other")), LOTTERY),
        ((REVEALS[0], replace(REVEALS[1], revealed_at=NOON)), LOTTERY),
        (REVEALS, replace(LOTTERY, published_at=NOON)),
        (REVEALS, replace(LOTTERY, value=())),
    ],
    ids=[
        "one reveal",
        "another secret",
        "another officer",
        "revealed too early",
        "value too old",
        "no value",
    ],
)
def test_no_draw_without_honest_randomness(reveals: tuple[Reveal, ...], public: PublicValue) -> None:
    with pytest.raises(DrawRefusedError) as refused:
        record(frozen(), reveals, public)
    assert refused.value.code == "randomness"


def test_a_commitment_cannot_be_copied_and_a_secret_is_long() -> None:
    secret = "a1" * 32
    assert commitment("draw-1", "officer-lin", secret) != commitment("draw-1", "officer-tan", secret)
    assert commitment("draw-1", "officer-lin", secret) != commitment("draw-2", "officer-lin", secret)
    with pytest.raises(ValueError, match="16 random bytes"):
        commitment("draw-1", "officer-lin", "abcd")


def test_each_secret_and_the_public_value_change_the_sequence() -> None:
    orders = {
        tuple(rfc3797_order(key_string(["POOL", first, second, value]), 30, "rfc3797-sha256"))
        for first, second, value in [
            ("AA", "BB", (1, 2)),
            ("AB", "BB", (1, 2)),
            ("AA", "BC", (1, 2)),
            ("AA", "BB", (1, 3)),
        ]
    }
    assert len(orders) == 4


def test_every_place_of_the_sequence_is_fair() -> None:
    firsts = Counter(rfc3797_order(f"{number}./", 10, "rfc3797-sha256")[0] for number in range(5000))
    assert all(400 < firsts[each] < 600 for each in range(10))


def whole_record() -> dict[str, Any]:
    return record(frozen(), REVEALS, LOTTERY, [leaving()])


def leaving() -> Withdrawal:
    draw = frozen()
    name = seated(draw).seats[2].candidate
    return Withdrawal(name, "late_conflict", "近三年合作论文", NOON + 80 * MINUTE)


def exchange(made: dict[str, Any]) -> None:
    sequence = made["sequence"]
    sequence[0], sequence[1] = sequence[1], sequence[0]


FRIEND = {"id": "zz", "employer": "x", "kinds": ["technical"], "recusal": ""}
TAMPERINGS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a recusal removed": (lambda m: next(p for p in m["pool"] if p["recusal"]).update(recusal=""), "pool:"),
    "a friend added": (lambda m: m["pool"].append(FRIEND), "pool:"),
    "the pool reordered": (lambda m: m["pool"].reverse(), "pool: not in"),
    "more from one employer": (lambda m: m["rules"].update(per_employer=2), "pool:"),
    "a secret exchanged": (lambda m: m["reveals"][0].update(secret="dd" * 32), "secrets:"),
    "an officer removed": (lambda m: m["commitments"].pop(), "secrets:"),
    "the public value chosen": (lambda m: m["public_value"].update(value=[1, 2, 3]), "key:"),
    "the key chosen": (lambda m: m.update(key="1./"), "key:"),
    "a value older than the freeze": (
        lambda m: m["public_value"].update(published_at=m["frozen_at"]),
        "time:",
    ),
    "a reveal before the freeze": (lambda m: m["reveals"][0].update(revealed_at=m["frozen_at"]), "time:"),
    "a commitment after it": (lambda m: m["commitments"][0].update(committed_at=m["frozen_at"]), "time:"),
    "two names exchanged": (exchange, "sequence:"),
    "a seat given to another": (lambda m: m["seats"][0].update(candidate=m["sequence"][-1]), "seats:"),
    "a withdrawal hidden": (lambda m: m["withdrawals"].clear(), "seats:"),
    "a skip hidden": (lambda m: m["skipped"].pop(), "skipped:"),
    "the history shortened": (lambda m: m["history"].pop(), "history:"),
    "one leaves who did not sit": (
        lambda m: m["withdrawals"][0].update(candidate=m["sequence"][-1]),
        "withdrawals:",
    ),
}


@pytest.mark.parametrize(("tamper", "complaint"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_the_verifier_sees_every_tampering(
    tamper: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    made = whole_record()
    tamper(made)
    assert any(each.startswith(complaint) for each in verify(made))


def test_the_untampered_record_holds() -> None:
    assert verify(whole_record()) == []


def test_the_verifier_runs_alone(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(whole_record()), encoding="utf-8")
    broken = whole_record()
    broken["reveals"][0]["secret"] = "dd" * 32
    bad.write_text(json.dumps(broken), encoding="utf-8")
    script = str(verify_module.__file__)
    command = [sys.executable, "-I", script]
    assert subprocess.run([*command, str(good)], check=False).returncode == 0
    failed = subprocess.run([*command, str(bad)], check=False, capture_output=True)
    assert failed.returncode == 1
    assert b"officer-lin revealed another secret" in failed.stderr
