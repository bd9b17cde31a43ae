"""Sealed means sealed: what outsiders, the database and single officers can have before the opening."""

import base64
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from project_bidding.bids.verify import verify_bid


async def everything_stored(pb: Any) -> str:
    """All rows of all tables as text, with binary columns decoded as far as they can be."""
    found = []
    async with pb.database.read.connect() as conn:
        tables = await conn.execute(
            sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        )
        for (name,) in tables.all():
            rows = await conn.execute(sa.text(f'SELECT * FROM "{name}"'))
            found += [
                "|".join(
                    value.decode("utf-8", "ignore") if isinstance(value, bytes) else str(value)
                    for value in row
                )
                for row in rows
            ]
    return "\n".join(found)


class TestSealed:
    async def test_no_row_holds_content_or_price_before_the_opening(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        lead = await stage.register(stage.uscc())
        mark, price = "唯一标记乙丙丁", "2111222.33"
        client = stage.signatory(lead)
        text = stage.content(price, price)
        text["technical"]["plan"] = mark
        bid = await client.make("bids", {"call": call, "content": text})
        await client.patch(f"bids/{bid['id']}", {"content": text})
        assert mark in (await client.get(f"bids/{bid['id']}/draft")).text, (
            "its own organisation reads the draft"
        )
        for sealed in (False, True):
            if sealed:
                await client.do(f"bids/{bid['id']}", "seal")
            stored = await everything_stored(pb)
            assert bid["id"] in stored
            assert mark not in stored
            assert price not in stored
            assert "211122233" not in stored
        gone = await client.get(f"bids/{bid['id']}/draft")
        assert (gone.status_code, gone.json()["code"]) == (409, "draft_destroyed")
        async with pb.database.read.connect() as conn:
            row = (
                await conn.execute(
                    sa.text("SELECT wrapped, content FROM bid_draft WHERE bid = :bid"), {"bid": bid["id"]}
                )
            ).one()
        assert tuple(row) == (None, None)

    async def test_outsiders_learn_neither_that_there_are_bids_nor_whose(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        officer = stage.officer()
        public_before = (await pb.client().get(f"calls/{call}")).json()
        events_before = len(await pb.events())
        [bid] = await stage.consortia(call, 1)
        others = [
            officer,
            stage.approver(),
            pb.client(roles=["auditor"], areas=["440700"]),
            pb.client(roles=["supervisor"], areas=["440700"]),
            stage.signatory(await stage.register(stage.uscc())),
            stage.signatory(stage.owner),
        ]
        await pb.seal()
        absent = "00000000-0000-4000-8000-000000000000"
        for other in others:
            assert (await other.read("bids", call=call, include="total"))["total"]["value"] == 0
            feed = await other.read("bids/changes", limit="200")
            assert bid["id"] not in {each["id"] for each in feed["items"]}
            for path in ("", "/history", "/actions", "/content", "/envelopes", "/draft"):
                hidden = await other.get(f"bids/{bid['id']}{path}")
                nothing = await other.get(f"bids/{absent}{path}")
                assert hidden.status_code == nothing.status_code
                assert hidden.status_code in (403, 404)
                assert hidden.json()["code"] == nothing.json()["code"]
                assert hidden.json()["detail"] == nothing.json()["detail"]
        assert len(await pb.events()) == events_before, "no event tells of a bid"
        assert (await pb.client().get(f"calls/{call}")).json() == public_before
        assert (await officer.get(f"calls/{call}/digests")).json()["code"] == "not_opened"

    async def test_opening_needs_two_officers_and_the_right_shares(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        sealed = await stage.consortia(call, 2)
        early = await stage.officer().get(f"calls/{call}/opening-shares/mine")
        assert early.json()["code"] == "not_closed"
        await stage.closed(call)
        one, two, _ = stage.officers
        path = f"calls/{call}"
        mine = await stage.share(call, one)
        stranger = stage.officer("officer-9")
        tag = {"If-Match": (await stranger.get(path)).headers["etag"]}
        refused = await stranger.post(f"{path}/approve-opening", {"share": mine}, headers=tag)
        assert refused.json()["code"] == "not_an_opening_officer"
        wrong = await stage.officer(two).post(
            f"{path}/approve-opening", {"share": mine},
            headers={"If-Match": (await stage.officer(two).get(path)).headers["etag"]},
        )  # fmt: skip
        assert wrong.status_code == 422
        assert wrong.json()["errors"][0]["code"] == "wrong_share"
        assert two in wrong.json()["errors"][0]["detail"]
        assert (await stage.officer(one).do(path, "approve-opening", {"share": mine}))["state"] == "closed"
        again = await stage.officer(one).post(
            f"{path}/approve-opening", {"share": mine},
            headers={"If-Match": (await stage.officer(one).get(path)).headers["etag"]},
        )  # fmt: skip
        assert again.json()["code"] == "already_approved"
        assert (await stage.officer().read("bids", call=call))["items"] == []
        done = await stage.officer(two).do(path, "approve-opening", {"share": await stage.share(call, two)})
        assert done["state"] == "opened"
        seen = (await stage.officer().read("bids", call=call))["items"]
        assert {each["id"] for each in seen} == {each["id"] for each in sealed}
        assert all(stage.secret in each["title"] for each in seen)
        opened = await pb.events("call.opened")
        assert [each["data"]["bids"] for each in opened if each["subject"] == call] == [2]

    async def test_a_bidder_verifies_from_receipt_to_opened_content(self, stage: Any) -> None:
        call = await stage.published()
        [bid] = await stage.consortia(call, 1)
        mine = stage.signatory(bid["lead"])
        kept = await mine.read(f"bids/{bid['id']}/envelopes")
        key = await mine.read(f"calls/{call}/sealing-key")
        await stage.opened(call)
        content = await mine.read(f"bids/{bid['id']}/content")
        complaints = verify_bid(
            suite=kept["suite"],
            version=kept["version"],
            service_key=base64.b64decode(key["receipt_key"]),
            receipt=bid["receipt"],
            published=await mine.read(f"calls/{call}/digests"),
            sealed={part: base64.b64decode(raw) for part, raw in kept["envelopes"].items()},
            opened={
                part: (
                    base64.b64decode(content["content_keys"][part]),
                    base64.b64decode(content["exact"][part]),
                )
                for part in kept["envelopes"]
            },
        )
        assert complaints == []


class TestSealing:
    async def test_a_dry_run_gives_no_receipt(self, stage: Any) -> None:
        call = await stage.published()
        lead = stage.signatory(await stage.register(stage.uscc()))
        path = f"bids/{(await lead.make('bids', {'call': call, 'content': stage.content()}))['id']}"
        await lead.do(path, "prepare")
        tag = (await lead.get(path)).headers["etag"]
        tried = await lead.post(f"{path}/seal?dry_run=true", {}, headers={"If-Match": tag})
        assert (tried.status_code, tried.json()["state"], tried.json()["receipt"]) == (200, "sealed", None)
        assert (await lead.do(path, "seal"))["receipt"]["signature"]

    async def test_a_bid_is_refused_exactly_at_the_closing_instant(self, stage: Any) -> None:
        call = await stage.published()
        lead = stage.signatory(await stage.register(stage.uscc()))
        bid = await lead.make("bids", {"call": call, "content": stage.content()})
        closes = (await lead.read(f"calls/{call}"))["closes_at"]
        await stage.move_to(datetime.fromisoformat(closes))
        late = await lead.post(
            f"bids/{bid['id']}/seal",
            {},
            headers={"If-Match": (await lead.get(f"bids/{bid['id']}")).headers["etag"]},
        )
        assert (late.status_code, late.json()["code"]) == (409, "call_closed")
        assert (await lead.read(f"calls/{call}"))["is_open"] is False

    async def test_a_consortium_is_sealed_only_with_every_members_digest(self, stage: Any) -> None:
        call = await stage.published()
        lead, member = await stage.register(stage.uscc()), await stage.register(stage.uscc())
        client, partner = stage.signatory(lead), stage.signatory(member)
        bid = await client.make("bids", {"call": call, "members": [member], "content": stage.content()})
        path = f"bids/{bid['id']}"

        async def seal() -> Any:
            tag = (await client.get(path)).headers["etag"]
            return await client.post(f"{path}/seal", {}, headers={"If-Match": tag})

        prepared = await client.do(path, "prepare")
        assert (await seal()).json()["code"] == "members_unconfirmed"
        other = await partner.post(f"{path}/confirm", {"envelope_digest": "sha256:00"})
        assert other.json()["code"] == "digest_differs"
        await partner.do(path, "confirm", {"envelope_digest": prepared["envelope_digest"]})
        await client.do(path, "prepare")
        assert (await seal()).json()["code"] == "members_unconfirmed", "another envelope is another digest"
        latest = (await client.read(path))["envelope_digest"]
        await partner.do(path, "confirm", {"envelope_digest": latest})
        sealed = (await seal()).json()
        assert (sealed["state"], sealed["receipt"]["digest"]) == ("sealed", latest)

    async def test_an_envelope_of_a_withdrawn_bid_is_taken_by_the_leads_next_one(self, stage: Any) -> None:
        call = await stage.published()
        lead = stage.signatory(await stage.register(stage.uscc()))
        first = await lead.make("bids", {"call": call, "content": stage.content()})
        digest = (await lead.do(f"bids/{first['id']}", "prepare"))["envelope_digest"]
        kept = (await lead.read(f"bids/{first['id']}/envelopes"))["envelopes"]
        await lead.do(f"bids/{first['id']}", "withdraw", {"reason": "改由新团队承担"})
        second = await lead.make("bids", {"call": call})
        sealed = await lead.do(f"bids/{second['id']}", "seal", {"envelope": kept})
        assert (sealed["state"], sealed["receipt"]["digest"]) == ("sealed", digest)

    async def test_a_clash_is_told_to_the_member_alone(self, stage: Any) -> None:
        call = await stage.published()
        member = await stage.register(stage.uscc())
        paths = []
        for _ in range(2):
            lead = stage.signatory(await stage.register(stage.uscc()))
            bid = await lead.make("bids", {"call": call, "members": [member], "content": stage.content()})
            digest = (await lead.do(f"bids/{bid['id']}", "prepare"))["envelope_digest"]
            paths.append((f"bids/{bid['id']}", digest))
        partner = stage.signatory(member)
        await partner.do(paths[0][0], "confirm", {"envelope_digest": paths[0][1]})
        clash = await partner.post(f"{paths[1][0]}/confirm", {"envelope_digest": paths[1][1]})
        assert clash.json()["code"] == "in_another_bid"

    async def test_the_need_owner_and_its_affiliates_cannot_bid(self, stage: Any) -> None:
        call = await stage.published()
        daughter = await stage.register(stage.uscc(), affiliates=[stage.owner])
        for uscc in (stage.owner, daughter):
            answer = await stage.signatory(uscc).post("bids", {"call": call})
            assert (answer.status_code, answer.json()["code"]) == (409, "not_eligible")
            assert {each["check"] for each in answer.json()["findings"]} == {"not_own_call"}

    async def test_an_integrity_record_in_force_bars_from_bidding(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        barred = await stage.register(stage.uscc())
        supervisor = pb.client(roles=["supervisor"], areas=["440700"])
        await supervisor.make(
            "integrity-records",
            {"subject_kind": "organisation", "subject_id": barred, "kind": "提供虚假材料", "measures": ["bid"],
             "document_no": "科监〔2024〕1号", "grounds": "经查实。", "valid_from": "2024-01-01"},
        )  # fmt: skip
        answer = await stage.signatory(barred).post("bids", {"call": call})
        assert [each["check"] for each in answer.json()["findings"]] == ["integrity"]

    async def test_a_record_that_begins_after_the_publication_bars_from_its_first_day(
        self, pb: Any, stage: Any
    ) -> None:
        call = await stage.published()
        barred = stage.signatory(await stage.register(uscc := stage.uscc()))
        begins = stage.now().date() + timedelta(days=2)
        await pb.client(roles=["supervisor"], areas=["440700"]).make(
            "integrity-records",
            {"subject_kind": "organisation", "subject_id": uscc, "kind": "提供虚假材料", "measures": ["bid"],
             "document_no": "科监〔2024〕2号", "grounds": "经查实。", "valid_from": begins.isoformat()},
        )  # fmt: skip
        draft = await barred.make("bids", {"call": call})
        await barred.do(f"bids/{draft['id']}", "withdraw", {"reason": "另行申请"})
        await pb.at(days=3)
        answer = await barred.post("bids", {"call": call})
        assert [each["check"] for each in answer.json()["findings"]] == ["integrity"]

    async def test_a_withdrawn_bid_is_never_opened(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        [kept, back] = await stage.consortia(call, 2)
        await stage.signatory(back["lead"]).do(f"bids/{back['id']}", "withdraw", {"reason": "团队变动"})
        await stage.opened(call)
        seen = (await stage.officer().read("bids", call=call))["items"]
        assert [each["id"] for each in seen] == [kept["id"]]

    async def test_a_bid_that_does_not_open_stops_nobody_elses(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        [good, broken] = await stage.consortia(call, 2)
        async with pb.unit() as uow:
            swap = "UPDATE bid_envelope SET envelope = (SELECT envelope FROM bid_envelope WHERE bid = :good AND part = 'budget') WHERE bid = :broken AND part = 'budget'"
            await uow.execute(sa.text(swap), {"good": good["id"], "broken": broken["id"]})
        await stage.opened(call)
        seen = {each["id"]: each for each in (await stage.officer().read("bids", call=call))["items"]}
        assert seen[good["id"]]["opening_fault"] is None
        assert seen[broken["id"]]["opening_fault"] == "budget_does_not_open"
