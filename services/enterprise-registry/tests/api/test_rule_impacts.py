"""Uploaded pack versions and their impact, on the real application and database, in the invented sixth city."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from impact_story import EASIER, done, draft_files, people
from sixth_city_story import COUNTIES, SIXTH, approver, officer, sixth_city

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.ladders.impact import Outcome, outcome
from enterprise_registry.ladders.plan import judge, plan_of
from enterprise_registry.policy.library import library
from enterprise_registry.recognitions.counts import held_nodes
from kechuang.access import Actor
from kechuang.db.tables import chunk as chunks
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness


@pytest.fixture(scope="module")
async def yunlan(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceHarness]:
    """enterprise-registry with the national packs and the invented city."""
    async with sixth_city(engines, tmp_path_factory.mktemp("packs")) as harness:
        yield harness


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

        await self._as_files(clerk, path, found["counts"])

    async def _as_files(self, clerk: Client, path: str, counts: list[dict[str, Any]]) -> None:
        """The whole list downloaded says what the counts say, by county and rung."""
        listed = ("stays", "gains", "loses", "unknown")
        expected = Counter(
            {
                (each["node"], each["division"], each["outcome"]): each["organisations"]
                for each in counts
                if each["outcome"] in listed
            }
        )
        answer = await clerk.get(f"{path}/export", params={"format": "ndjson"})
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert Counter((each["node"], each["division"], each["outcome"]) for each in lines) == expected
        assert answer.headers["x-rows"] == str(len(lines))
        narrow = {"outcome": "gains", "node": "yunlan/pillar", "division": COUNTIES[1]}
        answer = await clerk.get(f"{path}/export", params=narrow)
        head, *rows = answer.text.strip().splitlines()
        assert head.removeprefix("\ufeff").startswith("统一社会信用代码,企业名称,县（市、区）")
        assert len(rows) == expected["yunlan/pillar", COUNTIES[1], "gains"] > 0
        assert "新符合" in rows[0]
        sheet = await clerk.get(f"{path}/export", params={"format": "xlsx"})
        assert sheet.content[:2] == b"PK"

    async def test_the_past_day_has_its_own_population(self, yunlan: ServiceHarness) -> None:
        clerk = officer(yunlan)
        made = await clerk.make(
            "rule-impacts", {"city": "yunlan", "candidate": "yunlan@2024.1", "as_of": "2020-01-01"}
        )
        await done(yunlan, clerk, made["job"])
        found = await clerk.read(f"rule-impacts/{made['id']}")
        assert (found["state"], found["population"], found["counts"]) == ("completed", 0, [])

    async def test_a_worker_that_dies_leaves_nothing_half_done(
        self, yunlan: ServiceHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Killed after its rows were written and before its chunk was marked: another worker does the chunk anew."""
        monkeypatch.setattr("enterprise_registry.rule_impacts.use_cases.CHUNK_SIZE", 5)
        await people(yunlan, 12)
        clerk = officer(yunlan)
        whole = await self._tried(yunlan, clerk)
        await done(yunlan, clerk, whole["job"])
        impact = await self._tried(yunlan, clerk)
        died = asyncio.Event()

        class DyingRunner(JobRunner):
            async def _mark_done(self, *_: Any) -> None:
                died.set()
                await asyncio.Event().wait()

        await JobRunner(yunlan.database).step()
        worker = asyncio.create_task(DyingRunner(yunlan.database).step())
        await died.wait()
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        job = await done(yunlan, clerk, impact["job"])
        assert (job["state"], job["done"]) == ("running", job["chunks"] - 1)
        async with yunlan.database.write.connect() as conn:
            lost = sa.update(chunks).where(chunks.c.job == impact["job"], chunks.c.done_at.is_(None))
            await conn.execute(lost.values(lease_until=sa.func.now() - timedelta(seconds=1)))
        assert (await done(yunlan, clerk, impact["job"]))["state"] == "succeeded"
        first, second = [await clerk.read(f"rule-impacts/{each['id']}") for each in (whole, impact)]
        assert second["counts"] == first["counts"]
        assert await self._lines(clerk, impact) == await self._lines(clerk, whole)

    async def test_a_cancelled_one_says_so_and_names_nobody(
        self, yunlan: ServiceHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("enterprise_registry.rule_impacts.use_cases.CHUNK_SIZE", 5)
        await people(yunlan, 12)
        clerk = officer(yunlan)
        impact = await self._tried(yunlan, clerk)
        await JobRunner(yunlan.database).step()
        early = await clerk.get(f"rule-impacts/{impact['id']}/cases/export")
        assert (early.status_code, early.json()["code"]) == (409, "not_completed")
        answer = await clerk.post(f"jobs/{impact['job']}/cancel")
        assert answer.status_code < 300, answer.text
        assert (await done(yunlan, clerk, impact["job"]))["state"] == "cancelled"
        found = await clerk.read(f"rule-impacts/{impact['id']}")
        assert (found["state"], found["counts"]) == ("cancelled", [])
        for each in ("stays", "gains", "loses", "unknown"):
            assert (await clerk.read(f"rule-impacts/{impact['id']}/cases", outcome=each))["items"] == []
        mine = await clerk.read("rule-impacts", candidate=impact["candidate"])
        assert impact["id"] in {each["id"] for each in mine["items"]}

    async def _tried(self, er: ServiceHarness, clerk: Client) -> dict[str, Any]:
        draft = {"city": "yunlan", "files": draft_files(**EASIER)}
        made = await clerk.make("policy-pack-versions", draft)
        return await clerk.make("rule-impacts", {"city": "yunlan", "candidate": made["id"]})

    async def _lines(self, clerk: Client, impact: dict[str, Any]) -> list[str]:
        answer = await clerk.get(f"rule-impacts/{impact['id']}/cases/export", params={"format": "ndjson"})
        return answer.text.splitlines()

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
