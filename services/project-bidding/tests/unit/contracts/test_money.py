"""Shares add up, tranches stay inside them, and nothing is paid beyond what was approved."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_bidding.contracts.money import (
    FiscalCap,
    FunderShare,
    Ledger,
    MoneyRefusedError,
    RemainderRule,
    Tranche,
    approve,
    check,
    claim_back,
    open_ledger,
    plan_tranches,
    release,
    split_by_weights,
)

YUAN = 100
CITY = FunderShare("市财政", fiscal=True, amount=900_000 * YUAN)
OWNER = FunderShare("需求方", fiscal=False, amount=2_100_000 * YUAN)
BUDGET = 3_000_000 * YUAN
STEPS = ("签约", "中期", "验收")


def ledger() -> Ledger:
    return open_ledger(
        BUDGET, (CITY, OWNER), plan_tranches((CITY, OWNER), STEPS), fiscal_cap=FiscalCap(300_000)
    )


def refused(code: str) -> "pytest.RaisesExc[MoneyRefusedError]":
    return pytest.raises(MoneyRefusedError, match=code)


def test_fifty_thirty_twenty() -> None:
    assert [tranche.planned for tranche in ledger().tranches if tranche.funder == "市财政"] == [
        450_000 * YUAN,
        270_000 * YUAN,
        180_000 * YUAN,
    ]


@pytest.mark.parametrize(
    ("remainder", "parts"),
    [("last", (50, 30, 21)), ("first", (51, 30, 20)), ("largest_remainder", (51, 30, 20))],
)
def test_the_odd_fen_goes_where_the_rule_says(remainder: RemainderRule, parts: tuple[int, ...]) -> None:
    assert split_by_weights(101, (50, 30, 20), remainder=remainder) == parts


def test_largest_remainders_get_one_fen_each() -> None:
    assert split_by_weights(100, (1, 1, 1), remainder="largest_remainder") == (34, 33, 33)
    assert split_by_weights(9, (50, 30, 20), remainder="largest_remainder") == (4, 3, 2)


def test_a_part_of_weight_zero_gets_no_odd_fen() -> None:
    assert split_by_weights(101, (50, 50, 0)) == (50, 51, 0)
    assert split_by_weights(101, (0, 50, 50), remainder="first") == (0, 51, 50)


@given(
    st.integers(0, 10**14),
    st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any),
    st.sampled_from(["last", "first", "largest_remainder"]),
)
def test_parts_add_up_and_are_fair(total: int, weights: list[int], remainder: RemainderRule) -> None:
    parts = split_by_weights(total, weights, remainder=remainder)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert part >= total * weight // sum(weights)
        assert part * sum(weights) < total * weight + len(weights) * sum(weights)
        assert weight or not part


@pytest.mark.parametrize("weights", [(), (0, 0), (50, -1)])
def test_weights_that_divide_nothing_are_refused(weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weight"):
        split_by_weights(100, weights)


def test_funders_may_pay_in_different_rhythms() -> None:
    tranches = plan_tranches((CITY, OWNER), STEPS, {"市财政": (0, 0, 100), "需求方": (50, 30, 20)})
    assert [tranche.key for tranche in tranches] == [
        "市财政:验收",
        "需求方:签约",
        "需求方:中期",
        "需求方:验收",
    ]


def test_shares_are_the_budget() -> None:
    with refused("shares-do-not-add-up"):
        open_ledger(BUDGET + 1, (CITY, OWNER), ())
    with refused("shares-do-not-add-up"):
        open_ledger(BUDGET - 1, (CITY, OWNER), ())


def test_the_fiscal_cap_is_a_share_a_ceiling_or_both() -> None:
    assert FiscalCap(300_000).of(BUDGET) == CITY.amount
    assert FiscalCap(300_000).of(10) == 3
    assert FiscalCap(333_333).of(100) == 33
    assert FiscalCap(300_000, ceiling=500_000 * YUAN).of(BUDGET) == 500_000 * YUAN
    with refused("fiscal-cap-exceeded"):
        open_ledger(BUDGET, (CITY, OWNER), (), fiscal_cap=FiscalCap(299_999))
    with refused("fiscal-cap-exceeded"):
        open_ledger(BUDGET, (CITY, OWNER), (), fiscal_cap=FiscalCap(ceiling=CITY.amount - 1))
    with refused("fiscal-cap-exceeded"):  # 30 % of the technical contract actually paid, not of the budget
        open_ledger(BUDGET, (CITY, OWNER), (), fiscal_cap=FiscalCap(300_000), fiscal_base=2_000_000 * YUAN)


def test_several_fiscal_funders_share_one_cap() -> None:
    county = FunderShare("区财政", fiscal=True, amount=1)
    owner = FunderShare("需求方", fiscal=False, amount=OWNER.amount - 1)
    with refused("fiscal-cap-exceeded"):
        open_ledger(BUDGET, (CITY, county, owner), (), fiscal_cap=FiscalCap(300_000))


def test_tranches_stay_inside_their_share() -> None:
    with refused("planned-over-share"):
        open_ledger(BUDGET, (CITY, OWNER), (Tranche("一", "市财政", CITY.amount + 1),))
    with pytest.raises(KeyError):
        open_ledger(BUDGET, (CITY, OWNER), (Tranche("一", "省财政", 1),))


def test_release_follows_approval() -> None:
    opened = ledger()
    with refused("released-over-approved"):
        release(opened, "市财政:签约", 1)
    approved = approve(opened, "市财政:签约", 400_000 * YUAN)
    paid = release(release(approved, "市财政:签约", 100_000 * YUAN), "市财政:签约", 300_000 * YUAN)
    assert paid.net_released("市财政") == 400_000 * YUAN
    with refused("released-over-approved"):
        release(paid, "市财政:签约", 1)
    with refused("already-approved"):
        approve(paid, "市财政:签约", 1)


def test_no_approval_beyond_the_plan() -> None:
    with refused("approved-over-planned") as error:
        approve(ledger(), "市财政:验收", 180_000 * YUAN + 1)
    assert (error.value.asked, error.value.limit) == (180_000 * YUAN + 1, 180_000 * YUAN)


def test_a_recovery_is_a_tranche_of_its_own_and_no_more_than_was_paid() -> None:
    paid = release(approve(ledger(), "市财政:签约", 450_000 * YUAN), "市财政:签约", 450_000 * YUAN)
    claimed = claim_back(paid, "市财政:追回", "市财政", 400_000 * YUAN)
    with refused("recovery-over-released"):
        claim_back(claimed, "市财政:再追回", "市财政", 50_000 * YUAN + 1)
    back = release(approve(claimed, "市财政:追回", 400_000 * YUAN), "市财政:追回", 400_000 * YUAN)
    assert back.net_released("市财政") == 50_000 * YUAN
    assert back.total("released") == 450_000 * YUAN


def test_a_broken_stored_ledger_is_found() -> None:
    with refused("released-over-approved"):
        check(Ledger(BUDGET, (CITY, OWNER), (Tranche("一", "市财政", 10, "payment", 5, 6),)))
    with refused("shares-over-budget"):
        check(Ledger(BUDGET - 1, (CITY, OWNER)))


acts = st.lists(
    st.tuples(
        st.sampled_from(["approve", "release", "claim"]),
        st.sampled_from([f"{funder}:{step}" for funder in ("市财政", "需求方") for step in STEPS]),
        st.integers(1, 2_000),
    ),
    max_size=40,
)


@given(acts)
def test_no_sequence_of_acts_breaks_a_sum(sequence: list[tuple[str, str, int]]) -> None:
    shares = (
        FunderShare("市财政", fiscal=True, amount=901),
        FunderShare("需求方", fiscal=False, amount=2_102),
    )
    current = open_ledger(3_003, shares, plan_tranches(shares, STEPS))
    for number, (act, key, amount) in enumerate(sequence):
        with suppress(MoneyRefusedError):
            if act == "approve":
                current = approve(current, key, amount)
            elif act == "release":
                current = release(current, key, amount)
            else:
                current = claim_back(current, f"{key}:追回{number}", key.split(":")[0], amount)
    check(current)
    for share in shares:
        released, approved = (current.total(amount, share.funder) for amount in ("released", "approved"))
        assert 0 <= current.net_released(share.funder) <= released <= approved <= share.amount
    assert sum(share.amount for share in shares) == current.budget
