"""Registers (名册): dated records of the kinds that a policy pack declares, counted as of any day."""

from kechuang_procedure.registers.domain import RegisterKind, RegisterRecord, RequiredEvidence, last_day
from kechuang_procedure.registers.feature import Registers
from kechuang_procedure.registers.rules import RegisterHost, RegisterPlace, RegisterRules

__all__ = [
    "RegisterHost",
    "RegisterKind",
    "RegisterPlace",
    "RegisterRecord",
    "RegisterRules",
    "Registers",
    "RequiredEvidence",
    "last_day",
]
