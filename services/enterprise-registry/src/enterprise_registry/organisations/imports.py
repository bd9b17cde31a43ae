"""Lists of organisations (单位名录). Natural key: the credit code."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from enterprise_registry.metadata import alone_all, tell_organisations
from enterprise_registry.organisations import use_cases
from enterprise_registry.organisations.domain import KINDS, SCALES, Organisation
from enterprise_registry.organisations.schemas import OrganisationCreate
from enterprise_registry.organisations.store import organisations
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Refusal
from kechuang.http.import_rows import in_waves
from kechuang.http.imports import Asked, Import, OnMatch, Taken
from kechuang.records_many import create_many
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


async def _take_all(
    uow: UnitOfWork, bodies: Sequence[OrganisationCreate], asked: Asked
) -> list[Taken | Refusal]:
    return await in_waves(bodies, lambda body: body.uscc, lambda wave: _take_wave(uow, wave, asked.on_match))


async def _take_wave(
    uow: UnitOfWork, bodies: Sequence[OrganisationCreate], on_match: OnMatch
) -> list[Taken | Refusal]:
    """Register what is new; a known organisation is changed by its own operations, never by a list."""
    codes = [body.uscc for body in bodies]
    await alone_all(uow, (("organisation", code) for code in codes))
    table = organisations.table
    found = await uow.execute(
        sa.select(*organisations.columns).where(table.c.uscc == sa.any_(sa.literal(codes, ARRAY(sa.Text))))
    )
    known = {each.uscc: each for each in map(organisations.row, found)}
    answers: dict[str, Taken | Refusal] = {}
    prepared: list[Organisation] = []
    for body in bodies:
        try:
            if (there := known.get(body.uscc)) is not None:
                answers[body.uscc] = _met(uow, there, on_match)
            else:
                prepared.append(organisations.prepare(uow, **await use_cases.stated(uow, body)))
        except Refusal as refusal:
            answers[body.uscc] = refusal
    made = await create_many(organisations, uow, "create", prepared)
    await tell_organisations(uow, [(use_cases.snapshot(each), each.version) for each in made])
    answers |= {each.uscc: Taken("created", each.id) for each in made}
    return [answers[code] for code in codes]


def _met(uow: UnitOfWork, known: Organisation, on_match: OnMatch) -> Taken:
    refusal = use_cases.already_registered(uow, known)
    if on_match == "skip" and "existing" in refusal.extra:
        return Taken("skipped", known.id)
    raise refusal


IMPORT: Import[OrganisationCreate] = Import(organisations, _COLUMNS, OrganisationCreate, take_all=_take_all)
