"""Money of a contract 经费: funder shares and tranches in integer fen, and the sums that must never break.

    released of a tranche ≤ approved of it ≤ planned of it
    planned of a funder's tranches ≤ that funder's share;  all shares = budget
    fiscal shares together ≤ the fiscal cap of the programme
    recovered from a funder's tranches ≤ what that funder released

Everything here takes a `Ledger` and gives a new one, or raises MoneyRefusedError saying which sum would break and
by how much. The balance of the fund itself is another service's or store's counter; it is asked beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

_PPM: Final = 1_000_000
TrancheKind = Literal["payment", "recovery"]
RemainderRule = Literal["last", "first", "largest_remainder"]


class MoneyRefusedError(Exception):
    """A sum would break. `code` names the rule, `limit` and `asked` are fen, `subject` the tranche or funder."""

    def __init__(self, code: str, subject: str, *, asked: int, limit: int) -> None:
        super().__init__(f"{code}: {subject} asked {asked} fen, limit {limit} fen")
        self.code = code
        self.subject = subject
        self.asked = asked
        self.limit = limit


@dataclass(frozen=True, slots=True)
class FunderShare:
    """What one funder pays of the budget, in fen. Fiscal money 财政资金 is capped, a party's own 自筹 is not."""

    funder: str
    fiscal: bool
    amount: int


@dataclass(frozen=True, slots=True)
class FiscalCap:
    """At most `ppm` millionths of the base (300000 = 30 %) and at most `ceiling` fen, where one is set.

    The base is what the programme says: the budget, or the technical contract actually paid.
    """

    ppm: int = _PPM
    ceiling: int | None = None

    def of(self, base: int) -> int:
        """The largest fiscal amount on `base` fen, rounded down: a cap is never exceeded by rounding."""
        proportion = base * self.ppm // _PPM
        return proportion if self.ceiling is None else min(proportion, self.ceiling)


@dataclass(frozen=True, slots=True)
class Tranche:
    """One payment by one funder, or one recovery 追回, which is a tranche of its own. All amounts in fen.

    For a recovery, `planned` is what is claimed back, `approved` what was decided, `released` what came back.
    """

    key: str
    funder: str
    planned: int
    kind: TrancheKind = "payment"
    approved: int = 0
    released: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """A contract's money: budget, shares, tranches. Build it with `open_ledger`, which checks everything."""

    budget: int
    shares: tuple[FunderShare, ...]
    tranches: tuple[Tranche, ...] = field(default=())

    def share(self, funder: str) -> FunderShare:
        """The share of `funder`; KeyError when it funds nothing here."""
        for share in self.shares:
            if share.funder == funder:
                return share
        raise KeyError(funder)

    def tranche(self, key: str) -> Tranche:
        """The tranche of that key; KeyError when absent."""
        for tranche in self.tranches:
            if tranche.key == key:
                return tranche
        raise KeyError(key)

    def total(
        self,
        amount: Literal["planned", "approved", "released"],
        funder: str | None = None,
        *,
        kind: TrancheKind = "payment",
    ) -> int:
        """Sum of one amount over tranches of one kind, of one funder or of all."""
        return sum(
            int(getattr(tranche, amount))
            for tranche in self.tranches
            if tranche.kind == kind and funder in (None, tranche.funder)
        )

    def net_released(self, funder: str | None = None) -> int:
        """Released less what came back."""
        return self.total("released", funder) - self.total("released", funder, kind="recovery")


def split_by_weights(
    total: int, weights: Sequence[int], *, remainder: RemainderRule = "last"
) -> tuple[int, ...]:
    """`total` fen in proportion to `weights`, adding up exactly.

    Each part is rounded down; the fen left over go to the last part (the common rule: the payment after
    acceptance settles), to the first, or one by one to the largest remainders (earlier ones first on a tie).
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("a total and weights are not negative, and some weight is above zero")
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    if remainder == "largest_remainder":
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
        for index in by_remainder[:left]:
            parts[index] += 1
    else:
        payable = [index for index, weight in enumerate(weights) if weight]  # a part of weight 0 gets nothing
        parts[payable[-1] if remainder == "last" else payable[0]] += left
    return tuple(parts)


def plan_tranches(
    shares: Sequence[FunderShare],
    keys: Sequence[str],
    weights: Mapping[str, Sequence[int]] | Sequence[int] = (50, 30, 20),
    *,
    remainder: RemainderRule = "last",
) -> tuple[Tranche, ...]:
    """One tranche a funder and key (`<funder>:<key>`), by one set of weights or by one a funder; zeros are left out."""
    planned = []
    for share in shares:
        own = weights[share.funder] if isinstance(weights, Mapping) else weights
        if len(own) != len(keys):
            raise ValueError("as many weights as keys")
        amounts = split_by_weights(share.amount, own, remainder=remainder)
        planned += [
            Tranche(f"{share.funder}:{key}", share.funder, amount)
            for key, amount in zip(keys, amounts, strict=True)
            if amount
        ]
    return tuple(planned)


def open_ledger(
    budget: int,
    shares: Sequence[FunderShare],
    tranches: Sequence[Tranche],
    *,
    fiscal_cap: FiscalCap | None = None,
    fiscal_base: int | None = None,
) -> Ledger:
    """The ledger of a contract to be signed or amended; `fiscal_base` (fen) is the budget unless given."""
    if len({share.funder for share in shares}) != len(shares):
        raise ValueError("a funder has one share")
    if len({tranche.key for tranche in tranches}) != len(tranches):
        raise ValueError("tranches have different keys")
    ledger = Ledger(budget, tuple(shares), tuple(tranches))
    if any(share.amount < 0 for share in shares) or any(t.planned <= 0 for t in tranches):
        raise ValueError("shares are not negative, tranches are above zero")
    together = sum(share.amount for share in shares)
    if together != budget:
        raise MoneyRefusedError("shares-do-not-add-up", "budget", asked=together, limit=budget)
    fiscal = sum(share.amount for share in shares if share.fiscal)
    if fiscal_cap is not None:
        cap = fiscal_cap.of(budget if fiscal_base is None else fiscal_base)
        if fiscal > cap:
            raise MoneyRefusedError("fiscal-cap-exceeded", "fiscal", asked=fiscal, limit=cap)
    check(ledger)
    return ledger


def check(ledger: Ledger) -> None:
    """Every rule of this page on a ledger as it is; what a nightly job runs over the stored ones."""
    for tranche in ledger.tranches:
        _at_most("approved-over-planned", tranche.key, tranche.approved, tranche.planned)
        _at_most("released-over-approved", tranche.key, tranche.released, tranche.approved)
        if min(tranche.approved, tranche.released) < 0:
            raise ValueError("amounts are not negative")
        ledger.share(tranche.funder)
    for share in ledger.shares:
        _at_most("planned-over-share", share.funder, ledger.total("planned", share.funder), share.amount)
        recovery = ledger.total("approved", share.funder, kind="recovery")
        _at_most("recovery-over-released", share.funder, recovery, ledger.total("released", share.funder))
    _at_most("shares-over-budget", "budget", sum(share.amount for share in ledger.shares), ledger.budget)


def _at_most(code: str, subject: str, asked: int, limit: int) -> None:
    if asked > limit:
        raise MoneyRefusedError(code, subject, asked=asked, limit=limit)


def _changed(ledger: Ledger, tranche: Tranche) -> Ledger:
    tranches = tuple(tranche if each.key == tranche.key else each for each in ledger.tranches)
    changed = replace(ledger, tranches=tranches)
    check(changed)
    return changed


def approve(ledger: Ledger, key: str, amount: int) -> Ledger:
    """Approves `amount` fen of a tranche, once; less than planned is allowed, more is refused."""
    tranche = ledger.tranche(key)
    if amount <= 0:
        raise ValueError("an approval is above zero")
    if tranche.approved:
        raise MoneyRefusedError("already-approved", key, asked=amount, limit=0)
    return _changed(ledger, replace(tranche, approved=amount))


def release(ledger: Ledger, key: str, amount: int) -> Ledger:
    """Pays out (or, for a recovery, takes in) `amount` fen; several vouchers may make up one tranche."""
    if amount <= 0:
        raise ValueError("a release is above zero")
    tranche = ledger.tranche(key)
    return _changed(ledger, replace(tranche, released=tranche.released + amount))


def claim_back(ledger: Ledger, key: str, funder: str, amount: int) -> Ledger:
    """Adds a recovery tranche of `amount` fen: no more than `funder` has out, claims under way included."""
    if any(tranche.key == key for tranche in ledger.tranches):
        raise ValueError("tranches have different keys")
    if amount <= 0:
        raise ValueError("a claim is above zero")
    claimed = ledger.total("planned", funder, kind="recovery") + amount
    _at_most("recovery-over-released", funder, claimed, ledger.total("released", funder))
    return replace(ledger, tranches=(*ledger.tranches, Tranche(key, funder, amount, "recovery")))
