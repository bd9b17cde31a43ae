"""Figures are sums over facts, whatever was repeated, reordered or late; every value says where it is from."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from in_story import Told, World, forget, hear

from indicators.facts.store import fact, of_row
from indicators.packs import catalogue
from indicators.progress.counting import Where, recount
from indicators.progress.figures import AsOf, span_of
from indicators.progress.queries import counts
from kechuang.testing import ServiceHarness

JIANGMEN = "440700"
CITY = Where(JIANGMEN, "city", JIANGMEN)


async def figure(harness: ServiceHarness, code: str, **asked: Any) -> dict[str, Any]:
    """Ask as the public does; gives the one item."""
    page = await harness.client().read("progress", indicator=f"jiangmen-2023.{code}", **asked)
    (item,) = page["items"]
    return dict(item)


async def test_a_recognition_moves_the_stock_and_a_revocation_takes_it_back(quiet: ServiceHarness) -> None:
    world, today = World(1), quiet.database.clock.today()
    first, second = world.recognised(today - timedelta(days=40)), world.recognised(today - timedelta(days=40))
    await hear(quiet, first, second)
    assert (await figure(quiet, "tech_micro_stock"))["value"] == "2"
    await hear(quiet, world.revoked(first, today - timedelta(days=2)))
    assert (await figure(quiet, "tech_micro_stock"))["value"] == "1"


async def test_a_revocation_may_arrive_before_what_it_revokes(quiet: ServiceHarness) -> None:
    world, today = World(2), quiet.database.clock.today()
    decided = world.recognised(today - timedelta(days=40))
    await hear(quiet, world.revoked(decided, today - timedelta(days=2)), decided)
    assert (await figure(quiet, "tech_micro_stock"))["value"] == "0"


async def test_a_repeat_under_the_same_and_under_another_event_id_counts_once(quiet: ServiceHarness) -> None:
    world = World(3)
    decided = world.recognised(quiet.database.clock.today())
    await hear(quiet, decided, decided, Told(decided.event, decided.record, decided.version, "another-id"))
    assert (await figure(quiet, "tech_micro_stock"))["value"] == "1"


async def test_a_validity_that_runs_out_needs_no_event(quiet: ServiceHarness) -> None:
    world, today = World(4), quiet.database.clock.today()
    await hear(quiet, world.recognised(today - timedelta(days=400), to=today - timedelta(days=1)))
    assert (await figure(quiet, "tech_micro_stock"))["value"] == "0"


async def test_a_canonical_name_of_another_pack_is_the_same_node(quiet: ServiceHarness) -> None:
    world, today = World(5), quiet.database.clock.today()
    await hear(quiet, world.recognised(today, "national-hnte/hnte"), world.recognised(today, "other/hnte"))
    assert (await figure(quiet, "hnte_stock"))["value"] == "1"


async def test_as_of_a_day_asks_in_both_times(quiet: ServiceHarness) -> None:
    world, today = World(6), quiet.database.clock.today()
    decided = world.recognised(today)
    await hear(quiet, decided)
    await quiet.at(days=10)
    later = quiet.database.clock.today()
    # The revocation is dated back: it was not known before today.
    await hear(quiet, world.revoked(decided, today + timedelta(days=3)))
    known_then = await figure(quiet, "tech_micro_stock", as_of=(today + timedelta(days=5)).isoformat())
    known_now = await figure(quiet, "tech_micro_stock", as_of=later.isoformat())
    before = await figure(quiet, "tech_micro_stock", as_of=(today - timedelta(days=1)).isoformat())
    assert [known_then["value"], known_now["value"], before["value"]] == ["1", "0", "0"]


async def test_persons_person_times_and_teams_are_counts_of_the_same_facts(quiet: ServiceHarness) -> None:
    world, today = World(7), quiet.database.clock.today()
    await hear(quiet, world.dispatched(today, ["p1", "p2"], team="t1"), world.dispatched(today, ["p2"]))
    values = [
        (await figure(quiet, code, period=str(today.year)))["value"]
        for code in ("persons_dispatched", "person_times_dispatched", "teams_dispatched", "dispatches_active")
    ]
    assert values == ["2", "3", "1", "2"]


async def test_a_term_that_ran_out_counts_on_its_last_day_however_late_it_is_asked(
    quiet: ServiceHarness,
) -> None:
    world, today = World(14), quiet.database.clock.today()
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    last = quarter - timedelta(days=1)  # of the quarter before
    sent = world.dispatched(last - timedelta(days=20), ["p1"], to=last)
    await hear(quiet, sent, world.returned(sent, quarter))
    then = f"{last.year}-Q{(last.month - 1) // 3 + 1}"
    assert (await figure(quiet, "dispatches_active", period=then))["value"] == "1"
    assert (await figure(quiet, "dispatches_active"))["value"] == "0"


async def test_money_is_summed_in_fen_and_shown_in_the_indicators_unit(quiet: ServiceHarness) -> None:
    world, today = World(8), quiet.database.clock.today()
    await hear(quiet, world.paid(today, 12_345_67), world.paid(today, 1), world.paid(today, 99, fiscal=False))
    assert (await figure(quiet, "fiscal_money_released", period=str(today.year)))["value"] == "12345.68"


async def test_a_reopened_need_no_longer_counts_as_solved_and_counts_once_when_confirmed_again(
    quiet: ServiceHarness,
) -> None:
    world, today = World(9), quiet.database.clock.today()
    solved = world.confirmed(today)
    again = world.confirmed(today, solved.record, solved.version + 4)
    reopened = world.reopened(solved, today)
    await hear(quiet, solved, reopened)
    assert (await figure(quiet, "needs_resolved", period=str(today.year)))["value"] == "0"
    await hear(quiet, again)
    assert (await figure(quiet, "needs_resolved", period=str(today.year)))["value"] == "1"


async def test_counties_add_up_to_the_city_and_zones_are_never_added(quiet: ServiceHarness) -> None:
    world, today = World(10), quiet.database.clock.today()
    zoned = world.place("440704", ["jiangmen-hnz"])
    told = [world.recognised(today, **zoned), world.recognised(today, **world.place("440703"))]
    await hear(quiet, *told)
    item = await figure(quiet, "tech_micro_stock", by="division")
    parts = {each["area"]: each["value"] for each in item["by_division"]}
    assert (item["value"], item["difference"], parts["440703"], parts["440704"]) == ("2", "0", "1", "1")
    assert "jiangmen-hnz" not in parts
    assert (await figure(quiet, "tech_micro_stock", area="jiangmen-hnz"))["value"] == "1"
    assert (await figure(quiet, "tech_micro_stock", area="440703"))["value"] == "1"


async def test_a_formula_adds_other_indicators_and_names_them(quiet: ServiceHarness) -> None:
    world, today = World(11), quiet.database.clock.today()
    await hear(quiet, world.recognised(today, "benchmark"), world.recognised(today, "hnte_vanguard"))
    assert (await figure(quiet, "lead_innovation_enterprises"))["value"] == "2"
    auditor = quiet.client(roles=["auditor"])
    behind = await auditor.read("indicators/jiangmen-2023.lead_innovation_enterprises/provenance")
    assert behind["how"] == "formula"
    assert [each["value"] for each in behind["inputs"]] == ["1", "1"]


async def test_provenance_lists_exactly_the_facts_behind_the_value(quiet: ServiceHarness) -> None:
    world, today = World(12), quiet.database.clock.today()
    told = [world.recognised(today) for _ in range(7)]
    gone = world.recognised(today)
    await hear(quiet, *told, gone, world.revoked(gone, today))
    item = await figure(quiet, "tech_micro_stock")
    auditor, found, cursor = quiet.client(roles=["auditor"]), [], None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = await auditor.http.get(item["provenance"], params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == int(item["value"]) == page["facts_counted"]
    assert {(each["record"], each["event"]) for each in found} == {(each.record, each.id) for each in told}
    assert "persons" not in found[0]["fields"]


async def test_an_officer_sees_the_facts_of_the_own_county_only(quiet: ServiceHarness) -> None:
    world, today = World(13), quiet.database.clock.today()
    await hear(
        quiet, *(world.recognised(today, **world.place(county)) for county in ("440703", "440704", "440704"))
    )
    officer = quiet.client(roles=["county_officer"], areas=["440703"])
    behind = await officer.read("indicators/jiangmen-2023.tech_micro_stock/provenance")
    assert (behind["facts_counted"], behind["facts_outside_sight"]) == (3, 2)
    assert [each["division"] for each in behind["items"]] == ["440703"]
    refused = await quiet.client().get("indicators/jiangmen-2023.tech_micro_stock/provenance")
    assert refused.status_code == 401


async def test_a_target_has_state_light_and_distance(quiet: ServiceHarness) -> None:
    page = await quiet.client().read("progress", area=JIANGMEN, as_of="2025-06-30")
    by_key = {each["indicator"]: each for each in page["items"]}
    dispatched = by_key["jiangmen-2023.commissioners_dispatched"]
    (target,) = dispatched["targets"]
    assert (target["state"], target["light"], target["distance"]) == ("not_met", "red", "1000")
    unfed = by_key["jiangmen-2023.research_talent_added"]
    assert unfed["state"] in ("cannot_tell", "not_met")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"area": "nowhere"}, "area_unknown"),
        ({"area": JIANGMEN, "period": "2099"}, "period_not_begun"),
        ({"indicator": "jiangmen-2023.tech_micro_stock", "area": "360402"}, "area_unknown"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(
    indicators: ServiceHarness, query: dict[str, str], code: str
) -> None:
    answer = await indicators.client().get("progress", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code


async def test_without_an_area_every_city_is_shown_page_by_page(indicators: ServiceHarness) -> None:
    public, found, cursor = indicators.client(), [], None
    while True:
        page = await public.read("progress", limit=60, **({"cursor": cursor} if cursor else {}))
        found += [(each["indicator"], each["area"]) for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert {area for _, area in found} == {"440700", "360400", "420800", "441700", "local-city"}
    assert [key for key, _ in found] == sorted({key for key, _ in found})


def happenings(seed: int, today: date) -> list[Told]:
    """Some sixty things that happened, with endings."""
    world, found = World(seed), []
    people = [f"p{number}" for number in range(9)]
    for _ in range(12):
        day = today - timedelta(days=world.random.randrange(400))
        kind = world.random.choice(["tech_micro", "tech_sme", "national-hnte/hnte"])
        zones = ["jiangmen-hnz"] if world.random.random() < 0.3 else []
        to = day + timedelta(days=world.random.randrange(20, 500)) if world.random.random() < 0.5 else None
        begun = world.recognised(day, kind, to=to, **world.place(zones=zones))
        found.append(begun)
        if world.random.random() < 0.4:
            found.append(world.revoked(begun, day + timedelta(days=world.random.randrange(200))))
        need = world.confirmed(day)
        found.append(need)
        if world.random.random() < 0.4:
            found.append(world.reopened(need, day + timedelta(days=9)))
        sent = world.dispatched(day, world.random.sample(people, world.random.randrange(1, 4)))
        found += [sent, world.returned(sent, day + timedelta(days=60))]
        found.append(world.paid(day, world.random.randrange(1, 10**9)))
    return found


async def figures_now(harness: ServiceHarness) -> dict[Any, Any]:
    """Every figure of the city, as of several days and periods."""
    today = harness.database.clock.today()
    client, found = harness.client(), {}
    for period in (None, str(today.year), f"{today.year - 1}-Q4"):
        params = {"area": JIANGMEN, "by": "division"} | ({"period": period} if period else {})
        page = await client.read("progress", **params)
        for each in page["items"]:
            found[each["indicator"], period] = (each["value"], str(each["by_division"]))
    return found


@pytest.mark.parametrize("seed", [101, 102, 103])
async def test_any_order_and_any_repetition_give_the_same_figures_and_replay_too(
    quiet: ServiceHarness, seed: int
) -> None:
    today = quiet.database.clock.today()
    told, random = happenings(seed, today), Random(seed)
    await hear(quiet, *told)
    in_order = await figures_now(quiet)
    assert any(value not in (None, "0") for value, _ in in_order.values())
    for _ in range(2):
        await forget(quiet, "fact", "inbox")
        shuffled = [*told, *random.sample(told, 20)]
        random.shuffle(shuffled)
        await hear(quiet, *shuffled)
        assert await figures_now(quiet) == in_order


@pytest.mark.parametrize("seed", [201, 202])
async def test_the_database_counts_what_a_recount_by_hand_counts(quiet: ServiceHarness, seed: int) -> None:
    today = quiet.database.clock.today()
    await hear(quiet, *happenings(seed, today))
    places = [
        CITY,
        Where(JIANGMEN, "division", "440703"),
        Where(JIANGMEN, "zone", "jiangmen-hnz"),
        Where(JIANGMEN, "division", "440704", ("jiangmen-hnz",)),
        Where(JIANGMEN, "division", "jiangmen-hnz", ("jiangmen-hnz",)),
    ]
    async with quiet.unit() as uow:
        facts = [of_row(row) for row in await uow.execute(sa.select(fact))]
        pack = catalogue(uow).of_area(JIANGMEN, today)[0]
        asked = {}
        for each in pack.indicators.values():
            if each.counted is not None:
                for days in (0, 45, 300):
                    span = span_of(each, AsOf(today, None))
                    span = type(span)(span.first, today - timedelta(days=days), today, span.known_before)
                    for place in places:
                        asked[f"{each.key}/{days}/{place}"] = (each.counted, span, place)
        in_database = await counts(uow, asked)
    assert in_database == {key: recount(facts, *question) for key, question in asked.items()}
    assert sum(value > 0 for value in in_database.values()) > 30


def test_fractions_are_exact() -> None:
    from indicators.progress.schemas import number

    assert [number(Fraction(1, 3)), number(Fraction(5, 2)), number(Fraction(-1)), number(None)] == [
        "0.333333", "2.5", "-1", None,
    ]  # fmt: skip
