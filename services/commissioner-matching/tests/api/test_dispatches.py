"""A dispatch needs every acceptance and a free place; it puts its need in service and ends by itself."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from commissioner_matching.dispatches import ledger
from kechuang_contracts.project_bidding import IntegrityRecordChanged


async def proposed(jiangmen: Any, **more: Any) -> tuple[str, str, str, str]:
    """Gives dispatch, need, person and the enterprise's code."""
    uscc = await jiangmen.organisation("蓬江模具有限公司")
    need = await jiangmen.need(uscc, **more)
    person = await jiangmen.person()
    return await jiangmen.proposal(await jiangmen.commissioner(person), need), need, person, uscc


async def active(jiangmen: Any, **more: Any) -> tuple[str, str, str, str]:
    dispatch, need, person, uscc = await proposed(jiangmen, **more)
    path = f"dispatches/{dispatch}"
    await jiangmen.as_person(person).do(path, "accept")
    await jiangmen.owner(uscc).do(path, "accept")
    await jiangmen.county.do(path, "sign", {"agreement_no": "江科特派〔2024〕1号"})
    await jiangmen.county.do(path, "activate", {})
    return dispatch, need, person, uscc


async def counters_agree(jiangmen: Any) -> bool:
    async with jiangmen.cm.unit() as uow:
        return await ledger.recount(uow) == []


class TestAcceptance:
    async def test_all_accept_before_it_is_signed_and_activated(self, jiangmen: Any) -> None:
        dispatch, need, person, uscc = await proposed(jiangmen)
        path = f"dispatches/{dispatch}"
        made = await jiangmen.county.read(path)
        assert made["missing"] == ["server", "host"]
        tag = (await jiangmen.county.get(path)).headers["etag"]
        early = await jiangmen.county.post(f"{path}/activate", {}, headers={"If-Match": tag})
        assert (early.status_code, early.json()["code"]) == (409, "state_forbids")
        half = await jiangmen.as_person(person).do(path, "accept")
        assert (half["state"], half["missing"]) == ("proposed", ["host"])
        twice = await jiangmen.as_person(person).post(f"{path}/accept")
        assert (twice.status_code, twice.json()["code"]) == (403, "nothing_to_accept")
        done = await jiangmen.owner(uscc).do(path, "accept")
        assert (done["state"], done["missing"]) == ("accepted", [])
        tag = (await jiangmen.county.get(path)).headers["etag"]
        unsigned = await jiangmen.county.post(f"{path}/activate", {}, headers={"If-Match": tag})
        assert unsigned.json()["code"] == "agreement_missing"
        await jiangmen.county.do(path, "sign", {"agreement_no": "江科特派〔2024〕2号"})
        running = await jiangmen.county.do(path, "activate", {})
        assert running["state"] == "active"
        served = await jiangmen.owner(uscc).read(f"technical-needs/{need}")
        assert (served["state"], served["dispatch"]) == ("in_service", dispatch)
        told = [each for each in await jiangmen.cm.events("activated") if each["subject"] == dispatch]
        assert told[0]["data"]["persons"] == [person]

    async def test_the_confidential_part_is_read_after_acceptance_only(self, jiangmen: Any) -> None:
        dispatch, need, person, uscc = await proposed(jiangmen, confidential="客户为某整车厂")
        server = jiangmen.as_person(person)
        assert (await server.read(f"technical-needs/{need}"))["confidential"] is None
        await server.do(f"dispatches/{dispatch}", "accept")
        assert (await server.read(f"technical-needs/{need}"))["confidential"] is None
        await jiangmen.owner(uscc).do(f"dispatches/{dispatch}", "accept")
        assert (await server.read(f"technical-needs/{need}"))["confidential"] == "客户为某整车厂"

    async def test_the_host_reads_the_contacts_after_acceptance_only(self, jiangmen: Any) -> None:
        dispatch, _, person, uscc = await proposed(jiangmen)
        path, host, why = f"dispatches/{dispatch}", jiangmen.owner(uscc), {"reason": "约定上门时间"}
        early = await host.post(f"{path}/contacts", why)
        assert (early.status_code, early.json()["code"]) == (409, "not_accepted_by_all")
        assert "王示例" not in (await host.get(path)).text
        await jiangmen.as_person(person).do(path, "accept")
        await host.do(path, "accept")
        told = await host.post(f"{path}/contacts", why)
        assert told.json()["items"] == [{"person": person, "name": "王示例", "phone": "13900000000"}]
        assert (await jiangmen.auditor.post(f"{path}/contacts", why)).status_code == 403

    async def test_who_declined_sees_neither_need_nor_secret_any_more(self, jiangmen: Any) -> None:
        dispatch, need, person, uscc = await proposed(jiangmen, confidential="客户为某整车厂")
        await jiangmen.as_person(person).do(f"dispatches/{dispatch}", "accept")
        await jiangmen.owner(uscc).do(f"dispatches/{dispatch}", "accept")
        server = jiangmen.as_person(person)
        await server.do(f"dispatches/{dispatch}", "decline", {"reason": "项目进入验收期"})
        assert (await server.get(f"technical-needs/{need}")).status_code == 404
        assert await counters_agree(jiangmen)

    async def test_another_person_and_another_enterprise_see_nothing(self, jiangmen: Any) -> None:
        dispatch, *_ = await proposed(jiangmen)
        stranger = jiangmen.owner(await jiangmen.organisation("台山水产有限公司"))
        for outsider in (stranger, jiangmen.as_person("somebody"), jiangmen.other_county):
            assert (await outsider.get(f"dispatches/{dispatch}")).status_code == 404

    async def test_the_sending_unit_is_asked_where_there_is_one(self, jiangmen: Any) -> None:
        unit = await jiangmen.organisation("示范研究院", kind="institute")
        need = await jiangmen.need(await jiangmen.organisation("开平纺织有限公司"))
        person = await jiangmen.person()
        made = await jiangmen.county.make(
            "commissioners",
            {"person": person, "city": "440700", "division": "440703", "organisation": unit,
             "programme": "doctor_commissioner"},
        )  # fmt: skip
        await jiangmen.owner(unit).do(f"commissioners/{made['id']}", "consent")
        await jiangmen.county.do(f"commissioners/{made['id']}", "verify")
        await jiangmen.city.do(f"commissioners/{made['id']}", "activate")
        dispatch = await jiangmen.proposal(made["id"], need)
        shown = await jiangmen.owner(unit).do(f"dispatches/{dispatch}", "accept")
        assert shown["missing"] == ["server", "host"]


class TestRefusals:
    async def test_a_county_sends_anybody_of_its_city_and_nobody_else(self, jiangmen: Any) -> None:
        need = await jiangmen.need(await jiangmen.organisation("蓬江钟表有限公司"))
        person = await jiangmen.person(division=None)
        made = await jiangmen.city.make(
            "commissioners", {"person": person, "city": "440700", "programme": "overall"}
        )
        await jiangmen.city.do(f"commissioners/{made['id']}", "verify")
        await jiangmen.approver.do(f"commissioners/{made['id']}", "activate")
        assert (await jiangmen.county.get(f"commissioners/{made['id']}")).status_code == 404
        await jiangmen.proposal(made["id"], need)
        body = {"server": "not-one", "target_kind": "need", "target": need}
        assert (await jiangmen.county.post("dispatches", body)).status_code == 422

    async def test_whoever_is_tied_to_the_host_is_not_sent(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("新会机械有限公司")
        need = await jiangmen.need(uscc)
        server = await jiangmen.commissioner(await jiangmen.person(organisation=uscc))
        answer = await jiangmen.county.post(
            "dispatches", {"server": server, "target_kind": "need", "target": need}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict_of_interest")

    async def test_an_integrity_record_in_force_bars(self, jiangmen: Any) -> None:
        person = await jiangmen.person()
        server = await jiangmen.commissioner(person)
        need = await jiangmen.need(await jiangmen.organisation("恩平音响有限公司"))
        record = IntegrityRecordChanged(
            subject_kind="person", subject_id=person, measures=["no_dispatch"], valid_from=date(2020, 1, 1),
            valid_to=None, state="in_force",
        )  # fmt: skip
        await jiangmen.cm.deliver(record, aggregate=f"integrity-{person}", version=2)
        body = {"server": server, "target_kind": "need", "target": need}
        assert (await jiangmen.county.post("dispatches", body)).json()["code"] == "integrity_record"
        lifted = record.model_copy(update={"state": "lifted"})
        await jiangmen.cm.deliver(lifted, aggregate=f"integrity-{person}", version=3)
        await jiangmen.cm.deliver(record, aggregate=f"integrity-{person}", version=1)  # late, and older
        assert (await jiangmen.county.post("dispatches", body)).status_code == 201

    async def test_a_need_that_was_not_routed_to_matching_gets_nobody(self, jiangmen: Any) -> None:
        owner = jiangmen.owner(await jiangmen.organisation("蓬江电器有限公司"))
        need = (await owner.make("technical-needs", {"title": "电机", "text": "降噪"}))["id"]
        await owner.do(f"technical-needs/{need}", "submit")
        server = await jiangmen.commissioner(await jiangmen.person())
        answer = await jiangmen.county.post(
            "dispatches", {"server": server, "target_kind": "need", "target": need}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "need_not_routed")


class TestCapacity:
    @pytest.mark.parametrize("capacity", [1, 3])
    async def test_of_twenty_acceptances_at_once_only_the_capacity_is_taken(
        self, jiangmen: Any, capacity: int
    ) -> None:
        person = await jiangmen.person()
        server = await jiangmen.commissioner(person, capacity=capacity)
        uscc = await jiangmen.organisation("江门集团有限公司")
        waiting = [await jiangmen.proposal(server, await jiangmen.need(uscc)) for _ in range(20)]
        themself = jiangmen.as_person(person)
        answers = await asyncio.gather(*(themself.post(f"dispatches/{each}/accept") for each in waiting))
        codes = [each.status_code for each in answers]
        assert codes.count(200) == capacity
        assert {each.json()["code"] for each in answers if each.status_code != 200} == {"over_capacity"}
        async with jiangmen.cm.unit() as uow:
            key = ledger.server_key("commissioner", server)
            assert (await ledger.loads(uow, [key]))[key] == capacity
        assert await counters_agree(jiangmen)
        taken = next(at for at, code in enumerate(codes) if code == 200)
        free = next(at for at, code in enumerate(codes) if code != 200)
        await themself.do(f"dispatches/{waiting[taken]}", "decline", {"reason": "时间冲突"})
        await themself.do(f"dispatches/{waiting[free]}", "accept")
        assert await counters_agree(jiangmen)

    async def test_the_capacity_is_not_lowered_below_what_runs(self, jiangmen: Any) -> None:
        person = await jiangmen.person()
        server = await jiangmen.commissioner(person, capacity=2)
        uscc = await jiangmen.organisation("鹤山印刷有限公司")
        for _ in range(2):
            dispatch = await jiangmen.proposal(server, await jiangmen.need(uscc))
            await jiangmen.as_person(person).do(f"dispatches/{dispatch}", "accept")
        tag = (await jiangmen.city.get(f"commissioners/{server}")).headers["etag"]
        answer = await jiangmen.city.http.patch(
            f"/api/v1/commissioners/{server}", json={"capacity": 1}, headers={"If-Match": tag}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "below_load")


class TestEnds:
    async def test_the_term_ends_by_itself_and_its_place_is_free(self, jiangmen: Any) -> None:
        dispatch, need, _, _ = await active(jiangmen)
        shown = await jiangmen.county.read(f"dispatches/{dispatch}")
        assert shown["valid_to"] > shown["valid_from"]
        await jiangmen.cm.at(days=370)
        await jiangmen.cm.fire_timers()
        shown = await jiangmen.county.read(f"dispatches/{dispatch}")
        assert (shown["state"], shown["ended_on"]) == ("completed", shown["valid_to"])
        told = [e["data"] for e in await jiangmen.cm.events("ended") if e["subject"] == dispatch]
        after = date.fromisoformat(shown["valid_to"]) + timedelta(days=1)  # the last day still counts
        assert [(each["outcome"], each["ended_on"]) for each in told] == [("completed", after.isoformat())]
        assert (await jiangmen.county.read(f"technical-needs/{need}"))["state"] == "in_service"
        assert await counters_agree(jiangmen)

    async def test_a_recall_frees_the_need_and_a_replacement_is_linked(self, jiangmen: Any) -> None:
        dispatch, need, _, _ = await active(jiangmen)
        other = await jiangmen.commissioner(await jiangmen.person())
        body = {"server": other, "reason": "工作调动"}
        new = await jiangmen.county.do(f"dispatches/{dispatch}", "replace", body)
        assert (new["server"], new["replaces"], new["state"]) == (other, dispatch, "proposed")
        assert (await jiangmen.county.read(f"dispatches/{dispatch}"))["state"] == "replaced"
        assert (await jiangmen.county.read(f"technical-needs/{need}"))["state"] == "routed"
        await jiangmen.county.do(f"dispatches/{new['id']}", "recall", {"reason": "企业撤回"})
        outcomes = [
            e["data"]["outcome"] for e in await jiangmen.cm.events("ended") if e["subject"] == dispatch
        ]
        assert outcomes == ["replaced"]
        assert await counters_agree(jiangmen)

    async def test_a_completed_one_is_assessed_and_renewed_as_a_new_one(self, jiangmen: Any) -> None:
        dispatch, *_ = await active(jiangmen)
        await jiangmen.county.do(f"dispatches/{dispatch}", "complete")
        await jiangmen.city.do(f"dispatches/{dispatch}", "assess", {"grade": "excellent"})
        new = await jiangmen.county.do(f"dispatches/{dispatch}", "renew")
        assert (new["renews"], new["state"]) == (dispatch, "proposed")

    async def test_the_enterprise_confirms_what_the_dispatch_solved(self, jiangmen: Any) -> None:
        dispatch, need, person, uscc = await active(jiangmen)
        await jiangmen.as_person(person).do(f"technical-needs/{need}", "resolve", {"reason": "试产合格"})
        await jiangmen.owner(uscc).do(f"technical-needs/{need}", "confirm")
        told = next(each for each in await jiangmen.cm.events("confirmed") if each["subject"] == need)
        assert (told["data"]["way"], told["data"]["dispatch"]) == ("dispatch", dispatch)


class TestServiceRecords:
    async def test_hours_count_when_the_host_confirms(self, jiangmen: Any) -> None:
        dispatch, _, person, uscc = await active(jiangmen)
        day = (await jiangmen.county.read(f"dispatches/{dispatch}"))["valid_from"]
        body = {"dispatch": dispatch, "on": day, "hours": 3.5, "place": "压铸车间", "content": "调整模温"}
        made = await jiangmen.as_person(person).make("service-records", body)
        assert (made["hours"], made["counted_hours"], made["late"]) == (3.5, None, False)
        path = f"service-records/{made['id']}"
        assert (await jiangmen.as_person(person).post(f"{path}/confirm")).status_code == 403
        assert (await jiangmen.owner(uscc).do(path, "confirm"))["counted_hours"] == 3.5
        assert (await jiangmen.as_person("somebody").get(path)).status_code == 404

    async def test_a_dispute_is_settled_by_an_officer_within_what_was_logged(self, jiangmen: Any) -> None:
        dispatch, _, person, uscc = await active(jiangmen)
        day = (await jiangmen.county.read(f"dispatches/{dispatch}"))["valid_from"]
        body = {"dispatch": dispatch, "on": day, "hours": 4, "place": "车间", "content": "培训"}
        made = await jiangmen.as_person(person).make("service-records", body)
        path = f"service-records/{made['id']}"
        await jiangmen.owner(uscc).do(path, "dispute", {"reason": "实到两小时"})
        tag = (await jiangmen.county.get(path)).headers["etag"]
        more = await jiangmen.county.post(
            f"{path}/settle", {"hours": 5, "reason": "误"}, headers={"If-Match": tag}
        )
        assert more.status_code == 422
        settled = await jiangmen.county.do(path, "settle", {"hours": 2, "reason": "门禁记录"})
        assert (settled["state"], settled["counted_hours"]) == ("settled", 2.0)

    async def test_nothing_is_logged_outside_the_term_or_before_it_runs(self, jiangmen: Any) -> None:
        waiting, _, person, _ = await proposed(jiangmen)
        body = {"dispatch": waiting, "on": "2024-03-20", "hours": 2, "place": "车间", "content": "培训"}
        early = await jiangmen.as_person(person).post("service-records", body)
        assert early.json()["code"] == "dispatch_not_active"
        dispatch, _, person, _ = await active(jiangmen)
        outside = await jiangmen.as_person(person).post("service-records", {**body, "dispatch": dispatch})
        assert outside.json()["errors"][0]["code"] == "outside_term"


class TestServingOnly:
    async def test_who_is_only_asked_cannot_declare_the_need_solved(self, jiangmen: Any) -> None:
        _, need, _, _ = await active(jiangmen)
        asked = await jiangmen.person()
        await jiangmen.proposal(await jiangmen.commissioner(asked), need)
        answer = await jiangmen.as_person(asked).post(f"technical-needs/{need}/resolve")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_serving")

    async def test_nobody_leaves_the_list_while_serving(self, jiangmen: Any) -> None:
        dispatch, _, _, _ = await active(jiangmen)
        server = (await jiangmen.county.read(f"dispatches/{dispatch}"))["server"]
        tag = (await jiangmen.city.get(f"commissioners/{server}")).headers["etag"]
        answer = await jiangmen.city.post(
            f"commissioners/{server}/exit", {"reason": "退休"}, headers={"If-Match": tag}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "dispatches_open")
        assert (await jiangmen.city.read(f"commissioners/{server}"))["state"] == "active"

    async def test_a_need_that_took_another_way_is_not_accepted_any_more(self, jiangmen: Any) -> None:
        dispatch, need, person, _ = await proposed(jiangmen)
        await jiangmen.city.do(f"technical-needs/{need}", "close", {"reason": "企业停产"})
        answer = await jiangmen.as_person(person).post(f"dispatches/{dispatch}/accept")
        assert (answer.status_code, answer.json()["code"]) == (409, "need_not_servable")
