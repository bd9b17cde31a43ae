from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from stdnum.cn import ric
from stdnum.cn import uscc as stdnum_uscc

from kechuang import codes
from kechuang.codes import UsccError, UsccFault, check_uscc, is_uscc
from kechuang.codes.synthetic import synthetic_resident_id, synthetic_uscc
from kechuang.codes.uscc import ALPHABET, check_character

FIXTURES = ["91440703MA0TEAT010", "91360404MA0TEAT01G", "91420804MA0TEAT01B", "91441704MA0TEAT01T"]


class Enterprise(BaseModel):
    uscc: codes.Uscc
    division: codes.DivisionCode = "440703"
    area: codes.AreaId = "440703"


@pytest.mark.parametrize("code", FIXTURES)
def test_valid_credit_codes_in_any_spelling(code: str) -> None:
    full_width = "".join(chr(ord(character) + 0xFEE0) for character in code)
    assert check_uscc(f" {code.lower()} ") == code
    assert check_uscc(full_width) == code


def test_every_single_wrong_character_is_found() -> None:
    good = FIXTURES[0]
    for place in range(18):
        for character in ALPHABET:
            if character != good[place]:
                assert not is_uscc(good[:place] + character + good[place + 1 :])


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("91440703MA0TEAT01", UsccFault.LENGTH),
        ("91440703MA0TEATO10", UsccFault.CHARACTERS),
        ("B1440703MA0TEAT010", UsccFault.CHARACTERS),
        ("91440703MA0TEAT011", UsccFault.CHECK),
    ],
)
def test_the_fault_is_named(code: str, fault: UsccFault) -> None:
    with pytest.raises(UsccError) as refused:
        check_uscc(code)
    assert refused.value.fault is fault


def test_the_subject_code_is_checked_but_not_for_individual_businesses() -> None:
    enterprise, individual = "91440703MA0TEAT02", "92440703MA0TEAT02"
    with pytest.raises(UsccError) as refused:
        check_uscc(enterprise + check_character(enterprise))
    assert refused.value.fault is UsccFault.SUBJECT_CHECK
    assert is_uscc(individual + check_character(individual))


@given(st.integers(), st.sampled_from(["91", "92", "12", "52"]))
def test_synthetic_credit_codes_are_valid_also_for_another_implementation(seed: int, kind: str) -> None:
    code = synthetic_uscc(Random(seed), area="360404", kind=kind)
    assert check_uscc(code) == code
    assert stdnum_uscc.is_valid(code)


def test_the_wire_types_name_the_fault_in_both_languages() -> None:
    with pytest.raises(ValidationError) as refused:
        Enterprise.model_validate({"uscc": "91440703MA0TEAT011", "division": "1", "area": "江门"})
    errors = {error["type"]: error["ctx"]["zh"] for error in refused.value.errors()}
    assert set(errors) == {"uscc_check", "division_code", "area_id"}
    assert "第18位" in errors["uscc_check"]


def test_an_area_is_a_division_or_a_local_slug() -> None:
    record = Enterprise.model_validate({"uscc": FIXTURES[0].lower(), "area": "jiangmen-hnz"})
    assert (record.uscc, record.area) == (FIXTURES[0], "jiangmen-hnz")


@given(st.integers())
def test_synthetic_identity_numbers_are_valid_also_for_another_implementation(seed: int) -> None:
    number = synthetic_resident_id(Random(seed))
    assert codes.check_resident_id(number.lower()) == number
    assert ric.calc_check_digit(number) == number[-1]
    assert codes.birth_date(number) == ric.get_birth_date(number)


def test_an_identity_number_needs_a_real_birthday_and_the_right_check() -> None:
    number = synthetic_resident_id(Random(1), birth=date(1980, 2, 29))
    assert codes.birth_date(number) == date(1980, 2, 29)
    for wrong in ("11010519490231002" + "X", number[:-1], "00" + number[2:]):
        with pytest.raises(codes.ResidentIdError):
            codes.check_resident_id(wrong)


def test_the_standard_s_own_example_is_valid() -> None:
    assert codes.check_resident_id("11010519491231002x") == "11010519491231002X"


def test_the_lists_are_complete() -> None:
    industries, disciplines, areas = codes.industries(), codes.disciplines(), codes.areas()
    assert sum(code.parent is None for code in industries.values()) == 20
    assert [code for code in industries if code.isdigit()] == [f"{number:02d}" for number in range(1, 98)]
    assert industries["39"].parent == "C"
    assert sum(code.parent is not None for code in disciplines.values()) == 62
    counties = {
        city: sum(area.parent == city and area.current for area in areas.values())
        for city in ("440700", "360400", "420800", "441700")
    }
    assert counties == {"440700": 7, "360400": 13, "420800": 5, "441700": 4}
    assert areas["440703"].name.as_labels() == {"zh": "蓬江区", "en": "Pengjiang"}


def test_an_abolished_area_leads_to_its_successor() -> None:
    assert codes.current_area("440782") == "440705"
    assert codes.current_area("440703") == "440703"
    assert codes.current_area("110101") == "110101"


def test_the_kind_of_body_is_read_from_the_code() -> None:
    kind = codes.registration_kind(FIXTURES[0])
    assert kind is not None
    assert kind.zh == "企业"
    assert codes.registration_kind("19") is None
