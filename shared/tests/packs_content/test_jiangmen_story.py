"""Jiangmen's pack carries what the main job needs: a city-decided rung, forms, notices, messages, both procedures."""

import datetime as dt
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

import kechuang_contracts
from kechuang.messaging.events import Event
from kechuang_packs import Pack, Packs
from kechuang_packs.models.common import Source
from kechuang_packs.models.conditions import FactLeaf, leaves

OPENING_DAY = dt.date(2024, 3, 1)
# Named by the packs; the records that they are about (人才、成果、技术合同) publish nothing yet.
UNPUBLISHED = {"result.registered", "talent.recorded", "technology-contract.registered"}


@pytest.fixture
def jiangmen(packs: Packs) -> Pack:
    pack = packs.in_force("jiangmen-2023", OPENING_DAY)
    assert pack is not None
    return pack


def _form(pack: Pack, code: str) -> Draft202012Validator:
    (form,) = [form for form in pack.forms if form.code == code]
    return Draft202012Validator(form.fields, format_checker=FormatChecker())


YEAR: dict[str, Any] = {
    "employees": 46, "st_staff": 9, "operating_revenue": "12600000.00", "sales_revenue": "12400000.00",
    "rd_expense": "530000.00", "ip_class1": 0, "ip_class2": 2, "independent_legal_person": True,
    "product_allowed": True, "major_incident": False, "on_abnormal_list": False, "on_dishonest_list": False,
    "establishment_date": "2019-05-20", "industry_size_group": "industry",
}  # fmt: skip


def test_the_pack_outlives_the_plan_so_that_its_contracts_can_be_finished(packs: Packs) -> None:
    assert packs.in_force("jiangmen-2023", dt.date(2023, 1, 12)) is None
    assert packs.in_force("jiangmen-2023", dt.date(2027, 6, 30)) is not None


def test_the_micro_rung_is_decided_by_the_city_on_filed_facts(jiangmen: Pack, packs: Packs) -> None:
    found = packs.rule(jiangmen, "tech_micro", OPENING_DAY)
    assert found is not None
    _, rule = found
    thresholds = {
        leaf.fact: leaf.threshold
        for leaf in leaves(rule.condition)
        if isinstance(leaf, FactLeaf) and leaf.threshold is not None
    }
    assert thresholds["employees"] == 100
    assert thresholds["operating_revenue"] == "2000万元"
    assert thresholds["rd_share_of_revenue"] == "3%"
    assert thresholds["ip_class1"] == thresholds["ip_class2"] == 1
    assert rule.source is Source.product_default
    assert all(leaf.source is Source.product_default for leaf in leaves(rule.condition))
    _, node = packs.node(jiangmen, "tech_micro")
    assert (node.gained_by, node.decided_by) == ("application", "city")


def test_every_filed_fact_of_the_rule_is_asked_by_the_yearly_form(jiangmen: Pack, packs: Packs) -> None:
    (form,) = [form for form in jiangmen.forms if form.code == "annual_filing"]
    filed = {field["x-fact"] for field in form.fields["properties"].values()}
    found = packs.rule(jiangmen, "tech_micro", OPENING_DAY)
    assert found is not None
    used = {leaf.fact for leaf in leaves(found[1].condition) if isinstance(leaf, FactLeaf)}
    derived = {"registered_days", "size_class", "st_staff_share", "rd_share_of_revenue"}
    assert used - derived <= filed
    assert {
        "establishment_date",
        "industry_size_group",
        "employees",
        "st_staff",
        "rd_expense",
        "operating_revenue",
    } <= filed


def test_a_year_is_filed(jiangmen: Pack) -> None:
    _form(jiangmen, "annual_filing").validate(YEAR)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("operating_revenue", "12600000"),  # two places are due
        ("operating_revenue", 12600000.0),  # money is text
        ("employees", -1),
        ("establishment_date", "2019-13-01"),
        ("telephone", "13800000000"),  # not a field of this form
    ],
)
def test_a_wrong_year_is_refused(jiangmen: Pack, field: str, value: object) -> None:
    errors = list(_form(jiangmen, "annual_filing").iter_errors({**YEAR, field: value}))
    assert len(errors) == 1


def test_a_need_states_goals_and_keeps_its_secret_apart(jiangmen: Pack) -> None:
    (definition,) = [form for form in jiangmen.forms if form.code == "technical_need"]
    form = _form(jiangmen, "technical_need")
    need = {
        "title": "高镍正极材料残碱控制",
        "text": "水洗后容量衰减明显，需在不水洗条件下降低残碱。",
        "fields": ["new_materials", "new_energy"],
        "goals": [{"name": "残碱含量", "value": "不高于0.15%", "test": "电位滴定"}],
        "way": "commissioner",
        "contact_name": "测试联系人",
        "contact_phone": "0750-0000000",
    }
    form.validate(need)
    assert definition.fields["properties"]["confidential"]["x-confidential"] is True
    assert list(form.iter_errors({**need, "goals": []}))


def test_both_procedures_stand_beside_each_other(jiangmen: Pack) -> None:
    programmes = {programme.code: programme for programme in jiangmen.bidding.programmes}
    (own,) = programmes["chain_core_tech"].procedures
    (added,) = programmes["municipal_open_call"].procedures
    assert (own.mode, own.procedure) == ("open_call", "agreement_first")
    assert (added.mode, added.procedure) == ("open_call", "panel_first")
    assert programmes["chain_core_tech"].source is Source.policy
    assert programmes["municipal_open_call"].source is Source.product_default
    money = programmes["chain_core_tech"].money
    assert money is not None
    assert money.ceiling == "200万元"
    panel = programmes["chain_core_tech"].panel
    assert panel is not None
    assert panel.ranks_what == "signed_agreements"


def test_notices_run_five_working_days(jiangmen: Pack) -> None:
    periods = {period.code: period for period in jiangmen.periods.periods}
    for code in ("recognition_notice", "award_notice", "dispatch_notice"):
        assert (periods[code].length, periods[code].unit, periods[code].after) == (
            5,
            "working_day",
            "notice.published",
        )


def test_what_is_returned_is_corrected_within_ten_working_days_in_every_city(
    packs: Packs, cities: dict[str, Pack]
) -> None:
    for city in cities.values():
        found = packs.visible(city).periods["correction"]
        assert (found.length, found.unit) == (10, "working_day"), city.id


def test_commissioners_serve_at_least_thirty_days_or_twelve_visits(jiangmen: Pack) -> None:
    for programme in jiangmen.commissioners.programmes:
        minimum = programme.service_minimum
        assert (minimum.days_per_year, minimum.visits_per_year, minimum.hours_per_visit) == (30, 12, 4)
    terms = {programme.code: programme.term_months for programme in jiangmen.commissioners.programmes}
    assert (terms["overall"], terms["rural_commissioner"]) == (12, 36)


def test_every_step_of_the_story_is_told_to_someone_in_every_city(
    packs: Packs, cities: dict[str, Pack]
) -> None:
    for city in cities.values():
        messages = packs.visible(city).messages.values()
        assert {each.event for each in messages} >= {
            "filing.returned", "filing.verified", "application.submitted", "application.returned", "recognition.decided",
            "application.rejected", "notice.published", "technical-need.accepted", "technical-need.routed",
            "technical-need.resolved", "dispatch.proposed", "dispatch.activated", "call.published",
            "award.decided", "contract-milestone.due", "contract-milestone.overdue", "tranche.released",
        }, city.id  # fmt: skip
        assert all(each.source is Source.product_default for each in messages)


def test_no_template_tells_of_a_sealed_bid(packs: Packs) -> None:
    assert not [
        each.code for pack in packs for each in pack.messages.messages if each.event.startswith("bid.")
    ]


def test_feeds_name_events_that_the_services_have(cities: dict[str, Pack]) -> None:
    named = {
        event
        for pack in cities.values()
        for indicator in pack.indicators.indicators
        for event in (indicator.feed.event, indicator.feed.ends_on)
        if event is not None
    }
    published = {
        f"{event.aggregate_kind}.{event.name}"
        for module in iter_modules(kechuang_contracts.__path__)
        for event in vars(import_module(f"kechuang_contracts.{module.name}")).values()
        if isinstance(event, type) and issubclass(event, Event) and "name" in vars(event)
    }
    assert named <= published | UNPUBLISHED


def test_feeds_filter_by_what_the_pack_has(cities: dict[str, Pack], packs: Packs) -> None:
    """A misspelt kind or programme in a filter would count nothing for ever."""
    for pack in cities.values():
        honours = {honour.code for honour in pack.ladder.honours} if pack.ladder else set()
        nodes = {node.code for node in pack.ladder.ladder.nodes} if pack.ladder else set()
        kinds = {kind.code for kind in pack.registers.kinds}
        alliances = {alliance.code for alliance in pack.alliances.alliances}
        programmes = {
            programme.code
            for group in (pack.commissioners.programmes, pack.talent.programmes, pack.bidding.programmes)
            for programme in group
        }
        known = {
            "recognition.decided": ("kind", honours | nodes),
            "register-record.confirmed": ("kind", kinds),
            "alliance.activated": ("kind", alliances),
            "talent.recorded": ("programme", programmes),
            "dispatch.activated": ("programme", programmes),
            "award.decided": ("programme", programmes),
        }
        for indicator in pack.indicators.indicators:
            field, allowed = known.get(indicator.feed.event or "", ("", set()))
            given = indicator.feed.filter.get(field, ())
            values = {given} if isinstance(given, str) else set(given)
            assert values <= allowed, f"{pack.id}.{indicator.code}"
