"""enterprise-registry: what the service consists of."""

from enterprise_registry import integrity
from enterprise_registry.alliances.routes import router as alliances
from enterprise_registry.alliances.store import ALLIANCES
from enterprise_registry.applications import handling as application_handling
from enterprise_registry.applications.routes import router as applications
from enterprise_registry.applications.store import APPLICATIONS
from enterprise_registry.assessments.routes import rerun_router, rungs_router
from enterprise_registry.assessments.routes import router as assessments
from enterprise_registry.authorisations import use_cases as authorisation_use_cases
from enterprise_registry.authorisations.routes import router as authorisations
from enterprise_registry.authorisations.store import AUTHORISATIONS
from enterprise_registry.benefits import recovery as _recovery  # noqa: F401  registers with recognitions what rests on them
from enterprise_registry.benefits.routes import router as benefit_grants
from enterprise_registry.benefits.routes import rules_router as benefit_rules
from enterprise_registry.benefits.runs import jobs as benefit_jobs
from enterprise_registry.benefits.runs.routes import router as benefit_runs
from enterprise_registry.benefits.runs.store import BENEFIT_RUNS
from enterprise_registry.benefits.store import BENEFIT_GRANTS
from enterprise_registry.budgets import reading as budget_reading
from enterprise_registry.budgets.routes import router as budgets
from enterprise_registry.budgets.store import BUDGETS
from enterprise_registry.cases.feature import cases
from enterprise_registry.cases.routes import support_router
from enterprise_registry.data_agreements import use_cases as data_agreement_use_cases
from enterprise_registry.data_agreements.routes import router as data_agreements
from enterprise_registry.data_agreements.store import DATA_AGREEMENTS
from enterprise_registry.filing_windows.feature import filing_windows
from enterprise_registry.filing_windows.reading import router as filing_window_routes
from enterprise_registry.filings import deciding as filing_deciding
from enterprise_registry.filings.imports import IMPORT as FILING_IMPORT
from enterprise_registry.filings.routes import router as filings
from enterprise_registry.filings.store import FILINGS
from enterprise_registry.finance.lead_banks.routes import router as lead_banks
from enterprise_registry.finance.lead_banks.store import LEAD_BANKS
from enterprise_registry.finance.pools.routes import router as risk_pools
from enterprise_registry.finance.pools.store import RISK_POOLS
from enterprise_registry.finance.routes import router as finance_needs
from enterprise_registry.finance.store import FINANCE_NEEDS
from enterprise_registry.me.routes import router as me
from enterprise_registry.metadata import metadata
from enterprise_registry.organisations.imports import IMPORT as ORGANISATION_IMPORT
from enterprise_registry.organisations.routes import enterprises
from enterprise_registry.organisations.routes import router as organisations
from enterprise_registry.organisations.store import ORGANISATIONS
from enterprise_registry.pack_versions.routes import router as pack_versions
from enterprise_registry.pack_versions.store import PACK_VERSIONS
from enterprise_registry.points import deriving as points_deriving
from enterprise_registry.points.routes import balances as point_balances
from enterprise_registry.points.routes import router as point_entries
from enterprise_registry.points.store import POINT_ENTRIES
from enterprise_registry.policy.library import read_packs
from enterprise_registry.policy.routes import router as policy
from enterprise_registry.policy_documents import use_cases as policy_document_use_cases
from enterprise_registry.policy_documents.routes import router as policy_documents
from enterprise_registry.policy_documents.store import POLICY_DOCUMENTS
from enterprise_registry.portraits import heard as innovation_events
from enterprise_registry.portraits import run as portrait_runs
from enterprise_registry.portraits.routes import router as portraits
from enterprise_registry.portraits.store import PORTRAITS
from enterprise_registry.procedure import application_windows, notices, objections
from enterprise_registry.quotas import store as quotas
from enterprise_registry.rd_growth.routes import router as rd_growth
from enterprise_registry.recognitions import ending as recognition_endings
from enterprise_registry.recognitions.count_routes import counts_router
from enterprise_registry.recognitions.imports import IMPORT as RECOGNITION_IMPORT
from enterprise_registry.recognitions.routes import router as recognitions
from enterprise_registry.recognitions.store import RECOGNITIONS
from enterprise_registry.registers import links
from enterprise_registry.registers.routes import chains_router as chain_members
from enterprise_registry.registers.routes import router as register_goals
from enterprise_registry.registers.store import records
from enterprise_registry.reserve_pools.imports import IMPORT as POOL_IMPORT
from enterprise_registry.reserve_pools.routes import counts_router as pool_counts_router
from enterprise_registry.reserve_pools.routes import router as reserve_pools
from enterprise_registry.reserve_pools.store import POOL_MEMBERS
from enterprise_registry.rule_impacts.routes import router as rule_impacts
from enterprise_registry.rule_impacts.run import JOB as IMPACT_JOB
from enterprise_registry.rule_impacts.run import KIND as IMPACT
from enterprise_registry.rule_impacts.store import RULE_IMPACTS
from enterprise_registry.scoring_models.routes import router as scoring_models
from enterprise_registry.scoring_models.store import SCORING_MODELS
from enterprise_registry.selection_rounds.routes import router as selection_rounds
from enterprise_registry.selection_rounds.store import SELECTION_ROUNDS
from enterprise_registry.service_items.routes import router as service_items
from kechuang.service import Service
from kechuang.text import Text
from kechuang_contracts.permissions import permissions
from kechuang_contracts.words import words

SERVICE = Service(
    name="enterprise-registry",
    code="er",
    package="enterprise_registry",
    title=Text("企业培育", "enterprise registry"),
    summary=Text(
        "单位与授权、填报、梯次培育对标、申报认定、公示",
        "Organisations and authorisations, filings, assessments, applications, recognitions, notices",
    ),
    metadata=metadata,
    permissions=permissions(),
    words=words(),
    resources=(
        ORGANISATIONS, AUTHORISATIONS, filing_windows.RESOURCE, FILINGS, application_windows.RESOURCE,
        APPLICATIONS, RECOGNITIONS, SELECTION_ROUNDS, POOL_MEMBERS, notices.RESOURCE, objections.RESOURCE, cases.RESOURCE, POLICY_DOCUMENTS, DATA_AGREEMENTS,
        PACK_VERSIONS, RULE_IMPACTS,
        SCORING_MODELS, PORTRAITS, POINT_ENTRIES,
        records.RESOURCE, ALLIANCES, BUDGETS, BENEFIT_GRANTS, BENEFIT_RUNS,
        FINANCE_NEEDS, LEAD_BANKS, RISK_POOLS,
    ),
    routers=(
        me, organisations, rungs_router, support_router, cases.measures_router, cases.router, service_items, policy_documents, data_agreements, enterprises, authorisations, filing_window_routes, filings,
        assessments, rerun_router, application_windows.router, applications, recognitions, counts_router,
        selection_rounds, reserve_pools, pool_counts_router, notices.router,
        objections.router, register_goals, records.router, alliances, chain_members, budgets, benefit_rules,
        benefit_runs, benefit_grants, finance_needs, lead_banks, risk_pools,
        pack_versions, rule_impacts, scoring_models, portraits, point_entries, point_balances, rd_growth, policy,
    ),
    handlers=(integrity.sanctions.handler, *innovation_events.handlers(), *points_deriving.handlers(), *links.handlers),
    jobs={
        **{each.kind: each.job for each in (ORGANISATION_IMPORT, FILING_IMPORT, RECOGNITION_IMPORT, POOL_IMPORT, records.IMPORT)},
        budget_reading.RECOUNT: budget_reading.RECOUNT_JOB,
        IMPACT: IMPACT_JOB,
        **portrait_runs.JOBS,
        benefit_jobs.COMPUTE: benefit_jobs.COMPUTE_JOB,
        benefit_jobs.ISSUE: benefit_jobs.ISSUE_JOB,
    },
    on_start=(read_packs, policy_document_use_cases.take_from_packs),
    timers={
        authorisation_use_cases.TIMER: authorisation_use_cases.on_day,
        filing_deciding.LAPSE: filing_deciding.lapse,
        application_handling.LAPSE: application_handling.lapse,
        recognition_endings.EXPIRE: recognition_endings.expire,
        quotas.CHECK: quotas.check,
        **filing_windows.timers,
        **application_windows.timers,
        **notices.timers,
        **cases.timers,
        data_agreement_use_cases.RUN_OUT: data_agreement_use_cases.run_out,
        policy_document_use_cases.EXPIRE: policy_document_use_cases.expire,
        policy_document_use_cases.REPLACE: policy_document_use_cases.replace_on_day,
        **records.timers,
    },
)  # fmt: skip
