"""Counts of recognitions by every measure, held against a recount by hand over random histories."""

from collections import defaultdict
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from er_story import Cast, approver, city, integration, registered

from kechuang.testing import Client, ServiceHarness

KINDS = ("tech_micro", "tech_sme", "hnte")
Row = dict[str, Any]
Groups = dict[tuple[Any, ...], tuple[int, int]]


# -- the recount: plain Python over the records as anybody reads them -----------------------------


def last(row: Row) -> str:
    """The last day on which it is held."""
    return min([day for day in (row["valid_to"], row["ended_on"]) if day], default="9999-12-31")


def held(row: Row, day: str) -> bool:
    return bool(row["valid_from"] <= day <= last(row))


def counts(row: Row, rows: list[Row], measure: str, first: str, day: str) -> bool:
    """Whether a recognition counts, by the words of the API's description."""
    twins = [
        each for each in rows
        if (each["organisation"], each["node"]) == (row["organisation"], row["node"]) and each is not row
    ]  # fmt: skip
    match measure:
        case "stock":
            return held(row, day)
        case "flow":
            return bool(first <= row["issued_on"] <= day)
        case "first_time":
            earliest = all(each["valid_from"] > row["valid_from"] for each in twins)
            assert row["first_time"] == earliest
            return bool(first <= row["issued_on"] <= day) and earliest
        case "expired":
            ran_out = row["valid_to"] and last(row) == row["valid_to"] and first <= row["valid_to"] < day
            return bool(ran_out) and not any(held(each, day) for each in [row, *twins])
        case "expiring":
            soon = str(date.fromisoformat(day) + timedelta(days=90))
            following = str(date.fromisoformat(last(row)) + timedelta(days=1)) if last(row) < "9999" else ""
            goes_on = any(each["valid_from"] <= following and last(each) > last(row) for each in twins)
            return held(row, day) and last(row) <= soon and not goes_on
    raise AssertionError(measure)


def year_of(row: Row, measure: str) -> int:
    days = {"expired": row["valid_to"], "expiring": last(row)}
    return int(days.get(measure, row["issued_on"])[:4])


def recount(rows: list[Row], measure: str, first: str, day: str, by: list[str]) -> Groups:
    """Organisations and recognitions by the axes."""
    found: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    ends = [(None, day)]
    if measure == "stock" and "year" in by:
        years = range(int(first[:4]), int(day[:4]) + 1)
        ends = [(year, min(f"{year}-12-31", day)) for year in years]
    for year, end in ends:
        for row in rows:
            if counts(row, rows, measure, first, end):
                axes = {"node": row["kind"], "division": row["division"],
                        "year": year or year_of(row, measure)}  # fmt: skip
                found[tuple(axes[name] for name in by)].append(row["organisation"])
    return {key: (len(set(owners)), len(owners)) for key, owners in found.items()}


# -- random histories ------------------------------------------------------------------------------


async def everything(client: Client) -> list[Row]:
    """All recognitions of these kinds, page by page: what other tests left in the database counts too."""
    found: list[Row] = []
    cursor: dict[str, str] = {}
    while True:
        page = await client.read("recognitions", limit=100, kind=",".join(KINDS), **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def lived(er: ServiceHarness, random: Random, casts: list[Cast]) -> None:
    """Recognitions arrive out of order, are renewed, revoked, given up, corrected; the rest time does."""
    today = er.database.clock.today()
    for _ in range(24):
        cast, kind = random.choice(casts), random.choice(KINDS)
        first = today - timedelta(days=random.randrange(1500))
        body: Row = {
            "organisation": cast.uscc, "kind": kind, "issued_on": str(first - timedelta(days=random.randrange(9))),
            "valid_from": str(first),
        }  # fmt: skip
        if random.random() < 0.5:
            body["valid_to"] = str(first + timedelta(days=random.randrange(60, 1600)))
        mine = await cast.city.read("recognitions", organisation=cast.uscc, kind=kind, state="valid")
        if mine["items"] and random.random() < 0.3:
            body["renews"] = mine["items"][0]["id"]
        made = await cast.province.post("recognitions", body)
        assert made.status_code in (201, 409) or "renewed_later" in made.text, made.text
        if made.status_code == 201 and random.random() < 0.3:
            await ended(er, random, cast, made.json())


async def ended(er: ServiceHarness, random: Random, cast: Cast, made: Row) -> None:
    """Revoked, given up or corrected, where it is still valid."""
    await er.fire_timers()
    path = f"recognitions/{made['id']}"
    if (await cast.city.read(path))["state"] != "valid":
        return
    today = er.database.clock.today()
    act = random.choice(("revoke", "surrender", "correct"))
    if act == "revoke":
        said = {"document_no": "粤科〔2024〕3号", "reason": "提供虚假材料", "heard_on": str(today)}
        await approver(er).do(path, "revoke", said)
    elif act == "surrender":
        await cast.signatory.do(path, "surrender", {"reason": "主动放弃"})
    else:
        until = str(today + timedelta(days=random.randrange(200)))
        await city(er).do(path, "correct", {"valid_to": until, "reason": "登记有误"})


@pytest.mark.parametrize("seed", [3, 17, 2024])
async def test_every_measure_on_any_day_equals_a_recount(er: ServiceHarness, seed: int) -> None:
    """YJ-01, JG-02: stock, flow, first time, expired and expiring, by node, county and year."""
    random = Random(seed)
    casts = [await registered(er, division=each) for each in ("440703", "440703", "440704", "440704")]
    await lived(er, random, casts)
    await er.fire_timers()
    rows = await everything(integration(er))
    today = er.database.clock.today()
    asked = 0
    for measure in ("stock", "flow", "first_time", "expired", "expiring"):
        for by in (["node"], ["node", "division"], ["year"], ["node", "year"], ["division"]):
            day = today - timedelta(days=random.randrange(-30, 1200))
            first = day - timedelta(days=random.randrange(0, 900))
            answer = await er.client().read(
                "recognition-counts", measure=measure, as_of=str(day), first=str(first), by=",".join(by),
                city="440700", kind=",".join(KINDS),
            )  # fmt: skip
            axes = {"node": "kind"}
            counted = {
                tuple(each[axes.get(name, name)] for name in by): (
                    each["organisations"],
                    each["recognitions"],
                )
                for each in answer["items"]
                if each["recognitions"]  # a year without any is shown as zero
            }
            assert counted == recount(rows, measure, str(first), str(day), by), (measure, by, day)
            asked += len(counted)
    assert asked > 20


async def test_a_track_counts_its_nodes_together(er: ServiceHarness) -> None:
    """JG-02: one organisation with two recognitions of a track is one organisation of the track."""
    cast = await registered(er)
    before = await by_track(er)
    today = str(er.database.clock.today())
    for kind in ("tech_micro", "tech_sme", "hnte"):
        await cast.province.make(
            "recognitions", {"organisation": cast.uscc, "kind": kind, "issued_on": today}
        )
    after = await by_track(er)
    assert after["small"] == (before.get("small", (0, 0))[0] + 1, before.get("small", (0, 0))[1] + 2)
    assert after["high_tech"][0] == before.get("high_tech", (0, 0))[0] + 1
    nowhere = await er.client().get("recognition-counts", params={"by": "track"})
    assert nowhere.json()["errors"][0]["code"] == "city_needed"


async def by_track(er: ServiceHarness) -> dict[str, tuple[int, int]]:
    answer = await er.client().read("recognition-counts", by="track", measure="first_time", city="440700")
    return {each["track"]: (each["organisations"], each["recognitions"]) for each in answer["items"]}


@pytest.mark.parametrize(
    ("params", "code"),
    [({"by": "colour"}, "axis_unknown"), ({"first": "2025-01-01", "as_of": "2024-01-01"}, "ends_early")],
)
async def test_what_makes_no_sense_is_refused(er: ServiceHarness, params: dict[str, str], code: str) -> None:
    answer = await er.client().get("recognition-counts", params=params)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
