"""What the tests of selection rounds tell over and over: a round is announced, filled, scored, put on notice."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from er_story import Cast, city, registered

from kechuang.testing import Client, ServiceHarness

AWARD = {"document_no": "江科〔2024〕12号"}
_LATEST = 2090


@dataclass
class Round:
    """A round and those who take part; `items` are the applications in the order in which they were handed in."""

    er: ServiceHarness
    record: dict[str, Any]
    casts: list[Cast] = field(default_factory=list)
    items: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"selection-rounds/{self.record['id']}"

    async def read(self) -> dict[str, Any]:
        return await city(self.er).read(self.path)

    async def standing(self) -> dict[str, dict[str, Any]]:
        """The list by item."""
        found = await city(self.er).read(f"{self.path}/standing")
        return {each["item"]: each for each in found["items"]}

    def award_body(self, **more: Any) -> dict[str, Any]:
        return AWARD | {"decided_on": self.er.database.clock.today().isoformat()} | more


async def holder(er: ServiceHarness, kind: str = "hnte") -> Cast:
    """An enterprise that holds a certificate from elsewhere."""
    cast = await registered(er)
    today = er.database.clock.today()
    await cast.province.make(
        "recognitions",
        {
            "organisation": cast.uscc,
            "kind": kind,
            "issued_on": str(today),
            "valid_to": f"{today.year + 5}-12-31",
        },
    )
    return cast


async def announced(er: ServiceHarness, *, honour: str = "star", **more: Any) -> Round:
    """A round whose window is open now."""
    now = er.database.clock.now()
    body = {
        "title": "创新标兵评选", "honour": honour, "city": "440700", "opens_at": now.isoformat(),
        "closes_at": (now + timedelta(days=10)).isoformat(), **more,
    }  # fmt: skip
    made = await city(er).make("selection-rounds", body)
    made = await city(er).do(f"selection-rounds/{made['id']}", "announce")
    await er.fire_timers()
    return Round(er, made)


async def filled(er: ServiceHarness, found: Round, count: int) -> Round:
    """That many certified enterprises apply, are recommended by the county and reviewed by the city."""
    for _ in range(count):
        cast = await holder(er)
        made = await cast.signatory.make("applications", {"round": found.record["id"]})
        path = f"applications/{made['id']}"
        await cast.signatory.do(path, "submit")
        await cast.county.do(path, "recommend", {"opinion": "同意推荐"})
        await cast.city.do(path, "review", {"opinion": "材料齐全"})
        found.casts.append(cast)
        found.items.append(made["id"])
    return found


async def closed(er: ServiceHarness) -> None:
    """The window's ten days pass."""
    await er.at(days=11)
    await er.fire_timers()


def scorer(er: ServiceHarness, name: str = "scorer") -> Client:
    """An officer of the city who scores and does nothing else."""
    return city(er, f"city-{name}")


def sheets(points: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Score sheets: item → points for R&D input and growth."""
    return {
        "sheets": [
            {"item": item, "points": {"rd_input": one, "growth": two}} for item, (one, two) in points.items()
        ]
    }


async def on_notice(er: ServiceHarness, count: int, *, places: int | None = None, **more: Any) -> Round:
    """A round on public notice: the first to apply has the best score, and so on down."""
    found = await filled(er, await announced(er, **more), count)
    await closed(er)
    points = {item: (str(90 - n), str(90 - n)) for n, item in enumerate(found.items)}
    await scorer(er).do(found.path, "score", sheets(points))
    await city(er).do(found.path, "shortlist", {} if places is None else {"places": places})
    found.record = await city(er).do(found.path, "open-notice", {"contact": "江门市科学技术局"})
    return found


async def notice_over(er: ServiceHarness) -> None:
    """Twenty days hold five working days, save for the longest holidays."""
    await er.at(days=20)
    await er.fire_timers()


async def ready(er: ServiceHarness, count: int, **more: Any) -> Round:
    """A round whose notice has ended."""
    found = await on_notice(er, count, **more)
    await notice_over(er)
    found.record = await found.read()
    return found


def own_quota(value: int, last: int, kind: str = "cap") -> dict[str, Any]:
    """A quota of the city's own; rounds with the same last year share it."""
    return {"kind": kind, "value": value, "first": "2020-01-01", "last": f"{_LATEST + last}-12-31"}


async def at_once(*calls: Any) -> list[tuple[int, dict[str, Any]]]:
    """Send everything at once; gives status and body of each answer."""
    answers = await asyncio.gather(*calls)
    return [(each.status_code, each.json()) for each in answers]
