"""Score sheets, the ranking that follows from them, and the list that is proposed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from enterprise_registry.applications.domain import Application
from enterprise_registry.applications.store import applications
from enterprise_registry.metadata import parties
from enterprise_registry.procedure import application_windows, notices
from enterprise_registry.quotas import store as quotas
from enterprise_registry.recognitions.domain import Recognition, held_on
from enterprise_registry.recognitions.store import recognitions
from enterprise_registry.selection_rounds import ranking
from enterprise_registry.selection_rounds.domain import (
    MACHINE,
    SelectionRound,
    hundredths,
    lines_of,
    pass_mark_of,
    tie_rule_of,
)
from enterprise_registry.selection_rounds.schemas import RoundScore, RoundShortlist
from enterprise_registry.selection_rounds.store import (
    Entry,
    entries,
    rounds,
    sheets,
    write_entries,
    write_sheets,
)
from kechuang.clock import start_of_day
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, invalid
from kechuang.text import Text

_IN_THE_RUNNING = ("city_reviewed", "public_notice")
_UNDECIDED = ("submitted", "county_recommended", "returned")
_SHOWN = 20


async def subjects(unit: ReadUnit | UnitOfWork, found: SelectionRound) -> list[Entry]:
    """Give what a round is about: the reviewed applications of its window, the holders that it re-examines."""
    made: list[Entry] = []
    if found.window is not None:
        handed_in = await applications.lookup(unit, window=found.window)
        made += [_candidate(found, each) for each in handed_in if each.state in _IN_THE_RUNNING]
    if found.kind == "review":
        valid = await recognitions.lookup(unit, node=found.node, city=found.city, state="valid")
        made += [_holder(found, each) for each in valid if held_on(each, unit.today)]
    known = await parties.find_many(unit, [each.organisation for each in made])
    return [
        replace(each, label=known[each.organisation].title) for each in made if each.organisation in known
    ]


def _candidate(found: SelectionRound, application: Application) -> Entry:
    receipt = application.receipt or {}
    return Entry(
        round=found.id, item=application.id, number=application.number, holder=False,
        organisation=application.organisation or "", label="", proposal="pass_over",
        submitted_at=datetime.fromisoformat(receipt["submitted_at"]),
    )  # fmt: skip


def _holder(found: SelectionRound, held: Recognition) -> Entry:
    return Entry(
        round=found.id, item=held.id, number=held.number, holder=True, organisation=held.organisation or "",
        label="", proposal="keep", submitted_at=start_of_day(held.valid_from),
    )  # fmt: skip


async def _require_window_over(uow: UnitOfWork, found: SelectionRound) -> None:
    if found.window is None:
        return
    window = await application_windows.records.lookup_one(uow, id=found.window)
    if window is not None and window.state in ("planned", "open"):
        raise Conflict(
            Text(f"申报尚未截止（{window.closes_at:%Y-%m-%d} 截止），截止后方可评分。",
                 f"Applications are taken until {window.closes_at.isoformat()}; score after that."),
            code="window_running", extra={"closes_at": window.closes_at.isoformat(), "window": window.id},
        )  # fmt: skip


async def score(uow: UnitOfWork, record_id: str, body: RoundScore) -> SelectionRound:
    """Take the caller's score sheets; every line of the scheme, once for each item."""
    found = await rounds.load(uow, record_id, "score")
    MACHINE.require("score", found.state)
    await _require_window_over(uow, found)
    known = {each.item for each in await subjects(uow, found)}
    wanted = {each.code for each in lines_of(found)}
    errors: list[FieldError] = []
    for index, sheet in enumerate(body.sheets):
        if sheet.item not in known:
            errors.append(
                _fault(index, "item", "item_unknown", "不是本轮待评的对象。", "Not an item of this round.")
            )
        if set(sheet.points) != wanted:
            missing = "、".join(sorted(wanted - set(sheet.points))) or "-"
            errors.append(
                _fault(index, "points", "lines_differ", f"应对每一评分项打分；缺：{missing}。",
                       f"Score each line of the scheme; missing: {missing}.")
            )  # fmt: skip
    if len({each.item for each in body.sheets}) != len(body.sheets):
        errors.append(_fault(0, "item", "item_twice", "同一对象只能有一张评分表。", "An item has one sheet."))
    if errors:
        raise Invalid(Text("评分表有误。", "The score sheets are wrong."), errors=errors)
    given = [
        {
            "item": each.item,
            "points": {line: hundredths(value) for line, value in each.points.items()},
            "opinion": each.opinion,
        }
        for each in body.sheets
    ]
    await write_sheets(uow, found.id, uow.actor.subject, given)
    return await rounds.change(uow, found, "score")


def _fault(index: int, field: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(f"/sheets/{index}/{field}", code, Text(zh, en))


async def shortlist(uow: UnitOfWork, record_id: str, body: RoundShortlist) -> SelectionRound:
    """Rank, and propose: who gets an award, who does not, which holders stay and which go."""
    found = await rounds.load(uow, record_id, "shortlist")
    MACHINE.require("shortlist", found.state)
    await _require_notice_withdrawn(uow, found)
    await _require_window_over(uow, found)
    await _require_all_reviewed(uow, found)
    lot = body.lot or found.lot
    if found.tie_rule == "lot" and lot is None:
        raise invalid(
            "/lot", "lot_needed", "本轮以抽签定序，请填写公开抽取的签号。",
            "Ties are settled by lot: give the publicly drawn word.",
        )  # fmt: skip
    about = await subjects(uow, found)
    aside = {each.item: each.reason for each in body.set_aside}
    for index, each in enumerate(body.set_aside):
        if each.item not in {one.item for one in about}:
            raise invalid(
                f"/set_aside/{index}/item", "item_unknown", "不是本轮的对象。", "Not an item of this round."
            )
    given = await sheets(uow, found.id)
    _require_sheets(found, about, aside, given)
    quota = await quotas.read(uow, found.quota)
    places = body.places if body.places is not None else quota.remaining
    listed = propose(found, about, given, aside=aside, places=places, remaining=quota.remaining, lot=lot)
    await write_entries(uow, found.id, listed)
    return await rounds.change(uow, found, "shortlist", places=places, lot=lot, notice=None)


async def _require_notice_withdrawn(uow: UnitOfWork, found: SelectionRound) -> None:
    if found.state != "public_notice" or found.notice is None:
        return
    notice = await notices.records.lookup_one(uow, lock=True, id=found.notice)
    if notice is not None and notice.state != "withdrawn":
        raise Conflict(
            Text("名单已公示；更正名单应先撤回原公示。", "It is on notice; withdraw that notice first."),
            code="already_on_notice",
        )


async def _require_all_reviewed(uow: UnitOfWork, found: SelectionRound) -> None:
    if found.window is None:
        return
    waiting = [
        each for each in await applications.lookup(uow, window=found.window) if each.state in _UNDECIDED
    ]
    if waiting:
        raise Conflict(
            Text(
                f"还有 {len(waiting)} 件申报未完成审核，请先审核、退回期满或不予认定。",
                f"{len(waiting)} application(s) are not reviewed yet; review or reject them first.",
            ),
            code="applications_pending",
            extra={"applications": [{"id": each.id, "number": each.number} for each in waiting[:_SHOWN]]},
        )


def lacking(found: SelectionRound, about: Sequence[Entry], given: Sequence[ranking.Sheet]) -> list[str]:
    """Name the items without enough sheets; a holder needs them only where a pass mark decides."""
    count: dict[str, int] = {}
    for each in given:
        count[each.item] = count.get(each.item, 0) + 1
    return [
        each.item
        for each in about
        if (not each.holder or found.pass_mark is not None) and count.get(each.item, 0) < found.sheets_needed
    ]


def _require_sheets(
    found: SelectionRound, about: Sequence[Entry], aside: dict[str, str], given: Sequence[ranking.Sheet]
) -> None:
    missing = set(lacking(found, about, given)) - set(aside)
    if missing:
        numbers = sorted(each.number for each in about if each.item in missing)
        raise Conflict(
            Text(
                f"还有 {len(missing)} 个对象的评分表不足 {found.sheets_needed} 张。",
                f"{len(missing)} item(s) have fewer than {found.sheets_needed} score sheet(s).",
            ),
            code="scores_missing",
            extra={"numbers": numbers[:_SHOWN]},
        )


def propose(
    found: SelectionRound,
    about: Sequence[Entry],
    given: Sequence[ranking.Sheet],
    *,
    aside: dict[str, str],
    places: int | None,
    remaining: int | None,
    lot: str | None,
) -> list[Entry]:
    """Make the list from the sheets alone: pure, and the same whenever it is repeated."""
    lines, mark = lines_of(found), pass_mark_of(found)

    def ranked(some: Sequence[Entry]) -> list[ranking.Place]:
        which = [
            ranking.Subject(each.item, each.organisation, each.submitted_at)
            for each in some
            if each.item not in aside
        ]
        return ranking.rank(lines, which, given, ties=tie_rule_of(found), lot=lot)

    candidates = ranked([each for each in about if not each.holder])
    holders = ranked([each for each in about if each.holder])
    place_of = {each.subject.item: each for each in (*candidates, *holders)}
    count = len(candidates) if places is None else places
    limit = remaining if remaining is not None and count <= remaining else None
    taken = set(ranking.chosen(candidates, count, limit=limit, pass_mark=mark))
    listed = []
    for each in about:
        place = place_of.get(each.item)
        below = place is not None and mark is not None and place.total < mark
        reason = aside.get(each.item) or (_below(place, found.pass_mark) if place and below else None)
        if each.holder:
            proposal = "remove" if reason else "keep"
        else:
            proposal = "award" if each.item in taken else "pass_over"
            if proposal == "pass_over" and reason is None and place is not None:
                reason = f"综合得分 {ranking.decimal(place.total)}，第 {place.rank} 名，未进入入围名额（{len(taken)} 个）。"
        listed.append(
            replace(
                each, rank=place.rank if place else None, score=place.shown() if place else None,
                proposal=proposal, reason=reason,
            )
        )  # fmt: skip
    return listed


def _below(place: ranking.Place, mark: str | None) -> str:
    return f"综合得分 {ranking.decimal(place.total)}，低于 {mark} 分。"


async def standing(unit: ReadUnit, found: SelectionRound) -> tuple[list[Entry], list[str]]:
    """Give the list as it stands: the stored one once shortlisted, else what the sheets say so far."""
    listed = await entries(unit, found.id)
    if listed:
        return listed, []
    about = await subjects(unit, found)
    given = await sheets(unit, found.id)
    quota = await quotas.read(unit, found.quota)
    made = propose(
        found, about, given, aside={}, places=quota.remaining, remaining=quota.remaining, lot=found.lot
    )
    made.sort(key=lambda each: (each.holder, each.rank is None, each.rank or 0, each.submitted_at, each.item))
    return made, lacking(found, about, given)


def shown(points: Mapping[str, int] | None) -> dict[str, str] | None:
    """Write a sheet's points for the wire: hundredths as a decimal string with two places."""
    return (
        None
        if points is None
        else {line: f"{value // 100}.{value % 100:02d}" for line, value in points.items()}
    )
