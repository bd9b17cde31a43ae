"""Rows about recognitions over time: several at once, first times, stock, validity."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City, Enterprise

JINGMEN, DUODAO = "420800", "420804"
YANGJIANG, JIANGCHENG = "441700", "441702"


async def recorded(
    city: "City", enterprise: "Enterprise", kind: str, day: Any, **more: Any
) -> dict[str, Any]:
    """A recognition as its list gives it."""
    body = {"organisation": enterprise.uscc, "kind": kind, "issued_on": str(day), **more}
    return await city.as_("integration").make("recognitions", body)


async def counted(city: "City", area: str, measure: str, **params: str) -> dict[Any, int]:
    """Organisations by the axis asked for."""
    found = await city.anybody().read("recognition-counts", city=area, measure=measure, **params)
    axis = {"node": "kind"}.get(params.get("by", "node"), params.get("by", ""))
    return {each[axis]: each["organisations"] for each in found["items"]}


async def test_jg02_several_at_once_and_first_admissions_by_track_and_year(city: "City") -> None:
    """JG-02: let one enterprise hold several recognitions at once and get the right number of first-time
    admissions per track and year."""
    enterprise, other = await city.enterprise(division=DUODAO), await city.enterprise(division=DUODAO)
    this_year, last_year = {"first": "2024-01-01", "by": "track"}, {"as_of": "2023-12-31", "by": "track"}
    before = [await counted(city, JINGMEN, "first_time", **year) for year in (last_year, this_year)]
    await recorded(city, enterprise, "tech_sme", "2023-05-10")
    await recorded(city, enterprise, "tech_sme", "2024-01-15")  # a repeat: kept, not new
    await recorded(city, enterprise, "gazelle", "2024-02-01")
    await recorded(city, enterprise, "little_giant", "2024-02-02")
    await recorded(city, other, "single_champion", "2024-02-03")
    await recorded(city, other, "little_giant", "2024-02-04")
    rungs = await enterprise.signatory.read(
        f"organisations/{enterprise.record['id']}/rungs", as_of="2024-02-10"
    )
    held = {each["kind"] for each in rungs["items"] if each["by"] == "recognition"}
    assert {"tech_sme", "gazelle", "little_giant"} <= held
    after = [await counted(city, JINGMEN, "first_time", **year) for year in (last_year, this_year)]
    gained = [
        {track: now[track] - then.get(track, 0) for track in now if now[track] != then.get(track, 0)}
        for then, now in zip(before, after, strict=True)
    ]
    assert gained == [
        {"sme_track": 1},
        # Two honours counted together: each enterprise of that track once.
        {"new_species_track": 1, "specialised_track": 2},
    ]
    targets = await city.anybody().read(
        "recognition-counts", city=JINGMEN, measure="first_time", by="track", first="2024-01-01"
    )
    assert {each["track"]: each["target"] for each in targets["items"]}["specialised_track"] == 30


async def test_yj01_stock_additions_expiry_and_what_expires_soon(city: "City") -> None:
    """YJ-01: query valid, newly recognised, expired and soon-expiring HNTEs as of a date; an expired one drops
    out of the stock by itself."""
    public = city.anybody()
    enterprise, young = (
        await city.enterprise(division=JIANGCHENG),
        await city.enterprise(division=JIANGCHENG),
    )
    today = await city.today()
    ends = today + timedelta(days=20)

    async def figures() -> dict[str, int]:
        measures = ("stock", "flow", "expired", "expiring")
        found = {each: await counted(city, YANGJIANG, each, kind="hnte") for each in measures}
        return {measure: by_kind.get("hnte", 0) for measure, by_kind in found.items()}

    before = await figures()
    old = await recorded(city, enterprise, "hnte", today - timedelta(days=1000), valid_to=str(ends))
    await recorded(city, young, "hnte", today)
    now = await figures()
    assert {key: now[key] - before[key] for key in now} == {
        "stock": 2,
        "flow": 1,
        "expired": 0,
        "expiring": 1,
    }
    soon = await public.read("recognitions", organisation=enterprise.uscc, expiring="true")
    assert [each["id"] for each in soon["items"]] == [old["id"]]
    assert (await public.read("recognitions", organisation=young.uscc, expiring="true"))["items"] == []
    await city.advance(days=22)
    assert (await public.read(f"recognitions/{old['id']}"))["state"] == "expired"
    then = await figures()
    assert {key: then[key] - before[key] for key in then} == {
        "stock": 1,
        "flow": 1,
        "expired": 1,
        "expiring": 0,
    }
    # As of the day before it still stands in the stock.
    as_it_was = await counted(city, YANGJIANG, "stock", kind="hnte", as_of=str(ends))
    assert as_it_was["hnte"] == now["stock"]


async def test_yj02_a_yearly_admission_repeated_is_kept_and_not_counted_as_new(city: "City") -> None:
    """YJ-02: register an admission for a year; a repeat in the next year is kept but not counted as new."""
    enterprise = await city.enterprise(division=JIANGCHENG)
    years = {"kind": "tech_sme", "first": "2022-01-01", "as_of": "2023-12-31", "by": "year"}
    new, flow = [await counted(city, YANGJIANG, each, **years) for each in ("first_time", "flow")]
    await recorded(city, enterprise, "tech_sme", "2022-06-01")
    again = await recorded(city, enterprise, "tech_sme", "2023-06-01")
    assert again["first_time"] is False
    assert len((await city.anybody().read("recognitions", organisation=enterprise.uscc))["items"]) == 2
    new_after, flow_after = [await counted(city, YANGJIANG, each, **years) for each in ("first_time", "flow")]
    assert (new_after.get(2022, 0) - new.get(2022, 0), new_after.get(2023, 0) - new.get(2023, 0)) == (1, 0)
    assert (flow_after[2022] - flow.get(2022, 0), flow_after[2023] - flow.get(2023, 0)) == (1, 1)
