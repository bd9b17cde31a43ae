"""indicators: what the service consists of."""

from indicators import packs
from indicators.catalogue.routes import router as catalogue
from indicators.facts.handlers import HANDLERS as FACTS
from indicators.messages import store as messages
from indicators.messages.routes import router as message_routes
from indicators.metadata import metadata
from indicators.observations.routes import router as observation_routes
from indicators.observations.store import OBSERVATIONS
from indicators.progress.routes import router as progress
from indicators.submissions.routes import router as submission_routes
from indicators.submissions.store import SUBMISSIONS, windows
from indicators.submissions.use_cases import RETURN_TIMER, overdue
from indicators.work_items import store as work_items
from indicators.work_items.routes import router as work_item_routes
from kechuang.service import Service
from kechuang.text import Text
from kechuang_contracts.permissions import permissions
from kechuang_contracts.words import words

# The read models of work items and messages hold those of all services, this one included.
HEARD = ("enterprise-registry", "commissioner-matching", "project-bidding", "indicators")

SERVICE = Service(
    name="indicators",
    code="in",
    package="indicators",
    title=Text("指标监测", "indicators"),
    summary=Text(
        "指标与目标、填报、进展与数据来源、待办与消息",
        "Indicators and targets, collection, progress with provenance, work items and messages",
    ),
    metadata=metadata,
    permissions=permissions(),
    words=words(),
    resources=(OBSERVATIONS, windows.RESOURCE, SUBMISSIONS),
    routers=(
        catalogue,
        progress,
        observation_routes,
        windows.router,
        submission_routes,
        work_item_routes,
        message_routes,
    ),
    handlers=(*FACTS, *work_items.handlers(*HEARD), *messages.handlers(*HEARD)),
    timers={**windows.timers, RETURN_TIMER: overdue},
    on_start=(packs.load_at_start,),
)
