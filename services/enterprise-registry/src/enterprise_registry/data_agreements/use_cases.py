"""Agreements are made and end; under an active one its partner takes and gives data, each time with a trace."""

from hashlib import sha256
from typing import Any

import orjson
import sqlalchemy as sa
from pydantic import ValidationError

from enterprise_registry.data_agreements import schemas
from enterprise_registry.data_agreements.data_sets import PAGE, PROVIDED, RECEIVED
from enterprise_registry.data_agreements.domain import DataAgreement, covered, reasons_for
from enterprise_registry.data_agreements.store import data_agreements, exchange
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.recognitions import use_cases as recognitions
from enterprise_registry.recognitions.schemas import RecognitionCreate
from kechuang.clock import end_of_day
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, Refusal, invalid
from kechuang.http import paging
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.text import Text
from kechuang.timers import Timer

RUN_OUT = "data-agreements.run-out"
_KEY = sa.Column("key", sa.Text)


async def draft(uow: UnitOfWork, body: schemas.DataAgreementCreate) -> DataAgreement:
    """Draft an agreement of a city."""
    _require_known(body.data_sets)
    pack = library(uow).require_city_pack(body.city, uow.today)
    return await data_agreements.create(
        uow, **columns(body), division=body.city, pack=stamp(pack), handlers=[uow.actor.subject]
    )


def _require_known(sets: list[schemas.DataAgreementSet]) -> None:
    errors = []
    for index, each in enumerate(sets):
        offered = PROVIDED[each.data_set].fields if each.data_set in PROVIDED else ()
        known = offered if each.direction == "provide" else RECEIVED.get(each.data_set, ())
        where = f"/data_sets/{index}"
        if not known:
            names = ", ".join(sorted(PROVIDED if each.direction == "provide" else RECEIVED))
            errors.append(FieldError(f"{where}/data_set", "data_set_unknown",
                                     Text(f"可共享的数据集：{names}。", f"Data sets: {names}.")))  # fmt: skip
            continue
        errors += [
            FieldError(f"{where}/fields/{n}", "field_unknown",
                       Text(f"该数据集没有这个字段，可选：{', '.join(known)}。", f"Its fields: {', '.join(known)}."))
            for n, name in enumerate(each.fields)
            if name not in known
        ]  # fmt: skip
    if errors:
        raise Invalid(Text("数据集填写有误。", "The data sets are wrong."), errors=errors)


async def update(uow: UnitOfWork, record_id: str, body: schemas.DataAgreementPatch) -> DataAgreement:
    """Change a draft."""
    agreement = await data_agreements.load(uow, record_id, "update")
    values = columns(body, only_set=True)
    if "data_sets" in values:
        _require_known(body.data_sets)
    if values.get("valid_to", agreement.valid_to) < values.get("valid_from", agreement.valid_from):
        raise invalid("/valid_to", "not_later", "终止日不能早于生效日。", "It ends before it begins.")
    return await data_agreements.change(uow, agreement, "update", **values)


async def activate(uow: UnitOfWork, record_id: str) -> DataAgreement:
    """Put it into force; it runs out by itself."""
    agreement = await data_agreements.load(uow, record_id, "activate")
    active = await data_agreements.change(uow, agreement, "activate")
    uow.schedule(RUN_OUT, end_of_day(active.valid_to), active.id, active.version)
    return active


async def turn(uow: UnitOfWork, record_id: str, verb: str, reason: str) -> DataAgreement:
    """Suspend, resume or end it, with a reason."""
    agreement = await data_agreements.load(uow, record_id, verb)
    uow.reason = reason
    return await data_agreements.change(uow, agreement, verb, reason=reason)


async def run_out(uow: UnitOfWork, timer: Timer) -> None:
    """Its last day has passed."""
    agreement = await data_agreements.lookup_one(uow, lock=True, id=timer.record_id)
    if (
        agreement is not None
        and agreement.state in ("active", "suspended")
        and agreement.valid_to < uow.today
    ):
        await data_agreements.change(uow, agreement, "run-out")


async def _under(
    uow: UnitOfWork, record_id: str, verb: str, data_set: str
) -> tuple[DataAgreement, list[str]]:
    """Give the agreement and the fields it covers, or refuse the exchange."""
    agreement = await data_agreements.load(uow, record_id, verb)
    data_agreements.resource.machine.require(verb, agreement.state)
    for reason in reasons_for(agreement, verb, uow.actor, uow.today):
        raise Conflict(reason.detail, code=reason.code)
    said = covered(agreement, data_set, verb)
    if said is None:
        raise invalid("/data_set", "not_covered", "协议不包含该数据集。", "The agreement does not cover it.")
    return agreement, list(said["fields"])


async def provide(
    uow: UnitOfWork, record_id: str, body: schemas.DataAgreementProvide
) -> schemas.DataAgreementData:
    """Give the partner a page of a data set, by the fields agreed upon, and keep who took what and why."""
    agreement, fields = await _under(uow, record_id, "provide", body.data_set)
    binding = paging.binding_of(agreement.id, body.data_set)
    after = None if body.cursor is None else str(paging.decode(body.cursor, binding, _KEY).value)
    statement = PROVIDED[body.data_set].select(agreement.city or "", list(agreement.divisions), fields, after)
    found = list(await uow.execute(statement))
    rows = [{name: getattr(each, name) for name in fields} for each in found[:PAGE]]
    trace = await _trace(uow, agreement, "provide", body.data_set, fields, rows, body.duty, refused=0)
    following = paging.Cursor(found[PAGE - 1].id, "").encode(binding) if len(found) > PAGE else None
    return schemas.DataAgreementData(exchange=trace, rows=rows, next_cursor=following)


async def receive(
    uow: UnitOfWork, record_id: str, body: schemas.DataAgreementReceive
) -> schemas.DataAgreementReceipt:
    """Take rows from the partner; each is judged alone, and one that is known already changes nothing."""
    agreement, fields = await _under(uow, record_id, "receive", body.data_set)
    results = [await _take(uow, agreement, fields, n, row) for n, row in enumerate(body.rows)]
    refused = sum(each.status == "refused" for each in results)
    trace = await _trace(
        uow, agreement, "receive", body.data_set, fields, body.rows, body.duty, refused=refused
    )
    return schemas.DataAgreementReceipt(exchange=trace, rows=results)


async def _take(
    uow: UnitOfWork, agreement: DataAgreement, fields: list[str], n: int, row: dict[str, Any]
) -> schemas.DataAgreementRow:
    outside = sorted(set(row) - set(fields))
    if outside:
        return _refused(n, "field_not_covered", f"协议不包含字段：{', '.join(outside)}")
    try:
        body = RecognitionCreate.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return _refused(n, "row_invalid", f"/{'/'.join(map(str, first['loc']))}: {first['msg']}")
    try:
        async with uow.attempt():
            made = await recognitions.receive(uow, body)
            if made.city != agreement.city:
                raise Conflict(
                    Text("该单位不在协议城市。", "The organisation is of another city."), code="other_city"
                )
    except Refusal as refusal:
        if refusal.code == "already_recognised":
            known = refusal.extra["existing"]["id"]
            return schemas.DataAgreementRow(row=n, status="known", id=known, code=None, detail=None)
        return _refused(n, refusal.code, refusal.detail.zh)
    return schemas.DataAgreementRow(row=n, status="created", id=made.id, code=None, detail=None)


def _refused(n: int, code: str, detail: str) -> schemas.DataAgreementRow:
    return schemas.DataAgreementRow(row=n, status="refused", id=None, code=code, detail=detail)


async def _trace(
    uow: UnitOfWork, agreement: DataAgreement, direction: str, data_set: str, fields: list[str],
    rows: list[dict[str, Any]], duty: str, *, refused: int,
) -> schemas.DataAgreementExchange:  # fmt: skip
    canonical = orjson.dumps(rows, option=orjson.OPT_SORT_KEYS, default=str)
    values = {
        "id": new_id(), "agreement": agreement.id, "direction": direction, "data_set": data_set, "fields": fields,
        "rows": len(rows), "refused": refused, "digest": sha256(canonical).hexdigest(), "duty": duty,
        "subject": uow.actor.subject, "client": uow.actor.client, "unit": uow.actor.unit, "at": uow.now,
    }  # fmt: skip
    await uow.execute(sa.insert(exchange).values(values))
    uow.reason = duty
    uow.audit(
        f"data-agreements:{direction}", resource="data-agreements", record_id=agreement.id,
        version=agreement.version, digest=str(values["digest"]),
    )  # fmt: skip
    return schemas.DataAgreementExchange.model_validate(values)
