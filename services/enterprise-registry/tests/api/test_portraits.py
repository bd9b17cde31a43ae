"""Portraits through the real application and a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from er_story import Cast, approver, city, filed, new_uscc, registered

from enterprise_registry.service import SERVICE
from kechuang.job_runner import JobRunner
from kechuang.testing import ServiceHarness
from kechuang_contracts.commissioner_matching import TechnicalNeedConfirmed, TechnicalNeedReopened


@pytest.fixture(scope="module")
async def er(engines: Any, deployed_packs: str) -> AsyncIterator[ServiceHarness]:
    """The service with the packs of the repository, and Jiangmen's model published."""
    async with ServiceHarness(SERVICE, engines, packs_dir=deployed_packs) as harness:
        drafted = await city(harness).make("scoring-models", {"from_pack": "innovation_portrait"})
        await approver(harness).do(f"scoring-models/{drafted['id']}", "publish", {})
        yield harness


async def firms(er: ServiceHarness, count: int, *, industry: str, first: int = 1) -> list[Cast]:
    """Enterprises with last year's filing, each with more R&D than the one before."""
    year = er.database.clock.today().year - 1
    found = []
    for rank in range(first, first + count):
        cast = await registered(er, industry=industry)
        await filed(cast, year, rd_expense=f"{rank}000000.00", operating_revenue="100000000.00")
        found.append(cast)
    return found


async def forget(er: ServiceHarness, *ids: str) -> None:
    """Delete portraits, as no officer can."""
    async with er.database.write.begin() as conn:
        await conn.execute(sa.text("DELETE FROM portrait WHERE id = ANY(:ids)"), {"ids": list(ids)})


CONTENT = ("as_of", "model", "edition", "total", "low", "high", "coverage", "percentile", "median", "peer_group",
           "dimensions", "spider", "digest")  # fmt: skip


def content(portrait: dict[str, Any]) -> dict[str, Any]:
    return {name: portrait[name] for name in CONTENT}


def axis(portrait: dict[str, Any], code: str) -> dict[str, Any]:
    return next(each for each in portrait["dimensions"] if each["code"] == code)


async def test_a_deleted_portrait_is_rebuilt_equal_after_everything_moved_on(er: ServiceHarness) -> None:
    *others, subject = await firms(er, 6, industry="2110")
    today = er.database.clock.today().isoformat()
    made = await subject.signatory.make("portraits", {"as_of": today})
    await er.at(days=1)
    # A later correction, a peer's new year, a move to another industry and a later recognition are not that day's.
    last = (await subject.signatory.read("filings", organisation=subject.uscc))["items"][0]
    draft = await subject.signatory.do(f"filings/{last['id']}", "correct", {"reason": "审计调整。"})
    await subject.signatory.patch(f"filings/{draft['id']}", {"facts": {"rd_expense": "9900000.00"}})
    await subject.signatory.do(f"filings/{draft['id']}", "submit")
    await subject.county.do(f"filings/{draft['id']}", "verify")
    await filed(others[0], er.database.clock.today().year - 2, rd_expense="1.00")
    path = f"organisations/{others[1].organisation['id']}"
    await others[1].signatory.patch(path, {"industry": "9999"})
    now = await subject.signatory.make("portraits", {})
    assert now["digest"] != made["digest"]

    await forget(er, made["id"])
    again = await subject.signatory.make("portraits", {"as_of": today})
    assert again["id"] != made["id"]
    assert content(again) == content(made)
    twice = await subject.signatory.make("portraits", {"as_of": today})
    assert (twice["id"], twice["version"]) == (again["id"], again["version"])


async def test_a_run_over_the_city_equals_each_portrait_made_alone(er: ServiceHarness) -> None:
    group = [*await firms(er, 6, industry="3210"), *await firms(er, 2, industry="3310", first=3)]
    empty = await registered(er, industry="3210")
    as_of = er.database.clock.today().isoformat()
    job = (await city(er).post("portraits/runs", {"as_of": as_of})).json()
    runner = JobRunner(er.database)
    while await runner.step():
        pass
    read = await city(er).read(f"jobs/{job['id']}")
    compared = await city(er).read(f"jobs/{read['result']['next_job']}")
    assert (read["state"], compared["state"]) == ("succeeded", "succeeded"), (read, compared)
    async with er.database.read.connect() as conn:
        assert (await conn.execute(sa.text("SELECT count(*) FROM portrait_sheet"))).scalar_one() == 0

    for cast in [*group, empty]:
        found = await cast.signatory.read("portraits", as_of_from=as_of, as_of_to=as_of)
        [in_run] = found["items"]
        await forget(er, in_run["id"])
        alone = await cast.signatory.make("portraits", {"as_of": as_of})
        assert content(alone) == content(in_run)
    six = await group[5].signatory.make("portraits", {"as_of": as_of})
    assert six["peer_group"] == {"basis": "industry_scale", "industry": "32", "scale": "small", "peers": 5}
    assert axis(six, "rd_input")["percentile"] == 100.0
    two = await group[6].signatory.make("portraits", {"as_of": as_of})
    assert two["peer_group"]["basis"] in ("scale", "city")
    nothing = await empty.signatory.make("portraits", {"as_of": as_of})
    assert (nothing["percentile"], axis(nothing, "rd_input")["score"]) == (None, None)


async def test_an_enterprise_sees_its_own_portrait_and_its_county_sees_it(er: ServiceHarness) -> None:
    one, other = await firms(er, 2, industry="4110")
    made = await one.signatory.make("portraits", {})
    path = f"portraits/{made['id']}"
    assert (await one.county.get(path)).status_code == 200
    elsewhere = er.client(roles=["county_officer"], areas=["440704"])
    for stranger in (other.signatory, elsewhere):
        for address in (path, f"{path}/trend"):
            assert (await stranger.get(address)).status_code == 404
    text = (await one.signatory.get(path)).text
    assert other.uscc not in text
    assert other.organisation["name"] not in text
    for stranger in (elsewhere, other.signatory):  # answered like one that does not exist
        refused = await stranger.post("portraits", {"organisation": one.uscc})
        absent = await stranger.post("portraits", {"organisation": new_uscc()})
        assert (refused.status_code, refused.json()["errors"]) == (422, absent.json()["errors"])
        assert refused.json()["errors"][0]["code"] == "organisation_unknown"


async def test_a_recognition_and_what_other_services_tell_are_sources(er: ServiceHarness) -> None:
    [cast] = await firms(er, 1, industry="5110")
    today = er.database.clock.today()
    await cast.province.make(
        "recognitions", {"organisation": cast.uscc, "kind": "hnte", "issued_on": today.isoformat()}
    )
    need = f"need-{cast.uscc}"
    placed: dict[str, Any] = {"city": "440700", "division": "440703", "zones": [], "organisation": cast.uscc}
    confirmed = TechnicalNeedConfirmed(
        **placed, chain=None, way="dispatch", dispatch=None, contract=None, confirmed_on=today
    )
    for _ in range(2):
        await er.deliver(confirmed, aggregate=need, version=5)
    made = await cast.signatory.make("portraits", {})
    lines = {each["code"]: each for one in made["dimensions"] for each in one["indicators"]}
    assert [each["kind"] for each in lines["recognised"]["measures"][0]["sources"]] == ["recognition"]
    assert lines["recognised"]["score"] == 100.0
    assert (lines["needs"]["score"], lines["needs"]["measures"][0]["sources"][0]["id"]) == (33.33, need)
    # Nothing was awarded: that is known to be none, and is not unknown.
    assert (lines["projects"]["score"], lines["projects"]["state"]) == (0.0, "scored")
    await er.deliver(TechnicalNeedReopened(**placed, reopened_on=today), aggregate=need, version=6)
    again = await cast.signatory.make("portraits", {})
    lines = {each["code"]: each for one in again["dimensions"] for each in one["indicators"]}
    assert (lines["needs"]["score"], again["id"], again["version"]) == (0.0, made["id"], made["version"] + 1)


async def test_statistical_and_unverified_figures_are_never_read(er: ServiceHarness) -> None:
    cast = await registered(er, industry="6110")
    year = er.database.clock.today().year - 1
    await filed(cast, year, verified=False)
    made = await cast.signatory.make("portraits", {})
    assert axis(made, "rd_input")["score"] is None
    assert axis(made, "rd_input")["indicators"][0]["unknown"] == [
        {"fact": "operating_revenue", "year": year}, {"fact": "rd_expense", "year": year}
    ]  # fmt: skip


async def test_a_city_without_a_model_is_told_so(er: ServiceHarness) -> None:
    officer = er.client(roles=["city_officer"], areas=["420800"], subject="jingmen-officer")
    refused = await officer.post("portraits/runs", {})
    assert refused.json()["errors"][0]["code"] == "model_missing"
    offered = await officer.read("scoring-models/defaults/420800")
    assert [each["code"] for each in offered["items"]] == ["innovation_portrait_standard"]
    assert offered["items"][0]["product_default"] is True


async def test_the_day_to_come_is_refused_and_the_drafter_does_not_publish(er: ServiceHarness) -> None:
    [cast] = await firms(er, 1, industry="7110")
    tomorrow = (er.database.clock.today() + timedelta(days=1)).isoformat()
    refused = await cast.signatory.post("portraits", {"as_of": tomorrow})
    assert refused.json()["errors"][0]["code"] == "day_to_come"
    both = er.client(roles=["city_officer", "city_approver"], areas=["440700"], subject="both")
    drafted = await both.make("scoring-models", {"from_pack": "innovation_portrait"})
    path = f"scoring-models/{drafted['id']}"
    tag = {"If-Match": (await both.get(path)).headers["etag"]}
    assert (await both.post(f"{path}/publish", {}, headers=tag)).json()["code"] == "handler_does_not_decide"


async def test_every_fault_of_a_model_is_named_at_its_place(er: ServiceHarness) -> None:
    def one(**changes: Any) -> dict[str, Any]:
        measure = {"fact": "rd_share_of_revenue", "line": {"zero_at": "0%", "full_at": "10%"}} | changes
        measure = {name: value for name, value in measure.items() if value is not None}
        name = {"zh": "研发", "en": "R&D"}
        line = {"code": "rd", "name": name, "weight": 50, "measures": [measure]}
        return {"code": "rd", "name": name, "weight": 100, "indicators": [line]}

    async def faults(dimension: dict[str, Any]) -> set[tuple[str, str]]:
        body = {"code": "own", "name": {"zh": "自建", "en": "Own"}, "dimensions": [dimension]}
        answer = await city(er).post("scoring-models", body)
        assert answer.status_code == 422, answer.text
        return {(each["pointer"], each["code"]) for each in answer.json()["errors"]}

    sums = ("/dimensions/0/indicators", "weights_sum")
    where = "/dimensions/0/indicators/0/measures/0"
    assert await faults(one()) == {sums}
    assert await faults(one(fact="no_such_fact")) == {sums, (f"{where}/fact", "fact_unknown")}
    assert await faults(one(line={"zero_at": "0%", "full_at": "0%"})) == {
        sums,
        (f"{where}/line", "line_flat"),
    }
    assert await faults(one(line={"zero_at": 1, "full_at": 2})) == {sums, (where, "quantity_invalid")}
    assert await faults(one(fact=None, line=None, holds=["no_such_node"])) == {
        sums, (f"{where}/holds/0", "node_unknown")
    }  # fmt: skip
