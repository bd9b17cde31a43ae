"""A population of the invented city about the thresholds of its rules, and a draft of its pack that moves one."""

from itertools import count
from random import Random
from typing import Any

from sixth_city_story import COUNTIES, SIXTH

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness

_seeds = count(20240301)


async def people(er: ServiceHarness, how_many: int) -> list[str]:
    """Enterprises in two counties: filings at and about the thresholds, some certificates, some with nothing filed."""
    random, codes = Random(next(_seeds)), []
    province = er.client(roles=["integration"], client_id="province", subject="province")
    today = er.database.clock.today()
    for number in range(how_many):
        division = COUNTIES[number % 2]
        uscc = synthetic_uscc(random, "440000")
        codes.append(uscc)
        county = er.client(roles=["county_officer"], areas=[division], subject=f"officer-{division}")
        owner = er.client(roles=["enterprise_signatory"], organisation=uscc, person=uscc, subject=uscc)
        made = await owner.make(
            "organisations",
            {
                "uscc": uscc, "name": f"云澜样例海工{number}厂", "kind": "enterprise", "division": division,
                "established_on": "2019-05-01", "facts": {"has_provincial_rd_institution": number % 5 == 0,
                                                            "on_dishonest_list": False,
                                                            "panel_view": True} if number % 4 else {},
            },
        )  # fmt: skip
        await county.do(f"organisations/{made['id']}", "verify")
        if number % 6 != 5:
            for year in (today.year - 2, today.year - 1):
                filing = await owner.make(
                    "filings",
                    {
                        "form": "yunlan_annual", "period": str(year),
                        "facts": {
                            "employees": random.choice([80, 99, 100, 150]), "st_staff": 30,
                            "operating_revenue": random.choice(["49999999.99", "50000000.00", "100000000.00"]),
                            "sales_revenue": "9000000.00", "rd_expense": "499999.99" if number % 3 == 2 else "5000000.00",
                            "pilot_lines": random.choice([1, 2, 3]), "trial_measure": "lines",
                        },
                    },
                )  # fmt: skip
                filing = await owner.do(f"filings/{filing['id']}", "submit")
                if number % 3:
                    await county.do(f"filings/{filing['id']}", "verify")
        if number % 2:
            await province.make(
                "recognitions", {"organisation": uscc, "kind": "hnte", "issued_on": str(today)}
            )
    return codes


def draft_files(**changes: str) -> list[dict[str, str]]:
    """The city's files as version 2024.2, with texts replaced."""
    made = []
    for path in sorted(SIXTH.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8").replace('"2024.1"', '"2024.2"')
        for old, new in changes.items():
            text = text.replace(old, new)
        made.append({"name": path.relative_to(SIXTH).as_posix(), "content": text})
    return made


EASIER = {"threshold: 1亿元": "threshold: 5000万元", "in_force_from: 2024-01-01": "in_force_from: 2024-07-01"}


async def done(er: ServiceHarness, client: Client, job: str) -> dict[str, Any]:
    runner = JobRunner(er.database)
    while await runner.step():
        pass
    return await client.read(f"jobs/{job}")
