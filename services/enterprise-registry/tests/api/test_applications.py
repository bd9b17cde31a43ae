"""Applications, notices and objections through the real application and a real database."""

import asyncio
from datetime import timedelta
from typing import Any

from er_story import ANSWERS, Cast, approver, city, filed, licence, on_notice, registered, submitted, window

from kechuang.ids import new_id
from kechuang.testing import ServiceHarness
from kechuang_contracts.project_bidding import IntegrityRecordChanged

DECISION = {"outcome": "recognised", "document_no": "江科〔2024〕12号"}


def decision(er: ServiceHarness) -> dict[str, str]:
    return DECISION | {"decided_on": er.database.clock.today().isoformat()}


async def notice_over(er: ServiceHarness) -> None:
    """Twelve days hold five working days whatever the season, save for the longest holidays: take twenty."""
    await er.at(days=20)
    await er.fire_timers()


class TestApplying:
    async def test_completeness_is_judged_at_submit_with_a_dry_run(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        opened = await window(er)
        made = await cast.signatory.make(
            "applications", {"window": opened["id"], "answers": {"main_product": "轴承"}}
        )
        path = f"applications/{made['id']}"
        preflight = await cast.signatory.post(f"{path}/submit?dry_run=true")
        assert {e["pointer"] for e in preflight.json()["errors"]} == {
            "/answers/contact_person_title", "/attachments/licence"
        }  # fmt: skip
        assert (await cast.county.get(path)).status_code == 404
        await cast.signatory.patch(path, {"answers": ANSWERS, "attachments": await licence(cast.signatory)})
        done = await cast.signatory.do(path, "submit")
        assert done["receipt"]["number"] == made["number"]
        assert done["assessment_result"] == "unknown"
        assert done["assessment"]["pack"] == done["pack"] == "jiangmen-test@2023.1"
        assert (await cast.county.get(path)).status_code == 200

    async def test_one_application_a_window_and_only_while_it_is_open(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        opened = await window(er)
        await cast.signatory.make("applications", {"window": opened["id"]})
        again = await cast.signatory.post("applications", {"window": opened["id"]})
        assert again.json()["code"] == "already_applied"
        await er.at(days=61)
        await er.fire_timers()
        late = await (await registered(er)).signatory.post("applications", {"window": opened["id"]})
        assert late.json()["code"] == "window_not_open"

    async def test_returned_by_the_county_it_comes_back_to_the_county(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await submitted(er, cast)
        path = f"applications/{made['id']}"
        item = {"pointer": "/answers/main_product", "label": "主导产品", "reason": "请写明"}
        await cast.county.do(path, "recommend")
        await cast.city.do(path, "return", {"items": [item]})
        again = await cast.signatory.do(path, "submit")
        assert (again["state"], again["submitted_on"]) == ("county_recommended", made["submitted_on"])

    async def test_the_county_recommends_first_unless_the_window_skips_it(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await submitted(er, cast)
        early = await cast.city.post(f"applications/{made['id']}/review")
        assert early.json()["code"] == "recommendation_first"
        other = await registered(er)
        made = await submitted(er, other, skip_recommendation=True)
        assert (await cast.city.do(f"applications/{made['id']}", "review"))["state"] == "city_reviewed"


class TestDeciding:
    async def test_after_the_notice_somebody_else_decides_and_it_is_recognised(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        year = er.database.clock.today().year
        await filed(cast, year - 1)
        await filed(cast, year - 2)
        made = await on_notice(er, cast)
        assert (made["state"], made["assessment_result"]) == ("public_notice", "met")
        path = f"applications/{made['id']}"
        public = er.client()
        notice = await public.read(f"enterprise-notices/{made['notice']}")
        assert notice["items"][0]["label"] == cast.organisation["name"]
        early = await cast.approver.http.post(
            f"/api/v1/{path}/decide", json=decision(er),
            headers={"If-Match": f'"{made["version"]}"', "Idempotency-Key": new_id()},
        )  # fmt: skip
        assert early.json()["code"] == "notice_running"
        await notice_over(er)
        handler = er.client(roles=["city_officer", "city_approver"], areas=["440700"], subject="city-officer")
        refused = await handler.post(
            f"{path}/decide", decision(er), headers={"If-Match": f'"{made["version"]}"'}
        )
        assert refused.json()["code"] == "handler_does_not_decide"
        done = await cast.approver.do(path, "decide", decision(er))
        assert done["state"] == "recognised"
        recognition = await public.read(f"recognitions/{done['recognition']}")
        assert (recognition["kind"], recognition["first_time"]) == ("tech_micro", True)
        assert recognition["valid_from"] == decision(er)["decided_on"]
        told = [e["data"] for e in await er.events("decided") if e["subject"] == recognition["id"]]
        assert (told[0]["kind"], told[0]["document_no"]) == ("tech_micro", "江科〔2024〕12号")
        assert (await public.read(f"enterprise-notices/{made['notice']}"))["items"][0]["state"] == "decided"
        rungs = await cast.signatory.read(f"organisations/{cast.organisation['id']}/rungs")
        assert rungs["highest"] == "tech_micro"
        assert [(r["kind"], r["by"]) for r in rungs["items"]] == [
            ("tech_micro", "recognition"), ("big_spender", "derived")
        ]  # fmt: skip

    async def test_who_was_deregistered_meanwhile_is_rejected_and_not_recognised(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        path = f"applications/{(await on_notice(er, cast))['id']}"
        await cast.county.do(f"organisations/{cast.organisation['id']}", "deregister", {"reason": "注销"})
        await notice_over(er)
        tag = {"If-Match": (await cast.approver.get(path)).headers["etag"]}
        refused = await cast.approver.post(f"{path}/decide", decision(er), headers=tag)
        assert (refused.status_code, refused.json()["code"]) == (409, "organisation_not_active")
        no = decision(er) | {"outcome": "rejected", "grounds": "单位已注销。"}
        assert (await cast.approver.do(path, "decide", no))["state"] == "rejected"

    async def test_of_two_officers_deciding_at_once_exactly_one_wins(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await on_notice(er, cast)
        await notice_over(er)
        tag = {"If-Match": f'"{made["version"]}"'}
        rejected = {"outcome": "rejected", "grounds": "不符合", "decided_on": decision(er)["decided_on"]}
        answers = await asyncio.gather(
            *(
                approver(er, f"approver-{n}").post(
                    f"applications/{made['id']}/decide", decision(er) if n % 2 else rejected, headers=tag
                )
                for n in range(50)
            )
        )
        codes = sorted(each.status_code for each in answers)
        assert codes[0] == 200
        assert set(codes[1:]) <= {409, 412}
        held = await er.client().read("recognitions", organisation=cast.uscc)
        final = await cast.city.read(f"applications/{made['id']}")
        assert len(held["items"]) == (1 if final["state"] == "recognised" else 0)

    async def test_an_accepted_objection_holds_its_item_alone_until_it_is_dismissed(
        self, er: ServiceHarness
    ) -> None:
        one, two = await registered(er), await registered(er)
        opened = await window(er, skip_recommendation=True)
        made = []
        for cast in (one, two):
            body = {"window": opened["id"], "answers": ANSWERS, "attachments": await licence(cast.signatory)}
            found = await cast.signatory.make("applications", body)
            await cast.signatory.do(f"applications/{found['id']}", "submit")
            made.append(await one.city.do(f"applications/{found['id']}", "review"))
        noticed = await one.city.do(
            f"applications/{made[0]['id']}", "open-notice",
            {"contact": "江门市科学技术局", "others": [made[1]["id"]]},
        )  # fmt: skip
        other = await one.city.read(f"applications/{made[1]['id']}")
        assert (other["state"], other["notice"]) == ("public_notice", noticed["notice"])
        objection = await two.signatory.make(
            "enterprise-objections",
            {
                "notice": noticed["notice"], "item": made[0]["id"], "grounds": "研发人员数据不实。",
                "evidence": "社保缴纳截图。", "real_name": "李实名", "contact": "13800000000",
            },
        )  # fmt: skip
        path = f"enterprise-objections/{objection['id']}"
        assert (await one.signatory.get(path)).status_code == 404
        await one.supervisor.do(path, "accept")
        await notice_over(er)
        held = await one.approver.http.post(
            f"/api/v1/applications/{made[0]['id']}/decide", json=decision(er),
            headers={"If-Match": f'"{noticed["version"]}"', "Idempotency-Key": new_id()},
        )  # fmt: skip
        assert held.json()["code"] == "item_held"
        assert (await one.approver.do(f"applications/{made[1]['id']}", "decide", decision(er)))[
            "state"
        ] == "recognised"
        await one.supervisor.do(path, "examine")
        await one.supervisor.do(path, "dismiss", {"answer": "经核查数据属实。"})
        assert (await one.approver.do(f"applications/{made[0]['id']}", "decide", decision(er)))[
            "state"
        ] == "recognised"

    async def test_what_the_province_decides_is_forwarded_and_its_answer_recorded(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        made = await submitted(er, cast, "hnte")
        path = f"applications/{made['id']}"
        await cast.county.do(path, "recommend")
        await cast.city.do(path, "review")
        tag = {"If-Match": f'"{(await cast.city.read(path))["version"]}"'}
        refused = await cast.city.post(f"{path}/open-notice", {"contact": "局"}, headers=tag)
        assert refused.json()["code"] == "decided_elsewhere"
        await cast.city.do(path, "forward", {"forwarded_to": "广东省科学技术厅"})
        done = await cast.province.do(
            path, "record-result", decision(er) | {"certificate_no": "GR202444000001"}
        )
        recognition = await er.client().read(f"recognitions/{done['recognition']}")
        assert (recognition["source"], recognition["decided_by"]) == ("forwarded", "province")
        assert recognition["certificate_no"] == "GR202444000001"
        first, last = recognition["valid_from"], recognition["valid_to"]
        assert int(last[:4]) - int(first[:4]) in (2, 3)

    async def test_while_an_integrity_record_is_in_force_nothing_is_submitted(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        opened = await window(er)
        made = await cast.signatory.make(
            "applications",
            {"window": opened["id"], "answers": ANSWERS, "attachments": await licence(cast.signatory)},
        )
        record = new_id()

        async def told(version: int, state: str) -> None:
            event = IntegrityRecordChanged(
                subject_kind="organisation", subject_id=cast.uscc, measures=[], state=state,
                valid_from=er.database.clock.today(), valid_to=None,
            )  # fmt: skip
            await er.deliver(event, aggregate=record, version=version)

        await told(1, "in_force")
        refused = await cast.signatory.post(f"applications/{made['id']}/submit")
        assert refused.json()["code"] == "integrity_record_in_force"
        await told(2, "lifted")
        await told(1, "in_force")
        assert (await cast.signatory.do(f"applications/{made['id']}", "submit"))["state"] == "submitted"

    async def test_deciding_is_no_business_of_the_county_or_the_handler_role(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        made = await on_notice(er, cast)
        for client in (cast.county, city(er), cast.signatory, cast.supervisor):
            assert (await client.post(f"applications/{made['id']}/decide", decision(er))).status_code == 403


class TestRenewing:
    async def test_an_application_while_the_kind_is_held_renews_it(self, er: ServiceHarness) -> None:
        """A renewal is a recognition of its own that names what it renews, which ends the day before."""
        cast = await registered(er)
        today = er.database.clock.today()
        held = await cast.province.make(
            "recognitions",
            {"organisation": cast.uscc, "kind": "hnte", "issued_on": str(today - timedelta(days=900))},
        )
        done = await forwarded(er, cast)
        new = await er.client().read(f"recognitions/{done['recognition']}")
        assert (new["renews"], new["first_time"]) == (held["id"], False)
        old = await er.client().read(f"recognitions/{held['id']}")
        last = str(er.database.clock.today() - timedelta(days=1))
        assert (old["state"], old["ended_on"]) == ("superseded", last)

    async def test_what_ran_out_before_is_not_renewed(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        day = er.database.clock.today() - timedelta(days=400)
        body = {"organisation": cast.uscc, "kind": "hnte", "issued_on": str(day), "valid_to": str(day)}
        await cast.province.make("recognitions", body)
        done = await forwarded(er, cast)
        new = await er.client().read(f"recognitions/{done['recognition']}")
        assert (new["renews"], new["first_time"]) == (None, False)


async def forwarded(er: ServiceHarness, cast: Cast, **said: str) -> dict[str, Any]:
    """An application that the province has granted today."""
    path = await at_the_province(er, cast)
    return await cast.province.do(path, "record-result", decision(er) | said)


async def at_the_province(er: ServiceHarness, cast: Cast) -> str:
    path = f"applications/{(await submitted(er, cast, 'hnte'))['id']}"
    await cast.county.do(path, "recommend")
    await cast.city.do(path, "review")
    await cast.city.do(path, "forward", {"forwarded_to": "广东省科学技术厅"})
    return path


class TestDays:
    async def test_the_decision_lies_after_the_notice_and_not_in_the_future(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await on_notice(er, cast)
        notice = await er.client().read(f"enterprise-notices/{made['notice']}")
        await notice_over(er)
        path = f"applications/{made['id']}"
        tomorrow = er.database.clock.today() + timedelta(days=1)
        for day, code in ((notice["ends_on"], "before_the_notice_ended"), (str(tomorrow), "in_the_future")):
            body = DECISION | {"decided_on": day}
            tag = (await cast.approver.get(path)).headers["etag"]
            refused = (await cast.approver.post(f"{path}/decide", body, headers={"If-Match": tag})).json()
            assert [(each["pointer"], each["code"]) for each in refused["errors"]] == [("/decided_on", code)]
        assert (await cast.approver.do(path, "decide", decision(er)))["state"] == "recognised"

    async def test_an_answer_from_elsewhere_has_days_that_can_be(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = await at_the_province(er, cast)
        today = er.database.clock.today()
        tag = {"If-Match": (await cast.province.get(path)).headers["etag"]}
        for change, pointer, code in (
            ({"decided_on": str(today + timedelta(days=1))}, "/decided_on", "in_the_future"),
            ({"valid_to": str(today - timedelta(days=1))}, "/valid_to", "ends_early"),
        ):
            answer = await cast.province.post(f"{path}/record-result", decision(er) | change, headers=tag)
            assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]

    async def test_a_return_that_is_not_answered_lapses_after_its_last_day(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = f"applications/{(await submitted(er, cast))['id']}"
        item = {"pointer": "/answers/main_product", "label": "主导产品", "reason": "请写明"}
        due = er.database.clock.today() + timedelta(days=3)
        await cast.county.do(path, "return", {"items": [item], "due_on": str(due)})
        await er.at(days=3)
        await er.fire_timers()
        assert (await cast.signatory.read(path))["state"] == "returned", "the whole last day is left"
        await er.at(days=1)
        await er.fire_timers()
        assert (await cast.signatory.read(path))["state"] == "lapsed"
        again = await cast.signatory.post(f"{path}/submit")
        assert (again.status_code, again.json()["code"]) == (409, "state_forbids")
