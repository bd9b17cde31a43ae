"""The HTTP edge of uploaded pack versions."""

from enterprise_registry.pack_versions import use_cases
from enterprise_registry.pack_versions.domain import PackVersion
from enterprise_registry.pack_versions.schemas import (
    EXAMPLE,
    PolicyPackVersionCreate,
    PolicyPackVersionFileOut,
    PolicyPackVersionFiles,
    PolicyPackVersionOut,
    PolicyPackVersionPatch,
    PolicyPackVersionPublish,
)
from enterprise_registry.pack_versions.store import pack_versions
from enterprise_registry.policy.library import library
from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Because


def _show(found: PackVersion, unit: ReadUnit) -> PolicyPackVersionOut:
    digests = library(unit).packs.digests
    loaded = digests.get((found.pack_id or "", found.pack_version or ""))
    extra = {"file_names", "in_use"}
    fields = {name: getattr(found, name) for name in PolicyPackVersionOut.model_fields if name not in extra}
    return PolicyPackVersionOut.model_validate(
        fields
        | {"file_names": sorted(found.files), "in_use": found.digest is not None and loaded == found.digest}
    )


router = ResourceRouter(pack_versions, PolicyPackVersionOut, show=_show)


@router.create(example=EXAMPLE)
async def create(body: PolicyPackVersionCreate, uow: Write) -> PackVersion:
    """Upload a version. Faults are listed with file and line in the answer; a faulty one is kept as a draft."""
    return await use_cases.upload(uow, body)


@router.update(example={"files": EXAMPLE["files"]})
async def update(record_id: RecordId, body: PolicyPackVersionPatch, uow: Write) -> PackVersion:
    """Upload all files anew; what was validated is a draft again."""
    return await use_cases.update(uow, record_id, body.files)


@router.verb("validate")
async def validate(record_id: RecordId, uow: Write) -> PackVersion:
    """Check it against the packs that are loaded; `validated` without faults, else `draft` with them."""
    return await use_cases.validate(uow, record_id)


@router.verb("publish", example={"document_no": "江科〔2024〕21号", "decided_on": "2024-12-02"}, bulk=False)
async def publish(record_id: RecordId, body: PolicyPackVersionPublish, uow: Write) -> PackVersion:
    """Publish by a decision, never by who prepared it. It takes force on its `in_force_from` once it is loaded.

    409 `version_published` when the number was published before, `pack_faulty` when other packs changed.
    """
    return await use_cases.publish(uow, record_id, body)


@router.verb("withdraw", example=Because.example)
async def withdraw(record_id: RecordId, body: Because, uow: Write) -> PackVersion:
    """Give a draft up; what was published is followed by another version, never withdrawn."""
    return await use_cases.withdraw(uow, record_id, body.reason)


@router.other(
    "GET", "/{record_id}/files", action="read", operation_id="get_policy_pack_version_files",
    summary="版本文件 Files", response_model=PolicyPackVersionFiles,
)  # fmt: skip
async def files(record_id: RecordId, unit: Read) -> PolicyPackVersionFiles:
    """The files with the digest that was decided on: what `python -m kechuang_packs place` puts into a folder."""
    found = await pack_versions.get(unit, record_id)
    return PolicyPackVersionFiles(
        digest=found.digest,
        files=[
            PolicyPackVersionFileOut(name=name, content=text) for name, text in sorted(found.files.items())
        ],
    )
