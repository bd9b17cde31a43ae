"""What tests tell over and over: an organisation registers, files, applies. Codes are synthetic."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.testing import Client, ServiceHarness

_random = Random(20240301)
_numbers = count(1)

ANNUAL = {
    "employees": 120,
    "st_staff": 30,
    "operating_revenue": "60000000.00",
    "sales_revenue": "58000000.00",
    "rd_expense": "3600000.00",
}


@dataclass
class Cast:
    """The people around one organisation."""

    uscc: str
    organisation: dict[str, Any]
    signatory: Client
    county: Client
    city: Client
    approver: Client
    supervisor: Client
    province: Client


def county(er: ServiceHarness, area: str = "440703") -> Client:
    """An officer of a county."""
    return er.client(roles=["county_officer"], areas=[area], unit=f"science-{area}")


def city(er: ServiceHarness, subject: str = "city-officer") -> Client:
    """An officer of the city who handles."""
    return er.client(roles=["city_officer"], areas=["440700"], unit="jiangmen-science", subject=subject)


def approver(er: ServiceHarness, subject: str = "city-approver") -> Client:
    """An officer of the city who decides."""
    return er.client(roles=["city_approver"], areas=["440700"], subject=subject)


def integration(er: ServiceHarness) -> Client:
    """Another system."""
    return er.client(roles=["integration"], client_id="province", subject="province")


def new_uscc(area: str = "440703") -> str:
    """A code of nobody."""
    return synthetic_uscc(_random, area)


async def registered(
    er: ServiceHarness, *, division: str = "440703", active: bool = True, **more: Any
) -> Cast:
    """An enterprise that has registered itself and was verified by its county."""
    uscc = new_uscc(division)
    signatory = er.client(
        roles=["enterprise_clerk", "enterprise_signatory"],
        organisation=uscc,
        person=f"p-{uscc}",
        subject=uscc,
    )
    made = await signatory.make(
        "organisations",
        {
            "uscc": uscc, "name": f"江门测试制造{next(_numbers)}有限公司", "kind": "enterprise", "division": division,
            "industry": "34", "established_on": "2016-05-18",
            "facts": {"resident_mainland": True, "industry_size_group": "industry"}, **more,
        },
    )  # fmt: skip
    if active:
        made = await county(er, division).do(f"organisations/{made['id']}", "verify")
    return Cast(
        uscc, made, signatory, county(er, division), city(er), approver(er),
        er.client(roles=["supervisor"], areas=["440700"]), integration(er),
    )  # fmt: skip


async def filed(cast: Cast, year: int, *, verified: bool = True, **facts: Any) -> dict[str, Any]:
    """An annual filing, submitted and, unless told otherwise, verified."""
    made = await cast.signatory.make(
        "filings", {"form": "enterprise_annual", "period": str(year), "facts": ANNUAL | facts}
    )
    made = await cast.signatory.do(f"filings/{made['id']}", "submit")
    return await cast.county.do(f"filings/{made['id']}", "verify") if verified else made


async def window(er: ServiceHarness, target: str = "tech_micro", **details: Any) -> dict[str, Any]:
    """An application window that is open now, for sixty days."""
    now = er.database.clock.now()
    body = {
        "title": "申报通知", "target": target, "city": "440700", "opens_at": now.isoformat(),
        "closes_at": (now + timedelta(days=60)).isoformat(), "details": details,
        "form": "tech_micro_application" if target == "tech_micro" else None,
    }  # fmt: skip
    made = await city(er).make("application-windows", body)
    return await city(er).do(f"application-windows/{made['id']}", "open")


ANSWERS = {"main_product": "精密轴承", "contact_person_title": "总工程师"}


async def licence(client: Client) -> list[dict[str, Any]]:
    """The material that the application form demands, freshly uploaded."""
    return [await client.attachment("applications", "licence")]


async def submitted(
    er: ServiceHarness, cast: Cast, target: str = "tech_micro", **details: Any
) -> dict[str, Any]:
    """An application handed in."""
    opened = await window(er, target, **details)
    body: dict[str, Any] = {"window": opened["id"]}
    if target == "tech_micro":
        body |= {"answers": ANSWERS, "attachments": await licence(cast.signatory)}
    made = await cast.signatory.make("applications", body)
    return await cast.signatory.do(f"applications/{made['id']}", "submit")


async def on_notice(er: ServiceHarness, cast: Cast) -> dict[str, Any]:
    """An application on public notice."""
    made = await submitted(er, cast)
    path = f"applications/{made['id']}"
    await cast.county.do(path, "recommend", {"opinion": "同意推荐"})
    await cast.city.do(path, "review", {"opinion": "符合条件"})
    return await cast.city.do(path, "open-notice", {"contact": "江门市科学技术局"})
