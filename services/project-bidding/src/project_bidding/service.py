"""project-bidding: what the service consists of."""

from kechuang.messaging.handlers import Handler
from kechuang.service import Service
from kechuang.text import Text
from kechuang_contracts.commissioner_matching import ExpertDrawDrawn, TechnicalNeedEscalated
from kechuang_contracts.permissions import permissions
from kechuang_contracts.words import words
from project_bidding import packs, points
from project_bidding.batches.feature import CALL_BATCHES
from project_bidding.batches.feature import router as call_batches
from project_bidding.bids.routes import router as bids
from project_bidding.bids.store import BIDS
from project_bidding.calls.opening import close
from project_bidding.calls.routes import router as calls
from project_bidding.calls.store import CALLS
from project_bidding.calls.use_cases import CLOSE, draft_from_need
from project_bidding.contracts.routes import router as contracts
from project_bidding.contracts.store import CONTRACTS
from project_bidding.integrity.feature import EXPIRE, INTEGRITY_RECORDS, expire
from project_bidding.integrity.feature import router as integrity_records
from project_bidding.metadata import call_notices, metadata, objections, parties
from project_bidding.milestones.feature import DUE_SOON, MILESTONES, OVERDUE, lapse, remind
from project_bidding.milestones.feature import router as milestones
from project_bidding.opening_keys.feature import OPENING_KEYS
from project_bidding.opening_keys.feature import router as opening_keys
from project_bidding.programmes.routes import router as programmes
from project_bidding.questions.feature import QUESTIONS
from project_bidding.questions.feature import router as questions
from project_bidding.reviews.routes import router as reviews
from project_bidding.reviews.store import REVIEWS
from project_bidding.reviews.use_cases import seat_panel
from project_bidding.tranches.feature import TRANCHES
from project_bidding.tranches.feature import router as tranches

SERVICE = Service(
    name="project-bidding",
    code="pb",
    package="project_bidding",
    title=Text("揭榜挂帅与项目管理", "project bidding"),
    summary=Text(
        "榜题、密封申请、评审、公示、立项、任务书与拨款",
        "Calls, sealed bids, reviews, notices, awards, contracts and their money",
    ),
    metadata=metadata,
    permissions=permissions(),
    words=words(),
    resources=(
        OPENING_KEYS,
        CALL_BATCHES,
        CALLS,
        QUESTIONS,
        BIDS,
        REVIEWS,
        call_notices.RESOURCE,
        objections.RESOURCE,
        CONTRACTS,
        MILESTONES,
        TRANCHES,
        INTEGRITY_RECORDS,
    ),
    routers=(
        programmes,
        opening_keys,
        call_batches,
        calls,
        questions,
        bids,
        reviews,
        call_notices.router,
        objections.router,
        contracts,
        milestones,
        tranches,
        integrity_records,
    ),
    handlers=(
        *parties.handlers(),
        points.handler,
        Handler(TechnicalNeedEscalated, draft_from_need, name="draft-call"),
        Handler(ExpertDrawDrawn, seat_panel, name="seat-panel"),
    ),
    timers={CLOSE: close, OVERDUE: lapse, DUE_SOON: remind, EXPIRE: expire, **call_notices.timers},
    on_start=(packs.load_at_start,),
)
