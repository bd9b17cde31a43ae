"""A risk compensation pool: what was paid in stands for a share of the losses of loans. Amounts in fen.

The ledger's rows are the truth; the figures are their running sum under the record's row lock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kechuang import access
from kechuang.money import bounded
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {"open": Text("运行中", "Open"), "closed": Text("已关闭", "Closed")}
PPM = 1_000_000
EFFECTS: Mapping[str, Mapping[str, int]] = {
    "contributed": {"contributed": 1},
    "guaranteed": {"guaranteed": 1},
    "discharged": {"guaranteed": -1},
    "compensated": {"compensated": 1},
    "recovered": {"recovered": 1},
}
ENTRY_KINDS = {
    "contributed": Text("出资", "Contributed"),
    "guaranteed": Text("纳入补偿范围", "Guaranteed"),
    "discharged": Text("解除", "Discharged"),
    "compensated": Text("代偿", "Compensated"),
    "recovered": Text("追偿", "Recovered"),
}


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """Sums of a pool's ledger, in fen; `guaranteed` are the loans that it stands for now."""

    contributed: int = 0
    guaranteed: int = 0
    compensated: int = 0
    recovered: int = 0

    @property
    def balance(self) -> int:
        """What is in the pool."""
        return self.contributed + self.recovered - self.compensated

    def after(self, kind: str, amount: int) -> "PoolFigures":
        """Give the figures after one more row of an amount above zero; ValueError where none may follow."""
        if amount <= 0:
            raise ValueError("a ledger row has an amount above zero")
        changed = replace(
            self, **{name: getattr(self, name) + sign * amount for name, sign in EFFECTS[kind].items()}
        )
        if changed.balance < 0 or changed.guaranteed < 0 or changed.recovered > changed.compensated:
            raise ValueError(f"{kind} {amount} cannot follow {self}")
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPool(Record):
    """A pool. It bears `share_ppm` of a loss, and stands for loans of at most `multiple` times its balance."""

    title: str
    share_ppm: int
    multiple: int | None
    contributed: int
    guaranteed: int
    compensated: int
    recovered: int

    @property
    def figures(self) -> PoolFigures:
        """The running sums of its ledger."""
        return PoolFigures(self.contributed, self.guaranteed, self.compensated, self.recovered)

    @property
    def room(self) -> int | None:
        """Fen of loans that it can stand for beyond those it does; None without a limit."""
        if self.multiple is None:
            return None
        return max(bounded(self.figures.balance * self.multiple) - self.guaranteed, 0)

    def share_of(self, loss: int) -> int:
        """The pool's share of a loss, in fen, rounded down."""
        return bounded(loss * self.share_ppm) // PPM


MACHINE = Machine(
    "risk-pools",
    STATES,
    "open",
    (
        verb("contribute", "出资", "Contribute", from_="open", decides=True),
        verb("compensate", "代偿", "Compensate", from_="open", decides=True),
        verb("discharge", "解除", "Discharge", from_="open"),
        verb("recover", "追偿", "Recover", from_=("open", "closed"), decides=True),
        verb("close", "关闭", "Close", from_="open", to="closed", decides=True),
        verb("guarantee", "纳入补偿范围", "Guarantee", from_="open", automatic=True),
    ),
)


def sight(pool: RiskPool) -> Iterable[str]:
    """The officers of its place and the banks of the city."""
    yield from access.place(pool.city, pool.division)
    yield from access.opened(pool.city)
