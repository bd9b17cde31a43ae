"""The HTTP edge of expert draws."""

from typing import Any

from fastapi import Response

from commissioner_matching.expert_draws import use_cases
from commissioner_matching.expert_draws.domain import ExpertDraw, shown_seats
from commissioner_matching.expert_draws.schemas import (
    EXAMPLE,
    DrawnName,
    DrawnNames,
    ExpertDrawCommit,
    ExpertDrawCreate,
    ExpertDrawFreeze,
    ExpertDrawNames,
    ExpertDrawOut,
    ExpertDrawReplace,
    ExpertDrawReveal,
)
from commissioner_matching.expert_draws.store import expert_draws
from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Because, columns

_COMPUTED = frozenset({"committed", "revealed", "pool_size", "seats", "unfilled"})


def show(draw: ExpertDraw, unit: ReadUnit) -> ExpertDrawOut:
    """Show a draw; seats only to those who may see them."""
    shown = {name: getattr(draw, name) for name in ExpertDrawOut.model_fields if name not in _COMPUTED}
    return ExpertDrawOut(
        **shown,
        committed=len(draw.commitments),
        revealed=len(draw.reveals),
        pool_size=len(draw.pool) if draw.frozen_at else None,
        seats=shown_seats(draw, unit.actor),
        unfilled=list(draw.protocol["unfilled"]) if draw.protocol else [],
    )


router = ResourceRouter(expert_draws, ExpertDrawOut, show=show)


@router.create(example=EXAMPLE)
async def create(body: ExpertDrawCreate, uow: Write) -> ExpertDraw:
    """Ask for a draw outside a call; a call's draw comes by itself after its opening."""
    return await use_cases.request(uow, columns(body))


@router.verb("commit", bulk=False, example={"digest": "0" * 64})
async def commit(record_id: RecordId, body: ExpertDrawCommit, uow: Write) -> ExpertDraw:
    """Commit to a secret. 403 `runs_the_matter`; 409 `committed_already`."""
    return await use_cases.commit(uow, record_id, body.digest)


@router.verb("freeze", bulk=False, example={"recusals": []})
async def freeze(record_id: RecordId, body: ExpertDrawFreeze, uow: Write) -> ExpertDraw:
    """Freeze the pool with its recusals; its digest is published."""
    return await use_cases.freeze_pool(uow, record_id, {each.expert: each.reason for each in body.recusals})


@router.verb(
    "reveal",
    bulk=False,
    example={
        "secret": "00112233445566778899aabbccddeeff",
        "public_value": {
            "source": "福利彩票双色球第 2024031 期",
            "value": [3, 9, 12, 20, 28, 31],
            "published_at": "2024-03-17T13:15:00Z",
        },
    },
)
async def reveal(record_id: RecordId, body: ExpertDrawReveal, uow: Write) -> ExpertDraw:
    """Reveal the secret; the first reveal notes the public value, the second one draws."""
    public = body.public_value.model_dump() if body.public_value else None
    return await use_cases.reveal(uow, record_id, body.secret, public)


@router.verb(
    "replace", bulk=False, example={"candidate": "0f" * 10, "kind": "declined", "reason": "出差在外"}
)
async def replace(record_id: RecordId, body: ExpertDrawReplace, uow: Write) -> ExpertDraw:
    """Replace somebody who does not take part, from the same sequence."""
    return await use_cases.replace_expert(uow, record_id, body.candidate, body.kind, body.reason)


@router.verb("confirm")
async def confirm(record_id: RecordId, uow: Write) -> ExpertDraw:
    """Confirm the panel; 409 `places_unfilled` when the pool was too small."""
    return await use_cases.confirm(uow, record_id)


@router.verb("publish")
async def publish(record_id: RecordId, uow: Write) -> ExpertDraw:
    """Publish the record with pseudonyms, after the result's notice."""
    return await use_cases.publish(uow, record_id)


@router.verb("cancel", example=Because.example)
async def cancel(record_id: RecordId, body: ExpertDrawNames, uow: Write) -> ExpertDraw:
    """Stop the draw; it stays on record and a new one may be asked for."""
    return await use_cases.cancel(uow, record_id, body.reason)


@router.other(
    "GET", "/{record_id}/record", action="record", operation_id="get_expert_draw_record",
    summary="抽取记录下载 The whole record, for verification", response_model=dict[str, Any],
)  # fmt: skip
async def record(record_id: RecordId, unit: Read) -> dict[str, Any]:
    """Pool, rules, commitments, secrets, public value, sequence and seats by pseudonyms; `verify.py` repeats it."""
    return dict(await use_cases.protocol_of(unit, record_id))


@router.other(
    "POST", "/{record_id}/names", action="names", operation_id="read_expert_draw_names",
    summary="查看专家姓名与电话 Names of the panel", response_model=DrawnNames, private=True,
    example={"reason": "通知参加评审"},
)  # fmt: skip
async def names(record_id: RecordId, body: ExpertDrawNames, uow: Write, response: Response) -> DrawnNames:
    """Names and telephone numbers of the panel, for its two drawing officers; audited with the reason."""
    found = await use_cases.names(uow, record_id, body.reason)
    response.headers["cache-control"] = "no-store"
    return DrawnNames(items=[DrawnName(**each) for each in found])
