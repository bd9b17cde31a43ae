"""Lists of recognitions as the province or ministry gave them (上级认定名单).

Natural key: organisation, node, first day of validity.
"""

from enterprise_registry.recognitions import use_cases
from enterprise_registry.recognitions.schemas import RecognitionCreate
from enterprise_registry.recognitions.store import recognitions
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.http.imports import Import, OnMatch, Outcome
from kechuang.spreadsheets import Column
from kechuang.text import Text

_COLUMNS = (
    Column("organisation", Text("统一社会信用代码", "Credit code"), "code", required=True,
           example="91440703MATE000L4P"),
    Column("kind", Text("认定类别", "Kind"), required=True, example="hnte"),
    Column("certificate_no", Text("证书编号", "Certificate number"), example="GR202444000001"),
    Column("document_no", Text("文号", "Document number"), example="粤高企认〔2024〕1号"),
    Column("issued_on", Text("认定日期", "Day of decision"), "date", required=True, example="2024-11-28"),
    Column("valid_from", Text("有效期起", "Valid from"), "date", example="2024-11-28"),
    Column("valid_to", Text("有效期止", "Valid to"), "date", example="2027-11-27"),
)  # fmt: skip


async def _take(uow: UnitOfWork, body: RecognitionCreate, on_match: OnMatch) -> tuple[Outcome, str]:
    """Record a row. The same list may arrive any number of times; `supersede` corrects what it says differently."""
    try:
        return "created", (await use_cases.receive(uow, body)).id
    except Conflict as known:
        if on_match == "reject" or known.code != "already_recognised":
            raise
        existing = str(known.extra["existing"]["id"])
    if on_match == "supersede" and await use_cases.correct_by_list(uow, existing, body):
        return "superseded", existing
    return "skipped", existing


IMPORT = Import(recognitions, _COLUMNS, RecognitionCreate, take=_take)
