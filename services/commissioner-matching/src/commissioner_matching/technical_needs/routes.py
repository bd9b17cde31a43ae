"""The HTTP edge of technical needs."""

from commissioner_matching.technical_needs import use_cases
from commissioner_matching.technical_needs.domain import Need, reads_confidential
from commissioner_matching.technical_needs.schemas import (
    EXAMPLE,
    TechnicalNeedAnswer,
    TechnicalNeedConsent,
    TechnicalNeedCreate,
    TechnicalNeedOut,
    TechnicalNeedPatch,
    TechnicalNeedReopen,
    TechnicalNeedRoute,
)
from commissioner_matching.technical_needs.store import needs
from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because
from kechuang_procedure.returns import ReturnForCorrection


def show(need: Need, unit: ReadUnit) -> TechnicalNeedOut:
    """Show a need; the confidential part is left out for those who may not read it."""
    shown = TechnicalNeedOut.model_validate(need)
    return shown if reads_confidential(need, unit.actor) else shown.model_copy(update={"confidential": None})


router = ResourceRouter(needs, TechnicalNeedOut, show=show)


@router.create(example=EXAMPLE)
async def create(body: TechnicalNeedCreate, uow: Write) -> Need:
    """An enterprise's clerk drafts a need; nobody else sees it until it is submitted."""
    return await use_cases.file_need(uow, body)


@router.update(example={"budget": "350000.00"})
async def update(record_id: RecordId, body: TechnicalNeedPatch, uow: Write) -> Need:
    """The owner changes a draft, or a need that was returned for correction."""
    return await use_cases.correct_need(uow, record_id, body)


@router.verb("submit")
async def submit(record_id: RecordId, uow: Write) -> Need:
    """The owner submits the need to its county; needs the authorisation to submit."""
    return await use_cases.submit_need(uow, record_id)


@router.verb("withdraw", example=Because.example)
async def withdraw(record_id: RecordId, body: Because, uow: Write) -> Need:
    """The owner takes the need back before it is routed."""
    return await use_cases.withdraw_need(uow, record_id, body.reason)


@router.verb("accept", example=Because.example)
async def accept(record_id: RecordId, body: Because, uow: Write) -> Need:
    """An officer of the place takes the need on."""
    return await use_cases.accept_need(uow, record_id, body.reason)


@router.verb(
    "return",
    example={"items": [{"pointer": "/text", "label": "需求描述", "reason": "缺少可测量的技术指标"}]},
)
async def return_(record_id: RecordId, body: ReturnForCorrection, uow: Write) -> Need:
    """An officer returns the need with all that is to be corrected; once. At the due date it lapses."""
    return await use_cases.return_need(uow, record_id, body)


@router.verb("route", example={"route": "matching"})
async def route(record_id: RecordId, body: TechnicalNeedRoute, uow: Write) -> Need:
    """An officer sends the need to advice, to matching, or towards an open call."""
    return await use_cases.route_need(uow, record_id, body.route)


@router.verb("advise", example={"answer": "建议联系区检测中心先做断口分析，附检测流程。"})
async def advise(record_id: RecordId, body: TechnicalNeedAnswer, uow: Write) -> Need:
    """An officer answers the need; the enterprise confirms or reopens it."""
    return await use_cases.advise_need(uow, record_id, body.answer)


@router.verb(
    "consent",
    bulk=False,
    example={"public_title": "薄壁环形件焊接变形控制", "public_text": "将圆度变形控制在 0.05 mm 以内。"},
)
async def consent(record_id: RecordId, body: TechnicalNeedConsent, uow: Write) -> Need:
    """The owner's signatory consents to exactly this text being published; it can be given anew."""
    return await use_cases.consent_to_text(uow, record_id, body.public_title, body.public_text)


@router.verb("escalate", example=Because.example)
async def escalate(record_id: RecordId, body: Because, uow: Write) -> Need:
    """The city turns the need into a draft call; 409 `public_text_missing` before the owner's consent."""
    return await use_cases.escalate_need(uow, record_id, body.reason)


@router.verb("resolve", example={"reason": "工艺参数已固化，试产合格。"})
async def resolve(record_id: RecordId, body: Because, uow: Write) -> Need:
    """Who serves or handles the need says that it is solved."""
    return await use_cases.resolve_need(uow, record_id, body.reason)


@router.verb("confirm", example={"reason": "连续三批气孔率低于 1%。"})
async def confirm(record_id: RecordId, body: Because, uow: Write) -> Need:
    """The enterprise alone confirms that its need is solved."""
    return await use_cases.confirm_need(uow, record_id, body.reason)


@router.verb("reopen", example=TechnicalNeedReopen.example)
async def reopen(record_id: RecordId, body: TechnicalNeedReopen, uow: Write) -> Need:
    """The enterprise says that it is not solved; it goes back to being routed."""
    return await use_cases.reopen_need(uow, record_id, body.reason)


@router.verb("close", example={"reason": "两轮匹配后仍无合适团队。"})
async def close(record_id: RecordId, body: Because, uow: Write) -> Need:
    """The city closes a need that could not be solved."""
    return await use_cases.close_need(uow, record_id, body.reason)
