"""Commissioners and experts: consent, verification, activation by another, suspension, exit, re-entry."""

from datetime import date
from typing import Any


async def applied(jiangmen: Any, **more: Any) -> str:
    person = await jiangmen.person()
    values = {"person": person, "city": "440700", "division": "440703", "programme": "overall", **more}
    return str((await jiangmen.county.make("commissioners", values))["id"])


class TestProgrammes:
    async def test_they_are_read_from_the_packs_without_a_token(self, jiangmen: Any) -> None:
        listed = await jiangmen.cm.client().read("commissioner-programmes", city="440700")
        assert "overall" in {each["code"] for each in listed["items"]}
        one = await jiangmen.cm.client().read("commissioner-programmes/jiangmen-2023.overall")
        assert one["term_months"] == 12
        assert (await jiangmen.cm.client().get("commissioner-programmes/none.none")).status_code == 404


class TestEnrolment:
    async def test_it_follows_the_citys_pack_and_remembers_its_version(self, jiangmen: Any) -> None:
        person = await jiangmen.person()
        values = {"person": person, "city": "440700", "programme": "no_such"}
        refused = await jiangmen.county.post("commissioners", {**values, "division": "440703"})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["code"] == "programme_unknown"
        made = await jiangmen.city.make("commissioners", {**values, "programme": "overall"})
        assert made["pack"].startswith("jiangmen-2023@")
        assert made["label"] == "王* 示范大学材料学院"

    async def test_the_sending_unit_consents_before_verification(self, jiangmen: Any) -> None:
        unit = await jiangmen.organisation("示范大学", kind="university")
        made = await applied(jiangmen, organisation=unit)
        early = await jiangmen.county.post(f"commissioners/{made}/verify")
        assert (early.status_code, early.json()["code"]) == (409, "unit_consent_missing")
        assert (await jiangmen.owner(unit).do(f"commissioners/{made}", "consent"))[
            "state"
        ] == "unit_consented"
        assert (await jiangmen.county.do(f"commissioners/{made}", "verify"))["state"] == "verified"

    async def test_who_verified_does_not_activate(self, jiangmen: Any) -> None:
        made = await applied(jiangmen)
        await jiangmen.city.do(f"commissioners/{made}", "verify")
        tag = (await jiangmen.city.get(f"commissioners/{made}")).headers["etag"]
        own = await jiangmen.city.post(f"commissioners/{made}/activate", headers={"If-Match": tag})
        assert (own.status_code, own.json()["code"]) == (409, "handler_does_not_decide")
        assert (await jiangmen.approver.do(f"commissioners/{made}", "activate"))["state"] == "active"
        told = [each for each in await jiangmen.cm.events("activated") if each["subject"] == made]
        assert told[0]["data"]["programme"] == "overall"
        assert "王示例" not in str(told)

    async def test_one_programme_is_entered_once(self, jiangmen: Any) -> None:
        person = await jiangmen.person()
        values = {"person": person, "city": "440700", "programme": "overall"}
        await jiangmen.city.make("commissioners", values)
        again = await jiangmen.city.post("commissioners", values)
        assert (again.status_code, again.json()["code"]) == (409, "enrolled_already")
        await jiangmen.city.make("commissioners", {**values, "programme": "doctor_commissioner"})

    async def test_a_removed_one_returns_after_the_cooling_period(self, jiangmen: Any) -> None:
        person = await jiangmen.person()
        made = await jiangmen.commissioner(person, programme="overall")
        path = f"commissioners/{made}"
        warned = await jiangmen.city.do(path, "warn", {"reason": "迟报服务记录"})
        assert warned["state"] == "active"
        assert warned["warned_until"] is not None
        await jiangmen.city.do(path, "suspend", {"reason": "配合核查"})
        ended = await jiangmen.city.do(path, "exit", {"reason": "考核不合格"})
        assert ended["cooling_until"] is not None
        early = await jiangmen.as_person(person).post(f"{path}/readmit")
        assert (early.status_code, early.json()["code"]) == (409, "cooling")
        outcomes = [e["data"]["outcome"] for e in await jiangmen.cm.events("ended") if e["subject"] == made]
        assert outcomes == ["suspended", "exited"]

    async def test_only_person_unit_and_place_see_it(self, jiangmen: Any) -> None:
        made = await applied(jiangmen)
        assert (await jiangmen.other_county.get(f"commissioners/{made}")).status_code == 404
        enterprise = jiangmen.owner(await jiangmen.organisation("恩平建材有限公司"))
        assert (await enterprise.get(f"commissioners/{made}")).status_code == 404


class TestReturning:
    async def test_enrolling_anew_is_no_way_around_the_cooling_period(self, jiangmen: Any) -> None:
        person = await jiangmen.person()
        made = await jiangmen.commissioner(person, programme="overall")
        ended = await jiangmen.city.do(f"commissioners/{made}", "exit", {"reason": "考核不合格"})
        values = {"person": person, "city": "440700", "programme": "overall"}
        anew = await jiangmen.city.post("commissioners", values)
        assert (anew.status_code, anew.json()["code"]) == (409, "cooling")
        assert anew.json()["until"] == ended["cooling_until"]
        await jiangmen.city.make("commissioners", {**values, "programme": "doctor_commissioner"})

    async def test_cooling_lasts_through_its_last_day(self, own_jiangmen: Any) -> None:
        person = await own_jiangmen.person()
        made = await own_jiangmen.commissioner(person, programme="overall")
        ended = await own_jiangmen.city.do(f"commissioners/{made}", "exit", {"reason": "考核不合格"})
        values = {"person": person, "city": "440700", "programme": "overall"}
        last = date.fromisoformat(ended["cooling_until"])
        await own_jiangmen.cm.at(days=(last - own_jiangmen.cm.database.clock.today()).days)
        assert (await own_jiangmen.city.post("commissioners", values)).json()["code"] == "cooling"
        await own_jiangmen.cm.at(days=1)
        anew = await own_jiangmen.city.make("commissioners", values)
        beside = await own_jiangmen.city.post(f"commissioners/{made}/readmit")
        assert (beside.status_code, beside.json()["code"]) == (409, "enrolled_already")
        assert (await own_jiangmen.city.read(f"commissioners/{made}"))["state"] == "exited"
        assert (await own_jiangmen.city.read(f"commissioners/{anew['id']}"))["state"] == "applied"

    async def test_an_earlier_enrolment_does_not_return_while_a_later_one_cools(
        self, own_jiangmen: Any
    ) -> None:
        person = await own_jiangmen.person()
        first = await own_jiangmen.commissioner(person, programme="overall")
        ended = await own_jiangmen.city.do(f"commissioners/{first}", "exit", {"reason": "工作调动"})
        last = date.fromisoformat(ended["cooling_until"])
        await own_jiangmen.cm.at(days=(last - own_jiangmen.cm.database.clock.today()).days + 1)
        second = await own_jiangmen.commissioner(person, programme="overall")
        await own_jiangmen.city.do(f"commissioners/{second}", "exit", {"reason": "考核不合格"})
        answer = await own_jiangmen.city.post(f"commissioners/{first}/readmit")
        assert (answer.status_code, answer.json()["code"]) == (409, "cooling")

    async def test_an_expert_returns_once_and_not_beside_a_new_enrolment(self, jiangmen: Any) -> None:
        person = await jiangmen.expert(["technical"])
        old = (await jiangmen.city.read("experts", person=person))["items"][0]["id"]
        await jiangmen.city.do(f"experts/{old}", "exit", {"reason": "本人申请"})
        values = {"person": person, "city": "440700", "kinds": ["management"]}
        new = await jiangmen.city.make("experts", values)
        beside = await jiangmen.city.post(f"experts/{old}/readmit")
        assert (beside.status_code, beside.json()["code"]) == (409, "enrolled_already")
        await jiangmen.city.do(f"experts/{new['id']}", "refuse", {"reason": "材料不全"})
        assert (await jiangmen.city.do(f"experts/{old}", "readmit"))["state"] == "applied"


class TestExperts:
    async def test_an_expert_has_kinds_and_ends_apart_from_being_commissioner(self, jiangmen: Any) -> None:
        person = await jiangmen.expert(["technical", "management"])
        commissioner = await jiangmen.commissioner(person)
        expert = (await jiangmen.city.read("experts", person=person))["items"][0]
        assert expert["kinds"] == ["technical", "management"]
        await jiangmen.city.do(f"experts/{expert['id']}", "exit", {"reason": "本人申请"})
        assert (await jiangmen.city.read(f"commissioners/{commissioner}"))["state"] == "active"
