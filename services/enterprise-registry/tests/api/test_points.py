"""The ledger of innovation points through the real application and a real database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from er_story import Cast, approver, county, filed, registered

from enterprise_registry.service import SERVICE
from kechuang.testing import ServiceHarness
from kechuang_contracts.commissioner_matching import TechnicalNeedConfirmed, TechnicalNeedReopened
from kechuang_contracts.project_bidding import AwardDecided


@pytest.fixture(scope="module")
async def er(engines: Any, deployed_packs: str) -> AsyncIterator[ServiceHarness]:
    """The service with the packs of the repository."""
    async with ServiceHarness(SERVICE, engines, packs_dir=deployed_packs) as harness:
        yield harness


async def ledger(cast: Cast) -> list[tuple[str, str, str]]:
    """(rule, points, state) of all entries, the oldest first."""
    found = await cast.city.read("point-entries", organisation=cast.uscc, sort="created_at", limit=200)
    return [(each["rule"], each["points"], each["state"]) for each in found["items"]]


async def balance(cast: Cast) -> str:
    return str((await cast.signatory.read("point-balances", organisation=cast.uscc))["balance"])


async def corrected(cast: Cast, filing: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A verified year, corrected and verified again."""
    draft = await cast.signatory.do(f"filings/{filing['id']}", "correct", {"reason": "审计调整。"})
    await cast.signatory.patch(f"filings/{draft['id']}", {"facts": facts})
    await cast.signatory.do(f"filings/{draft['id']}", "submit")
    return await cast.county.do(f"filings/{draft['id']}", "verify")


async def by_hand(cast: Cast, **changes: Any) -> dict[str, Any]:
    return {
        "organisation": cast.uscc, "rule": "other_contribution", "happened_on": "2024-01-05", "note": "牵头制定标准。",
        "evidence": [await cast.county.attachment("point-entries", "standard")], **changes,
    }  # fmt: skip


async def test_a_corrected_year_is_restated_once_and_never_doubled(er: ServiceHarness) -> None:
    cast = await registered(er)
    year = er.database.clock.today().year - 1
    first = await filed(cast, year, rd_expense="6000000.00", operating_revenue="60000000.00")
    assert await ledger(cast) == [("rd_intensity_year", "15.00", "recorded")]
    # Ten percent to the fen earns fifteen; a fen less earns ten.
    second = await corrected(cast, first, rd_expense="5999999.99")
    assert await balance(cast) == "10.00"
    same = await corrected(cast, second, employees=121)
    assert await ledger(cast) == [
        ("rd_intensity_year", "15.00", "reversed"),
        ("rd_intensity_year", "-15.00", "recorded"),
        ("rd_intensity_year", "10.00", "recorded"),
    ]
    none = await corrected(cast, same, rd_expense="1.00")
    assert await balance(cast) == "0.00"
    await corrected(cast, none, rd_expense="3000000.00")
    assert await balance(cast) == "10.00"


async def test_what_a_person_took_back_stays_taken_back(er: ServiceHarness) -> None:
    cast = await registered(er)
    year = er.database.clock.today().year - 1
    filing = await filed(cast, year)
    entry = (await cast.city.read("point-entries", organisation=cast.uscc))["items"][0]
    await approver(er).do(f"point-entries/{entry['id']}", "reverse", {"reason": "数据不实。"})
    await corrected(cast, filing, rd_expense="5000000.00")
    assert await balance(cast) == "0.00"
    again = await approver(er).get(f"point-entries/{entry['id']}/actions")
    assert [each["allowed"] for each in again.json()["items"] if each["verb"] == "reverse"] == [False]


async def test_a_recognition_earns_once_and_a_revoked_one_gives_its_points_back(er: ServiceHarness) -> None:
    cast = await registered(er)
    today = er.database.clock.today().isoformat()
    made = await cast.province.make(
        "recognitions", {"organisation": cast.uscc, "kind": "hnte", "issued_on": today}
    )
    numbered = {"certificate_no": "GR202444000123", "reason": "录入有误。"}
    await cast.city.do(f"recognitions/{made['id']}", "correct", numbered)
    assert await ledger(cast) == [("hnte_recognised", "20.00", "recorded")]
    revoked = {"document_no": "江科〔2024〕9号", "reason": "提供虚假材料。", "heard_on": today}
    await approver(er).do(f"recognitions/{made['id']}", "revoke", revoked)
    assert await ledger(cast) == [
        ("hnte_recognised", "20.00", "reversed"), ("hnte_recognised", "-20.00", "recorded")
    ]  # fmt: skip


async def test_what_other_services_tell_earns_once_each_and_may_be_taken_back(er: ServiceHarness) -> None:
    lead, member = await registered(er), await registered(er)
    today = er.database.clock.today()
    award = AwardDecided(
        city="440700", division="440703", zones=[], call="c", bid="b", lead=lead.uscc, members=[member.uscc],
        amount_fen=1, document_no="江科〔2024〕58号", decided_on=today,
    )  # fmt: skip
    placed: dict[str, Any] = {"city": "440700", "division": "440703", "zones": [], "organisation": lead.uscc}
    need = TechnicalNeedConfirmed(
        **placed, chain=None, way="dispatch", dispatch=None, contract=None, confirmed_on=today
    )
    for _ in range(2):
        await er.deliver(award, aggregate=f"award-{lead.uscc}")
        await er.deliver(need, aggregate=f"need-{lead.uscc}", version=5)
    assert (await balance(lead), await balance(member)) == ("15.00", "10.00")
    await er.deliver(
        TechnicalNeedReopened(**placed, reopened_on=today), aggregate=f"need-{lead.uscc}", version=6
    )
    assert await balance(lead) == "10.00"


async def test_of_fifty_who_take_one_entry_back_one_does(er: ServiceHarness) -> None:
    cast = await registered(er)
    entry = await cast.county.make("point-entries", await by_hand(cast, points="7.5"))
    path = f"point-entries/{entry['id']}"
    tag = {"If-Match": (await approver(er).get(path)).headers["etag"]}
    officers = [approver(er, f"approver-{n}") for n in range(50)]

    async def all_reverse(query: str = "") -> list[int]:
        why = {"reason": "重复录入。"}
        sent = (each.post(f"{path}/reverse{query}", why, headers=tag) for each in officers)
        return sorted(each.status_code for each in await asyncio.gather(*sent))

    assert await all_reverse("?dry_run=true") == [200] * 50, (
        "every one of them could, and all connections are open"
    )
    statuses = await all_reverse()
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {409, 412}
    assert await ledger(cast) == [
        ("other_contribution", "7.50", "reversed"), ("other_contribution", "-7.50", "recorded")
    ]  # fmt: skip


async def test_an_officer_books_within_the_rule_and_with_evidence_alone(er: ServiceHarness) -> None:
    cast = await registered(er)

    async def refused(**changes: Any) -> set[tuple[str, str]]:
        answer = await cast.county.post("point-entries", await by_hand(cast, **changes))
        assert answer.status_code == 422, answer.text
        return {(each["pointer"], each["code"]) for each in answer.json()["errors"]}

    assert await refused(points="10.01") == {("/points", "above_rule")}
    assert await refused(rule="hnte_recognised") == {("/rule", "rule_not_manual")}
    assert await refused(happened_on="2199-01-01") == {("/happened_on", "day_to_come")}
    assert {
        pointer for pointer, _ in await refused(evidence=[{"file": "er_none", "kind": "k", "title": "t"}])
    } == {"/evidence/0/file"}
    other = er.client(roles=["county_officer"], areas=["440704"])
    theirs = await other.post("point-entries", await by_hand(cast))
    assert theirs.status_code in (403, 422)
    assert await ledger(cast) == []
    own = await cast.signatory.post("point-entries", {})
    assert own.status_code == 403


async def test_counter_entries_are_not_taken_back_and_events_carry_the_sum(er: ServiceHarness) -> None:
    cast = await registered(er)
    entry = await cast.county.make("point-entries", await by_hand(cast))
    done = await approver(er).do(f"point-entries/{entry['id']}", "reverse", {"reason": "重复录入。"})
    path = f"point-entries/{done['reversed_by']}"
    tag = {"If-Match": (await approver(er).get(path)).headers["etag"]}
    again = await approver(er).post(f"{path}/reverse", {"reason": "恢复。"}, headers=tag)
    assert (again.status_code, again.json()["code"]) == (409, "counter_entry")
    told = [each["data"] for each in await er.events("point-entry.recorded")]
    assert sum(each["points"] for each in told if each["organisation"] == cast.uscc) == 0
    assert [each["data"]["counter_entry"] for each in await er.events("point-entry.reversed")][-1:] == [
        done["reversed_by"]
    ]


async def test_a_first_time_that_was_none_gives_its_points_back(er: ServiceHarness) -> None:
    """Lists may arrive out of order: the earlier admission takes the mark, and with it the points of the first time."""
    cast = await registered(er)
    today = er.database.clock.today()

    async def admitted(day: date) -> None:
        await cast.province.make(
            "recognitions", {"organisation": cast.uscc, "kind": "hnte", "issued_on": str(day)}
        )

    await admitted(today)
    assert await balance(cast) == "20.00"
    await admitted(today - timedelta(days=1200))
    assert Counter(await ledger(cast)) == {
        ("hnte_recognised", "20.00", "reversed"): 1,
        ("hnte_recognised", "-20.00", "recorded"): 1,
        ("hnte_recognised", "20.00", "recorded"): 1,
    }
    assert await balance(cast) == "20.00"


async def test_the_balance_is_whole_wherever_the_enterprise_has_moved(er: ServiceHarness) -> None:
    """Entries keep the county of their day; who reads the balance now reads all of them."""
    cast = await registered(er, division="440703")
    await cast.county.make("point-entries", await by_hand(cast))
    place = f"organisations/{cast.organisation['id']}"
    await cast.county.do(place, "relocate", {"division": "440704", "zones": [], "reason": "迁址"})
    now = county(er, "440704")
    asked = {"organisation": cast.uscc}
    assert (await now.read("point-balances", **asked))["balance"] == await balance(cast) != "0.00"
    assert (await cast.county.get("point-balances", params=asked)).status_code == 404
