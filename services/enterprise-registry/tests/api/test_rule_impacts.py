"""Uploaded pack versions and their impact, on the real application and database, in the invented sixth city."""

from collections.abc import AsyncIterator
from datetime import date
from random import Random
from typing import Any

import pytest
from sixth_city_story import COUNTIES, SIXTH, approver, officer, sixth_city

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.ladders.impact import Outcome, outcome
from enterprise_registry.ladders.plan import judge, plan_of
from enterprise_registry.policy.library import library
from enterprise_registry.recognitions.counts import held_nodes
from kechuang.access import Actor
from kechuang.codes.synthetic import synthetic_uscc
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness


@pytest.fixture(scope="module")
async def yunlan(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceHarness]:
    """enterprise-registry with the national packs and the invented city."""
    async with sixth_city(engines, tmp_path_factory.mktemp("packs")) as harness:
        yield harness


async def people(er: ServiceHarness, count: int) -> list[str]:
    """Enterprises in two counties: filings at and about the thresholds, some certificates, some with nothing filed."""
    random, codes = Random(20240301), []
    province = er.client(roles=["integration"], client_id="province", subject="province")
    today = er.database.clock.today()
    for number in range(count):
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


class TestVersions:
    async def test_faults_are_told_with_file_and_line_and_mended(self, yunlan: ServiceHarness) -> None:
        files = draft_files(**{"fact: sea_trials, comparator": "fact: sea_trial, comparator"})
        made = await officer(yunlan).make("policy-pack-versions", {"city": "yunlan", "files": files})
        (fault,) = made["faults"]
        assert (fault["file"], made["state"], made["digest"]) == ("ladder.yaml", "draft", None)
        line = next(f["content"] for f in files if f["name"] == "ladder.yaml").splitlines()[fault["line"] - 1]
        assert "sea_trial," in line
        path = f"policy-pack-versions/{made['id']}"
        assert (await officer(yunlan).do(path, "validate"))["state"] == "draft"
        mended = await officer(yunlan).patch(path, {"files": draft_files()})
        assert mended["faults"] == []
        assert (await officer(yunlan).do(path, "validate"))["state"] == "validated"

    async def test_strange_files_and_known_versions_are_faults(self, yunlan: ServiceHarness) -> None:
        strange = [*draft_files(), {"name": "../outside.yaml", "content": "a: 1"}]
        made = await officer(yunlan).make("policy-pack-versions", {"city": "yunlan", "files": strange})
        assert [each["file"] for each in made["faults"]] == ["../outside.yaml"]
        same = [
            {"name": p.relative_to(SIXTH).as_posix(), "content": p.read_text(encoding="utf-8")}
            for p in SIXTH.rglob("*.yaml")
        ]
        made = await officer(yunlan).make("policy-pack-versions", {"city": "yunlan", "files": same})
        assert "2024.1 already" in made["faults"][0]["message"]

    async def test_published_by_another_person_with_a_document_and_once(self, yunlan: ServiceHarness) -> None:
        clerk, boss = officer(yunlan), approver(yunlan)
        body = {"city": "yunlan", "files": draft_files(**EASIER)}
        made = await clerk.make("policy-pack-versions", body)
        path = f"policy-pack-versions/{made['id']}"
        today = str(yunlan.database.clock.today())
        decision = {"document_no": "云科〔2024〕9号", "decided_on": today}
        assert (await boss.post(f"{path}/publish", decision)).status_code in (409, 428)
        await clerk.do(path, "validate")
        assert (await clerk.post(f"{path}/publish", decision)).status_code == 403
        assert (await yunlan.client().get(path)).status_code == 404
        published = await boss.do(path, "publish", decision)
        assert (published["state"], published["in_use"]) == ("published", False)
        assert (await yunlan.client().read(path))["document_no"] == "云科〔2024〕9号"
        files = await yunlan.client().read(f"{path}/files")
        assert files["digest"] == made["digest"]
        twin = await clerk.make("policy-pack-versions", body)
        await clerk.do(f"policy-pack-versions/{twin['id']}", "validate")
        tag = (await boss.get(f"policy-pack-versions/{twin['id']}")).headers["etag"]
        again = await boss.post(
            f"policy-pack-versions/{twin['id']}/publish", decision, headers={"If-Match": tag}
        )
        assert (again.status_code, again.json()["code"]) == (409, "version_published")


class TestImpact:
    async def test_it_names_who_gains_and_why_and_equals_the_explained_engine(
        self, yunlan: ServiceHarness
    ) -> None:
        codes = await people(yunlan, 36)
        clerk = officer(yunlan)
        files = draft_files(**EASIER)
        draft = await clerk.make("policy-pack-versions", {"city": "yunlan", "files": files})
        impact = await clerk.make("rule-impacts", {"city": "yunlan", "candidate": draft["id"]})
        assert (impact["state"], impact["baseline"]) == ("running", "yunlan@2024.1")
        job = await done(yunlan, clerk, impact["job"])
        assert (job["state"], job["progress"]) == ("succeeded", 1.0), job
        found = await clerk.read(f"rule-impacts/{impact['id']}")
        assert (found["state"], found["population"]) == ("completed", len(codes))

        today = yunlan.database.clock.today()
        expected: dict[tuple[str, str, str], int] = {}
        gains: dict[str, str | None] = {}
        async with yunlan.database.reading(Actor.system("test")) as unit:
            shelf = library(unit)
            drafted, pack = shelf.packs.with_draft({f["name"]: f["content"] for f in files})
            old = plan_of(shelf.packs, shelf.packs.version("yunlan", "2024.1"), today)
            new = plan_of(drafted, pack, today, date(2024, 7, 1))
            for number, code in enumerate(codes):
                held = await held_nodes(unit, code, today)
                base = await fact_base(unit, shelf.packs.version("yunlan", "2024.1"), code, on=today)
                was, will = judge(old, base, held), judge(new, base, held)
                for node in was:
                    result = outcome(was[node].result, will[node].result)
                    cell = (node, COUNTIES[number % 2], result.name)
                    expected[cell] = expected.get(cell, 0) + 1
                    if node == "yunlan/pillar" and result is Outcome.gains:
                        gains[code] = was[node].leaf
        told = {(c["node"], c["division"], c["outcome"]): c["organisations"] for c in found["counts"]}
        assert told == expected
        assert gains, "the easier threshold lets somebody in"
        path = f"rule-impacts/{impact['id']}/cases"
        page = await clerk.read(path, outcome="gains", node="yunlan/pillar", limit=1)
        listed = [*page["items"]]
        while page["next_cursor"]:
            page = await clerk.read(
                path, outcome="gains", node="yunlan/pillar", limit=1, cursor=page["next_cursor"]
            )
            listed += page["items"]
        assert {each["organisation"]: each["leaf"] for each in listed} == gains
        assert {each["leaf"] for each in listed} == {"revenue"}

    async def test_the_past_day_has_its_own_population(self, yunlan: ServiceHarness) -> None:
        clerk = officer(yunlan)
        made = await clerk.make(
            "rule-impacts", {"city": "yunlan", "candidate": "yunlan@2024.1", "as_of": "2020-01-01"}
        )
        await done(yunlan, clerk, made["job"])
        found = await clerk.read(f"rule-impacts/{made['id']}")
        assert (found["state"], found["population"], found["counts"]) == ("completed", 0, [])

    async def test_faulty_foreign_and_unknown_versions_are_refused(self, yunlan: ServiceHarness) -> None:
        clerk = officer(yunlan)
        for candidate, code in (("yunlan@9", "version_unknown"), ("nothing", "version_unknown")):
            answer = await clerk.post("rule-impacts", {"city": "yunlan", "candidate": candidate})
            assert answer.json()["errors"][0]["code"] == code
        files = draft_files(**{"fact: sea_trials, comparator": "fact: sea_trial, comparator"})
        faulty = await clerk.make("policy-pack-versions", {"city": "yunlan", "files": files})
        answer = await clerk.post("rule-impacts", {"city": "yunlan", "candidate": faulty["id"]})
        assert "ladder.yaml:" in answer.json()["errors"][0]["detail"]
        stranger = yunlan.client(roles=["county_officer"], areas=[COUNTIES[0]])
        answer = await stranger.post("rule-impacts", {"city": "yunlan", "candidate": "yunlan@2024.1"})
        assert answer.status_code == 403
