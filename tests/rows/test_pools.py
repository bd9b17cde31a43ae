"""Rows about reserve pools."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City

JIUJIANG, LIANXI = "360400", "360402"


async def test_jj01_in_the_reserve_for_a_rung_and_converted_on_recognition(city: "City") -> None:
    """JJ-01: put an enterprise into the reserve for a rung with a reason; on recognition it leaves the pool and
    counts as converted."""
    county = city.as_("county_officer", area=LIANXI)
    enterprise = await city.enterprise(division=LIANXI)
    before = await pool(city)
    member = await county.make(
        "reserve-pool-members",
        {"organisation": enterprise.uscc, "pool": "ladder_reserve", "rung": "high_growth",
         "reason": "近三年营业收入年均增长超过百分之三十。"},
    )  # fmt: skip
    path = f"reserve-pool-members/{member['id']}"
    assert (await enterprise.signatory.read(path))["reason"] == "近三年营业收入年均增长超过百分之三十。"
    assert (await pool(city))["members"] == before["members"] + 1
    await city.advance(days=3)
    today = str(await city.today())
    recognition = await city.as_("integration").make(
        "recognitions", {"organisation": enterprise.uscc, "kind": "high_growth", "issued_on": today}
    )
    out = await county.read(path)
    assert (out["state"], out["recognition"], out["out_on"]) == ("graduated", recognition["id"], today)
    after = await pool(city)
    assert after["members"] == before["members"]
    assert after["converted"] == before["converted"] + 1
    as_it_was = await pool(city, as_of=member["joined_on"])
    assert (as_it_was["members"], as_it_was["converted"]) == (before["members"] + 1, before["converted"])


async def pool(city: "City", **params: str) -> dict[str, Any]:
    """The counts of the rung's reserve."""
    found = await city.anybody().read("reserve-pool-counts", city=JIUJIANG, by="pool,rung", **params)
    blank = {"members": 0, "joined": 0, "converted": 0, "left": 0}
    return next((each for each in found["items"] if each["rung"] == "high_growth"), blank)
