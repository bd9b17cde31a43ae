"""The HTTP edge of selection rounds."""

from enterprise_registry.quotas import store as quotas
from enterprise_registry.selection_rounds import awarding, planning, scoring
from enterprise_registry.selection_rounds.domain import SelectionRound
from enterprise_registry.selection_rounds.schemas import (
    EXAMPLE,
    RoundAward,
    RoundEntryOut,
    RoundNotice,
    RoundOwnSheet,
    RoundOwnSheets,
    RoundQuotaOut,
    RoundScore,
    RoundShortlist,
    RoundStanding,
    SelectionRoundCreate,
    SelectionRoundOut,
    SelectionRoundPatch,
)
from enterprise_registry.selection_rounds.store import rounds, sheets
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Because

router = ResourceRouter(rounds, SelectionRoundOut)
_SHEET = {"item": "018e2b69-…", "points": {"rd_input": "85.5", "results": "90", "growth": "78", "pull": "80"}}


@router.create(example=EXAMPLE)
async def create(body: SelectionRoundCreate, uow: Write) -> SelectionRound:
    """Draft a round; nobody outside the city's offices sees it until it is announced.

    422 `granted_elsewhere`, `not_by_selection`, `scheme_unknown`, `quota_stated`, `period_over`.
    """
    return await planning.draft(uow, body)


@router.update(example={"sheets_needed": 3, "pass_mark": "60"})
async def update(record_id: RecordId, body: SelectionRoundPatch, uow: Write) -> SelectionRound:
    """Change a round that is not announced yet."""
    return await planning.update(uow, record_id, body)


@router.verb("announce")
async def announce(record_id: RecordId, uow: Write) -> SelectionRound:
    """Announce it: everybody sees it, and its application window opens and closes by itself."""
    return await planning.announce(uow, record_id)


@router.verb("score", example={"sheets": [_SHEET]})
async def score(record_id: RecordId, body: RoundScore, uow: Write) -> SelectionRound:
    """Hand in the caller's score sheets. 409 `window_running`; 422 `lines_differ`, `item_unknown`.

    A second sheet for the same item takes the place of the caller's first, until the list is made.
    """
    return await scoring.score(uow, record_id, body)


@router.verb("shortlist", example={"places": 100})
async def shortlist(record_id: RecordId, body: RoundShortlist, uow: Write) -> SelectionRound:
    """Rank by the sheets and make the list. 409 `applications_pending`, `scores_missing`; 422 `lot_needed`.

    Without `places` the list is as long as what is left of a cap. It may be made again until it is on notice.
    """
    return await scoring.shortlist(uow, record_id, body)


@router.verb("open-notice", example={"contact": "江门市科学技术局 0750-3500000"})
async def open_notice(record_id: RecordId, body: RoundNotice, uow: Write) -> SelectionRound:
    """Put the list on public notice; the period comes from the pack. 409 `shortlist_outdated`."""
    return await awarding.open_notice(uow, record_id, body)


@router.verb("award", example={"document_no": "江科〔2024〕12号", "decided_on": "2024-06-12"})
async def award(record_id: RecordId, body: RoundAward, uow: Write) -> SelectionRound:
    """Award by a decision with a document; never by who scored or handled. All of it or nothing.

    409 `quota_exhausted` (award 101 of 100: nothing is awarded, `remaining` says what is left), `notice_running`,
    `item_held`, `objection_upheld`, `handler_does_not_decide`. Held items keep the round open for a later `award`.
    """
    return await awarding.award(uow, record_id, body)


@router.verb("cancel", example=Because.example)
async def cancel(record_id: RecordId, body: Because, uow: Write) -> SelectionRound:
    """Cancel it before anything was awarded: window and notice close, applications lapse."""
    return await planning.cancel(uow, record_id, body.reason)


@router.other(
    "GET", "/{record_id}/quota", action="read", operation_id="get_selection_round_quota",
    summary="名额 The quota that the honour's rounds share",
)  # fmt: skip
async def quota(record_id: RecordId, unit: Read) -> RoundQuotaOut:
    """How much of the quota is taken by all rounds of the honour and its period."""
    found = await rounds.get(unit, record_id)
    return RoundQuotaOut.model_validate(await quotas.read(unit, found.quota))


@router.other(
    "GET", "/{record_id}/standing", action="standing", operation_id="get_selection_round_standing",
    summary="排名与说明 The ranking, explained",
)  # fmt: skip
async def standing(record_id: RecordId, unit: Read) -> RoundStanding:
    """Every item with total, rank, line means, sheets, ties and what became of it; live until shortlisted."""
    found = await rounds.get(unit, record_id)
    rounds.require_permission(unit, "standing", found)
    listed, missing = await scoring.standing(unit, found)
    return RoundStanding(
        round=found.id, state=found.state, scheme=dict(found.scheme), tie_rule=found.tie_rule,
        pass_mark=found.pass_mark, scorers=list(found.scorers),
        quota=RoundQuotaOut.model_validate(await quotas.read(unit, found.quota)),
        items=[RoundEntryOut.model_validate(each) for each in listed], missing=missing,
    )  # fmt: skip


@router.other(
    "GET", "/{record_id}/my-sheets", action="score", operation_id="get_selection_round_own_sheets",
    summary="本人评分表 What the caller scores",
)  # fmt: skip
async def my_sheets(record_id: RecordId, unit: Read) -> RoundOwnSheets:
    """The items that the caller may score, with the points given so far; nobody else's."""
    found = await rounds.get(unit, record_id)
    rounds.require_permission(unit, "score", found)
    given = {
        each.item: each.points for each in await sheets(unit, found.id) if each.scorer == unit.actor.subject
    }
    about = await scoring.subjects(unit, found)
    return RoundOwnSheets(
        round=found.id, lines=list(found.scheme["lines"]),
        items=[
            RoundOwnSheet(
                item=each.item, number=each.number, holder=each.holder, organisation=each.organisation,
                label=each.label, points=scoring.shown(given.get(each.item)),
            )
            for each in about
        ],
    )  # fmt: skip
