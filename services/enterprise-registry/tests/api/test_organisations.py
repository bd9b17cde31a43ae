"""Organisations and authorisations through the real application and a real database."""

import asyncio
from datetime import date, timedelta

import sqlalchemy as sa
from er_story import city, county, integration, new_uscc, registered

from kechuang.testing import ServiceHarness


def _body(uscc: str, **more: object) -> dict[str, object]:
    return {"uscc": uscc, "name": "江门测试有限公司", "kind": "enterprise", "division": "440703", **more}


class TestRegistering:
    async def test_it_registers_is_verified_and_others_hear_of_it(self, er: ServiceHarness) -> None:
        cast = await registered(er, legal_representative="陈示例", zones=[])
        found = cast.organisation
        assert (found["state"], found["city"], found["division"]) == ("active", "440700", "440703")
        assert found["legal_representative"] == "陈*"
        assert found["facts"]["resident_mainland"] | {"on": ""} == {"value": True, "verified": True, "on": ""}
        told = [each for each in await er.events("changed") if each["subject"] == cast.uscc]
        assert [each["aggregateversion"] for each in told] == [1, 2]
        assert told[-1]["data"]["state"] == "active"
        assert [e["data"]["uscc"] for e in await er.events("registered")].count(cast.uscc) == 1

    async def test_no_name_of_a_person_is_in_events_history_or_the_table(self, er: ServiceHarness) -> None:
        cast = await registered(er, legal_representative="欧阳不泄露")
        history = await cast.signatory.read(f"organisations/{cast.organisation['id']}/history")
        assert history["items"][0]["changes"]["legal_representative"] == "***"
        async with er.database.read.connect() as conn:
            for table in ("organisation", "history", "outbox", "audit"):
                row = await conn.execute(sa.text(f"SELECT string_agg(t::text, ' ') FROM {table} t"))
                assert "欧阳不泄露" not in (row.scalar() or "")

    async def test_reading_the_name_takes_a_reason_and_is_audited(self, er: ServiceHarness) -> None:
        cast = await registered(er, legal_representative="陈示例")
        path = f"organisations/{cast.organisation['id']}/reveal"
        assert (await cast.county.post(path, {})).status_code == 422
        answer = await cast.county.post(path, {"reason": "核实身份"})
        assert answer.json() == {"legal_representative": "陈示例"}
        async with er.database.read.connect() as conn:
            row = await conn.execute(
                sa.text("SELECT count(*) FROM audit WHERE action='organisations:reveal' AND record_id=:i"),
                {"i": cast.organisation["id"]},
            )
            assert row.scalar() == 1

    async def test_a_second_registration_names_the_first_to_those_who_may_see_it(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        again = await integration(er).post("organisations", _body(cast.uscc))
        assert (again.status_code, again.json()["code"]) == (409, "already_registered")
        assert again.json()["existing"]["id"] == cast.organisation["id"]
        elsewhere = await county(er, "440704").post("organisations", _body(cast.uscc, division="440704"))
        assert elsewhere.status_code == 409
        assert "existing" not in elsewhere.json()

    async def test_ten_registrations_at_once_make_one_organisation(self, er: ServiceHarness) -> None:
        uscc = new_uscc()
        other = integration(er)
        answers = await asyncio.gather(*(other.post("organisations", _body(uscc)) for _ in range(10)))
        assert sorted(each.status_code for each in answers) == [201] + [409] * 9

    async def test_wrong_codes_places_and_facts_are_refused(self, er: ServiceHarness) -> None:
        other = integration(er)
        wrong = await other.post("organisations", _body("91440703MATE000L4Q"))
        assert {e["pointer"] for e in wrong.json()["errors"]} == {"/uscc"}
        wrong = await other.post(
            "organisations", _body(new_uscc(), division="999999", zones=["jiangmen-hnz"])
        )
        assert {e["pointer"] for e in wrong.json()["errors"]} == {"/division", "/zones/0"}
        wrong = await other.post(
            "organisations", _body(new_uscc(), facts={"employees": 5, "above_scale": "是"})
        )
        assert {e["pointer"] for e in wrong.json()["errors"]} == {"/facts/employees", "/facts/above_scale"}

    async def test_from_outside_it_belongs_to_the_city_it_turns_to(self, er: ServiceHarness) -> None:
        made = await integration(er).make(
            "organisations", _body(new_uscc(), division="outside", city="440700")
        )
        assert (made["city"], made["division"]) == ("440700", "outside")
        assert (await city(er).get(f"organisations/{made['id']}")).status_code == 200
        assert (await county(er).get(f"organisations/{made['id']}")).status_code == 404

    async def test_a_clerk_registers_only_the_own_organisation(self, er: ServiceHarness) -> None:
        clerk = er.client(roles=["enterprise_clerk"], organisation=new_uscc(), person="p")
        assert (await clerk.post("organisations", _body(new_uscc()))).status_code == 403


class TestChanging:
    async def test_suspended_it_can_file_nothing_and_resumed_again(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        await cast.county.do(path, "suspend", {"reason": "列入异常名录"})
        filing = {"form": "enterprise_annual", "period": "2023"}
        refused = await cast.signatory.post("filings", filing)
        assert refused.json()["errors"][0]["code"] == "organisation_not_active"
        await cast.county.do(path, "resume")
        assert (await cast.signatory.post("filings", filing)).status_code == 201
        assert (await cast.county.post(f"{path}/verify")).status_code == 409

    async def test_it_is_renamed_and_moves_and_the_new_county_sees_it(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        renamed = await cast.county.do(path, "rename", {"name": "江门更名有限公司"})
        assert renamed["former_names"] == [cast.organisation["name"]]
        await cast.city.do(path, "relocate", {"division": "440704", "zones": ["jiangmen-hnz"]})
        assert (await county(er, "440704").get(path)).status_code == 200
        assert (await cast.county.get(path)).status_code == 404
        zone = er.client(roles=["zone_officer"], areas=["jiangmen-hnz"])
        assert (await zone.get(path)).status_code == 200
        last = [e for e in await er.events("changed") if e["subject"] == cast.uscc][-1]["data"]
        assert (last["title"], last["division"], last["zones"]) == (
            "江门更名有限公司",
            "440704",
            ["jiangmen-hnz"],
        )

    async def test_what_its_own_people_state_is_verified_anew(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        changed = await cast.signatory.patch(path, {"facts": {"above_scale": True}})
        assert changed["facts"]["above_scale"]["verified"] is False
        assert changed["facts"]["resident_mainland"]["verified"] is True
        changed = await cast.county.patch(path, {"facts": {"above_scale": True}})
        assert changed["facts"]["above_scale"]["verified"] is True

    async def test_deregistering_demands_if_match(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        assert (await cast.county.post(f"{path}/deregister")).status_code == 428
        assert (await cast.county.do(path, "deregister"))["state"] == "deregistered"

    async def test_enterprises_are_the_organisations_of_that_kind(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        school = await integration(er).make("organisations", _body(new_uscc(), kind="university"))
        listed = await cast.city.read("enterprises", limit=200)
        assert cast.uscc in {each["uscc"] for each in listed["items"]}
        assert school["uscc"] not in {each["uscc"] for each in listed["items"]}
        assert (await cast.city.read(f"enterprises/{cast.organisation['id']}"))["uscc"] == cast.uscc


class TestAuthorisations:
    async def test_a_clerk_files_only_while_authorised(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        clerk = er.client(
            roles=["enterprise_clerk"], organisation=cast.uscc, person="p-clerk", subject="clerk"
        )
        filing = {"form": "enterprise_annual", "period": "2023"}
        assert (await clerk.post("filings", filing)).json()["code"] == "authorisation_missing"
        today = er.database.clock.today()
        granted = await cast.signatory.make(
            "authorisations",
            {"person": "p-clerk", "scopes": ["draft"], "valid_from": str(today), "valid_to": str(today)},
        )
        assert granted["state"] == "active"
        made = await clerk.make("filings", filing)
        refused = await clerk.post(f"filings/{made['id']}/submit")
        assert refused.json()["scope"] == "submit"
        me = await clerk.read("me")
        assert me["organisations"][0]["scopes"] == ["draft"]
        await er.at(days=1)
        await er.fire_timers()
        assert (await cast.signatory.read(f"authorisations/{granted['id']}"))["state"] == "expired"
        refused = await clerk.post("filings", filing | {"period": "2022"})
        assert refused.json()["code"] == "authorisation_missing"

    async def test_a_clerk_asks_and_the_signatory_grants_and_revokes(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        clerk = er.client(roles=["enterprise_clerk"], organisation=cast.uscc, person="p-2", subject="clerk-2")
        tomorrow = er.database.clock.today() + timedelta(days=1)
        body = {"person": "p-2", "scopes": ["submit", "draft"], "valid_from": str(tomorrow)}
        asked = await clerk.make("authorisations", body)
        assert asked["state"] == "requested"
        assert (await clerk.post(f"authorisations/{asked['id']}/grant")).status_code == 403
        granted = await cast.signatory.do(f"authorisations/{asked['id']}", "grant")
        assert granted["state"] == "granted"
        await er.at(days=1)
        await er.fire_timers()
        assert (await clerk.read(f"authorisations/{asked['id']}"))["state"] == "active"
        revoked = await cast.signatory.do(f"authorisations/{asked['id']}", "revoke", {"reason": "离职"})
        assert revoked["state"] == "revoked"
        states = [e["data"]["state"] for e in await er.events("changed") if e["subject"] == asked["id"]]
        assert states == ["granted", "active", "revoked"]

    async def test_nobody_sees_those_of_others(self, er: ServiceHarness) -> None:
        one, other = await registered(er), await registered(er)
        made = await one.signatory.make(
            "authorisations", {"person": "p-3", "scopes": ["draft"], "valid_from": str(date(2024, 1, 1))}
        )
        assert (await other.signatory.get(f"authorisations/{made['id']}")).status_code == 404
