"""The checks of the R&D forms, each on its two sides; periods; when reminders come."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from enterprise_registry.filing_windows.domain import reminder_instants, standing
from enterprise_registry.filings.checks import Checked, check_fields, totals
from enterprise_registry.filings.periods import before, bounds
from enterprise_registry.filings.values import answers
from kechuang_packs import load_packs
from kechuang_packs.models.content import FormDefinition
from kechuang_procedure import forms

PACKS = Path(__file__).parents[4] / "deploy/policy-packs"

ACTIVITIES: dict[str, Any] = {
    "staff_total": 30, "staff_management": 3, "staff_women": 10, "staff_full_time": 25, "staff_bachelor": 20,
    "staff_external": 2, "rd_total": "5000000.00", "rd_personnel": "3000000.00", "rd_direct": "1000000.00",
    "rd_depreciation": "200000.00", "rd_amortisation": "100000.00", "rd_design": "200000.00",
    "rd_testing": "100000.00", "rd_entrusted": "300000.00", "entrusted_institutes": "100000.00",
    "entrusted_universities": "200000.00", "entrusted_enterprises": "0.00", "entrusted_overseas": "0.00",
    "rd_other": "100000.00", "assets_formed": "800000.00", "assets_instruments": "600000.00",
    "funds_own": "4500000.00", "funds_government": "500000.00", "funds_bank": "0.00", "funds_venture": "0.00",
    "funds_other": "0.00", "institutions": 1, "institution_staff": 20, "institution_doctors": 2,
    "institution_masters": 5, "institution_expense": "4000000.00", "institution_instruments": "900000.00",
    "patents_applied": 10, "inventions_applied": 6, "inventions_valid": 8, "inventions_used": 5,
    "new_product_sales": "20000000.00", "new_product_export": "5000000.00",
}  # fmt: skip
MORE = {
    "source": "1", "form": "10", "aim": "03", "government_funds": "200000.00", "basic_research": "0.00",
    "own_spending": "3800000.00", "entrusted_spending": "200000.00",
}  # fmt: skip


def project(**changed: Any) -> dict[str, Any]:
    """A project of 2023 as it is kept; what is no field of every project goes into its answers."""
    usual = {
        "title": "高精度轴承", "started_on": "2023-02-01", "ended_on": "2023-11-30", "staff": 20,
        "person_months": 180, "spent_fen": 400_000_000,
    }  # fmt: skip
    own = {name: changed.pop(name) for name in list(changed) if name in usual}
    return {**usual, **own, "answers": {**MORE, **changed}}


@pytest.fixture(scope="module")
def forms_by_code() -> dict[str, FormDefinition]:
    packs = load_packs(PACKS)
    found = packs.visible(packs.version("national-facts", "2026.1")).forms
    return {code: found[code] for code in ("rd_projects_107_1", "rd_activities_107_2", "rd_activity_annual")}


def sheet(form: FormDefinition, facts: dict[str, Any], *projects: dict[str, Any], **more: Any) -> Checked:
    return Checked(form, "2023", facts, projects, **more)


def codes(filing: Checked) -> tuple[set[str], set[str]]:
    """The codes of what blocks and of what warns."""
    errors, warnings = check_fields(filing)
    return {each.code for each in errors}, {each["code"] for each in warnings}


def test_a_right_sheet_breaks_nothing(forms_by_code: dict[str, FormDefinition]) -> None:
    one, two = forms_by_code["rd_projects_107_1"], forms_by_code["rd_activities_107_2"]
    assert forms.check(two.fields, ACTIVITIES, pointer="", complete=True) == []
    assert forms.check(one.projects or {}, MORE, pointer="", complete=True) == []
    beside = answers(one, "2023", {}, [project()])
    assert codes(sheet(two, ACTIVITIES, beside=beside)) == (set(), {"w14_some"})
    assert codes(sheet(one, {}, project(), beside=answers(two, "2023", ACTIVITIES, []))) == (set(), set())


BROKEN_107_2: list[tuple[str, dict[str, Any]]] = [
    ("c1_ge_2", {"staff_management": 31}),
    ("c1_ge_3", {"staff_women": 31}),
    ("c1_ge_4", {"staff_full_time": 31}),
    ("c1_ge_5", {"staff_bachelor": 31}),
    ("c1_ge_6", {"staff_external": 31}),
    ("c5_ge_24_25", {"staff_bachelor": 6}),
    ("c1_ge_23", {"institution_staff": 31}),
    ("c23_ge_24_25", {"institution_staff": 6}),
    ("c7_sum", {"rd_other": "100000.01"}),
    ("c7_ge_26", {"institution_expense": "5000000.01"}),
    ("c14_sum", {"entrusted_overseas": "0.01"}),
    ("c20_ge_21", {"assets_instruments": "800000.01"}),
    ("c27_needs_22", {"institutions": 0}),
    ("c29_ge_30", {"inventions_applied": 11}),
    ("c32_ge_33", {"inventions_used": 9}),
    ("c36_ge_37", {"new_product_export": "20000000.01"}),
    ("c7_funds", {"funds_bank": "0.01"}),
]


@pytest.mark.parametrize(("code", "wrong"), BROKEN_107_2, ids=[code for code, _ in BROKEN_107_2])
def test_each_identity_of_107_2_blocks_one_unit_beyond_it(
    forms_by_code: dict[str, FormDefinition], code: str, wrong: dict[str, Any]
) -> None:
    found, _ = codes(sheet(forms_by_code["rd_activities_107_2"], ACTIVITIES | wrong))
    assert found == {code}


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("c1_ge_2", {"staff_management": 30}),
        ("c5_ge_24_25", {"staff_bachelor": 7}),
        ("c23_ge_24_25", {"institution_staff": 7}),
        ("c7_ge_26", {"institution_expense": "5000000.00"}),
        ("c20_ge_21", {"assets_instruments": "800000.00"}),
        ("c27_needs_22", {"institutions": 0, "institution_instruments": "0.00"}),
        ("c29_ge_30", {"inventions_applied": 10}),
        ("c36_ge_37", {"new_product_export": "20000000.00"}),
    ],
)
def test_on_the_boundary_they_hold(
    forms_by_code: dict[str, FormDefinition], code: str, right: dict[str, Any]
) -> None:
    found, _ = codes(sheet(forms_by_code["rd_activities_107_2"], ACTIVITIES | right))
    assert code not in found


def test_staff_and_personnel_cost_stand_and_fall_together(forms_by_code: dict[str, FormDefinition]) -> None:
    form = forms_by_code["rd_activities_107_2"]
    nobody: dict[str, Any] = {
        name: 0 for name in ACTIVITIES if name.startswith(("staff_", "institution_", "institutions"))
    }
    nobody |= {"institution_expense": "0.00", "institution_instruments": "0.00"}
    assert "c1_iff_8" in codes(sheet(form, ACTIVITIES | nobody))[0]
    nothing = {name: "0.00" for name in ACTIVITIES if name.startswith(("rd_", "funds_", "entrusted_"))}
    assert codes(sheet(form, ACTIVITIES | nobody | nothing))[0] == set()
    assert "c1_iff_8" in codes(sheet(form, ACTIVITIES | nothing))[0]


def test_a_check_names_its_rows_in_two_languages(forms_by_code: dict[str, FormDefinition]) -> None:
    errors, _ = check_fields(sheet(forms_by_code["rd_activities_107_2"], ACTIVITIES | {"rd_other": "0.00"}))
    assert errors[0].pointer == "/facts"
    assert errors[0].detail.zh == "第7行研究开发费用合计应等于第8+9+10+11+12+13+14+19行"
    assert errors[0].detail.en == "Row 7 (R&D expense) equals rows 8 + 9 + 10 + 11 + 12 + 13 + 14 + 19"
    every = [
        check
        for form in forms_by_code.values()
        for check in form.checks
        if form.statistical and check.each is None
    ]
    assert len(every) > 30
    assert all(
        "行" in each.message.zh or "107" in each.message.zh or "资金" in each.message.zh for each in every
    )


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("p1_person_months_given", {"person_months": None}),
        ("p2_person_months_within", {"person_months": 241}),
        ("p3_parts_within_spending", {"own_spending": "3800000.01"}),
        ("p4_government_within_spending", {"government_funds": "4000000.01"}),
        ("p5_basic_within_spending", {"basic_research": "4000000.01"}),
        ("p6_within_period", {"started_on": "2022-02-01", "ended_on": "2022-12-31"}),
    ],
)
def test_each_project_of_107_1_is_judged_by_itself(
    forms_by_code: dict[str, FormDefinition], code: str, wrong: dict[str, Any]
) -> None:
    errors, _ = check_fields(sheet(forms_by_code["rd_projects_107_1"], {}, project(), project(**wrong)))
    assert [(each.code, each.pointer) for each in errors] == [(code, "/rd_projects/1")]
    assert errors[0].detail.zh.startswith("第2个项目“高精度轴承”：")


def test_what_is_only_unlikely_warns(forms_by_code: dict[str, FormDefinition]) -> None:
    one, two = forms_by_code["rd_projects_107_1"], forms_by_code["rd_activities_107_2"]
    assert codes(sheet(one, {})) == (set(), {"s1_projects"})
    cross_year = project(ended_on=None)
    assert codes(sheet(one, {}, cross_year)) == (set(), {"p7_stage_of_cross_year"})
    assert codes(sheet(one, {}, project(ended_on=None, stage="3"))) == (set(), set())
    assert codes(sheet(one, {}, project(source="2", government_funds="0.00"))) == (
        set(), {"s5_government_projects"}
    )  # fmt: skip
    before_ = answers(two, "2022", ACTIVITIES | {"rd_total": "1666666.66"}, [])
    assert codes(sheet(two, ACTIVITIES, before=before_)) == (set(), {"w14_some", "w7_jump"})
    before_ = answers(two, "2022", ACTIVITIES | {"rd_total": "1666666.67"}, [])
    assert codes(sheet(two, ACTIVITIES, before=before_)) == (set(), {"w14_some"})


@pytest.mark.parametrize(
    ("codes_of_both", "changed"),
    [
        (("s2_spending_within_total", "s2_total_covers_projects"), {"spent_fen": 500_000_001}),
        (("s3_entrusted_within", "s3_entrusted_covers_projects"),
         {"entrusted_spending": "300000.01", "own_spending": "0.00"}),
        (("s4_time_within_staff", "s4_staff_covers_time"), {"staff": 31, "person_months": 361}),
    ],
)  # fmt: skip
def test_the_sums_of_107_1_and_107_2_are_compared_from_both_sides(
    forms_by_code: dict[str, FormDefinition], codes_of_both: tuple[str, str], changed: dict[str, Any]
) -> None:
    one, two = forms_by_code["rd_projects_107_1"], forms_by_code["rd_activities_107_2"]
    rows = [project(**changed)]
    first, _ = codes(sheet(one, {}, *rows, beside=answers(two, "2023", ACTIVITIES, [])))
    second, _ = codes(sheet(two, ACTIVITIES, beside=answers(one, "2023", {}, rows)))
    assert (first, second) == ({codes_of_both[0]}, {codes_of_both[1]})
    # Alone, neither can be compared.
    assert codes(sheet(one, {}, *rows))[0] == codes(sheet(two, ACTIVITIES))[0] == set()


def test_sums_count_and_add_whole_fen(forms_by_code: dict[str, FormDefinition]) -> None:
    one = forms_by_code["rd_projects_107_1"]
    rows = [project(spent_fen=1, source="2"), project(spent_fen=2, person_months=None)]
    found = answers(one, "2023", {}, rows)
    assert {name: found[name] for name in ("project_count", "project_spending", "project_person_months")} == {
        "project_count": 2, "project_spending": 3, "project_person_months": 180
    }  # fmt: skip
    assert found["government_projects"] == 1
    assert totals(sheet(one, {}, *rows)) == {"projects": 2, "project_spending_fen": 3, "person_months": 180}
    assert totals(sheet(forms_by_code["rd_activities_107_2"], {"staff_total": 3})) == {"rd_staff": 3}


def test_the_yearly_collection_of_cost_adds_up_over_its_projects(
    forms_by_code: dict[str, FormDefinition],
) -> None:
    form = forms_by_code["rd_activity_annual"]
    right = {
        "rd_staff": 20, "rd_expense": "4000000.00", "personnel": "2500000.00", "direct_input": "1000000.00",
        "depreciation": "100000.00", "amortisation": "0.00", "design_testing": "0.00", "entrusted": "200000.00",
        "other_expense": "200000.00",
    }  # fmt: skip
    assert codes(sheet(form, right, project())) == (set(), set())
    assert codes(sheet(form, right)) == ({"projects_stated"}, set())
    assert codes(sheet(form, right, project(), project(spent_fen=1, person_months=0)))[0] == {
        "projects_within_cost"
    }
    assert codes(sheet(form, right | {"entrusted": "200000.01"}, project()))[0] == {"cost_adds_up"}
    much = right | {"other_expense": "400000.01", "entrusted": "0.00", "rd_expense": "4000000.01"}
    assert codes(sheet(form, much, project())) == (set(), {"other_share"})


@pytest.mark.parametrize(
    ("period", "kind", "earlier", "first", "last"),
    [
        ("2024", "year", "2023", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024Q1", "quarter", "2023Q4", date(2024, 1, 1), date(2024, 3, 31)),
        ("2024Q3", "quarter", "2024Q2", date(2024, 7, 1), date(2024, 9, 30)),
        ("2024-01", "month", "2023-12", date(2024, 1, 1), date(2024, 1, 31)),
        ("2024-03", "month", "2024-02", date(2024, 3, 1), date(2024, 3, 31)),
    ],
)
def test_periods_have_a_first_and_a_last_day_and_one_before(
    period: str, kind: str, earlier: str, first: date, last: date
) -> None:
    assert before(period, kind) == earlier
    assert bounds(period, kind) == (first, last)


def test_reminders_come_at_nine_before_the_last_day_and_never_in_the_past() -> None:
    last = datetime(2024, 3, 31, 16, tzinfo=UTC)  # the end of March 31 in Shanghai
    now = datetime(2024, 3, 20, tzinfo=UTC)
    assert reminder_instants(last, [7, 1, 20], now) == [
        datetime(2024, 3, 24, 1, tzinfo=UTC), datetime(2024, 3, 30, 1, tzinfo=UTC)
    ]  # fmt: skip
    # A last day that ends before nine in the morning has no reminder on itself.
    assert reminder_instants(datetime(2024, 3, 31, 0, tzinfo=UTC), [0], now) == []


def test_an_entry_follows_what_became_of_its_filing() -> None:
    assert [standing(each, window_state="open") for each in ("submitted", "returned", "verified")] == [
        "filed", "returned", "verified"
    ]  # fmt: skip
    assert {standing(each, window_state="closed") for each in ("withdrawn", "lapsed")} == {"missing"}
    assert standing("withdrawn", window_state="open") == "due"
