"""R&D projects, staff and spending: filed, checked, accepted, corrected, decided once."""

import asyncio
from typing import Any

from er_story import Cast, city, county, filed, integration, registered

from kechuang.testing import ServiceHarness

COST = {
    "rd_staff": 20, "rd_expense": "4000000.00", "rd_expense_domestic": "4000000.00", "personnel": "2500000.00",
    "direct_input": "1000000.00", "depreciation": "100000.00", "amortisation": "0.00", "design_testing": "0.00",
    "entrusted": "200000.00", "other_expense": "200000.00",
}  # fmt: skip
BEARING = {
    "title": "高精度轴承", "started_on": "2023-02-01", "ended_on": "2023-11-30", "staff": 12,
    "person_months": 100, "spent": "2500000.00",
}  # fmt: skip
SPINDLE = {
    "title": "高速电主轴",
    "started_on": "2023-05-01",
    "staff": 8,
    "person_months": 60,
    "spent": "1400000.00",
}


def rd(**changed: Any) -> dict[str, Any]:
    """The yearly form of R&D cost with two projects."""
    projects = changed.pop("rd_projects", [BEARING, SPINDLE])
    return {"form": "rd_activity_annual", "period": "2023", "facts": COST | changed, "rd_projects": projects}


async def accepted(cast: Cast, body: dict[str, Any]) -> dict[str, Any]:
    """A filing, submitted and verified."""
    made = await cast.signatory.make("filings", body)
    await cast.signatory.do(f"filings/{made['id']}", "submit")
    return await cast.county.do(f"filings/{made['id']}", "verify")


async def told(er: ServiceHarness, name: str, filing: str) -> list[dict[str, Any]]:
    """What the events of this name say of a filing."""
    return [
        each["data"]
        for each in await er.events(name)
        if each["subject"] == filing and ".filing." in each["type"]
    ]


class TestProjects:
    async def test_jj_04_projects_staff_and_spending_are_filed_and_accepted(self, er: ServiceHarness) -> None:
        """JJ-04: the event of acceptance carries the totals; before it nothing was told."""
        cast = await registered(er)
        made = await cast.signatory.make("filings", rd())
        assert made["rd_projects"][0]["spent"] == "2500000.00"
        assert (made["rd_projects"][1]["ended_on"], made["rd_projects"][1]["answers"]) == (None, {})
        path = f"filings/{made['id']}"
        submitted = await cast.signatory.do(path, "submit")
        assert (submitted["warnings"], await told(er, "verified", made["id"])) == ([], [])
        await cast.county.do(path, "verify")
        (event,) = await told(er, "verified", made["id"])
        assert event["totals"] == {"rd_expense_fen": 400_000_000, "rd_staff": 20, "rd_projects": 2}
        assert event["counted_on"] == event["verified_on"] == str(er.database.clock.today())

    async def test_contradictions_are_listed_all_at_once_with_their_place(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        wrong = rd(
            personnel="2500000.01", rd_expense_domestic="4000000.01",
            rd_projects=[BEARING, SPINDLE | {"started_on": "2024-01-01"}],
        )  # fmt: skip
        made = await cast.signatory.make("filings", wrong)
        refused = (await cast.signatory.post(f"filings/{made['id']}/submit?dry_run=true")).json()
        assert {(each["pointer"], each["code"]) for each in refused["errors"]} == {
            ("/facts", "cost_adds_up"), ("/facts", "domestic_within"), ("/rd_projects/1", "project_in_year"),
        }  # fmt: skip
        assert any("第2个项目“高速电主轴”" in each["detail"] for each in refused["errors"])
        odd = await cast.signatory.post(
            "filings", rd(rd_projects=[BEARING | {"ended_on": "2022-01-01"}, SPINDLE | {"answers": {"x": 1}}])
        )
        assert odd.status_code == 422
        extra = await cast.signatory.post("filings", rd(rd_projects=[BEARING | {"answers": {"x": 1}}]))
        assert extra.json()["errors"][0]["pointer"] == "/rd_projects/0/answers/x"

    async def test_a_jump_against_the_year_before_warns_and_does_not_block(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        small = {"rd_expense": "300000.00", "rd_expense_domestic": "300000.00", "personnel": "300000.00",
                 "direct_input": "0.00", "depreciation": "0.00", "entrusted": "0.00", "other_expense": "0.00"}  # fmt: skip
        small_project = BEARING | {"started_on": "2022-02-01", "ended_on": "2022-11-30", "spent": "200000.00"}
        before = rd(**small, rd_projects=[small_project]) | {"period": "2022"}
        await accepted(cast, before)
        made = await cast.signatory.make("filings", rd())
        done = await cast.signatory.do(f"filings/{made['id']}", "submit")
        assert (done["state"], [each["code"] for each in done["warnings"]]) == ("submitted", ["jump"])

    async def test_the_receipt_digests_projects_too(self, er: ServiceHarness) -> None:
        digests = set()
        for spent in ("2500000.00", "2500000.01"):
            cast = await registered(er)
            made = await cast.signatory.make("filings", rd(rd_projects=[BEARING | {"spent": spent}]))
            digests.add((await cast.signatory.do(f"filings/{made['id']}", "submit"))["receipt"]["digest"])
        assert len(digests) == 2

    async def test_a_form_tells_what_it_asks_of_projects_and_what_it_checks(self, er: ServiceHarness) -> None:
        form = await er.client().read("forms/rd_projects_107_1/2021")
        assert (form["statistical"], form["beside"]) == (True, "rd_activities_107_2")
        assert form["projects"]["properties"]["aim"]["x-labels"]["03"]["zh"] == "开发全新产品"
        assert {each["code"] for each in form["sums"]} >= {"project_count", "project_spending"}
        assert all(each["message"]["zh"] and each["message"]["en"] for each in form["checks"])


class TestAcceptance:
    async def test_jj_04_only_accepted_data_reach_portrait_growth_and_assessment(
        self, er: ServiceHarness
    ) -> None:
        """JJ-04: submitted data change no growth list and stand as submitted in an assessment."""
        cast = await registered(er)
        year = er.database.clock.today().year - 1
        dates = {"started_on": f"{year}-02-01", "ended_on": f"{year}-11-30"}
        body = rd(rd_projects=[BEARING | dates]) | {"period": str(year)}
        made = await cast.signatory.make("filings", body)
        path = f"filings/{made['id']}"
        await cast.signatory.do(path, "submit")
        asked = {
            "city": "440700",
            "base_year": year - 1,
            "year": year,
            "outcome": "all",
            "organisation": cast.uscc,
        }
        assert (await cast.city.read("rd-growth", **asked))["items"] == []
        await cast.county.do(path, "verify")
        (row,) = (await cast.city.read("rd-growth", **asked))["items"]
        assert (row["current"]["amount"], row["current"]["filing"]["id"]) == ("4000000.00", made["id"])
        answer = (await cast.signatory.post("assessments", {"target": "tech_micro"})).json()
        assert {each["fact"] for each in answer["missing"]} >= {"employees"}

    async def test_statistical_tables_feed_totals_and_nothing_else(self, er: ServiceHarness) -> None:
        """Neither assessment nor growth list, points, benefit or size class changes with them."""
        cast = await registered(er)
        year = er.database.clock.today().year - 1
        stated = {"employees": 7, "rd_expense": "9000000.00", "operating_revenue": "50000000.00"}

        async def seen() -> dict[str, Any]:
            target = await cast.signatory.post("assessments", {"target": "tech_micro"})
            grant = await cast.signatory.make(
                "benefit-grants", {"rule": "rd_subsidy", "account": "6222020000001234"}
            )
            asked_for = (await cast.signatory.post(f"benefit-grants/{grant['id']}/apply?dry_run=true")).json()
            found = await cast.county.read(f"organisations/{cast.organisation['id']}")
            asked = {
                "city": "440700",
                "base_year": year - 1,
                "year": year,
                "outcome": "all",
                "organisation": cast.uscc,
            }
            return {
                "assessment": [(each["id"], each["result"]) for each in target.json()["results"]],
                "benefit": (asked_for["finding"]["result"], asked_for["amount"]),
                "scale": found["scale"],
                "growth": (await cast.city.read("rd-growth", **asked))["items"],
                "points": (await cast.county.read("point-entries", organisation=cast.uscc))["items"],
            }

        before = await seen()
        made = await accepted(cast, {"form": "rd_statistics", "period": str(year), "facts": stated})
        assert made["statistical"] is True
        assert await seen() == before
        assert (await told(er, "verified", made["id"]))[0]["statistical"] is True
        # The same figures in an ordinary form do reach all of it.
        await filed(cast, year, **stated | {"st_staff": 5})
        after = await seen()
        assert all(after[name] != before[name] for name in ("assessment", "benefit", "scale", "growth"))

    async def test_the_two_statistical_tables_are_compared_whichever_comes_second(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        row = {
            **BEARING,
            "answers": {"source": "1", "form": "10", "aim": "03", "government_funds": "0.00",
                        "basic_research": "0.00", "own_spending": "2500000.00", "entrusted_spending": "0.00"},
        }  # fmt: skip
        projects = {"form": "rd_projects_107_1", "period": "2023", "rd_projects": [row]}
        first = await cast.signatory.make("filings", projects)
        done = await cast.signatory.do(f"filings/{first['id']}", "submit")
        assert [each["code"] for each in done["warnings"]] == ["beside_not_filed"]
        totals = {"staff_total": 20, "rd_total": "2499999.99"}
        second = await cast.signatory.make(
            "filings", {"form": "rd_activities_107_2", "period": "2023", "facts": totals}
        )
        refused = (await cast.signatory.post(f"filings/{second['id']}/submit")).json()["errors"]
        crossed = [each for each in refused if each["code"] == "s2_total_covers_projects"]
        assert crossed[0]["detail"] == "第7行研究开发费用合计不应小于107-1项目经费支出合计"
        await cast.signatory.patch(f"filings/{second['id']}", {"facts": {"rd_total": "2500000.00"}})
        refused = (await cast.signatory.post(f"filings/{second['id']}/submit")).json()["errors"]
        assert {each["code"] for each in refused} == {"missing"}


class TestCorrections:
    async def test_a_correction_supersedes_when_verified_and_the_facts_follow(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        year = er.database.clock.today().year - 1
        dates = {"started_on": f"{year}-02-01", "ended_on": f"{year}-11-30"}
        first = await accepted(cast, rd(rd_projects=[BEARING | dates]) | {"period": str(year)})
        counted_on = str(er.database.clock.today())
        asked = {
            "city": "440700",
            "base_year": year - 1,
            "year": year,
            "outcome": "all",
            "organisation": cast.uscc,
        }
        latest = first
        for spent in ("4100000.00", "4200000.00"):
            await er.at(days=3)
            draft = await cast.signatory.do(f"filings/{latest['id']}", "correct", {"reason": "审计调整"})
            path = f"filings/{draft['id']}"
            assert (draft["state"], draft["rd_projects"]) == ("draft", latest["rd_projects"])
            more = {"rd_expense": spent, "direct_input": f"1{spent[1:]}"}
            await cast.signatory.patch(path, {"facts": more})
            await cast.signatory.do(path, "submit")
            (row,) = (await cast.city.read("rd-growth", **asked))["items"]
            assert row["current"]["filing"]["id"] == latest["id"]
            await cast.county.do(path, "verify")
            (row,) = (await cast.city.read("rd-growth", **asked))["items"]
            assert (row["current"]["amount"], row["current"]["filing"]["id"]) == (spent, draft["id"])
            # What was corrected counted from the first acceptance on; so does the correction, and it never held.
            (event,) = await told(er, "verified", draft["id"])
            assert (event["supersedes"], event["counted_on"]) == (latest["id"], counted_on)
            (gone,) = await told(er, "superseded", latest["id"])
            assert gone["by"] == draft["id"]
            assert gone["superseded_on"] < counted_on
            assert (await cast.county.read(f"filings/{latest['id']}"))["state"] == "superseded"
            latest = await cast.county.read(path)
        stale = await cast.signatory.post(f"filings/{first['id']}/correct", {"reason": "再更正"})
        assert (stale.status_code, stale.json()["state"]) == (409, "superseded")

    async def test_who_submitted_a_correction_does_not_verify_it(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        first = await accepted(cast, rd())
        draft = await cast.signatory.do(f"filings/{first['id']}", "correct", {"reason": "审计调整"})
        await cast.signatory.do(f"filings/{draft['id']}", "submit")
        both = er.client(
            roles=["county_officer", "enterprise_signatory"], areas=["440703"], organisation=cast.uscc,
            subject=cast.uscc,
        )  # fmt: skip
        refused = await both.post(f"filings/{draft['id']}/verify")
        assert refused.json()["code"] == "handler_does_not_decide"
        assert (await county(er, "440704").post(f"filings/{draft['id']}/verify")).status_code == 404
        assert (await integration(er).post(f"filings/{draft['id']}/verify")).status_code == 403
        assert (await city(er).do(f"filings/{draft['id']}", "verify"))["state"] == "verified"


class TestOfficersAtOnce:
    async def test_of_fifty_who_decide_one_filing_exactly_one_wins(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await filed(cast, 2023, verified=False)
        path = f"filings/{made['id']}"
        tag = (await cast.county.get(path)).headers["etag"]
        officers = [
            er.client(roles=["county_officer"], areas=["440703"], subject=f"officer-{number}")
            for number in range(50)
        ]
        # The ETag is the caller's own: each reads first, as a screen does.
        tags = [(await each.get(path)).headers["etag"] for each in officers]
        assert tag not in tags
        item = {"pointer": "/facts/rd_expense", "label": "研发费用", "reason": "请核对"}
        answers = await asyncio.gather(
            *(
                each.post(
                    f"{path}/return", {"items": [item]}, headers={"If-Match": mine} if number % 4 else {}
                )
                if number % 2
                else each.post(f"{path}/verify", headers={"If-Match": mine} if number % 4 else {})
                for number, (each, mine) in enumerate(zip(officers, tags, strict=True))
            )
        )
        won = [each for each in answers if each.status_code == 200]
        assert len(won) == 1
        assert {each.status_code for each in answers} <= {200, 409, 412}
        for each in answers:
            if each.status_code == 409:
                assert each.json()["state"] == won[0].json()["state"]
        history = (await cast.county.read(f"{path}/history"))["items"]
        assert len([each for each in history if each["verb"] in ("verify", "return")]) == 1
