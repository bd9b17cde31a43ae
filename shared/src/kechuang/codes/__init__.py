"""National codes: credit codes, identity numbers, and the lists of areas, industries and disciplines."""

from kechuang.codes.lists import Code, areas, current_area, disciplines, industries
from kechuang.codes.resident import ResidentIdError, birth_date, check_resident_id
from kechuang.codes.types import AreaId, DivisionCode, Uscc
from kechuang.codes.uscc import UsccError, UsccFault, check_uscc, is_uscc, registration_kind

__all__ = [
    "AreaId",
    "Code",
    "DivisionCode",
    "ResidentIdError",
    "Uscc",
    "UsccError",
    "UsccFault",
    "areas",
    "birth_date",
    "check_resident_id",
    "check_uscc",
    "current_area",
    "disciplines",
    "industries",
    "is_uscc",
    "registration_kind",
]
