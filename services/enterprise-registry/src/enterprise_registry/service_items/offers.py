"""Service items from the packs: found, judged for an organisation, started as a case."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.cases.feature import cases
from enterprise_registry.cases.kinds import kind_of
from enterprise_registry.cases.rung_actions import stands_on
from enterprise_registry.ladders.assess import assess
from enterprise_registry.ladders.conditions import CompiledRule, compile_condition
from enterprise_registry.ladders.results import Result
from enterprise_registry.metadata import parties
from enterprise_registry.policy.library import Library, library, stamp
from enterprise_registry.policy.schemas import PolicyName
from enterprise_registry.service_items import schemas
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, NotFound, NotPermitted, invalid
from kechuang.text import Text
from kechuang_packs import Pack, Packs
from kechuang_packs.models.content import ServiceItem
from kechuang_procedure.calendar import end_of
from kechuang_procedure.cases import Case
from kechuang_procedure.cases.schemas import CaseCreate

KIND = "service_request"
_HERE = ("enterprise-cases", None)


def all_items(unit: ReadUnit | UnitOfWork, city: str | None) -> Iterator[tuple[Pack, ServiceItem]]:
    """Give the services of the cities' packs in force today."""
    shelf = library(unit)
    for latest in shelf.latest():
        area = latest.header.area
        pack = shelf.city_pack(area, unit.today) if area and city in (None, area) else None
        for each in pack.services.services if pack is not None and pack.id == latest.id else ():
            yield pack or latest, each


def find(unit: ReadUnit | UnitOfWork, item_id: str) -> tuple[Pack, ServiceItem]:
    """Give a service by its id, `<pack>.<code>`."""
    found = next(
        ((pack, each) for pack, each in all_items(unit, None) if f"{pack.id}.{each.code}" == item_id), None
    )
    if found is None:
        raise NotFound(Text("没有这个服务事项。", "There is no such service."))
    return found


def shown(shelf: Library, pack: Pack, item: ServiceItem) -> schemas.ServiceItemOut:
    """Write a service out."""
    own = shelf.period(pack, item.time_limit)
    usual = kind_of(shelf, pack, KIND).limits.resolve
    limit = own or usual
    nodes = [(ref, shelf.node(pack, ref)[1]) for ref in item.open_to]
    return schemas.ServiceItemOut(
        id=f"{pack.id}.{item.code}", city=pack.header.area or "", pack=stamp(pack), code=item.code,
        name=_name(item.name), kind=item.kind, clause=list(item.clause), source=item.source.value,
        open_to=[schemas.ServiceItemNode(code=ref, name=_name(node.name)) for ref, node in nodes],
        condition=item.condition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        if item.condition is not None else None,
        time_limit=schemas.ServiceItemLimit(days=limit.days, unit=limit.kind, of="item" if own else "kind")
        if limit is not None else None,
        handled_by=_name(item.handled_by) if item.handled_by is not None else None,
        starts_at=f"/api/v1/service-items/{pack.id}.{item.code}/start" if item.starts in _HERE
        else f"/api/v1/{item.starts}",
        parts=[_name(each.name) for each in item.parts], eligibility=None,
    )  # fmt: skip


def _name(text: object) -> PolicyName:
    return PolicyName.model_validate(text, from_attributes=True)


@lru_cache(maxsize=512)
def _condition(packs: Packs, pack: tuple[str, str], code: str) -> CompiledRule | None:
    owner = packs.version(*pack)
    item = next(each for each in owner.services.services if each.code == code)
    return None if item.condition is None else compile_condition(packs, owner, item.condition, code)


async def eligibility(
    unit: ReadUnit | UnitOfWork, pack: Pack, item: ServiceItem, uscc: str
) -> schemas.ServiceItemEligibility:
    """Judge whether an organisation may use a service today, with what it lacks."""
    shelf = library(unit)
    standing = await stands_on(unit, pack, uscc)
    lacks, result = [], Result.met
    if item.open_to and not {shelf.canonical(pack, each) for each in item.open_to} & standing:
        result = Result.unmet
        lacks.append(
            schemas.ServiceItemLack(
                leaf=None, result="unmet", clause=list(item.clause), fact=None, holds=list(item.open_to)
            )
        )
    rule = _condition(shelf.packs, (pack.id, pack.version), item.code)
    if rule is not None:
        base = await fact_base(unit, pack, uscc, on=unit.today)
        answer = assess(rule, base, standing, unit.today)
        result = answer.result if result is Result.met else result
        lacks += [
            schemas.ServiceItemLack.model_validate(
                {"leaf": leaf.source.id, "result": leaf.result.name, "clause": list(leaf.source.clause),
                 "fact": leaf.fact, "holds": sorted(leaf.holds)}
            )
            for leaf in answer.root.leaves()
            if leaf.result not in (Result.met, Result.not_applicable)
        ]  # fmt: skip
    return schemas.ServiceItemEligibility.model_validate(
        {"organisation": uscc, "result": result.name, "lacks": lacks}
    )


async def start(uow: UnitOfWork, item_id: str, body: schemas.ServiceItemStart) -> Case:
    """Start a service for an organisation: opens a case that is due by the service's time limit.

    409 `not_open_to_you` names what is lacking; 409 `starts_elsewhere` names the address.
    """
    pack, item = find(uow, item_id)
    uscc = body.organisation or uow.actor.organisation
    if uscc is None:
        raise invalid("/organisation", "missing", "请指明单位。", "Name the organisation.")
    if uow.actor.organisation not in (None, uscc):  # before anything is told of another organisation
        raise NotPermitted(Text("您不能代该单位办理。", "You cannot act for this organisation."))
    if item.starts not in _HERE:
        address = f"/api/v1/{item.starts}"
        raise Conflict(
            Text(f"该事项在 {address} 办理。", f"It is started at {address}."), code="starts_elsewhere",
            extra={"address": address},
        )  # fmt: skip
    request = CaseCreate(
        kind=KIND, title=item.name.zh, content=body.content, organisation=uscc, action=item.code, due_on=_due(uow, pack, item)
    )  # fmt: skip
    served = await parties.find(uow, uscc)
    if served is not None and served.city != pack.header.area:
        raise invalid(
            "/organisation", "other_city", "该事项由另一城市提供。", "Another city offers this service."
        )
    # Opening comes first: it refuses an officer whose place this is not, before anything is told of its lacks.
    case = await cases.open(uow, request)
    judged = await eligibility(uow, pack, item, uscc)
    if judged.result == "unmet":
        raise Conflict(
            Text("该单位暂不符合享受条件，缺少的条件见 lacks。", "The organisation may not use it yet; `lacks` says why."),
            code="not_open_to_you", extra={"lacks": [each.model_dump() for each in judged.lacks]},
        )  # fmt: skip
    return case


def _due(uow: UnitOfWork, pack: Pack, item: ServiceItem) -> date | None:
    own = library(uow).period(pack, item.time_limit)
    return end_of(uow.today, own).last_day if own is not None else None
