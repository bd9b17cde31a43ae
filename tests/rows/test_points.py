"""The row about innovation points (企业创新积分制)."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import City


async def test_jg_03_entries_have_rule_and_evidence_and_the_balance_of_a_day_is_read(city: "City") -> None:
    """JG-03: give each point entry a rule and evidence, and let a bidding call read the balance of a date as entry or
    ranking condition. (That a call judges by it: test_points in project-bidding, from the events asserted here.)"""
    enterprise = await city.enterprise()
    year = (await city.today()).year - 1
    await city.filed(enterprise, year)  # 3.6 of 60 million: 6 percent, 10 points by the rule of R&D intensity
    first_day = await city.today()
    listed = {
        "organisation": enterprise.uscc, "kind": "hnte", "certificate_no": "GR202444009901",
        "issued_on": first_day.isoformat(),
    }  # fmt: skip
    recognition = await city.as_("integration").make("recognitions", listed)

    entries = (await enterprise.signatory.read("point-entries", organisation=enterprise.uscc))["items"]
    booked = {each["rule"]: each for each in entries}
    assert {rule: each["points"] for rule, each in booked.items()} == {
        "rd_intensity_year": "10.00", "hnte_recognised": "20.00"
    }  # fmt: skip
    assert booked["hnte_recognised"]["source"]["id"] == recognition["id"]
    assert booked["rd_intensity_year"]["source"]["kind"] == "filing"

    await city.advance(days=1)
    by_hand = {
        "organisation": enterprise.uscc, "rule": "other_contribution", "points": "8.00",
        "happened_on": first_day.isoformat(), "note": "牵头制定团体标准。",
    }  # fmt: skip
    bare = await enterprise.county.post("point-entries", {**by_hand, "evidence": []})
    assert (bare.status_code, bare.json()["errors"][0]["pointer"]) == (422, "/evidence")
    proof = await enterprise.county.attachment("point-entries", "standard")
    entry = await enterprise.county.make("point-entries", {**by_hand, "evidence": [proof]})
    assert (entry["evidence"][0]["file"], entry["origin"]) == (proof["file"], "manual")

    async def balance(day: int) -> str:
        on = (first_day + timedelta(days=day)).isoformat()
        found = await enterprise.signatory.read("point-balances", organisation=enterprise.uscc, as_of=on)
        return str(found["balance"])

    assert (await balance(-1), await balance(0), await balance(1)) == ("0.00", "30.00", "38.00")

    await city.advance(days=1)
    approver = city.as_("city_approver")
    reversed_ = await approver.do(
        f"point-entries/{entry['id']}", "reverse", {"reason": "佐证材料与事实不符。"}
    )
    counter = await approver.read(f"point-entries/{reversed_['reversed_by']}")
    assert (reversed_["state"], counter["points"], counter["reverses"]) == ("reversed", "-8.00", entry["id"])
    # The counter-entry counts from its own day on; what a call read for the day before stays true.
    assert (await balance(1), await balance(2)) == ("38.00", "30.00")
    stranger = await city.as_("other_enterprise").get(f"point-balances?organisation={enterprise.uscc}")
    assert stranger.status_code == 404
