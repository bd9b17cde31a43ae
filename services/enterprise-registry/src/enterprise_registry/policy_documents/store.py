"""The table of policy documents, and the warnings that they give."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from enterprise_registry.metadata import metadata
from enterprise_registry.policy_documents.domain import MACHINE, PolicyDocument, sight, warning
from kechuang.db.unit import UnitOfWork
from kechuang.errors import FieldError, Invalid
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "policy_document",
    metadata,
    "PD",
    sa.Column("origin", sa.Text, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text),
    sa.Column("document_no", sa.Text),
    sa.Column("issuer", ARRAY(sa.Text), nullable=False),
    sa.Column("issued_on", sa.Date),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date),
    sa.Column("ended_on", sa.Date),
    sa.Column("supersedes", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Index("policy_document_revision", "supersedes", unique=True,
             postgresql_where=sa.text("supersedes IS NOT NULL AND state <> 'discarded'")),
    sa.Index("policy_document_city", "city", "state"),
    searched=True,
)  # fmt: skip

POLICY_DOCUMENTS: Resource[PolicyDocument] = Resource(
    name="policy-documents",
    singular="policy_document",
    title=Text("政策文件", "Policy document"),
    table=_table,
    record=PolicyDocument,
    machine=MACHINE,
    sight=sight,
    describe=lambda document: document.title,
    search=("title", "document_no"),
    filters={
        "kind": Filter("kind", Text("类别", "Kind")),
        "city": Filter("city", Text("城市", "City")),
        "document_no": Filter("document_no", Text("发文字号", "Document number")),
        "supersedes": Filter("supersedes", Text("所修订的文件", "What it revises")),
    },
    sorts=("created_at", "updated_at", "number"),
)
policy_documents = Records(POLICY_DOCUMENTS)


async def basis_warnings(
    uow: UnitOfWork, pack: str | None, basis: Sequence[str] = (), pointer: str = "/basis"
) -> list[dict[str, Any]]:
    """Warn of documents that are not in force today: those named, and the plan of the pack (`id@version`).

    Refuses a named document that the caller does not see.
    """
    columns = policy_documents.columns
    plan = (pack or "").partition("@")[0] + "/"
    # A draft is nobody's basis who does not see it: its title would be told.
    wanted = sa.or_(
        sa.and_(_table.c.id.in_(list(basis)), policy_documents.visible(uow)),
        sa.and_(
            _table.c.origin.startswith(plan, autoescape=True), _table.c.kind == "plan", sa.literal(bool(pack))
        ),
    )
    found = {
        each.id: each
        for each in map(policy_documents.row, await uow.execute(sa.select(*columns).where(wanted)))
    }
    errors = [
        FieldError(f"{pointer}/{index}", "document_unknown", Text("没有这份文件。", "No such document."))
        for index, each in enumerate(basis)
        if each not in found
    ]
    if errors:
        raise Invalid(Text("依据填写有误。", "The basis is wrong."), errors=errors)
    warnings = (warning(each, uow.today) for each in sorted(found.values(), key=lambda each: each.number))
    return [each for each in warnings if each is not None]
