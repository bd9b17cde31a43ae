"""What officers do with points, and the balance of a day."""

from datetime import date

from enterprise_registry.metadata import alone, parties
from enterprise_registry.points import ledger
from enterprise_registry.points.domain import PointEntry, read_points, show_points
from enterprise_registry.points.rules import rules
from enterprise_registry.points.schemas import PointBalance, PointEntryCreate, PointRuleOut
from enterprise_registry.points.store import point_entries
from enterprise_registry.policy.library import library, stamp
from kechuang import access
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, NotFound, invalid
from kechuang.http.attachments import attached
from kechuang.ids import new_id
from kechuang.text import Text
from kechuang_packs.models.scoring import PointRule
from kechuang_packs.quantities import parse_points


async def enter(uow: UnitOfWork, body: PointEntryCreate) -> PointEntry:
    """Book an entry by a manual rule; refuses more than the rule gives, and an event that is to come."""
    owner = await parties.require_active(uow, body.organisation, "/organisation")
    shelf = library(uow)
    pack = shelf.require_city_pack(owner.city, uow.today, "/organisation")
    rule = next((each for each in rules(shelf, pack) if each.code == body.rule), None)
    if rule is None or not rule.manual:
        raise invalid(
            "/rule", "rule_not_manual", "没有这条可由经办人录入的积分规则。",
            "The pack has no such rule that officers book by.",
        )  # fmt: skip
    most = parse_points(rule.points or 0)
    points = most if body.points is None else read_points(body.points)
    if points > most:
        raise invalid(
            "/points",
            "above_rule",
            f"该规则最多记{show_points(most)}分。",
            f"The rule gives {show_points(most)} at most.",
        )
    if body.happened_on > uow.today:
        raise invalid("/happened_on", "day_to_come", "日期不能晚于今天。", "The day lies in the future.")
    await alone(uow, "points", body.organisation)
    record_id = new_id()
    evidence = await attached(uow, "point-entries", record_id, body.evidence, pointer="/evidence")
    booked = await ledger.book(
        uow,
        ledger.Booking(
            body.organisation, rule.code, points, body.happened_on,
            {"kind": "manual", "id": None, "number": None, "label": rule.name.zh}, f"manual:{record_id}", stamp(pack),
            origin="manual", evidence=evidence, record_id=record_id, note=body.note,
        ),
        verb="create",
    )  # fmt: skip
    assert booked is not None  # the organisation was found above
    return booked


async def reverse(uow: UnitOfWork, record_id: str, reason: str) -> PointEntry:
    """Take an entry back by a counter-entry of today; a counter-entry itself cannot be taken back."""
    found = await point_entries.load(uow, record_id, "reverse")
    if found.reverses is not None:
        raise Conflict(
            Text("冲销分录不能再冲销；如需恢复请重新记入。",
                 "A counter-entry is not reversed; book the points anew."),
            code="counter_entry",
        )  # fmt: skip
    uow.reason = reason
    return await ledger.take_back(uow, found, reason, verb="reverse", origin="manual")


async def balance(unit: ReadUnit, organisation: str, on: date | None) -> PointBalance:
    """The balance of an enterprise within the caller's sight; 404 outside it, as if it were not there."""
    day = on or unit.today
    if day > unit.today:
        raise invalid("/as_of", "day_to_come", "日期不能晚于今天。", "The day lies in the future.")
    owner = await parties.find(unit, organisation)
    reach = (
        ()
        if owner is None
        else (*access.owner(organisation), *access.place(owner.city, owner.division, *owner.zones))
    )
    if owner is None or not unit.permissions.permits(unit.actor, "point-balances:read", reach):
        raise NotFound(Text("未找到该单位的积分。", "There are no points of this organisation for you."))
    shelf = library(unit)
    pack = shelf.city_pack(owner.city, unit.today)
    points, entries = await ledger.balance(unit, organisation, day)
    return PointBalance(
        organisation=organisation, as_of=day, balance=show_points(points), entries=entries,
        pack=stamp(pack) if pack else None, rules=[_rule(each) for each in rules(shelf, pack)] if pack else [],
    )  # fmt: skip


def _rule(rule: PointRule) -> PointRuleOut:
    most = max((parse_points(band.points) for band in rule.bands), default=0) or parse_points(
        rule.points or 0
    )
    source = (
        "holds" if rule.holds else "register" if rule.register_ else "event" if rule.event
        else "fact" if rule.fact else "manual"
    )  # fmt: skip
    return PointRuleOut.model_validate(
        {
            "code": rule.code, "name_zh": rule.name.zh, "name_en": rule.name.en, "source": source,
            "points": show_points(most), "product_default": rule.source.value == "product_default",
        }
    )  # fmt: skip
