"""What can be done with policy documents, and what time does to them."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from enterprise_registry.policy.library import library, stamp
from enterprise_registry.policy_documents.domain import PolicyDocument
from enterprise_registry.policy_documents.schemas import (
    PolicyDocumentCreate,
    PolicyDocumentExtend,
    PolicyDocumentPatch,
    PolicyDocumentRepeal,
)
from enterprise_registry.policy_documents.store import policy_documents
from kechuang.access import Actor
from kechuang.clock import end_of_day, start_of_day
from kechuang.db.engines import Database
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.schemas import columns
from kechuang.messaging.faults import describe, is_outage
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_packs import Pack
from kechuang_packs.models.pack import Document

EXPIRE, REPLACE = "policy-documents.expire", "policy-documents.replace"
_ONE_DAY = timedelta(days=1)
_log = structlog.get_logger(__name__)


async def draft(uow: UnitOfWork, body: PolicyDocumentCreate) -> PolicyDocument:
    """Draft a document of a city."""
    pack = library(uow).require_city_pack(body.city, uow.today)
    _ordered(body.valid_from, body.valid_to)
    return await policy_documents.create(
        uow, **columns(body), division=body.city, pack=stamp(pack), handlers=[uow.actor.subject]
    )


async def update(uow: UnitOfWork, record_id: str, body: PolicyDocumentPatch) -> PolicyDocument:
    """Change a draft."""
    document = await policy_documents.load(uow, record_id, "update")
    values = columns(body, only_set=True)
    _ordered(values.get("valid_from", document.valid_from), values.get("valid_to", document.valid_to))
    return await policy_documents.change(uow, document, "update", **values)


def _ordered(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        raise invalid("/valid_to", "not_later", "失效日期不能早于施行日期。", "It ends before it begins.")


async def publish(uow: UnitOfWork, record_id: str) -> PolicyDocument:
    """Publish: it expires by itself; what it revises ends the day before it begins."""
    document = await policy_documents.load(uow, record_id, "publish")
    published = await policy_documents.change(
        uow, document, "publish", issued_on=document.issued_on or uow.today
    )
    _watch(uow, published)
    await _replace(uow, published)
    return published


def _watch(uow: UnitOfWork, document: PolicyDocument) -> None:
    if document.valid_to is not None:
        uow.schedule(EXPIRE, end_of_day(document.valid_to), document.id, document.version)


async def _replace(uow: UnitOfWork, revision: PolicyDocument) -> None:
    if revision.supersedes is None or revision.valid_from is None:
        return
    if revision.valid_from > uow.today:
        uow.schedule(REPLACE, start_of_day(revision.valid_from), revision.id, revision.version)
        return
    eve = revision.valid_from - _ONE_DAY
    former: str | None = revision.supersedes
    while former is not None:
        old = await policy_documents.lookup_one(uow, lock=True, id=former)
        if old is None or old.state not in ("published", "expired"):
            return
        last = min(each for each in (eve, old.ended_on) if each is not None)
        await policy_documents.change(uow, old, "supersede", implied=True, ended_on=last)
        # A revision that is overtaken before its first day never replaced what it revises: that ends too.
        former = old.supersedes if old.valid_from is not None and old.valid_from > eve else None


async def revise(uow: UnitOfWork, record_id: str, reason: str) -> PolicyDocument:
    """Begin a revision: a new draft with the same content; 409 `revision_pending` names the one under way."""
    old = await policy_documents.load(uow, record_id, "revise")
    uow.reason = reason
    pending = [
        each for each in await policy_documents.lookup(uow, supersedes=old.id) if each.state != "discarded"
    ]
    if pending:
        raise Conflict(
            Text("该文件已在修订。", "A revision is under way already."),
            code="revision_pending",
            extra={"existing": {"id": pending[0].id, "number": pending[0].number, "label": pending[0].title}},
        )
    await policy_documents.change(uow, old, "revise")
    kept = {
        name: getattr(old, name)
        for name in ("kind", "title", "title_en", "issuer", "text", "city", "division", "pack")
    }
    return await policy_documents.create(
        uow, verb="revise", **kept, supersedes=old.id, reason=reason, handlers=[uow.actor.subject]
    )


async def discard(uow: UnitOfWork, record_id: str, reason: str | None) -> PolicyDocument:
    """Give up a draft."""
    document = await policy_documents.load(uow, record_id, "discard")
    uow.reason = reason
    return await policy_documents.change(uow, document, "discard")


async def extend(uow: UnitOfWork, record_id: str, body: PolicyDocumentExtend) -> PolicyDocument:
    """Move its last day to a later one, before it has passed."""
    document = await policy_documents.load(uow, record_id, "extend")
    policy_documents.resource.machine.require("extend", document.state)
    if document.valid_to is not None and document.valid_to < uow.today:
        raise Conflict(
            Text(f"该文件已于 {document.valid_to} 失效，不能再延期；请修订后重新发布。",
                 f"It expired on {document.valid_to} and is not extended any more; revise it."),
            code="already_expired",
        )  # fmt: skip
    if document.valid_to is None or body.valid_to <= document.valid_to:
        raise invalid("/valid_to", "not_later", "只能延长有效期。", "A validity is only extended.")
    uow.reason = body.reason
    extended = await policy_documents.change(uow, document, "extend", valid_to=body.valid_to)
    _watch(uow, extended)
    return extended


async def repeal(uow: UnitOfWork, record_id: str, body: PolicyDocumentRepeal) -> PolicyDocument:
    """End it by a decision."""
    document = await policy_documents.load(uow, record_id, "repeal")
    last = body.ended_on or uow.today - _ONE_DAY
    if last > uow.today:
        raise invalid("/ended_on", "in_future", "请用修订或有效期表示将来的失效。", "Its last day has come.")
    if body.ended_on is not None and document.valid_from is not None and last < document.valid_from:
        raise invalid(
            "/ended_on", "before_valid_from", f"该文件自 {document.valid_from} 起施行，最后有效日不得早于该日。",
            f"It is in force from {document.valid_from} on; its last day is not before.",
        )  # fmt: skip
    uow.reason = body.reason
    return await policy_documents.change(uow, document, "repeal", ended_on=last, reason=body.reason)


async def expire(uow: UnitOfWork, timer: Timer) -> None:
    """Its last day has passed; the day on the record decides."""
    document = await policy_documents.lookup_one(uow, lock=True, id=timer.record_id)
    if document is None or document.state != "published" or document.valid_to is None:
        return
    if document.valid_to < uow.today:
        await policy_documents.change(uow, document, "expire", ended_on=document.valid_to)


async def replace_on_day(uow: UnitOfWork, timer: Timer) -> None:
    """A revision begins to be in force."""
    revision = await policy_documents.lookup_one(uow, lock=True, id=timer.record_id)
    if revision is not None and revision.state == "published":
        await _replace(uow, revision)


# -- documents that packs state ------------------------------------------------------------------


async def take_from_packs(database: Database) -> None:
    """Take the documents of the packs into the register when a process starts; what is there stays.

    Without a database it waits for the next start: the documents are a register beside the packs.
    """
    if not database.settings.packs_dir:
        return
    try:
        async with database.unit(Actor.system(database.service.name)) as uow:
            await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(EXPIRE))))
            shelf = library(uow)
            for pack in shelf.latest():
                for index, each in enumerate(pack.header.documents):
                    await _take(uow, pack, each, plan=index == 0 and pack.header.kind == "city")
    except Exception as error:
        if not is_outage(error):
            raise
        _log.warning("the packs' documents were not taken in", error=describe(error))


async def _take(uow: UnitOfWork, pack: Pack, stated: Document, *, plan: bool) -> None:
    origin = f"{pack.id}/{stated.id}"
    values: dict[str, Any] = {
        "title": stated.title.zh, "title_en": stated.title.en, "document_no": stated.number,
        "issuer": list(stated.issuer), "pack": stamp(pack),
    }  # fmt: skip
    found = await policy_documents.lookup_one(uow, lock=True, origin=origin)
    if found is None:
        drafted = await policy_documents.create(
            uow, **values, origin=origin, kind="plan" if plan else "other", city=pack.header.area,
            division=pack.header.area, issued_on=stated.issued,
            valid_from=stated.in_force_from or (pack.header.in_force_from if plan else None) or stated.issued,
            valid_to=stated.in_force_to or (pack.header.in_force_to if plan else None),
        )  # fmt: skip
        published = await policy_documents.change(uow, drafted, "publish", issued_on=stated.issued)
        _watch(uow, published)
    elif found.pack != stamp(pack) and found.state in ("published", "expired"):
        await policy_documents.change(uow, found, "restate", **values)
