"""Selection rounds through the real application and a real database."""

from datetime import date, timedelta

import sqlalchemy as sa
from er_story import approver, city, county, integration, registered
from selection_story import (
    announced,
    at_once,
    closed,
    filled,
    holder,
    notice_over,
    on_notice,
    own_quota,
    ready,
    scorer,
    sheets,
)

from enterprise_registry.quotas import store as quotas
from kechuang.db.tables import timer
from kechuang.testing import ServiceHarness


class TestPlanning:
    async def test_a_draft_is_the_offices_alone_until_it_is_announced(self, er: ServiceHarness) -> None:
        body = {"title": "评选", "honour": "vanguard", "city": "440700",
                "opens_at": "2090-01-01T00:00:00Z", "closes_at": "2090-02-01T00:00:00Z"}  # fmt: skip
        made = await city(er).make("selection-rounds", body)
        path = f"selection-rounds/{made['id']}"
        assert (made["state"], made["target"], made["tie_rule"]) == (
            "drafted",
            "vanguard",
            "earlier_submission",
        )
        assert [each["weight"] for each in made["scheme"]["lines"]] == ["60", "40"]
        assert (await er.client().get(path)).status_code == 404
        await city(er).patch(path, {"pass_mark": "60", "sheets_needed": 2, "scorers": ["p-expert"]})
        announced_ = await city(er).do(path, "announce")
        shown = await er.client().read(path)
        assert (shown["pass_mark"], shown["sheets_needed"], shown["window"]) == (
            "60",
            2,
            announced_["window"],
        )
        assert "p-expert" not in str(shown)
        assert "p-expert" not in str(await er.client().read(f"{path}/history"))
        window = await city(er).read(f"application-windows/{shown['window']}")
        assert (window["target"], window["details"]["round"]) == ("vanguard", made["id"])
        assert (
            await city(er).http.patch(f"/api/v1/{path}", json={"title": "x"}, headers={"If-Match": "*"})
        ).is_error

    async def test_what_the_city_does_not_grant_by_selection_is_refused(self, er: ServiceHarness) -> None:
        body = {"title": "评选", "city": "440700", "kind": "review"}

        async def refused(**more: object) -> str:
            answer = await city(er).post("selection-rounds", body | more)
            assert answer.status_code == 422, answer.text
            return str(answer.json()["errors"][0]["code"])

        assert await refused(honour="provincial_award") == "granted_elsewhere"
        assert await refused(honour="tech_micro") == "not_by_selection"
        assert await refused(honour="unicorn") == "node_unknown"
        assert await refused(honour="leading") == "scheme_unknown"
        assert await refused(honour="star", scheme="nothing") == "scheme_unknown"
        assert await refused(honour="star", quota={"kind": "cap", "value": 9}) == "quota_stated"
        line = {"code": "one", "name_zh": "一", "name_en": "one", "weight": "99"}
        whole = await city(er).post("selection-rounds", body | {"honour": "leading", "lines": [line]})
        assert whole.status_code == 422

    async def test_who_may_do_what(self, er: ServiceHarness) -> None:
        found = await announced(er, honour="vanguard")
        body = {"title": "评选", "honour": "star", "city": "440700", "kind": "review"}
        outside = city(er)
        for client in (
            county(er),
            approver(er),
            integration(er),
            er.client(roles=["supervisor"], areas=["440700"]),
        ):
            assert (await client.post("selection-rounds", body)).status_code == 403
        for verb in ("announce", "score", "shortlist", "open-notice", "cancel"):
            assert (await county(er).post(f"{found.path}/{verb}")).status_code == 403
        assert (await outside.post(f"{found.path}/award", found.award_body())).status_code == 403
        for client in (er.client(), county(er), integration(er)):
            assert (await client.get(f"{found.path}/standing")).status_code in (401, 403)
        assert (await er.client().get(f"{found.path}/quota")).status_code == 200
        elsewhere = er.client(roles=["city_officer"], areas=["441700"])
        assert (await elsewhere.post(f"{found.path}/cancel", {"reason": "x"})).status_code == 403

    async def test_cancelled_it_takes_its_window_and_its_applications_with_it(
        self, er: ServiceHarness
    ) -> None:
        found = await filled(er, await announced(er, honour="vanguard"), 1)
        await city(er).do(found.path, "cancel", {"reason": "预算调整"})
        window = await city(er).read(f"application-windows/{found.record['window']}")
        assert window["state"] == "closed"
        assert (await city(er).read(f"applications/{found.items[0]}"))["state"] == "lapsed"

    async def test_cancelled_before_its_window_opens_nobody_can_apply_any_more(
        self, er: ServiceHarness
    ) -> None:
        now = er.database.clock.now()
        plan = {
            "title": "创新尖兵评选", "honour": "vanguard", "city": "440700",
            "opens_at": (now + timedelta(days=2)).isoformat(), "closes_at": (now + timedelta(days=9)).isoformat(),
        }  # fmt: skip
        made = await city(er).make("selection-rounds", plan)
        path = f"selection-rounds/{made['id']}"
        window = (await city(er).do(path, "announce"))["window"]
        await city(er).do(path, "cancel", {"reason": "预算调整"})
        await er.at(days=3)
        await er.fire_timers()
        assert (await city(er).read(f"application-windows/{window}"))["state"] == "closed"
        cast = await holder(er)
        refused = await cast.signatory.post("applications", {"round": made["id"]})
        assert (refused.status_code, refused.json()["code"]) == (409, "window_not_open")


class TestApplying:
    async def test_only_holders_of_what_it_is_open_to_take_part(self, er: ServiceHarness) -> None:
        found = await announced(er)
        stranger = await registered(er)
        made = await stranger.signatory.make("applications", {"round": found.record["id"]})
        refused = await stranger.signatory.post(f"applications/{made['id']}/submit")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_open_to")
        assert "高新技术企业" in refused.json()["detail"]

    async def test_who_holds_it_or_an_exclusive_one_does_not_apply(self, er: ServiceHarness) -> None:
        cast = await holder(er)
        today = str(er.database.clock.today())
        await cast.city.make("recognitions", {"organisation": cast.uscc, "kind": "star", "issued_on": today})
        for honour, code in (("star", "honour_held"), ("vanguard", "honour_excluded")):
            found = await announced(er, honour=honour)
            made = await cast.signatory.make("applications", {"round": found.record["id"]})
            assert (await cast.signatory.post(f"applications/{made['id']}/submit")).json()["code"] == code

    async def test_the_round_decides_and_nobody_past_it(self, er: ServiceHarness) -> None:
        found = await filled(er, await announced(er, honour="vanguard"), 1)
        path = f"applications/{found.items[0]}"
        assert (await er.client().get(path)).status_code in (401, 404)
        shown = await city(er).read(path)
        assert (shown["round"], shown["target"], shown["state"]) == (
            found.record["id"],
            "vanguard",
            "city_reviewed",
        )
        tag = {"If-Match": f'"{shown["version"]}"'}
        past = await city(er).post(f"{path}/open-notice", {"contact": "局"}, headers=tag)
        assert past.json()["code"] == "round_decides"
        both = {"round": found.record["id"], "window": found.record["window"]}
        assert (await found.casts[0].signatory.post("applications", both)).status_code == 422


class TestScoring:
    async def test_sheets_are_whole_and_only_after_the_cut_off(self, er: ServiceHarness) -> None:
        found = await filled(er, await announced(er, honour="vanguard"), 1)
        item = found.items[0]
        early = await scorer(er).post(f"{found.path}/score", sheets({item: ("80", "80")}))
        assert early.json()["code"] == "window_running"
        await closed(er)
        body = {"sheets": [{"item": item, "points": {"rd_input": "80"}},
                           {"item": "nobody", "points": {"rd_input": "80", "growth": "80"}}]}  # fmt: skip
        wrong = await scorer(er).post(f"{found.path}/score", body)
        assert [(e["pointer"], e["code"]) for e in wrong.json()["errors"]] == [
            ("/sheets/0/points", "lines_differ"), ("/sheets/1/item", "item_unknown")
        ]  # fmt: skip
        over = await scorer(er).post(f"{found.path}/score", sheets({item: ("100.01", "80")}))
        assert over.status_code == 422
        await scorer(er).do(found.path, "score", sheets({item: ("80", "80.55")}))
        mine = await scorer(er).read(f"{found.path}/my-sheets")
        assert mine["items"][0]["points"] == {"rd_input": "80.00", "growth": "80.55"}
        other = await scorer(er, "second").read(f"{found.path}/my-sheets")
        assert other["items"][0]["points"] is None

    async def test_a_second_sheet_of_a_scorer_takes_the_place_of_the_first(self, er: ServiceHarness) -> None:
        found = await filled(er, await announced(er, honour="vanguard"), 2)
        await closed(er)
        one, two = found.items
        await scorer(er).do(found.path, "score", sheets({one: ("50", "50"), two: ("60", "60")}))
        await scorer(er).do(found.path, "score", sheets({one: ("70", "70")}))
        await scorer(er, "second").do(found.path, "score", sheets({one: ("90", "90"), two: ("60", "60")}))
        standing = await found.standing()
        assert (standing[one]["score"]["total"], standing[one]["rank"]) == ("80.0000", 1)
        assert (standing[two]["score"]["total"], standing[two]["rank"]) == ("60.0000", 2)
        assert standing[one]["score"]["lines"] == {"rd_input": "80.0000", "growth": "80.0000"}

    async def test_a_named_expert_scores_and_sees_no_other_sheet(self, er: ServiceHarness) -> None:
        found = await filled(er, await announced(er, honour="vanguard", scorers=["p-expert-1"]), 1)
        await closed(er)
        expert = er.client(roles=["expert"], person="p-expert-1")
        body = sheets({found.items[0]: ("80", "80")})
        assert (await expert.do(found.path, "score", body))["state"] == "scoring"
        assert (await expert.get(f"{found.path}/standing")).status_code == 403
        other = er.client(roles=["expert"], person="p-expert-2")
        assert (await other.post(f"{found.path}/score", body)).status_code == 403

    async def test_no_list_before_everything_is_reviewed_and_scored(self, er: ServiceHarness) -> None:
        found = await filled(er, await announced(er, honour="vanguard", sheets_needed=2), 1)
        late = await holder(er)
        made = await late.signatory.make("applications", {"round": found.record["id"]})
        await late.signatory.do(f"applications/{made['id']}", "submit")
        await closed(er)
        await scorer(er).do(found.path, "score", sheets({found.items[0]: ("80", "80")}))
        tag = {"If-Match": f'"{(await found.read())["version"]}"'}
        pending = await city(er).post(f"{found.path}/shortlist", headers=tag)
        assert pending.json()["code"] == "applications_pending"
        assert pending.json()["applications"][0]["number"] == made["number"]
        await approver(er).do(f"applications/{made['id']}", "reject", {"grounds": "材料不齐"})
        assert (await city(er).post(f"{found.path}/shortlist", headers=tag)).json()[
            "code"
        ] == "scores_missing"
        await scorer(er, "second").do(found.path, "score", sheets({found.items[0]: ("80", "80")}))
        assert (await city(er).do(found.path, "shortlist"))["state"] == "shortlisted"


class TestTies:
    async def test_the_stated_rule_settles_a_tie_and_says_so(self, er: ServiceHarness) -> None:
        found = await filled(er, await announced(er, honour="vanguard", tie_rule="higher_block"), 2)
        await closed(er)
        one, two = found.items
        await scorer(er).do(found.path, "score", sheets({one: ("80", "80"), two: ("90", "65")}))
        await city(er).do(found.path, "shortlist", {"places": 1})
        standing = await found.standing()
        assert (standing[two]["proposal"], standing[one]["proposal"]) == ("award", "pass_over")
        assert standing[two]["score"]["total"] == standing[one]["score"]["total"]
        assert standing[two]["score"]["settled_by"] == "higher_block"
        assert "第 2 名" in standing[one]["reason"]

    async def test_a_lot_is_drawn_in_public_and_named(self, er: ServiceHarness) -> None:
        found = await filled(er, await announced(er, honour="vanguard", tie_rule="lot"), 2)
        await closed(er)
        await scorer(er).do(found.path, "score", sheets(dict.fromkeys(found.items, ("80", "80"))))
        tag = {"If-Match": f'"{(await found.read())["version"]}"'}
        refused = await city(er).post(f"{found.path}/shortlist", {"places": 1}, headers=tag)
        assert refused.json()["errors"][0]["code"] == "lot_needed"
        done = await city(er).do(found.path, "shortlist", {"places": 1, "lot": "20240612福彩3D"})
        assert done["lot"] == "20240612福彩3D"
        first = {item: each["rank"] for item, each in (await found.standing()).items()}
        await city(er).do(found.path, "shortlist", {"places": 1})
        assert {item: each["rank"] for item, each in (await found.standing()).items()} == first

    async def test_where_equals_share_the_last_place_all_of_them_are_on_the_list(
        self, er: ServiceHarness
    ) -> None:
        found = await filled(er, await announced(er, honour="vanguard", tie_rule="all_share_last_place"), 3)
        await closed(er)
        one, two, three = found.items
        await scorer(er).do(
            found.path, "score", sheets({one: ("90", "90"), two: ("80", "80"), three: ("80", "80")})
        )
        await city(er).do(found.path, "shortlist", {"places": 2})
        standing = await found.standing()
        assert [standing[item]["rank"] for item in found.items] == [1, 2, 2]
        assert {each["proposal"] for each in standing.values()} == {"award"}


class TestAwarding:
    async def test_after_the_notice_somebody_else_awards_and_each_honour_is_on_the_file(
        self, er: ServiceHarness
    ) -> None:
        found = await on_notice(er, 3, honour="vanguard", places=2)
        running = await approver(er).post(
            f"{found.path}/award", found.award_body(), headers={"If-Match": f'"{found.record["version"]}"'}
        )
        assert running.json()["code"] == "notice_running"
        notice = await er.client().read(f"enterprise-notices/{found.record['notice']}")
        assert [each["record"] for each in notice["items"]] == found.items[:2]
        await notice_over(er)
        handler = er.client(roles=["city_officer", "city_approver"], areas=["440700"], subject="city-scorer")
        tag = {"If-Match": f'"{(await found.read())["version"]}"'}
        own = await handler.post(f"{found.path}/award", found.award_body(), headers=tag)
        assert (own.status_code, own.json()["code"]) == (409, "handler_does_not_decide")
        tomorrow = found.award_body(decided_on="2099-12-31")
        assert (await approver(er).post(f"{found.path}/award", tomorrow, headers=tag)).status_code == 422
        done = await approver(er).do(found.path, "award", found.award_body())
        assert (done["state"], done["decisions"][0]["awarded"]) == ("awarded", 2)
        for n, cast in enumerate(found.casts):
            application = await cast.signatory.read(f"applications/{found.items[n]}")
            held = await er.client().read("recognitions", organisation=cast.uscc, kind="vanguard")
            if n < 2:
                assert application["state"] == "recognised"
                assert held["items"][0]["id"] == application["recognition"]
                assert (held["items"][0]["source"], held["items"][0]["round"]) == (
                    "selection",
                    found.record["id"],
                )
                assert (held["items"][0]["document_no"], held["items"][0]["level"]) == (
                    "江科〔2024〕12号",
                    "city",
                )
            else:
                assert (application["state"], held["items"]) == ("rejected", [])
                assert "第 3 名" in application["decision"]["grounds"]
        told = [e["data"] for e in await er.events("awarded") if e["subject"] == found.record["id"]]
        assert [(each["awarded"], each["honour"], each["quota_kind"]) for each in told] == [
            (2, "vanguard", "none")
        ]

    async def test_an_objection_holds_its_item_while_the_others_are_awarded(self, er: ServiceHarness) -> None:
        found = await on_notice(er, 3, honour="vanguard")
        objector = found.casts[2].signatory
        made = await objector.make(
            "enterprise-objections",
            {"notice": found.record["notice"], "item": found.items[0], "grounds": "数据不实。",
             "evidence": "附材料。", "real_name": "李实名", "contact": "13800000000"},
        )  # fmt: skip
        supervisor = er.client(roles=["supervisor"], areas=["440700"])
        await supervisor.do(f"enterprise-objections/{made['id']}", "accept")
        await notice_over(er)
        tag = {"If-Match": f'"{(await found.read())["version"]}"'}
        named = await approver(er).post(
            f"{found.path}/award", found.award_body(items=found.items), headers=tag
        )
        assert (named.json()["code"], named.json()["item"]) == ("item_held", found.items[0])
        part = await approver(er).do(found.path, "award", found.award_body())
        assert (part["state"], part["decisions"][0]["awarded"]) == ("public_notice", 2)
        refused = await city(er).post(
            f"{found.path}/cancel", {"reason": "x"}, headers={"If-Match": f'"{part["version"]}"'}
        )
        assert refused.json()["code"] == "partly_awarded"
        await supervisor.do(f"enterprise-objections/{made['id']}", "examine")
        await supervisor.do(f"enterprise-objections/{made['id']}", "uphold", {"answer": "情况属实。"})
        done = await approver(er).do(found.path, "award", found.award_body())
        assert done["state"] == "awarded"
        standing = await found.standing()
        assert [standing[item]["outcome"] for item in found.items] == ["passed_over", "awarded", "awarded"]
        assert (await city(er).read(f"applications/{found.items[0]}"))["state"] == "rejected"

    async def test_who_was_not_on_the_notice_gets_nothing(self, er: ServiceHarness) -> None:
        found = await ready(er, 2, honour="vanguard", places=1)
        tag = {"If-Match": f'"{found.record["version"]}"'}
        past = await approver(er).post(
            f"{found.path}/award", found.award_body(items=[found.items[1]]), headers=tag
        )
        assert past.json()["errors"][0]["code"] == "not_on_the_notice"

    async def test_an_application_withdrawn_after_the_list_asks_for_a_new_one(
        self, er: ServiceHarness
    ) -> None:
        found = await filled(er, await announced(er, honour="vanguard"), 2)
        await closed(er)
        await scorer(er).do(found.path, "score", sheets(dict.fromkeys(found.items, ("80", "80"))))
        done = await city(er).do(found.path, "shortlist")
        await found.casts[0].signatory.do(
            f"applications/{found.items[0]}", "withdraw", {"reason": "不再参评"}
        )
        tag = {"If-Match": f'"{done["version"]}"'}
        stale = await city(er).post(f"{found.path}/open-notice", {"contact": "局"}, headers=tag)
        assert stale.json()["code"] == "shortlist_outdated"
        await city(er).do(found.path, "shortlist")
        await city(er).do(found.path, "open-notice", {"contact": "局"})
        assert list(await found.standing()) == [found.items[1]]

    async def test_a_withdrawn_notice_is_followed_by_a_corrected_one_with_a_new_period(
        self, er: ServiceHarness
    ) -> None:
        found = await on_notice(er, 2, honour="vanguard")
        tag = {"If-Match": f'"{found.record["version"]}"'}
        early = await city(er).post(f"{found.path}/shortlist", {"places": 1}, headers=tag)
        assert early.json()["code"] == "already_on_notice"
        await city(er).do(f"enterprise-notices/{found.record['notice']}", "withdraw", {"reason": "名单有误"})
        aside = [{"item": found.items[0], "reason": "一票否决：发生安全事故。"}]
        await city(er).do(found.path, "shortlist", {"set_aside": aside})
        again = await city(er).do(found.path, "open-notice", {"contact": "局"})
        assert again["notice"] != found.record["notice"]
        await notice_over(er)
        await approver(er).do(found.path, "award", found.award_body())
        standing = await found.standing()
        assert [standing[item]["outcome"] for item in found.items] == ["passed_over", "awarded"]
        assert standing[found.items[0]]["reason"] == "一票否决：发生安全事故。"


class TestQuota:
    async def test_award_number_four_of_three_is_refused_whichever_round_asks(
        self, er: ServiceHarness
    ) -> None:
        """The cap of the pack's honour: its rounds share it."""
        first = await ready(er, 2)
        assert (await approver(er).do(first.path, "award", first.award_body()))["state"] == "awarded"
        second = await ready(er, 2, places=2)
        tag = {"If-Match": f'"{second.record["version"]}"'}
        refused = await approver(er).post(f"{second.path}/award", second.award_body(), headers=tag)
        assert (refused.status_code, refused.json()["code"]) == (409, "quota_exhausted")
        assert (refused.json()["remaining"], refused.json()["asked"]) == (1, 2)
        assert refused.json()["quota"]["taken"] == 2
        for cast in second.casts:
            held = await er.client().read("recognitions", organisation=cast.uscc, kind="star")
            assert held["items"] == []
        part = await approver(er).do(second.path, "award", second.award_body(items=second.items[:1]))
        assert part["state"] == "public_notice"
        tag = {"If-Match": f'"{part["version"]}"'}
        last = await approver(er).post(f"{second.path}/award", second.award_body(), headers=tag)
        assert (last.json()["code"], last.json()["remaining"]) == ("quota_exhausted", 0)
        decline = [{"item": second.items[1], "reason": "名额已满。"}]
        done = await approver(er).do(second.path, "award", second.award_body(items=[], decline=decline))
        assert done["state"] == "awarded"
        quota = await er.client().read(f"{second.path}/quota")
        assert (quota["taken"], quota["remaining"]) == (3, 0)
        third = await filled(er, await announced(er), 1)
        await closed(er)
        await scorer(er).do(third.path, "score", sheets({third.items[0]: ("80", "80")}))
        assert (await city(er).do(third.path, "shortlist"))["places"] == 0

    async def test_the_counter_is_held_against_its_ledger_the_day_after(self, er: ServiceHarness) -> None:
        found = await ready(er, 1, honour="vanguard", quota=own_quota(5, 3))
        await approver(er).do(found.path, "award", found.award_body())
        failed = sa.select(timer.c.error).where(
            timer.c.kind == quotas.CHECK, timer.c.record_id == found.record["quota"]
        )
        async with er.unit() as uow:
            counter = sa.update(quotas.quota).where(quotas.quota.c.id == found.record["quota"])
            await uow.execute(counter.values(taken=2))
            await uow.commit()
        await er.at(days=1)
        await er.fire_timers()
        async with er.unit() as uow:
            assert (await uow.execute(failed)).scalar_one().startswith("LedgerError")
            await uow.execute(counter.values(taken=1))
            await uow.execute(sa.update(timer).where(timer.c.error.is_not(None)).values(not_before=None))
            await uow.commit()
        await er.fire_timers()
        async with er.unit() as uow:
            assert (await uow.execute(failed)).scalar_one() is None

    async def test_two_rounds_race_for_the_last_place_with_fifty_clients(self, er: ServiceHarness) -> None:
        share = own_quota(1, 1)
        rounds = [await ready(er, 1, honour="vanguard", quota=share) for _ in range(2)]
        answers = await at_once(
            *(
                approver(er, f"approver-{n}").post(
                    f"{rounds[n % 2].path}/award", rounds[n % 2].award_body(),
                    headers={"If-Match": f'"{rounds[n % 2].record["version"]}"'},
                )
                for n in range(50)
            )
        )  # fmt: skip
        assert sorted(status for status, _ in answers) == [200] + [409] * 49
        assert {body["code"] for status, body in answers if status == 409} == {
            "quota_exhausted",
            "state_forbids",
        }
        quota = await er.client().read(f"{rounds[0].path}/quota")
        assert (quota["taken"], quota["remaining"]) == (1, 0)
        held = [
            await er.client().read("recognitions", organisation=each.casts[0].uscc, kind="vanguard")
            for each in rounds
        ]
        assert sorted(len(each["items"]) for each in held) == [0, 1]

    async def test_a_later_round_neither_lifts_nor_changes_the_cap_of_the_earlier_ones(
        self, er: ServiceHarness
    ) -> None:
        """The quota belongs to the honour and its period; whoever drafts a round later takes part in it."""
        year = er.database.clock.today().year
        whole = {"kind": "cap", "value": 80, "first": f"{year}-01-01", "last": f"{year}-12-31"}
        capped = await announced(er, honour="vanguard", quota=whole)
        silent = await announced(er, honour="vanguard")
        assert silent.record["quota"] == capped.record["quota"]
        found = await er.client().read(f"{capped.path}/quota")
        assert (found["kind"], found["value"]) == ("cap", 80)
        now = er.database.clock.now()
        more = {
            "title": "创新尖兵评选", "honour": "vanguard", "city": "440700", "opens_at": now.isoformat(),
            "closes_at": (now + timedelta(days=10)).isoformat(), "quota": whole | {"value": 90},
        }  # fmt: skip
        refused = await city(er).post("selection-rounds", more)
        assert (refused.status_code, refused.json()["code"]) == (409, "quota_differs")
        assert refused.json()["quota"]["value"] == 80
        assert (await er.client().read(f"{capped.path}/quota"))["value"] == 80

    async def test_a_cap_is_not_set_below_what_was_awarded_without_one(self, er: ServiceHarness) -> None:
        today = er.database.clock.today()  # a year of its own: the cap of another test may stand in this one
        await er.at(days=(date(today.year + 1, 1, 2) - today).days)
        found = await ready(er, 2, honour="vanguard")
        await approver(er).do(found.path, "award", found.award_body())
        year = er.database.clock.today().year
        body = {
            "title": "创新尖兵评选", "honour": "vanguard", "city": "440700", "kind": "review",
            "quota": {"kind": "cap", "value": 1, "first": f"{year}-01-01", "last": f"{year}-12-31"},
        }  # fmt: skip
        refused = await city(er).post("selection-rounds", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "quota_below_taken")
        assert refused.json()["quota"]["taken"] >= 2

    async def test_the_award_lies_after_the_notice(self, er: ServiceHarness) -> None:
        found = await ready(er, 1, honour="vanguard", quota=own_quota(3, 8))
        ends_on = (await er.client().read(f"enterprise-notices/{found.record['notice']}"))["ends_on"]
        tag = {"If-Match": f'"{found.record["version"]}"'}
        body = found.award_body(decided_on=ends_on)
        refused = await approver(er).post(f"{found.path}/award", body, headers=tag)
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
            ("/decided_on", "before_the_notice_ended")
        ]

    async def test_a_floor_that_is_not_reached_is_reported_and_stops_nobody(self, er: ServiceHarness) -> None:
        found = await ready(er, 1, honour="vanguard", quota=own_quota(2, 2, "floor"))
        await approver(er).do(found.path, "award", found.award_body())
        quota = await er.client().read(f"{found.path}/quota")
        assert (quota["kind"], quota["taken"], quota["shortfall"], quota["remaining"]) == (
            "floor",
            1,
            1,
            None,
        )


LINES = [
    {"code": "rd_input", "name_zh": "研发投入", "name_en": "R&D input", "weight": "50"},
    {"code": "growth", "name_zh": "成长性", "name_en": "Growth", "weight": "50"},
]


class TestReview:
    async def test_a_review_keeps_and_removes_holders_with_reasons_and_takes_newcomers(
        self, er: ServiceHarness
    ) -> None:
        holders = [await holder(er, "leading") for _ in range(2)]
        item = {
            cast.uscc: (await er.client().read("recognitions", organisation=cast.uscc))["items"][0]["id"]
            for cast in holders
        }
        found = await announced(er, honour="leading", kind="review", lines=LINES, pass_mark="60")
        await filled(er, found, 1)
        await closed(er)
        stay, go, new = item[holders[0].uscc], item[holders[1].uscc], found.items[0]
        points = {stay: ("90", "70"), go: ("40", "50"), new: ("75", "75")}
        others = {
            each["item"]: ("80", "80")
            for each in (await scorer(er).read(f"{found.path}/my-sheets"))["items"]
            if each["item"] not in points
        }
        await scorer(er).do(found.path, "score", sheets(points | others))
        await city(er).do(found.path, "shortlist")
        standing = await found.standing()
        assert [standing[each]["proposal"] for each in (stay, go, new)] == ["keep", "remove", "award"]
        assert standing[go]["reason"] == "综合得分 45.0000，低于 60 分。"
        noticed = await city(er).do(found.path, "open-notice", {"contact": "局"})
        await notice_over(er)
        done = await approver(er).do(found.path, "award", found.award_body())
        assert (done["state"], done["decisions"][0]["removed"]) == ("awarded", 1)
        removed = await er.client().read(f"recognitions/{go}")
        assert (removed["state"], removed["reason"]) == ("revoked", "综合得分 45.0000，低于 60 分。")
        notice = await er.client().read(f"enterprise-notices/{noticed['notice']}")
        assert (removed["heard_on"], removed["round"]) == (notice["ends_on"], found.record["id"])
        assert (await er.client().read(f"recognitions/{stay}"))["state"] == "valid"
        newcomer = await er.client().read("recognitions", organisation=found.casts[0].uscc, kind="leading")
        assert newcomer["items"][0]["round"] == found.record["id"]
        counted = await er.client().read("recognition-counts", by="node", city="440700", kind="leading")
        assert (counted["items"][0]["target"], counted["items"][0]["reached"]) == (2, True)

    async def test_a_removal_that_an_upheld_objection_stops_leaves_the_holder(
        self, er: ServiceHarness
    ) -> None:
        cast = await holder(er, "leading")
        held = (await er.client().read("recognitions", organisation=cast.uscc))["items"][0]["id"]
        body = {"title": "复核", "honour": "leading", "city": "440700", "kind": "review", "lines": LINES}
        made = await city(er).make("selection-rounds", body)
        path = f"selection-rounds/{made['id']}"
        await city(er).do(path, "announce")
        await city(er).do(path, "shortlist", {"set_aside": [{"item": held, "reason": "研发投入下降。"}]})
        noticed = await city(er).do(path, "open-notice", {"contact": "局"})
        objection = await cast.signatory.make(
            "enterprise-objections",
            {"notice": noticed["notice"], "item": held, "grounds": "数据口径有误。", "evidence": "审计报告。",
             "real_name": "李实名", "contact": "13800000000"},
        )  # fmt: skip
        supervisor = er.client(roles=["supervisor"], areas=["440700"])
        for verb, said in (("accept", None), ("examine", None), ("uphold", {"answer": "情况属实。"})):
            await supervisor.do(f"enterprise-objections/{objection['id']}", verb, said)
        await notice_over(er)
        decided = {"document_no": "江科〔2024〕20号", "decided_on": str(er.database.clock.today())}
        assert (await approver(er).do(path, "award", decided))["state"] == "awarded"
        assert (await er.client().read(f"recognitions/{held}"))["state"] == "valid"
