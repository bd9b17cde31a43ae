"""Lists of organisations (单位名录). Natural key: the credit code."""

from enterprise_registry.organisations import use_cases
from enterprise_registry.organisations.domain import KINDS, SCALES
from enterprise_registry.organisations.schemas import OrganisationCreate
from enterprise_registry.organisations.store import organisations
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.http.imports import Import, OnMatch, Outcome
from kechuang.spreadsheets import Column
from kechuang.text import Text

_COLUMNS = (
    Column("uscc", Text("统一社会信用代码", "Credit code"), "code", required=True, example="91440703MATE000L4P"),
    Column("name", Text("单位名称", "Name"), required=True, example="江门示例精密制造有限公司"),
    Column("kind", Text("单位类型", "Kind"), "choice", required=True, example="企业", choices=KINDS),
    Column("division", Text("县（市、区）", "Division"), "code", required=True, example="440703"),
    Column("industry", Text("行业代码", "Industry"), "code", example="C34"),
    Column("scale", Text("规模", "Scale"), "choice", example="小型", choices=SCALES),
    Column("address", Text("地址", "Address"), example="江门市蓬江区示例路1号"),
    Column("established_on", Text("成立日期", "Day of establishment"), "date", example="2016-05-18"),
)  # fmt: skip


async def _take(uow: UnitOfWork, body: OrganisationCreate, on_match: OnMatch) -> tuple[Outcome, str]:
    """A known organisation is changed by its own operations, never by a list."""
    try:
        return "created", (await use_cases.register(uow, body)).id
    except Conflict as known:
        if on_match == "skip" and "existing" in known.extra:
            return "skipped", str(known.extra["existing"]["id"])
        raise


IMPORT = Import(organisations, _COLUMNS, OrganisationCreate, take=_take)
