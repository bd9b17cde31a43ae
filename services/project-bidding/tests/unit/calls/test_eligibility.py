"""Who may post and who may answer, judged on the call's date, with every reason named."""

from dataclasses import replace
from datetime import date

from project_bidding.calls.affiliations import Relation, control_path
from project_bidding.calls.eligibility import (
    CallFacts,
    HeldRung,
    IntegrityRecord,
    Party,
    Rule,
    judge,
    judge_consortium,
)

DAY = date(2024, 5, 6)
CALL = CallFacts("榜题一", ("需求方",), DAY, DAY)
RULE = Rule(
    "answer",
    organisation_kinds=("enterprise", "university", "institute"),
    rungs=("high_tech", "tech_sme"),
    no_overdue_project=True,
    clause="揭榜挂帅管理办法第八条",
)
SOLVER = Party(
    "揭榜方",
    "enterprise",
    "440703",
    rungs=(HeldRung("high_tech", date(2022, 12, 1), date(2025, 11, 30)),),
    rungs_known_to=DAY,
)


def outcomes(rule: Rule, party: Party, *relations: Relation) -> dict[str, str]:
    return {finding.check: finding.outcome for finding in judge(rule, party, CALL, relations).findings}


def test_a_party_that_meets_everything_may_answer() -> None:
    verdict = judge(RULE, SOLVER, CALL)
    assert verdict.outcome == "met"
    assert verdict.reasons == ()
    assert {finding.clause for finding in verdict.findings} == {"揭榜挂帅管理办法第八条"}


def test_a_refusal_names_every_reason_at_once_in_both_languages() -> None:
    party = replace(SOLVER, kind="party_organ", rungs=(), overdue_projects=("P-7",))
    verdict = judge(RULE, party, CALL)
    assert verdict.outcome == "unmet"
    assert [finding.check for finding in verdict.reasons] == ["organisation_kind", "rung", "overdue_project"]
    assert all(finding.message.zh and finding.message.en for finding in verdict.findings)
    assert "party_organ" in verdict.reasons[0].message.zh


def test_a_rung_counts_on_the_calls_date_only() -> None:
    for held, expected in (
        (HeldRung("tech_sme", DAY, DAY), "met"),
        (HeldRung("tech_sme", date(2024, 5, 7)), "unmet"),
        (HeldRung("tech_sme", date(2023, 1, 1), date(2024, 5, 5)), "unmet"),
        (HeldRung("little_giant", date(2023, 1, 1)), "unmet"),
    ):
        assert outcomes(RULE, replace(SOLVER, rungs=(held,)))["rung"] == expected


def test_a_read_model_that_lags_makes_the_rung_unknown_not_absent() -> None:
    for known_to in (None, date(2024, 5, 5)):
        verdict = judge(RULE, replace(SOLVER, rungs_known_to=known_to), CALL)
        assert verdict.outcome == "unknown"
    nobody = replace(SOLVER, kind="party_organ", rungs_known_to=None)
    assert judge(RULE, nobody, CALL).outcome == "unmet"  # what is known to fail, fails


def test_an_integrity_record_bars_while_it_is_in_force() -> None:
    for record, expected in (
        (IntegrityRecord("C-1", date(2023, 1, 1)), "unmet"),
        (IntegrityRecord("C-1", DAY, DAY), "unmet"),
        (IntegrityRecord("C-1", date(2024, 5, 7)), "met"),
        (IntegrityRecord("C-1", date(2020, 1, 1), date(2024, 5, 5)), "met"),
        (IntegrityRecord("C-1", date(2023, 1, 1), lifted_on=DAY), "met"),
        (IntegrityRecord("C-1", date(2023, 1, 1), lifted_on=date(2024, 5, 7)), "unmet"),
    ):
        assert outcomes(RULE, replace(SOLVER, integrity_records=(record,)))["integrity"] == expected


def test_the_need_owner_cannot_answer_its_own_call_whatever_the_rule_says() -> None:
    open_to_all = Rule("answer", no_integrity_record=False)
    verdict = judge(open_to_all, replace(SOLVER, organisation="需求方"), CALL)
    assert verdict.outcome == "unmet"
    assert "本单位" in verdict.reasons[0].message.zh


def test_two_subsidiaries_of_one_parent_are_affiliated() -> None:
    relations = (
        Relation("集团", "需求方", "parent_subsidiary", "年报2023"),
        Relation("集团", "中间公司", "controlling_shareholding", "工商登记"),
        Relation("中间公司", "揭榜方", "parent_subsidiary", "工商登记"),
    )
    verdict = judge(RULE, SOLVER, CALL, relations)
    assert verdict.outcome == "unmet"
    assert len(verdict.reasons[0].evidence) == 3
    assert "年报2023" in verdict.reasons[0].evidence[-1]


def test_a_tie_that_has_ended_or_not_begun_does_not_bar() -> None:
    old = Relation("需求方", "揭榜方", "parent_subsidiary", "x", valid_to=date(2024, 5, 5))
    new = Relation("需求方", "揭榜方", "parent_subsidiary", "x", valid_from=date(2024, 5, 7))
    assert outcomes(RULE, SOLVER, old, new)["not_own_call"] == "met"
    assert outcomes(RULE, SOLVER, replace(old, valid_to=DAY))["not_own_call"] == "unmet"


def test_a_weaker_tie_goes_to_a_person_and_is_not_followed_further() -> None:
    direct = Relation("需求方", "揭榜方", "shared_key_staff", "申报材料")
    assert outcomes(RULE, SOLVER, direct)["not_own_call"] == "manual_review"
    chain = (
        Relation("需求方", "参股公司", "minority_shareholding", "x"),
        Relation("参股公司", "揭榜方", "minority_shareholding", "x"),
    )
    assert outcomes(RULE, SOLVER, *chain)["not_own_call"] == "met"


def test_circles_of_holdings_end() -> None:
    circle = [Relation(a, b, "controlling_shareholding", "x") for a, b in ("甲乙", "乙丙", "丙甲")]
    assert control_path(circle, "甲", "丁", DAY) is None
    path = control_path(circle, "甲", "丙", DAY)
    assert path is not None
    assert len(path) == 1


def test_posting_does_not_ask_about_affiliation() -> None:
    post = Rule("post", organisation_kinds=("enterprise",))
    assert outcomes(post, replace(SOLVER, organisation="需求方")) == {
        "organisation_kind": "met",
        "integrity": "met",
    }


def test_areas_limit_who_may_post() -> None:
    post = Rule("post", divisions=("440703", "440704"))
    assert outcomes(post, SOLVER)["division"] == "met"
    assert outcomes(post, replace(SOLVER, division="outside"))["division"] == "unmet"


def test_one_barred_member_bars_the_consortium() -> None:
    member = Party("成员", "institute", "outside")
    assert judge_consortium(RULE, SOLVER, [member], CALL).outcome == "met"
    tie = Relation("需求方", "成员", "same_controller", "工商登记")
    verdict = judge_consortium(RULE, SOLVER, [member], CALL, [tie])
    assert [(finding.check, finding.organisation) for finding in verdict.reasons] == [
        ("not_own_call", "成员")
    ]
    sanctioned = replace(member, integrity_records=(IntegrityRecord("C-9", date(2024, 1, 1)),))
    assert judge_consortium(RULE, SOLVER, [sanctioned], CALL).outcome == "unmet"


def test_members_can_have_a_rule_of_their_own() -> None:
    members = Rule("answer", organisation_kinds=("university",))
    verdict = judge_consortium(
        RULE, SOLVER, [Party("成员", "institute", "outside")], CALL, member_rule=members
    )
    assert [finding.organisation for finding in verdict.reasons] == ["成员"]


def test_points_are_judged_at_the_boundary_and_unknown_while_the_day_lasts() -> None:
    rule = replace(RULE, points_at_least=3000, points_on=date(2024, 4, 30))
    for balance, expected in ((2999, "unmet"), (3000, "met"), (None, "unknown")):
        assert outcomes(rule, replace(SOLVER, points=balance))["points"] == expected
