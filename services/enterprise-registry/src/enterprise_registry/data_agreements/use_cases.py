"""Agreements are made and end; under an active one its partner takes and gives data, each time with a trace."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal

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
from kechuang.http.problems import field_errors
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.text import Text
from kechuang.timers import Timer

RUN_OUT = "data-agreements.run-out"
_KEY = sa.Column("key", sa.Text)


async def draft(uow: UnitOfWork, body: schemas.DataAgreementCreate) -> DataAgreement:
    """Draft an agreement of a city."""
    pack = library(uow).require_city_pack(body.city, uow.today)
    values = columns(body)
    _require_sound(uow, body.city, values)
    return await data_agreements.create(
        uow, **values, division=body.city, pack=stamp(pack), handlers=[uow.actor.subject]
    )


def _require_sound(uow: UnitOfWork, city: str, stated: Mapping[str, Any]) -> None:
    """Refuse an agreement with nobody, over no time, about what is not there: all faults at once."""
    errors = [*_unknown_sets(stated["data_sets"])]
    if stated["partner_unit"] is None and stated["partner_client"] is None:
        text = Text("请指明合作单位或系统的标识。", "Name the partner's unit or its client.")
        errors.append(FieldError("/partner_unit", "partner_missing", text))
    if stated["valid_to"] < stated["valid_from"]:
        text = Text("终止日不能早于生效日。", "It ends before it begins.")
        errors.append(FieldError("/valid_to", "not_later", text))
    areas = library(uow).areas()
    counties = {each for each, (of_city, area) in areas.items() if of_city == city and area.kind == "county"}
    errors += [
        FieldError(f"/divisions/{index}", "division_unknown",
                   Text("该市没有这个县（市、区）。", "The city has no such county."))
        for index, each in enumerate(stated["divisions"])
        if each not in counties
    ]  # fmt: skip
    if errors:
        raise Invalid(Text("协议填写有误。", "The agreement is not filled in rightly."), errors=errors)


def _unknown_sets(sets: Sequence[Mapping[str, Any]]) -> Iterator[FieldError]:
    for index, each in enumerate(sets):
        name, provides = each["data_set"], each["direction"] == "provide"
        offered = PROVIDED[name].fields if name in PROVIDED else ()
        known = offered if provides else RECEIVED.get(name, ())
        where = f"/data_sets/{index}"
        if not known:
            names = ", ".join(sorted(PROVIDED if provides else RECEIVED))
            text = Text(f"可共享的数据集：{names}。", f"Data sets: {names}.")
            yield FieldError(f"{where}/data_set", "data_set_unknown", text)
            continue
        text = Text(f"该数据集没有这个字段，可选：{', '.join(known)}。", f"Its fields: {', '.join(known)}.")
        for n, field in enumerate(each["fields"]):
            if field not in known:
                yield FieldError(f"{where}/fields/{n}", "field_unknown", text)


async def update(uow: UnitOfWork, record_id: str, body: schemas.DataAgreementPatch) -> DataAgreement:
    """Change a draft."""
    agreement = await data_agreements.load(uow, record_id, "update")
    values = columns(body, only_set=True)
    names = ("data_sets", "partner_unit", "partner_client", "valid_from", "valid_to", "divisions")
    stated = {name: values.get(name, getattr(agreement, name)) for name in names}
    _require_sound(uow, agreement.city or "", stated)
    return await data_agreements.change(uow, agreement, "update", **values)


async def activate(uow: UnitOfWork, record_id: str) -> DataAgreement:
    """Put it into force; it runs out by itself."""
    agreement = await data_agreements.load(uow, record_id, "activate")
    data_agreements.resource.machine.require("activate", agreement.state)
    if agreement.valid_to < uow.today:
        raise Conflict(
            Text(f"协议期限已于 {agreement.valid_to} 届满，请先修改期限。",
                 f"Its term ended on {agreement.valid_to}; change it first."),
            code="agreement_over",
        )  # fmt: skip
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
    uow: UnitOfWork, record_id: str, body: schemas.DataAgreementProvide, *, rehearsal: bool
) -> schemas.DataAgreementData:
    """Give the partner a page of a data set, by the fields agreed upon, and keep who took what and why.

    A rehearsal leaves no trace, therefore it gives no rows either.
    """
    agreement, fields = await _under(uow, record_id, "provide", body.data_set)
    binding = paging.binding_of(agreement.id, body.data_set)
    after = None if body.cursor is None else str(paging.decode(body.cursor, binding, _KEY).value)
    statement = PROVIDED[body.data_set].select(agreement.city or "", list(agreement.divisions), fields, after)
    found = list(await uow.execute(statement))
    rows = [{name: getattr(each, name) for name in fields} for each in found[:PAGE]]
    trace = await _trace(uow, agreement, "provide", body.data_set, fields, rows, body.duty, refused=0)
    if rehearsal:
        return schemas.DataAgreementData(exchange=trace, rows=[], next_cursor=None)
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
    outside = ", ".join(sorted(set(row) - set(fields)))
    if outside:
        text = Text(f"协议不包含字段：{outside}", f"The agreement does not cover: {outside}")
        return _refused(n, "field_not_covered", text)
    try:
        body = RecognitionCreate.model_validate(row)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        return _refused(n, "row_invalid", _told(field_errors(found)))
    try:
        async with uow.attempt():
            made = await recognitions.receive(uow, body)
            if made.city != agreement.city or (
                agreement.divisions and made.division not in agreement.divisions
            ):
                raise Conflict(
                    Text(
                        "该单位不在协议约定的地区。", "The agreement does not cover the organisation's place."
                    ),
                    code="other_place",
                )
    except Refusal as refusal:
        if refusal.code == "already_recognised":
            known = refusal.extra["existing"]["id"]
            return _taken(n, "known", known)
        return _refused(n, refusal.code, _told(refusal.errors) if refusal.errors else refusal.detail)
    return _taken(n, "created", made.id)


def _told(errors: Sequence[FieldError]) -> Text:
    """Every fault of a row in one line, each with its field."""
    return Text(*(
        "; ".join(f"{each.pointer}: {getattr(each.detail, language)}" for each in errors) for language in ("zh", "en")
    ))  # fmt: skip


def _taken(n: int, status: Literal["created", "known"], record_id: str) -> schemas.DataAgreementRow:
    return schemas.DataAgreementRow(
        row=n, status=status, id=record_id, code=None, detail=None, detail_en=None
    )


def _refused(n: int, code: str, detail: Text) -> schemas.DataAgreementRow:
    return schemas.DataAgreementRow(
        row=n, status="refused", id=None, code=code, detail=detail.zh, detail_en=detail.en
    )


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
