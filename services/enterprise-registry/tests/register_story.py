"""What tests of registers tell over and over, in the city whose pack declares the most kinds."""

from datetime import date
from itertools import count
from typing import Any

from er_story import new_uscc

from kechuang.testing import Client, ServiceHarness

RECORDS = "enterprise-records"
JINGMEN, DONGBAO, DUODAO = "420800", "420802", "420804"
_numbers = count(1)


def in_county(city: ServiceHarness, area: str) -> Client:
    """An officer of a county."""
    return city.client(roles=["county_officer"], areas=[area])


async def enterprise(officer: Client, division: str = DONGBAO, **more: Any) -> str:
    """A verified enterprise: its credit code."""
    uscc: str = new_uscc(division)
    made = await officer.make(
        "organisations",
        {
            "uscc": uscc,
            "name": f"荆门样例{next(_numbers)}有限公司",
            "kind": "enterprise",
            "division": division,
            **more,
        },
    )
    await officer.do(f"organisations/{made['id']}", "verify")
    return uscc


def platform(title: str, first: date, **more: Any) -> dict[str, Any]:
    """A platform of Dongbao."""
    return {
        "kind": "transfer_base", "title": title, "valid_from": str(first), "city": JINGMEN, "division": DONGBAO, **more,
    }  # fmt: skip


async def confirmed(officer: Client, body: dict[str, Any]) -> dict[str, Any]:
    """A record that was reported and confirmed."""
    made = await officer.make(RECORDS, body)
    return await officer.do(f"{RECORDS}/{made['id']}", "confirm")


async def stock(client: Client, **asked: Any) -> int:
    """How many hold today, or on the day asked for."""
    (only,) = (await client.read(f"{RECORDS}/counts", by="", **asked))["items"]
    return int(only["stock"])


def codes(answer: Any) -> set[str]:
    """The codes of a refusal."""
    return {each["code"] for each in answer.json()["errors"]}
