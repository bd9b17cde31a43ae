"""Ledgers of budgets and pools: the figures equal the sum of the rows, and nothing can be overdrawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enterprise_registry.budgets.domain import EFFECTS, Figures, total
from enterprise_registry.finance.pools.domain import EFFECTS as POOL_EFFECTS
from enterprise_registry.finance.pools.domain import PoolFigures

_operations = st.lists(st.tuples(st.sampled_from(sorted(EFFECTS)), st.integers(1, 1000)), max_size=60)
_pool_operations = st.lists(
    st.tuples(st.sampled_from(sorted(POOL_EFFECTS)), st.integers(1, 1000)), max_size=60
)


@given(_operations)
def test_figures_are_the_sum_of_the_rows_that_were_let_in(tried: list[tuple[str, int]]) -> None:
    figures, ledger = Figures(), []
    for kind, amount in tried:
        try:
            figures = figures.after(kind, amount)
        except ValueError:
            continue
        ledger.append((kind, amount))
        assert figures.free >= 0
        assert 0 <= figures.recovered <= figures.paid <= figures.booked
    assert total(ledger) == figures
    assert total(reversed(ledger)) == figures


@given(_operations)
def test_a_refused_row_would_have_been_impossible(tried: list[tuple[str, int]]) -> None:
    figures = Figures(amount=500)
    for kind, amount in tried:
        summed = total([("set_aside", 500), (kind, amount)])
        try:
            figures.after(kind, amount)
        except ValueError:
            assert not summed.possible
        else:
            assert summed.possible


def test_the_last_fen_is_free_and_one_more_is_not() -> None:
    budget = Figures(amount=100, allocated=30, booked=60, paid=60)
    assert budget.free == 10
    assert budget.after("booked", 10).free == 0
    with pytest.raises(ValueError, match="cannot follow"):
        budget.after("booked", 11)
    with pytest.raises(ValueError, match="cannot follow"):
        budget.after("released", 1)  # what was paid stays booked
    with pytest.raises(ValueError, match="above zero"):
        budget.after("booked", 0)


def test_recovered_money_is_not_spent_again() -> None:
    spent = Figures(amount=100, booked=100, paid=100)
    assert spent.after("recovered", 100).free == 0
    with pytest.raises(ValueError, match="cannot follow"):
        spent.after("recovered", 101)


@given(_pool_operations)
def test_a_pool_never_pays_what_it_has_not(tried: list[tuple[str, int]]) -> None:
    figures, came, went = PoolFigures(), 0, 0
    for kind, amount in tried:
        try:
            figures = figures.after(kind, amount)
        except ValueError:
            continue
        came += amount if kind in ("contributed", "recovered") else 0
        went += amount if kind == "compensated" else 0
        assert figures.balance == came - went >= 0
        assert figures.guaranteed >= 0
