"""The HTTP edge of applications."""

from enterprise_registry.applications import filing, handling
from enterprise_registry.applications.domain import Application
from enterprise_registry.applications.schemas import (
    DECISION,
    EXAMPLE,
    ApplicationCreate,
    ApplicationDecide,
    ApplicationExpedite,
    ApplicationForward,
    ApplicationNotice,
    ApplicationOpinion,
    ApplicationOut,
    ApplicationPatch,
    ApplicationReject,
    ApplicationResult,
)
from enterprise_registry.applications.store import applications
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because
from kechuang_procedure.returns import ReturnForCorrection

router = ResourceRouter(applications, ApplicationOut)


@router.create(example=EXAMPLE)
async def create(body: ApplicationCreate, uow: Write) -> Application:
    """Begin an application in an open window; nobody else sees it until it is submitted.

    409 `window_not_open`, 409 `already_applied` (names the existing one), 422 for wrong answers.
    """
    return await filing.draft(uow, body)


@router.update(example={"answers": {"main_product": "精密轴承"}})
async def update(record_id: RecordId, body: ApplicationPatch, uow: Write) -> Application:
    """Change a draft or a returned application."""
    return await filing.update(uow, record_id, body)


@router.verb("submit")
async def submit(record_id: RecordId, uow: Write) -> Application:
    """Hand in: completeness is judged, the assessment of the day is kept. `dry_run=true` is the pre-flight."""
    return await filing.submit(uow, record_id)


@router.verb("withdraw", example=Because.example)
async def withdraw(record_id: RecordId, body: Because, uow: Write) -> Application:
    """Take it back before the notice."""
    return await filing.withdraw(uow, record_id, body.reason)


@router.verb("accept")
async def accept(record_id: RecordId, uow: Write) -> Application:
    """Accept for handling; the state stays."""
    return await handling.accept(uow, record_id)


@router.verb("expedite", example={"reason": "省重点建设项目配套企业。"})
async def expedite(record_id: RecordId, body: ApplicationExpedite, uow: Write) -> Application:
    """Put it into the fast lane (绿色通道): first in `sort=queue`, and what it waits for is due sooner.

    409 `fast_already` when it is there.
    """
    return await handling.expedite(uow, record_id, body.reason)


@router.verb("return", example={"items": [{"pointer": "/answers/main_product", "label": "主导产品",
                                           "reason": "请写明产品名称"}]})  # fmt: skip
async def return_(record_id: RecordId, body: ReturnForCorrection, uow: Write) -> Application:
    """Return once a step; the applicant resubmits to whoever returned it, or it lapses at the due day."""
    return await handling.return_(uow, record_id, body)


@router.verb("recommend", example={"opinion": "情况属实，同意推荐。"})
async def recommend(record_id: RecordId, body: ApplicationOpinion, uow: Write) -> Application:
    """The county, zone or department recommends it to the city."""
    return await handling.recommend(uow, record_id, body.opinion)


@router.verb("review", example={"opinion": "材料齐全，符合条件。"})
async def review(record_id: RecordId, body: ApplicationOpinion, uow: Write) -> Application:
    """The city reviews it; 409 `recommendation_first` unless the window skips that step."""
    return await handling.review(uow, record_id, body.opinion)


@router.verb("forward", example={"forwarded_to": "广东省科学技术厅", "document_no": "江科函〔2024〕31号"})
async def forward(record_id: RecordId, body: ApplicationForward, uow: Write) -> Application:
    """Forward what is decided elsewhere; the answer comes by `record-result`."""
    return await handling.forward(uow, record_id, body)


@router.verb("open-notice", example={"contact": "江门市科学技术局 0750-3500000"})
async def open_notice(record_id: RecordId, body: ApplicationNotice, uow: Write) -> Application:
    """Put it on public notice, alone or with `others`; the period comes from the pack."""
    return await handling.open_notice(uow, record_id, body)


@router.verb("decide", example=DECISION)
async def decide(record_id: RecordId, body: ApplicationDecide, uow: Write) -> Application:
    """Decide after the notice's end. 409 `notice_running`, `item_held`, `handler_does_not_decide`."""
    return await handling.decide(uow, record_id, body)


@router.verb("record-result", example=DECISION | {"certificate_no": "GR202444000001"})
async def record_result(record_id: RecordId, body: ApplicationResult, uow: Write) -> Application:
    """Record the answer of the province or ministry."""
    return await handling.record_result(uow, record_id, body)


@router.verb("reject", example={"grounds": "不符合规模条件。"})
async def reject(record_id: RecordId, body: ApplicationReject, uow: Write) -> Application:
    """Reject, with grounds; never by who handled it."""
    return await handling.reject(uow, record_id, body)
