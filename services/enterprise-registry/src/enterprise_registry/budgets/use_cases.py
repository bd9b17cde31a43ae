"""What can be done with a budget: draw up, open, allocate, close."""

from typing import Any

from enterprise_registry.budgets.domain import OWN_SERVICE, Budget
from enterprise_registry.budgets.posting import exhausted, post, write
from enterprise_registry.budgets.schemas import BudgetAllocate, BudgetClose, BudgetCreate, BudgetPatch
from enterprise_registry.budgets.store import budgets
from enterprise_registry.policy.library import library, stamp
from kechuang import money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.schemas import columns
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events
from kechuang_packs import Pack

_NOTHING: dict[str, Any] = {"allocated": 0, "booked": 0, "paid": 0, "recovered": 0, "allocations": []}


async def draft(uow: UnitOfWork, body: BudgetCreate) -> Budget:
    """Draw up a budget of one of the city's funds; nothing can be booked before it is opened."""
    shelf = library(uow)
    pack = shelf.require_city_pack(body.city, uow.today)
    require_fund(pack, body.fund)
    values = columns(body) | {"year": str(body.year), "division": body.division or body.city}
    return await budgets.create(uow, pack=stamp(pack), spender=OWN_SERVICE, **_NOTHING, **values)


def require_fund(pack: Pack, code: str, pointer: str = "/fund") -> None:
    """Refuse a fund that the city's pack does not have."""
    known = [each.code for each in pack.services.funds]
    if code not in known:
        raise invalid(
            pointer, "fund_unknown", f"政策包中没有该资金；可选：{'、'.join(known) or '无'}。",
            f"The city's pack has no such fund; it has: {', '.join(known) or 'none'}.",
        )  # fmt: skip


async def update(uow: UnitOfWork, record_id: str, body: BudgetPatch) -> Budget:
    """Change a draft."""
    budget = await budgets.load(uow, record_id, "update")
    return await budgets.change(uow, budget, "update", **columns(body, only_set=True))


async def open_(uow: UnitOfWork, record_id: str, document_no: str | None) -> Budget:
    """Set the amount aside: from now on it can be booked and allocated."""
    budget = await budgets.load(uow, record_id, "open")
    opened = await budgets.change(
        uow, budget, "open", opened_on=uow.today, document_no=document_no or budget.document_no
    )
    await write(uow, opened.id, "set_aside", opened.amount)
    _tell_opened(uow, opened)
    return opened


async def allocate(uow: UnitOfWork, record_id: str, body: BudgetAllocate) -> Budget:
    """Give a part to a budget of its own, for another service, county or purpose; answers the giving budget.

    409 `budget_exhausted` with what is left. The new budget is open at once and stands in `allocations`.
    """
    giving = await budgets.load(uow, record_id, "allocate")
    if body.amount > giving.figures.free:
        raise exhausted(giving, body.amount)
    made = await budgets.create(
        uow, verb="allocate", state="open", city=giving.city, division=body.division or giving.division,
        pack=giving.pack, title=body.title or giving.title, fund=giving.fund, year=giving.year,
        funder=giving.funder, spender=body.spender, parent=giving.id, document_no=body.document_no,
        opened_on=uow.today, amount=body.amount, **_NOTHING,
    )  # fmt: skip
    await write(uow, made.id, "set_aside", made.amount, record=giving.id)
    given = {
        "budget": made.id, "number": made.number, "spender": made.spender,
        "amount": money.format(made.amount), "on": uow.today.isoformat(),
    }  # fmt: skip
    changed = await post(
        uow, giving, "allocated", body.amount, verb="allocate", record=made.id, implied=False,
        allocations=[*giving.allocations, given],
    )  # fmt: skip
    _tell_opened(uow, made)
    if made.spender != OWN_SERVICE:
        uow.emit(
            events.BudgetAllocated(
                city=made.city, division=made.division, fund=made.fund, year=int(made.year),
                funder=made.funder, spender=made.spender, parent=giving.id, amount_fen=made.amount,
                allocated_on=uow.today,
            ),
            aggregate=made.id, version=made.version,
        )  # fmt: skip
    return changed


async def close(uow: UnitOfWork, record_id: str, body: BudgetClose) -> Budget:
    """Close the year: what is left of an allocated budget goes back to the one it came from.

    409 `bookings_open` while something booked is not paid, `allocations_open` while a budget that was taken
    from it is open. What another service has left, only it can say: `unspent`.
    """
    seen = await budgets.load(uow, record_id, "close")
    uow.reason = body.reason
    foreign = seen.spender != OWN_SERVICE
    if not foreign and body.unspent is not None:
        raise invalid(
            "/unspent", "known_here", "本业务预算的结余由系统计算。", "What is left here is computed."
        )
    _require_settled(seen)
    for each in seen.allocations:
        below = await budgets.lookup_one(uow, id=each["budget"])
        if below is not None and below.state == "open":
            raise Conflict(
                Text(
                    f"划出的预算{below.number}尚未关闭。", f"Budget {below.number}, taken from it, is open."
                ),
                code="allocations_open",
                extra={"budget": below.id},
            )
    left = (body.unspent or 0) if foreign else seen.figures.free
    if left > seen.figures.free:
        raise exhausted(seen, left)
    back = left if seen.parent is not None else 0
    if back:
        closed = await post(
            uow, seen, "given_back", back, verb="close", record=seen.parent, implied=False,
            closed_on=uow.today,
        )  # fmt: skip
        await _take_back(uow, seen, back)
    else:
        closed = await budgets.change(uow, seen, "close", closed_on=uow.today)
    uow.emit(
        events.BudgetClosed(
            city=closed.city, division=closed.division, fund=closed.fund, year=int(closed.year),
            spender=closed.spender, amount_fen=closed.amount, paid_fen=closed.paid, closed_on=uow.today,
        ),
        aggregate=closed.id, version=closed.version,
    )  # fmt: skip
    return closed


def _require_settled(budget: Budget) -> None:
    waiting = budget.booked - budget.paid
    if waiting:
        raise Conflict(
            Text(
                f"尚有{money.format(waiting)}元已记账未拨付，请先拨付或终止。",
                f"{money.format(waiting)} yuan are booked and not paid; pay or stop those grants first.",
            ),
            code="bookings_open",
            extra={"waiting": money.format(waiting)},
        )


async def _take_back(uow: UnitOfWork, closed: Budget, amount: int) -> None:
    """Free at the parent what came back, open or closed as it is.

    The parent is locked after its part here and before it in no other use case, so the two cannot wait for
    each other: `allocate` locks the parent alone, since the new budget is seen by nobody yet.
    """
    parent = await budgets.lookup_one(uow, lock=True, id=closed.parent)
    if parent is None:
        raise LookupError(f"no budget {closed.parent}")
    await post(uow, parent, "taken_back", amount, verb="take-back", record=closed.id)


def _tell_opened(uow: UnitOfWork, opened: Budget) -> None:
    uow.emit(
        events.BudgetOpened(
            city=opened.city, division=opened.division, fund=opened.fund, year=int(opened.year),
            funder=opened.funder, spender=opened.spender, allocated=opened.parent is not None,
            amount_fen=opened.amount, opened_on=uow.today,
        ),
        aggregate=opened.id, version=opened.version,
    )  # fmt: skip
