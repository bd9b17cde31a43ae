"""commissioner-matching: what the service consists of."""

from commissioner_matching import integrity, packs
from commissioner_matching.commissioners.routes import router as commissioners
from commissioner_matching.commissioners.store import COMMISSIONERS
from commissioner_matching.dispatches.routes import router as dispatches
from commissioner_matching.dispatches.store import DISPATCHES
from commissioner_matching.dispatches.use_cases import EXPIRY_TIMER, expire
from commissioner_matching.expert_draws.routes import router as expert_draws
from commissioner_matching.expert_draws.store import EXPERT_DRAWS
from commissioner_matching.expert_draws.use_cases import requested_by_call
from commissioner_matching.experts.routes import router as experts
from commissioner_matching.experts.store import EXPERTS
from commissioner_matching.matches.routes import router as matches
from commissioner_matching.matches.store import MATCHES
from commissioner_matching.metadata import metadata, parties
from commissioner_matching.need_campaigns import need_campaigns
from commissioner_matching.persons.routes import router as persons
from commissioner_matching.persons.store import PERSONS
from commissioner_matching.programmes.routes import router as programmes
from commissioner_matching.service_records.routes import router as service_records
from commissioner_matching.service_records.store import SERVICE_RECORDS
from commissioner_matching.teams.routes import router as teams
from commissioner_matching.teams.store import TEAMS
from commissioner_matching.technical_needs.routes import router as technical_needs
from commissioner_matching.technical_needs.store import NEEDS
from commissioner_matching.technical_needs.use_cases import (
    RETURN_TIMER,
    fulfil_by_contract,
    lapse_return,
)
from kechuang.messaging.handlers import Handler
from kechuang.service import Service
from kechuang.text import Text
from kechuang_contracts.permissions import permissions
from kechuang_contracts.project_bidding import ContractAccepted, ReviewPanelRequested
from kechuang_contracts.words import words

SERVICE = Service(
    name="commissioner-matching",
    code="cm",
    package="commissioner_matching",
    title=Text("科技特派员与供需匹配", "commissioner matching"),
    summary=Text(
        "特派员与专家、技术需求、匹配、选派、专家抽取",
        "Commissioners and experts, technical needs, matching, dispatch, expert draws",
    ),
    metadata=metadata,
    permissions=permissions(),
    words=words(),
    resources=(
        need_campaigns.RESOURCE,
        NEEDS,
        PERSONS,
        COMMISSIONERS,
        EXPERTS,
        TEAMS,
        MATCHES,
        DISPATCHES,
        SERVICE_RECORDS,
        EXPERT_DRAWS,
    ),
    routers=(
        need_campaigns.router,
        technical_needs,
        persons,
        commissioners,
        experts,
        teams,
        programmes,
        matches,
        dispatches,
        service_records,
        expert_draws,
    ),
    handlers=(
        *parties.handlers(),
        integrity.sanctions.handler,
        Handler(ContractAccepted, fulfil_by_contract, name="needs-of-contracts"),
        Handler(ReviewPanelRequested, requested_by_call, name="draws-of-calls"),
    ),
    timers={**need_campaigns.timers, RETURN_TIMER: lapse_return, EXPIRY_TIMER: expire},
    on_start=(packs.load_at_start,),
)
