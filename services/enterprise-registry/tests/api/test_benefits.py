"""Benefits through the real application and a real database: who gets what, once, by whose decision."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from benefit_story import (
    ACCOUNT,
    applied,
    booked,
    computed,
    drafted,
    finance,
    holder,
    jobs_done,
    offered,
    opened,
    paid,
    refused,
    sanctioned,
    spender,
)
from er_story import approver, city, county, filed, integration, registered

from kechuang.testing import ServiceHarness


class TestApplying:
    async def test_only_verified_facts_are_read(self, er: ServiceHarness) -> None:
        cast = await spender(er, verified=False)
        grant = await applied(cast, "rd_subsidy")
        assert (grant["state"], grant["amount"], grant["finding"]["outcome"]) == (
            "under_review",
            None,
            "unknown",
        )
        assert [(each["fact"], each["year"]) for each in grant["finding"]["missing"]] == [
            ("rd_expense", er.database.clock.today().year - 1)
        ]

    async def test_one_who_does_not_pass_goes_to_an_officer_with_the_reason(self, er: ServiceHarness) -> None:
        grant = await applied(await spender(er, "999999.99"), "rd_subsidy")
        assert (grant["state"], grant["finding"]["outcome"]) == ("under_review", "unmet")
        (leaf,) = grant["finding"]["results"]
        assert (leaf["result"], leaf["observed"][0]["value"]) == ("unmet", "999999.99")
        asked = await refused(approver(er), f"benefit-grants/{grant['id']}", "approve", {"document_no": "x"})
        assert asked["code"] == "amount_missing"

    async def test_an_item_is_paid_for_once_over_an_exclusive_group(self, er: ServiceHarness) -> None:
        cast = await spender(er)
        first = await applied(cast, "rd_subsidy")
        second = await drafted(cast, "rd_other")
        answer = await refused(cast.signatory, f"benefit-grants/{second['id']}", "apply")
        assert (answer["code"], answer["existing"]["id"]) == ("already_benefited", first["id"])
        await approver(er).do(f"benefit-grants/{first['id']}", "stop", {"reason": "企业申请改享其他政策"})
        assert (await cast.signatory.do(f"benefit-grants/{second['id']}", "apply"))["state"] == "settled"

    async def test_fifty_applications_for_one_item_settle_once(self, er: ServiceHarness) -> None:
        cast = await spender(er)
        drafts = [await drafted(cast, "rd_subsidy" if n % 2 else "rd_other") for n in range(50)]
        answers = await asyncio.gather(
            *(cast.signatory.post(f"benefit-grants/{each['id']}/apply") for each in drafts)
        )
        assert Counter(each.status_code for each in answers) == {200: 1, 409: 49}
        assert {each.json()["code"] for each in answers if each.status_code == 409} == {"already_benefited"}

    async def test_a_reviewed_benefit_is_decided_by_somebody_who_did_not_handle_it(
        self, er: ServiceHarness
    ) -> None:
        grant = await applied(await spender(er), "rd_top_up")
        assert (grant["state"], grant["finding"]["outcome"]) == ("under_review", "beneficiary")
        path = f"benefit-grants/{grant['id']}"
        both = er.client(roles=["city_officer", "city_approver"], areas=["440700"], subject="both-roles")
        await both.do(path, "review", {"opinion": "材料属实"})
        assert (await refused(both, path, "approve", {"document_no": "x"}))[
            "code"
        ] == "handler_does_not_decide"
        assert (await refused(both, path, "refuse", {"grounds": "x"}))["code"] == "handler_does_not_decide"
        approved = await approver(er).do(path, "approve", {"document_no": "江科〔2024〕2号"})
        assert (approved["state"], approved["decision"]["amount"]) == ("approved", "30000.00")
        told = [each for each in await er.events("granted") if each["subject"] == grant["id"]]
        assert told[0]["data"]["amount_fen"] == 3_000_000

    async def test_caps_of_a_grant_and_of_the_year_bind_the_approver_too(self, er: ServiceHarness) -> None:
        cast = await spender(er, "6000000.00")
        first = await applied(cast, "rd_subsidy")
        assert [(each["step"], each["amount"]) for each in first["finding"]["steps"]] == [
            ("base", "300000.00"), ("cap", "200000.00"),
        ]  # fmt: skip
        grant = await applied(cast, "rd_top_up")
        path = f"benefit-grants/{grant['id']}"
        body = {"document_no": "x", "amount": "50000.01", "grounds": "从优"}
        over = await refused(approver(er), path, "approve", body)
        assert (over["code"], over["left"]) == ("cap_exceeded", "50000.00")
        assert (await approver(er).do(path, "approve", body | {"amount": "50000.00"}))["amount"] == "50000.00"

    async def test_an_own_amount_states_its_grounds(self, er: ServiceHarness) -> None:
        grant = await applied(await spender(er), "rd_top_up")
        body = {"document_no": "x", "amount": "1.00"}
        assert (await refused(approver(er), f"benefit-grants/{grant['id']}", "approve", body))[
            "status"
        ] == 422

    async def test_a_draft_is_its_owners_alone(self, er: ServiceHarness) -> None:
        cast, other = await spender(er), await registered(er)
        made = await drafted(cast, "rd_subsidy")
        path = f"benefit-grants/{made['id']}"
        for stranger in (other.signatory, county(er), city(er), finance(er)):
            assert (await stranger.get(path)).status_code == 404
        await cast.signatory.do(path, "apply")
        assert (await city(er).get(path)).status_code == 200
        assert (await other.signatory.get(path)).status_code == 404
        foreign = await other.signatory.post(
            "benefit-grants", {"rule": "rd_subsidy", "organisation": cast.uscc}
        )
        assert foreign.status_code == 403


class TestSanctions:
    async def test_an_integrity_record_excludes_until_it_ends(self, er: ServiceHarness) -> None:
        cast = await spender(er)
        made = await drafted(cast, "rd_subsidy")
        path = f"benefit-grants/{made['id']}"
        await sanctioned(er, cast.uscc)
        assert (await refused(cast.signatory, path, "apply"))["code"] == "integrity_record_in_force"
        await sanctioned(er, cast.uscc, "lifted", version=2)
        assert (await cast.signatory.do(path, "apply"))["state"] == "settled"

    async def test_it_stops_an_offer_a_booking_and_a_payment(self, er: ServiceHarness) -> None:
        budget = await opened(er, "1000000.00")
        cast, _ = await holder(er)
        path = f"benefit-grants/{(await offered(er, cast))['id']}"
        await sanctioned(er, cast.uscc)
        body = {"account": ACCOUNT}
        assert (await refused(cast.signatory, path, "accept", body))["code"] == "integrity_record_in_force"
        await sanctioned(er, cast.uscc, "lifted", version=2)
        await cast.signatory.do(path, "accept", body)
        await sanctioned(er, cast.uscc, "in_force", version=3)
        book = {"budget": budget["id"]}
        assert (await refused(finance(er), path, "book", book))["code"] == "integrity_record_in_force"
        await sanctioned(er, cast.uscc, "lifted", version=4)
        await finance(er).do(path, "book", book)
        await sanctioned(er, cast.uscc, "in_force", version=5)
        pay = {"outcome": "paid", "voucher": "GK-1"}
        assert (await refused(finance(er), path, "pay", pay))["code"] == "integrity_record_in_force"


class TestRuns:
    async def test_a_list_with_amounts_and_reasons_before_anybody_gets_anything(
        self, er: ServiceHarness
    ) -> None:
        clean, certificate = await holder(er)
        bad, _ = await holder(er)
        nobody = await registered(er)
        await sanctioned(er, bad.uscc)
        run, rows = await computed(er)
        assert (rows[clean.uscc]["outcome"], rows[clean.uscc]["amount"]) == ("beneficiary", "100000.00")
        assert rows[clean.uscc]["finding"]["grounds"][0]["recognition"] == certificate["id"]
        assert (rows[bad.uscc]["outcome"], rows[bad.uscc]["reasons"]) == (
            "excluded", ["integrity_record_in_force"]
        )  # fmt: skip
        assert nobody.uscc not in rows
        counted = Counter(each["outcome"] for each in rows.values())
        assert (run["state"], run["beneficiaries"], run["excluded"]) == (
            "computed", counted["beneficiary"], counted["excluded"]
        )  # fmt: skip
        assert run["evaluated"] == sum(counted.values()) + run["unmet"]
        assert run["total"] == f"{100_000 * counted['beneficiary']}.00"
        assert (await clean.signatory.read("benefit-grants"))["items"] == []

    async def test_issued_by_another_person_and_judged_once_more(self, er: ServiceHarness) -> None:
        stays, _ = await holder(er)
        goes, _ = await holder(er)
        run, rows = await computed(er)
        assert {rows[each.uscc]["outcome"] for each in (stays, goes)} == {"beneficiary"}
        path = f"benefit-runs/{run['id']}"
        await sanctioned(er, goes.uscc)
        decision = {"document_no": "江科〔2024〕3号"}
        both = er.client(roles=["city_officer", "city_approver"], areas=["440700"], subject="city-officer")
        assert (await refused(both, path, "issue", decision))["code"] == "handler_does_not_decide"
        await approver(er).do(path, "issue", decision)
        await jobs_done(er)
        issued = await city(er).read(path)
        assert (issued["state"], issued["issued"] + issued["dropped"]) == ("issued", run["beneficiaries"])
        (grant,) = (await stays.signatory.read("benefit-grants"))["items"]
        assert (grant["state"], grant["run"], grant["origin"]) == ("offered", run["id"], "run")
        assert (await goes.signatory.read("benefit-grants"))["items"] == []
        left = (await city(er).read(f"{path}/items", limit=200))["items"]
        dropped = {each["organisation"]: each["dropped"] for each in left}
        assert dropped[goes.uscc] == ["integrity_record_in_force"]
        assert (await refused(approver(er), path, "issue", decision))["code"] == "state_forbids"

    async def test_the_version_of_the_day_and_its_clause(self, er: ServiceHarness) -> None:
        found = await er.client().read("benefit-rules", city="440700", on="2019-06-01")
        old = next(each for each in found["items"] if each["code"] == "hnte_reward")
        assert (old["version"], old["amount"], old["clause"]) == ("1", {"amount": "5万元"}, ["四(二)"])
        run, _ = await computed(er)
        assert run["rule_version"] == "2"

    async def test_a_run_of_another_citys_officer_and_an_unknown_rule(self, er: ServiceHarness) -> None:
        elsewhere = er.client(roles=["city_officer"], areas=["360400"])
        body = {"city": "440700", "rule": "hnte_reward"}
        assert (await elsewhere.post("benefit-runs", body)).status_code == 403
        wrong = await city(er).post("benefit-runs", body | {"rule": "no_such"})
        assert wrong.json()["errors"][0]["code"] == "benefit_unknown"


class TestOffers:
    async def test_declined_the_item_is_free_again_and_a_renewal_is_an_item_of_its_own(
        self, er: ServiceHarness
    ) -> None:
        cast, first = await holder(er)
        path = f"benefit-grants/{(await offered(er, cast))['id']}"
        await cast.signatory.do(path, "decline", {"reason": "暂不需要"})
        again = await offered(er, cast)
        assert again["item"] == first["id"]
        body = {"rule": "hnte_reward", "organisation": cast.uscc}
        second = await city(er).post("benefit-grants", body)
        assert second.json()["code"] == "already_benefited"
        today = str(er.database.clock.today())
        renewal = {"organisation": cast.uscc, "kind": "hnte", "issued_on": today, "renews": first["id"]}
        renewed = await integration(er).make("recognitions", renewal)
        assert (await city(er).make("benefit-grants", body))["item"] == renewed["id"]

    async def test_eligible_is_not_told_and_offered_by_another_person(self, er: ServiceHarness) -> None:
        cast, _ = await holder(er)
        both = er.client(roles=["city_officer", "city_approver"], areas=["440700"], subject="both-roles")
        made = await both.make("benefit-grants", {"rule": "hnte_reward", "organisation": cast.uscc})
        path = f"benefit-grants/{made['id']}"
        assert (made["state"], (await cast.signatory.get(path)).status_code) == ("eligible", 404)
        assert (await refused(both, path, "offer"))["code"] == "handler_does_not_decide"
        await approver(er).do(path, "offer")
        assert (await cast.signatory.read(path))["state"] == "offered"

    async def test_one_who_does_not_qualify_is_not_put_forward(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        answer = await city(er).post("benefit-grants", {"rule": "hnte_reward", "organisation": cast.uscc})
        assert (answer.status_code, answer.json()["code"]) == (409, "not_a_beneficiary")
        assert [each["code"] for each in answer.json()["finding"]["reasons"]] == ["condition_unmet"]


class TestMoney:
    async def test_a_failed_payment_is_corrected_and_paid_again(self, er: ServiceHarness) -> None:
        budget = await opened(er, "100000.00")
        cast, _ = await holder(er)
        path = await booked(er, cast, budget)
        failed = await finance(er).do(path, "pay", {"outcome": "failed", "reason": "账号户名不符"})
        assert failed["state"] == "payment_failed"
        fixed = await cast.signatory.do(path, "set-account", {"account": "6222020000005678"})
        assert (fixed["state"], fixed["account_shown"]) == ("payment_failed", "****5678")
        done = await finance(er).do(path, "pay", {"outcome": "paid", "voucher": "GK-2"})
        assert [(each["outcome"], each["voucher"]) for each in done["payments"]] == [
            ("failed", None), ("paid", "GK-2"),
        ]  # fmt: skip
        assert (await refused(finance(er), path, "pay", {"outcome": "paid", "voucher": "GK-3"}))["code"] == (
            "state_forbids"
        )
        found = await finance(er).read(f"budgets/{budget['id']}")
        assert (found["booked"], found["paid"], found["free"]) == ("100000.00", "100000.00", "0.00")

    async def test_a_payment_has_a_voucher_and_an_account(self, er: ServiceHarness) -> None:
        budget = await opened(er, "100000.00")
        cast, _ = await holder(er)
        path = f"benefit-grants/{(await offered(er, cast))['id']}"
        await cast.signatory.do(path, "accept", {})
        book = {"budget": budget["id"]}
        assert (await refused(finance(er), path, "book", book))["code"] == "account_missing"
        await cast.signatory.do(path, "set-account", {"account": ACCOUNT})
        await finance(er).do(path, "book", book)
        assert (await refused(finance(er), path, "pay", {"outcome": "paid"}))["status"] == 422

    async def test_the_account_number_leaves_by_the_audited_reading_alone(self, er: ServiceHarness) -> None:
        budget = await opened(er, "100000.00")
        cast, _ = await holder(er)
        path = await paid(er, cast, budget)
        for client in (cast.signatory, city(er), finance(er)):
            assert ACCOUNT not in (await client.get(path)).text
            assert ACCOUNT not in (await client.get(f"{path}/history")).text
        assert ACCOUNT not in str(await er.events())
        assert (await city(er).post(f"{path}/reveal", {"reason": "看看"})).status_code == 403
        shown = await finance(er).post(f"{path}/reveal", {"reason": "核对拨付账户"})
        assert shown.json() == {"account": ACCOUNT}

    async def test_no_more_comes_back_than_was_paid(self, er: ServiceHarness) -> None:
        budget = await opened(er, "100000.00")
        cast, _ = await holder(er)
        path = await paid(er, cast, budget)
        part = await finance(er).do(path, "recover", {"amount": "40000.00", "voucher": "JK-1"})
        assert (part["state"], part["to_recover"]) == ("paid", "60000.00")
        over = await refused(finance(er), path, "recover", {"amount": "60000.01", "voucher": "JK-2"})
        assert (over["code"], over["left"]) == ("more_than_paid", "60000.00")
        rest = await finance(er).do(path, "recover", {"amount": "60000.00", "voucher": "JK-3"})
        assert (rest["state"], rest["recovered"]) == ("recovered", "100000.00")
        found = await finance(er).read(f"budgets/{budget['id']}")
        assert (found["recovered"], found["free"]) == ("100000.00", "0.00")
        back = [
            each["data"]["amount_fen"]
            for each in await er.events("recovered")
            if each["subject"] == rest["id"]
        ]
        assert back == [4_000_000, 6_000_000]

    async def test_the_funds_budget_of_the_year_is_found_by_itself(self, er: ServiceHarness) -> None:
        cast, _ = await holder(er)
        await opened(er, "100000.00")
        path = f"benefit-grants/{(await offered(er, cast))['id']}"
        await cast.signatory.do(path, "accept", {"account": ACCOUNT})
        chosen = (await finance(er).do(path, "book", {}))["budget"]
        assert (await finance(er).read(f"budgets/{chosen}"))["fund"] == "reward_fund"

    async def test_fifty_payments_and_fifty_recoveries_at_once_and_each_counts_once(
        self, er: ServiceHarness
    ) -> None:
        """Two clerks record one payment: one wins, the others are told; so with money that comes back."""
        budget = await opened(er, "100000.00")
        cast, _ = await holder(er)
        path = await booked(er, cast, budget)

        async def all_at_once(verb: str, body: dict[str, str]) -> Counter[int]:
            tag = {"If-Match": (await finance(er).get(path)).headers["etag"]}
            sent = (
                finance(er).post(f"{path}/{verb}", {**body, "voucher": f"V-{n}"}, headers=tag)
                for n in range(50)
            )
            answers = await asyncio.gather(*sent)
            assert {each.json()["code"] for each in answers if each.status_code != 200} <= {
                "state_forbids", "version_stale", "all_recovered", "more_than_paid",
            }, [each.json() for each in answers][:2]  # fmt: skip
            return Counter(each.status_code == 200 for each in answers)

        assert await all_at_once("pay", {"outcome": "paid"}) == {True: 1, False: 49}
        assert await all_at_once("recover", {"amount": "60000.00"}) == {True: 1, False: 49}
        assert await all_at_once("recover", {"amount": "40000.00"}) == {True: 1, False: 49}
        found = await finance(er).read(f"budgets/{budget['id']}")
        assert (found["paid"], found["recovered"], found["free"]) == ("100000.00", "100000.00", "0.00")
        rows = (await finance(er).read(f"budgets/{budget['id']}/entries"))["items"]
        assert [(each["kind"], each["amount"]) for each in rows] == [
            ("set_aside", "100000.00"), ("booked", "100000.00"), ("paid", "100000.00"),
            ("recovered", "60000.00"), ("recovered", "40000.00"),
        ]  # fmt: skip

    async def test_nothing_is_paid_before_it_was_booked(self, er: ServiceHarness) -> None:
        budget = await opened(er, "100000.00")
        cast, _ = await holder(er)
        path = await booked(er, cast, budget)
        day = er.database.clock.today()
        for on, code in (
            (day - timedelta(days=1), "before_the_booking"),
            (day + timedelta(days=1), "in_the_future"),
        ):
            body = {"outcome": "paid", "voucher": "GK-1", "paid_on": str(on)}
            errors = (await refused(finance(er), path, "pay", body))["errors"]
            assert [(each["pointer"], each["code"]) for each in errors] == [("/paid_on", code)]

    async def test_money_comes_back_after_the_year_was_closed(self, er: ServiceHarness) -> None:
        budget = await opened(er, "100000.00")
        cast, _ = await holder(er)
        path = await paid(er, cast, budget)
        await finance(er).do(f"budgets/{budget['id']}", "close", {"reason": "年度结束"})
        await finance(er).do(path, "recover", {"amount": "30000.00", "voucher": "JK-1"})
        found = await finance(er).read(f"budgets/{budget['id']}")
        assert (found["state"], found["recovered"], found["free"]) == ("closed", "30000.00", "0.00")


class TestFiles:
    async def test_a_file_is_taken_by_the_grant_and_seen_by_who_handles_it(self, er: ServiceHarness) -> None:
        """One that was never uploaded, or is another's, is named; one that was taken does not expire."""
        cast = await spender(er)
        proof = await cast.signatory.attachment("benefit-grants", "audit_report")
        made = await cast.signatory.make(
            "benefit-grants", {"rule": "rd_subsidy", "account": ACCOUNT, "attachments": [proof]}
        )
        assert [(each["file"], each["name"]) for each in made["attachments"]] == [
            (proof["file"], "audit_report.txt")
        ]
        path = f"benefit-grants/{made['id']}"
        await cast.signatory.do(path, "apply")
        assert (await finance(er).get(f"files/{proof['file']}/content")).status_code == 200
        other = await registered(er)
        assert (await other.signatory.get(f"files/{proof['file']}/content")).status_code == 404
        stolen = await other.signatory.post("benefit-grants", {"rule": "rd_subsidy", "attachments": [proof]})
        assert [(each["pointer"], each["code"]) for each in stolen.json()["errors"]] == [
            ("/attachments/0/file", "file_unknown")
        ]


class TestRevocation:
    @pytest.mark.parametrize("recover", [True, False])
    async def test_a_revoked_recognition_lists_what_rests_on_it(
        self, er: ServiceHarness, recover: bool
    ) -> None:
        budget = await opened(er, "200000.00")
        cast, recognition = await holder(er)
        path = await paid(er, cast, budget)
        body = {
            "document_no": "粤科〔2024〕3号", "reason": "提供虚假材料",
            "heard_on": str(er.database.clock.today()), "benefits_to_recover": recover,
        }  # fmt: skip
        revoked = await approver(er).do(f"recognitions/{recognition['id']}", "revoke", body)
        (listed,) = revoked["benefits"]
        assert (listed["grant"], listed["amount"]) == (path.rpartition("/")[2], "100000.00")
        grant = await cast.signatory.read(path)
        if not recover:
            assert (grant["state"], grant["recovery"]) == ("paid", None)
            return
        assert (grant["recovery"]["recognition"], grant["to_recover"]) == (recognition["id"], "100000.00")
        done = await finance(er).do(path, "recover", {"amount": "100000.00", "voucher": "JK-9"})
        assert done["state"] == "recovered"

    async def test_what_was_not_paid_stops_and_its_booking_is_free(self, er: ServiceHarness) -> None:
        budget = await opened(er, "100000.00")
        cast, recognition = await holder(er)
        path = await booked(er, cast, budget)
        assert (await finance(er).read(f"budgets/{budget['id']}"))["free"] == "0.00"
        body = {
            "document_no": "粤科〔2024〕4号", "reason": "提供虚假材料",
            "heard_on": str(er.database.clock.today() - timedelta(days=1)), "benefits_to_recover": True,
        }  # fmt: skip
        await approver(er).do(f"recognitions/{recognition['id']}", "revoke", body)
        assert (await cast.signatory.read(path))["state"] == "stopped"
        assert (await finance(er).read(f"budgets/{budget['id']}"))["free"] == "100000.00"


async def test_a_correction_that_is_not_verified_changes_no_amount(er: ServiceHarness) -> None:
    cast = await registered(er)
    made = await filed(cast, er.database.clock.today().year - 1, rd_expense="2000000.00")
    corrected = await cast.signatory.do(f"filings/{made['id']}", "correct", {"reason": "重新核算"})
    await cast.signatory.patch(f"filings/{corrected['id']}", {"facts": {"rd_expense": "4000000.00"}})
    await cast.signatory.do(f"filings/{corrected['id']}", "submit")
    assert (await applied(cast, "rd_subsidy"))["amount"] == "100000.00"


async def test_those_who_cannot_meet_the_rule_are_counted_and_not_evaluated(er: ServiceHarness) -> None:
    """Who holds nothing is unmet all the same; a node that implies the one asked for counts as holding it."""
    await registered(er)
    implied, _ = await holder(er, "hnte")
    run, rows = await computed(er, "sme_gift")
    assert rows[implied.uscc]["outcome"] == "beneficiary"  # hnte implies tech_sme
    assert run["unmet"] > 0
    assert run["evaluated"] == run["unmet"] + len(rows)
