"""Innovation points as a condition of a call: to enter and to rank by, read from the balance of a day."""

from datetime import timedelta
from typing import Any

from kechuang_contracts.enterprise_registry import PointEntryRecorded


async def told(
    stage: Any, uscc: str, points: int, days_ago: int, *, entry: str = "", reverses: str = ""
) -> str:
    """Deliver an entry of the registry's ledger, twice, as a broker may."""
    name = entry or f"entry-{uscc}-{points}-{days_ago}"
    booked = stage.pb.database.clock.today() - timedelta(days=days_ago)
    event = PointEntryRecorded(
        city="440700", division="440703", organisation=uscc, rule="hnte_recognised", points=points,
        booked_on=booked, reverses=reverses or None, pack="jiangmen-2023@2023.1",
    )  # fmt: skip
    for _ in range(2):
        await stage.pb.deliver(event, aggregate=name)
    return name


async def call_with_points(stage: Any, **points: Any) -> str:
    """A published call that asks for points."""
    drafted = await stage.drafted()
    yesterday = stage.pb.database.clock.today() - timedelta(days=1)
    await stage.officer().patch(f"calls/{drafted}", {"points": {"as_of": yesterday.isoformat(), **points}})
    return str(await stage.published())


async def test_jg_03_a_call_reads_the_balance_of_its_day_as_a_condition_to_enter(stage: Any) -> None:
    """JG-03: … let a bidding call read the balance of a date as entry condition."""
    call = await call_with_points(stage, at_least="30.00")
    shown = await stage.officer().read(f"calls/{call}")
    assert shown["points"]["at_least"] == "30.00"
    enough, late, reversed_ = [await stage.register(stage.uscc()) for _ in range(3)]
    await told(stage, enough, 3000, 1)
    await told(stage, late, 2999, 1)
    await told(stage, late, 500, 0)  # booked after the day
    entry = await told(stage, reversed_, 4000, 5)
    await told(stage, reversed_, -4000, 2, entry="counter", reverses=entry)

    assert (await stage.signatory(enough).make("bids", {"call": call}))["call"] == call
    for uscc, balance in ((late, "29.99"), (reversed_, "0.00")):
        refused = await stage.signatory(uscc).post("bids", {"call": call})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_eligible")
        [finding] = refused.json()["findings"]
        assert (finding["check"], finding["evidence"]) == ("points", [balance])


async def test_a_day_of_points_that_ends_after_the_closing_is_not_published(stage: Any) -> None:
    drafted = await stage.drafted()
    far = stage.pb.database.clock.today() + timedelta(days=365)
    officer = stage.officer()
    path = f"calls/{drafted}"
    closes = stage.now().replace(microsecond=0) + timedelta(days=30)
    await officer.patch(
        path, {"points": {"as_of": far.isoformat(), "at_least": "1"}, "closes_at": closes.isoformat()}
    )
    neither = await officer.http.patch(
        f"/api/v1/{path}", json={"points": {"as_of": far.isoformat()}},
        headers={"If-Match": (await officer.get(path)).headers["etag"]},
    )  # fmt: skip
    assert neither.status_code == 422
