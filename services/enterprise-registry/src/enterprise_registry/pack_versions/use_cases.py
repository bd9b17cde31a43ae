"""Uploading, checking and publishing a version of a pack. Loading one is the deployment's act (docs/policy-packs.md)."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from enterprise_registry.pack_versions.domain import PackVersion
from enterprise_registry.pack_versions.schemas import (
    PolicyPackVersionCreate,
    PolicyPackVersionFile,
    PolicyPackVersionPublish,
)
from enterprise_registry.pack_versions.store import pack_versions
from enterprise_registry.policy.library import Library, library
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, NotFound, invalid
from kechuang.text import Text
from kechuang_packs import Pack, PackError, Packs


async def upload(uow: UnitOfWork, body: PolicyPackVersionCreate) -> PackVersion:
    """Keep an uploaded version, with the faults that it has; one with faults can be kept, not published."""
    shelf = library(uow)
    shelf.require_city_pack(body.city, uow.today)
    values = await _checked(shelf, _files(body.files))
    return await pack_versions.create(
        uow, city=body.city, division=body.city, zones=[], handlers=[uow.actor.subject], **values
    )


async def update(uow: UnitOfWork, record_id: str, files: Sequence[PolicyPackVersionFile]) -> PackVersion:
    """Take all files anew."""
    found = await pack_versions.load(uow, record_id, "update")
    return await pack_versions.change(uow, found, "update", **await _checked(library(uow), _files(files)))


async def validate(uow: UnitOfWork, record_id: str) -> PackVersion:
    """Check it against the packs of today; without faults it may be published."""
    found = await pack_versions.load(uow, record_id, "validate")
    values = await _checked(library(uow), found.files)
    return await pack_versions.change(
        uow, found, "validate", to="draft" if values["faults"] else "validated", **values
    )


async def publish(uow: UnitOfWork, record_id: str, body: PolicyPackVersionPublish) -> PackVersion:
    """Publish it by a decision with a document; it takes force on its own date, never in the past."""
    found = await pack_versions.load(uow, record_id, "publish")
    if body.decided_on > uow.today:
        raise invalid("/decided_on", "in_the_future", "决定日期不能晚于今天。", "Not in the future.")
    if found.in_force_from is not None and found.in_force_from < body.decided_on:
        raise invalid(
            "/decided_on", "in_force_before",
            f"该版本自{found.in_force_from}起生效，早于决定日期；请修改 in_force_from。",
            f"The version is in force from {found.in_force_from}, before the decision; change in_force_from.",
        )  # fmt: skip
    values = await _checked(library(uow), found.files)
    if values["faults"]:
        raise Conflict(
            Text("其他政策包已变动，请重新校验。", "Other packs have changed since; validate again."),
            code="pack_faulty",
        )
    same = await pack_versions.lookup(
        uow, pack_id=found.pack_id, pack_version=found.pack_version, state="published"
    )
    if same:
        raise Conflict(
            Text("该版本号已发布，请使用更大的版本号。", "This version is published; use a greater number."),
            code="version_published",
        )
    return await pack_versions.change(
        uow, found, "publish", document_no=body.document_no, decided_on=body.decided_on
    )


async def withdraw(uow: UnitOfWork, record_id: str, reason: str | None) -> PackVersion:
    """Give a draft up."""
    found = await pack_versions.load(uow, record_id, "withdraw")
    uow.reason = reason
    return await pack_versions.change(uow, found, "withdraw")


async def named(
    unit: ReadUnit | UnitOfWork, shelf: Library, text: str, city: str, pointer: str
) -> tuple[Packs, Pack, PackVersion | None]:
    """The version called `pack@version` that is loaded, or the id of an uploaded one of the city, with its packs."""
    if "@" in text:
        try:
            return shelf.packs, shelf.stamped(text), None
        except NotFound:
            raise _unknown(pointer) from None
    found = await pack_versions.lookup_one(unit, id=text)
    if found is None or found.city != city:
        raise _unknown(pointer)
    packs, pack = await with_draft(shelf, found.files, pointer)
    return packs, pack, found


async def with_draft(shelf: Library, files: Mapping[str, str], pointer: str) -> tuple[Packs, Pack]:
    """The loaded packs with a draft beside them; refuses one with faults."""
    try:
        return await asyncio.to_thread(shelf.packs.with_draft, files)
    except PackError as error:
        raise Invalid(
            Text("该版本有错误，请先校验。", "The version has faults; validate it first."),
            errors=[
                FieldError(pointer, "pack_faulty", Text(str(each), str(each))) for each in error.faults[:50]
            ],
        ) from error


def _unknown(pointer: str) -> Invalid:
    return invalid(pointer, "version_unknown", "没有该政策包版本。", "There is no such pack version.")


def _files(files: Sequence[PolicyPackVersionFile]) -> dict[str, str]:
    names = [each.name for each in files]
    errors = [
        FieldError(f"/files/{index}/name", "file_twice", Text("文件重名。", "The file is given twice."))
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    if errors:
        raise Invalid(Text("文件重名。", "A file is given twice."), errors=errors)
    return {each.name: each.content for each in files}


async def _checked(shelf: Library, files: Mapping[str, str]) -> dict[str, Any]:
    """What the files say of themselves, and their faults. Reading is work of the processor: not in the loop."""
    values: dict[str, Any] = {
        "files": dict(files), "faults": [], "pack_id": None, "pack_version": None, "in_force_from": None,
        "digest": None,
    }  # fmt: skip
    try:
        packs, pack = await asyncio.to_thread(shelf.packs.with_draft, files)
    except PackError as error:
        values["faults"] = [
            {"file": each.file.removeprefix("./"), "line": each.line, "message": each.message}
            for each in error.faults
        ]
        return values
    first: date = pack.header.in_force_from
    return values | {
        "pack_id": pack.id, "pack_version": pack.version, "in_force_from": first,
        "digest": packs.digests[pack.id, pack.version],
    }  # fmt: skip
