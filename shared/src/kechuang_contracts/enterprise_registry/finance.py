"""Finance docking (科技金融): loans of banks, and the pools that stand for them. Amounts are whole fen."""

from datetime import date
from typing import ClassVar

from kechuang_contracts.enterprise_registry.base import Registry
from kechuang_contracts.parties import Placed


class FinanceNeedFunded(Registry, Placed):
    """A bank lent to an enterprise; one event a loan. `lender` is the bank's credit code, never an account."""

    aggregate_kind: ClassVar[str] = "finance-need"
    name: ClassVar[str] = "funded"
    organisation: str
    lender: str
    product: str
    guaranteed: bool
    risk_pool: str | None
    amount_fen: int
    funded_on: date


class RiskPoolChanged(Registry, Placed):
    """A risk compensation pool after any change; the newest version wins."""

    aggregate_kind: ClassVar[str] = "risk-pool"
    name: ClassVar[str] = "changed"
    contributed_fen: int
    compensated_fen: int
    recovered_fen: int
    balance_fen: int
    state: str
