"""What enterprise-registry tells the others, one module a part; readers import from here."""

from kechuang_contracts.enterprise_registry.cases import (
    EnterpriseCaseClosed,
    EnterpriseCaseConfirmed,
    EnterpriseCaseContactLogged,
    EnterpriseCaseOpened,
    EnterpriseCaseReopened,
    EnterpriseCaseResolved,
)
from kechuang_contracts.enterprise_registry.filings import (
    FilingSuperseded,
    FilingVerified,
)
from kechuang_contracts.enterprise_registry.finance import (
    FinanceNeedFunded,
    RiskPoolChanged,
)
from kechuang_contracts.enterprise_registry.funds import (
    BenefitGranted,
    BenefitPaid,
    BenefitRecovered,
    BudgetAllocated,
    BudgetClosed,
    BudgetOpened,
)
from kechuang_contracts.enterprise_registry.organisations import (
    AuthorisationChanged,
    OrganisationChanged,
    OrganisationRegistered,
)
from kechuang_contracts.enterprise_registry.points import (
    PointEntryRecorded,
    PointEntryReversed,
)
from kechuang_contracts.enterprise_registry.recognitions import (
    RecognitionDecided,
    RecognitionEnded,
    ReservePoolMemberEnded,
    ReservePoolMemberJoined,
    SelectionRoundAwarded,
)
from kechuang_contracts.enterprise_registry.registers import (
    AllianceActivated,
    AllianceDissolved,
    AllianceLeadChanged,
    RegisterRecordConfirmed,
    RegisterRecordEnded,
)

__all__ = [
    "AllianceActivated",
    "AllianceDissolved",
    "AllianceLeadChanged",
    "AuthorisationChanged",
    "BenefitGranted",
    "BenefitPaid",
    "BenefitRecovered",
    "BudgetAllocated",
    "BudgetClosed",
    "BudgetOpened",
    "EnterpriseCaseClosed",
    "EnterpriseCaseConfirmed",
    "EnterpriseCaseContactLogged",
    "EnterpriseCaseOpened",
    "EnterpriseCaseReopened",
    "EnterpriseCaseResolved",
    "FilingSuperseded",
    "FilingVerified",
    "FinanceNeedFunded",
    "OrganisationChanged",
    "OrganisationRegistered",
    "PointEntryRecorded",
    "PointEntryReversed",
    "RecognitionDecided",
    "RecognitionEnded",
    "RegisterRecordConfirmed",
    "RegisterRecordEnded",
    "ReservePoolMemberEnded",
    "ReservePoolMemberJoined",
    "RiskPoolChanged",
    "SelectionRoundAwarded",
]
