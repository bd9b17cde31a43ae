"""Lists of reserve pools (后备库名单). Natural key: organisation, pool and rung, while the member is in the pool."""

from enterprise_registry.reserve_pools import use_cases
from enterprise_registry.reserve_pools.schemas import PoolMemberCreate
from enterprise_registry.reserve_pools.store import members
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.http.imports import Import, OnMatch, Outcome
from kechuang.spreadsheets import Column
from kechuang.text import Text

_COLUMNS = (
    Column("organisation", Text("统一社会信用代码", "Credit code"), "code", required=True,
           example="91440703MATE000L4P"),
    Column("pool", Text("后备库", "Pool"), required=True, example="hnte_reserve"),
    Column("rung", Text("目标梯次", "Rung"), example="hnte"),
    Column("reason", Text("入库理由", "Reason"), required=True, example="研发费用占比达标"),
    Column("joined_on", Text("入库日期", "Day of joining"), "date", example="2024-03-15"),
)  # fmt: skip


async def _take(uow: UnitOfWork, body: PoolMemberCreate, on_match: OnMatch) -> tuple[Outcome, str]:
    """Take a row; one for a member that is in the pool is passed over, unless matches are to be rejected."""
    try:
        return "created", (await use_cases.join(uow, body)).id
    except Conflict as known:
        if on_match == "reject" or known.code != "already_member":
            raise
        return "skipped", str(known.extra["existing"]["id"])


IMPORT = Import(members, _COLUMNS, PoolMemberCreate, take=_take)
