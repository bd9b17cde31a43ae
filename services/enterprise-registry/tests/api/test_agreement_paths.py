"""Data agreements and policy documents on unusual ways: faults at once, rehearsals, terms that are over, revisions."""

from datetime import timedelta
from typing import Any

from er_story import approver, city, registered

from kechuang.testing import Client, ServiceHarness

AGREEMENTS, DOCUMENTS = "data-agreements", "policy-documents"
_GIVEN = [{"data_set": "organisations", "direction": "provide", "fields": ["uscc", "name"]}]
_TAKEN = [
    {"data_set": "recognitions", "direction": "receive", "fields": ["organisation", "kind", "issued_on"]}
]


def partner(er: ServiceHarness) -> Client:
    """The partner's system."""
    return er.client(roles=["integration"], client_id="statistics-system", subject="statistics-system")


def agreement(er: ServiceHarness, **more: Any) -> dict[str, Any]:
    """An agreement of ten days with another system."""
    today = er.database.clock.today()
    return {
        "city": "440700", "title": "与市统计局共享名录", "partner": "市统计局", "partner_client": "statistics-system",
        "purpose": "统计核对", "legal_basis": "《政务数据共享条例》", "condition": "conditional", "data_sets": _GIVEN,
        "valid_from": str(today), "valid_to": str(today + timedelta(days=10)), **more,
    }  # fmt: skip


async def in_force(er: ServiceHarness, **more: Any) -> str:
    """The address of an active agreement."""
    made = await city(er).make(AGREEMENTS, agreement(er, **more))
    await approver(er).do(f"{AGREEMENTS}/{made['id']}", "activate")
    return f"{AGREEMENTS}/{made['id']}"


def faults(answer: Any) -> dict[str, str]:
    """Pointer → code of a refusal."""
    assert answer.status_code == 422, answer.text
    return {each["pointer"]: each["code"] for each in answer.json()["errors"]}


class TestAgreement:
    async def test_every_fault_is_told_where_it_stands_and_a_change_is_checked_alike(
        self, er: ServiceHarness
    ) -> None:
        wrong = {"partner_client": None, "valid_to": "2020-01-01", "divisions": ["440703", "360402"],
                 "data_sets": [{"data_set": "persons", "direction": "provide", "fields": ["name"]}]}  # fmt: skip
        expected = {
            "/partner_unit": "partner_missing", "/valid_to": "not_later", "/divisions/1": "division_unknown",
            "/data_sets/0/data_set": "data_set_unknown",
        }  # fmt: skip
        assert faults(await city(er).post(AGREEMENTS, agreement(er, **wrong))) == expected
        made = await city(er).make(AGREEMENTS, agreement(er))
        tag = (await city(er).get(f"{AGREEMENTS}/{made['id']}")).headers["etag"]
        changed = await city(er).http.patch(
            f"/api/v1/{AGREEMENTS}/{made['id']}", json=wrong, headers={"If-Match": tag}
        )
        assert faults(changed) == expected

    async def test_a_term_that_is_over_is_not_put_into_force(self, er: ServiceHarness) -> None:
        made = await city(er).make(AGREEMENTS, agreement(er))
        await er.at(days=11)
        path = f"{AGREEMENTS}/{made['id']}"
        tag = (await approver(er).get(path)).headers["etag"]
        refused = await approver(er).post(f"{path}/activate", headers={"If-Match": tag})
        assert (refused.status_code, refused.json()["code"]) == (409, "agreement_over")

    async def test_what_leaves_no_trace_gives_no_rows(self, er: ServiceHarness) -> None:
        await registered(er)
        path = await in_force(er)
        ask = {"data_set": "organisations", "duty": "名录核对"}
        rehearsal = (await partner(er).post(f"{path}/provide?dry_run=true", ask)).json()
        assert (rehearsal["rows"], rehearsal["next_cursor"]) == ([], None)
        assert rehearsal["exchange"]["rows"] > 0
        assert (await city(er).read(f"{path}/exchanges"))["items"] == []
        assert (await partner(er).post(f"{path}/provide", ask)).json()["rows"]
        assert len((await city(er).read(f"{path}/exchanges"))["items"]) == 1

    async def test_a_security_administrator_stops_an_exchange(self, er: ServiceHarness) -> None:
        path = await in_force(er)
        guard = er.client(roles=["security_administrator"], subject="guard")
        assert (await guard.do(path, "suspend", {"reason": "疑似泄露"}))["state"] == "suspended"

    async def test_each_row_that_is_handed_in_is_answered_alone_and_in_both_languages(
        self, er: ServiceHarness
    ) -> None:
        here, elsewhere = await registered(er), await registered(er, division="440704")
        path = await in_force(er, data_sets=_TAKEN, divisions=["440703"])
        today = str(er.database.clock.today())
        good = {"organisation": here.uscc, "kind": "tech_sme", "issued_on": today}
        rows = [
            good, good, good | {"organisation": elsewhere.uscc}, {"organisation": "x", "kind": "tech_sme"},
            good | {"certificate_no": "1"},
        ]  # fmt: skip
        answer = (
            await partner(er).post(
                f"{path}/receive", {"data_set": "recognitions", "duty": "名单", "rows": rows}
            )
        ).json()
        assert [(each["status"], each["code"]) for each in answer["rows"]] == [
            ("created", None), ("known", None), ("refused", "other_place"), ("refused", "row_invalid"),
            ("refused", "field_not_covered"),
        ]  # fmt: skip
        wrong = answer["rows"][3]
        assert {"/organisation", "/issued_on"} <= {part.split(":")[0] for part in wrong["detail"].split("; ")}
        assert wrong["detail_en"].isascii()
        assert answer["exchange"]["refused"] == 3


class TestDocument:
    async def document(self, er: ServiceHarness, **more: Any) -> str:
        """The address of a published document."""
        body = {"city": "440700", "title": "管理办法", "valid_from": str(er.database.clock.today()), **more}
        made = await city(er).make(DOCUMENTS, body)
        await approver(er).do(f"{DOCUMENTS}/{made['id']}", "publish")
        return f"{DOCUMENTS}/{made['id']}"

    async def revision(self, er: ServiceHarness, path: str, days: int) -> str:
        """The address of a published revision that begins in so many days."""
        made = await city(er).do(path, "revise", {"reason": "修订"})
        first = er.database.clock.today() + timedelta(days=days)
        await city(er).patch(f"{DOCUMENTS}/{made['id']}", {"valid_from": str(first)})
        await approver(er).do(f"{DOCUMENTS}/{made['id']}", "publish")
        return f"{DOCUMENTS}/{made['id']}"

    async def test_of_a_chain_of_revisions_one_is_in_force_on_every_day(self, er: ServiceHarness) -> None:
        """The second revision overtakes the first, which never came into force."""
        old = await self.document(er)
        first = await self.revision(er, old, 20)
        second = await self.revision(er, first, 10)
        for days, alone in ((9, old), (1, second), (10, second)):
            await er.at(days=days)
            await er.fire_timers()
            found = [each for each in (old, first, second) if (await er.client().read(each))["in_force"]]
            assert found == [alone]
        assert (await er.client().read(first))["state"] == "superseded"

    async def test_what_has_expired_is_revised_and_not_extended(self, er: ServiceHarness) -> None:
        today = er.database.clock.today()
        path = await self.document(er, valid_to=str(today + timedelta(days=3)))
        await er.at(days=4)  # the timer has not come yet
        tag = (await approver(er).get(path)).headers["etag"]
        longer = {"valid_to": str(today + timedelta(days=30)), "reason": "继续有效"}
        refused = await approver(er).post(f"{path}/extend", longer, headers={"If-Match": tag})
        assert (refused.status_code, refused.json()["code"]) == (409, "already_expired")

    async def test_its_last_day_is_not_before_its_first(self, er: ServiceHarness) -> None:
        today = er.database.clock.today()
        path = await self.document(er)
        tag = (await approver(er).get(path)).headers["etag"]
        early = {"ended_on": str(today - timedelta(days=9)), "reason": "废止"}
        assert faults(await approver(er).post(f"{path}/repeal", early, headers={"If-Match": tag})) == {
            "/ended_on": "before_valid_from"
        }
        reversed_days = {
            "city": "440700",
            "title": "办法",
            "valid_from": "2024-05-01",
            "valid_to": "2024-04-01",
        }
        assert faults(await city(er).post(DOCUMENTS, reversed_days)) == {"/valid_to": "not_later"}

    async def test_a_draft_is_no_basis_and_its_title_is_not_told(self, er: ServiceHarness) -> None:
        draft = await city(er).make(
            DOCUMENTS, {"city": "440700", "title": "未公开的草案", "valid_from": "2024-05-01"}
        )
        cast = await registered(er)
        body = {"kind": "assistance", "title": "融资", "basis": [draft["id"]]}
        refused = await cast.signatory.post("enterprise-cases", body)
        assert faults(refused) == {"/basis/0": "document_unknown"}
        assert "草案" not in refused.text
        warned = await cast.county.post("enterprise-cases", body | {"organisation": cast.uscc})
        assert faults(warned) == {"/basis/0": "document_unknown"}


class TestAuthorisation:
    async def test_what_was_requested_for_days_that_have_passed_is_not_granted(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        clerk = er.client(roles=["enterprise_clerk"], organisation=cast.uscc, person="clerk")
        today = er.database.clock.today()
        ask = {
            "person": "clerk",
            "scopes": ["draft"],
            "valid_from": str(today),
            "valid_to": str(today + timedelta(days=5)),
        }
        reversed_days = ask | {"valid_from": str(today + timedelta(days=9))}
        assert faults(await clerk.post("authorisations", reversed_days)) == {"/valid_to": "before_valid_from"}
        made = await clerk.make("authorisations", ask)
        await er.at(days=6)
        refused = await cast.signatory.post(f"authorisations/{made['id']}/grant")
        assert (refused.status_code, refused.json()["code"]) == (409, "authorisation_over")

    async def test_nobody_is_authorised_for_a_deregistered_organisation(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        await cast.county.do(f"organisations/{cast.organisation['id']}", "deregister", {"reason": "注销"})
        ask = {"person": "clerk", "scopes": ["draft"], "valid_from": str(er.database.clock.today())}
        assert faults(await cast.signatory.post("authorisations", ask)) == {
            "/organisation": "organisation_not_active"
        }
