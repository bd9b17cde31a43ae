"""Public money: budgets, and the benefits that are paid from them. Amounts are whole fen."""

from datetime import date
from typing import ClassVar

from kechuang_contracts.enterprise_registry.base import Registry
from kechuang_contracts.parties import Placed


class BudgetOpened(Registry, Placed):
    """Money was set aside. `allocated`: it was taken from another budget and is no new money."""

    aggregate_kind: ClassVar[str] = "budget"
    name: ClassVar[str] = "opened"
    fund: str
    year: int
    funder: str
    spender: str
    allocated: bool
    amount_fen: int
    opened_on: date


class BudgetAllocated(Registry, Placed):
    """Another service may spend `amount_fen` as a budget of its own; the record is that new budget."""

    aggregate_kind: ClassVar[str] = "budget"
    name: ClassVar[str] = "allocated"
    fund: str
    year: int
    funder: str
    spender: str
    parent: str
    amount_fen: int
    allocated_on: date


class BudgetClosed(Registry, Placed):
    """Nothing can be booked on it any more; `amount_fen` is what it had after giving back its rest."""

    aggregate_kind: ClassVar[str] = "budget"
    name: ClassVar[str] = "closed"
    fund: str
    year: int
    spender: str
    amount_fen: int
    paid_fen: int
    closed_on: date


class _BenefitMoney(Registry, Placed):
    aggregate_kind: ClassVar[str] = "benefit-grant"
    organisation: str
    rule: str
    rule_version: str
    mode: str
    fund: str | None
    year: int
    amount_fen: int


class BenefitGranted(_BenefitMoney):
    """An organisation has a right to a benefit: offered and accepted, settled at once, or approved."""

    name: ClassVar[str] = "granted"
    granted_on: date


class BenefitPaid(_BenefitMoney):
    """A benefit was paid."""

    name: ClassVar[str] = "paid"
    budget: str
    paid_on: date


class BenefitRecovered(_BenefitMoney):
    """A paid benefit, or a part of it, came back; `amount_fen` is this part."""

    name: ClassVar[str] = "recovered"
    budget: str
    recovered_on: date
