"""Filings and assessments through the real application and a real database."""

from datetime import date, timedelta
from typing import Any

from er_story import ANNUAL, filed, registered

from kechuang.testing import ServiceHarness


def leaf(answer: dict[str, Any], id_: str) -> dict[str, Any]:
    return next(each for each in answer["results"] if each["id"] == id_)


class TestFiling:
    async def test_it_is_drafted_in_part_submitted_whole_and_verified_by_the_county(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        made = await cast.signatory.make(
            "filings", {"form": "enterprise_annual", "period": "2023", "facts": {"employees": 120}}
        )
        path = f"filings/{made['id']}"
        assert (await cast.county.get(path)).status_code == 404
        preflight = await cast.signatory.post(f"{path}/submit?dry_run=true")
        missing = {each["pointer"] for each in preflight.json()["errors"]}
        assert missing == {
            "/facts/st_staff",
            "/facts/operating_revenue",
            "/facts/sales_revenue",
            "/facts/rd_expense",
        }
        changed = await cast.signatory.patch(path, {"facts": ANNUAL})
        assert changed["state"] == "draft"
        done = await cast.signatory.do(path, "submit")
        assert (done["state"], done["receipt"]["number"]) == ("submitted", made["number"])
        assert len(done["receipt"]["digest"]) == 64
        verified = await cast.county.do(path, "verify")
        assert verified["state"] == "verified"
        told = [e["data"] for e in await er.events("verified") if e["subject"] == made["id"]]
        assert (told[0]["form"], told[0]["period"], told[0]["statistical"]) == (
            "enterprise_annual",
            "2023",
            False,
        )

    async def test_wrong_values_and_contradictions_are_refused_with_label_and_place(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        wrong = await cast.signatory.post(
            "filings",
            {
                "form": "enterprise_annual",
                "period": "2023",
                "facts": {"employees": -1, "rd_expense": "1", "x": 1},
            },
        )
        assert {e["pointer"] for e in wrong.json()["errors"]} == {
            "/facts/employees", "/facts/rd_expense", "/facts/x"
        }  # fmt: skip
        made = await cast.signatory.make(
            "filings", {"form": "enterprise_annual", "period": "2023", "facts": ANNUAL | {"st_staff": 121}}
        )
        refused = await cast.signatory.post(f"filings/{made['id']}/submit")
        assert [e["code"] for e in refused.json()["errors"]] == ["st_within_employees"]

    async def test_a_period_is_filed_once_and_only_when_it_is_over(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        await filed(cast, 2023)
        again = await cast.signatory.post("filings", {"form": "enterprise_annual", "period": "2023"})
        assert again.json()["code"] == "already_filed"
        year = er.database.clock.today().year
        early = await cast.signatory.post("filings", {"form": "enterprise_annual", "period": str(year)})
        assert early.json()["errors"][0]["code"] == "period_not_over"
        shape = await cast.signatory.post("filings", {"form": "enterprise_annual", "period": "2023Q1"})
        assert shape.json()["errors"][0]["code"] == "period_format"

    async def test_others_learn_nothing_of_what_is_filed(self, er: ServiceHarness) -> None:
        one, other = await registered(er), await registered(er)
        made = await filed(one, 2023)
        body = {"organisation": one.uscc, "form": "enterprise_annual", "period": "2023"}
        refused = await other.signatory.post("filings", body)
        assert (refused.status_code, "existing" in refused.json()) == (403, False)
        assert (await other.signatory.get(f"filings/{made['id']}")).status_code == 404
        assert (await other.signatory.read("filings"))["items"] == []

    async def test_a_window_asks_for_its_form_while_it_is_open(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        now = er.database.clock.now()
        window = {
            "title": "2023年度企业数据填报", "form": "enterprise_annual", "period": "2023", "city": "440700",
            "opens_at": (now + timedelta(days=1)).isoformat(), "due_at": (now + timedelta(days=3)).isoformat(),
            "roster": {"organisations": [cast.uscc]},
        }  # fmt: skip
        made = await cast.city.make("filing-windows", window)
        body = {"form": "enterprise_annual", "period": "2023", "window": made["id"]}
        assert (await cast.signatory.post("filings", body)).json()["code"] == "window_not_open"
        await er.at(days=1)
        await er.fire_timers()
        statistics = await cast.signatory.post("filings", body | {"form": "rd_statistics"})
        assert statistics.json()["errors"][0]["code"] == "other_form"
        assert (await cast.signatory.make("filings", body))["window"] == made["id"]
        wrong = await cast.city.post("filing-windows", window | {"form": "tech_micro_application"})
        assert wrong.json()["errors"][0]["pointer"] == "/form"

    async def test_nobody_verifies_what_they_submitted(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await filed(cast, 2023, verified=False)
        both = er.client(
            roles=["county_officer", "enterprise_signatory"], areas=["440703"], organisation=cast.uscc,
            subject=cast.uscc,
        )  # fmt: skip
        refused = await both.post(f"filings/{made['id']}/verify")
        assert refused.json()["code"] == "handler_does_not_decide"
        assert (await cast.signatory.post(f"filings/{made['id']}/verify")).status_code == 403

    async def test_returned_once_and_resubmitted_it_keeps_its_first_day(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await filed(cast, 2022, verified=False)
        path = f"filings/{made['id']}"
        item = {"pointer": "/facts/rd_expense", "label": "研发费用", "reason": "与审计报告不一致"}
        returned = await cast.county.do(path, "return", {"items": [item]})
        assert returned["returns"][0]["items"][0]["reason"] == "与审计报告不一致"
        await er.at(days=2)
        await cast.signatory.patch(path, {"facts": {"rd_expense": "3500000.00"}})
        again = await cast.signatory.do(path, "submit")
        assert again["submitted_on"] == made["submitted_on"]
        twice = await cast.county.post(f"{path}/return", {"items": [item]})
        assert twice.json()["code"] == "already_returned"
        assert (await cast.county.do(path, "verify"))["state"] == "verified"

    async def test_returned_and_forgotten_it_lapses_after_the_due_day(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await filed(cast, 2022, verified=False)
        item = {"pointer": "/facts/rd_expense", "label": "研发费用", "reason": "请核对"}
        returned = await cast.county.do(f"filings/{made['id']}", "return", {"items": [item]})
        left = date.fromisoformat(returned["returns"][-1]["due_on"]) - er.database.clock.today()
        assert left.days >= 12, "ten working days"
        await cast.signatory.patch(f"filings/{made['id']}", {"facts": {"rd_staff": 1}})
        await er.at(days=left.days + 1)
        await er.fire_timers()
        assert (await cast.signatory.read(f"filings/{made['id']}"))["state"] == "lapsed"

    async def test_a_correction_takes_the_place_of_what_it_corrects_when_verified(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        first = await filed(cast, 2023)
        correction = await cast.signatory.do(f"filings/{first['id']}", "correct", {"reason": "审计调整"})
        assert (correction["supersedes"], correction["facts"]) == (first["id"], first["facts"])
        twice = await cast.signatory.post(f"filings/{first['id']}/correct", {"reason": "再次"})
        assert twice.json()["code"] == "correction_pending"
        path = f"filings/{correction['id']}"
        await cast.signatory.patch(path, {"facts": {"employees": 99}})
        await cast.signatory.do(path, "submit")
        assert (await cast.county.read(f"filings/{first['id']}"))["state"] == "verified"
        await cast.county.do(path, "verify")
        assert (await cast.county.read(f"filings/{first['id']}"))["state"] == "superseded"
        answer = await cast.signatory.post("assessments", {"target": "tech_micro"})
        assert leaf(answer.json(), "small")["observed"][0]["value"] in (99, None)

    async def test_the_size_class_follows_from_verified_figures(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        year = er.database.clock.today().year - 1
        await filed(cast, year)
        found = await cast.county.read(f"organisations/{cast.organisation['id']}")
        assert (found["scale"], found["scale_source"]) == ("small", "computed")


class TestAssessing:
    async def test_every_leaf_has_value_threshold_and_clause_and_the_gap_is_named(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        year = er.database.clock.today().year
        await filed(cast, year - 1, st_staff=6, rd_expense="300000.00")
        await filed(cast, year - 2, rd_expense="400000.00")
        answer = (await cast.signatory.post("assessments", {"target": "tech_micro"})).json()
        assert answer["result"] == "unmet"
        assert answer["pack"] == "jiangmen-test@2023.1"
        staff = leaf(answer, "staff")
        assert (staff["result"], staff["observed"][0]["value"], staff["threshold"]) == ("unmet", "5", "10%")
        assert staff["clause"] == ["2"]
        assert staff["evidence"] == "verified"
        assert leaf(answer, "resident")["result"] == "met"
        gaps = {each["leaf"]: each for each in answer["gaps"]}
        assert set(gaps) == {"staff", "spend"}
        more = [c for c in gaps["staff"]["changes"] if c["fact"]["fact"] == "st_staff"]
        assert (more[0]["current"], more[0]["needed"]) == (6, 12)
        spend = [c for c in gaps["spend"]["changes"] if c["fact"] == {
            "fact": "rd_expense", "name": {"zh": "研发费用", "en": "R&D expense"}, "year": year - 1}]  # fmt: skip
        assert spend[0]["needed"] == "600000.00"

    async def test_what_if_uses_the_given_facts_and_stores_nothing(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        year = er.database.clock.today().year
        await filed(cast, year - 1, st_staff=6)
        await filed(cast, year - 2)
        facts = [{"fact": "st_staff", "year": year - 1, "value": 12}]
        refused = await cast.signatory.post("assessments", {"target": "tech_micro", "facts": facts})
        assert refused.status_code == 422
        what_if = {"target": "tech_micro", "what_if": True, "facts": facts}
        assert (await cast.signatory.post("assessments", what_if)).json()["result"] == "met"
        assert (await cast.signatory.post("assessments", {"target": "tech_micro"})).json()[
            "result"
        ] == "unmet"

    async def test_submitted_figures_are_marked_and_verified_ones_come_first(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        year = er.database.clock.today().year
        await filed(cast, year - 1, verified=False)
        answer = (await cast.signatory.post("assessments", {"target": "tech_micro"})).json()
        assert leaf(answer, "small")["evidence"] == "submitted"
        assert leaf(answer, "spend")["result"] == "unknown"
        assert answer["evidence"] == "submitted"
        assert answer["missing"][0]["fact"] == "rd_expense"

    async def test_statistical_tables_are_never_read(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        year = er.database.clock.today().year - 1
        made = await cast.signatory.make(
            "filings", {"form": "rd_statistics", "period": str(year), "facts": {"employees": 7}}
        )
        assert made["statistical"] is True
        await cast.signatory.do(f"filings/{made['id']}", "submit")
        await cast.county.do(f"filings/{made['id']}", "verify")
        answer = (await cast.signatory.post("assessments", {"target": "tech_micro"})).json()
        assert leaf(answer, "small")["result"] == "unknown"

    async def test_the_national_rule_behind_the_citys_node_is_used(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        answer = (
            await cast.city.post("assessments", {"organisation": cast.uscc, "target": "tech_sme"})
        ).json()
        assert (answer["rule"], answer["node"]) == ("tech-sme-2017", "national-tech-sme/tech_sme")

    async def test_others_and_unknown_targets_are_refused(self, er: ServiceHarness) -> None:
        one, other = await registered(er), await registered(er)
        hidden = await other.signatory.post("assessments", {"organisation": one.uscc, "target": "tech_micro"})
        assert hidden.status_code == 404
        wrong = await one.signatory.post("assessments", {"target": "unicorn"})
        assert wrong.json()["errors"][0]["pointer"] == "/target"
