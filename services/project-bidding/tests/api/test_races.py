"""What happens when several act at the same instant."""

import asyncio
from datetime import datetime
from typing import Any


class TestClosing:
    async def test_whatever_was_sealed_in_time_is_in_the_closing_commitment(
        self, pb: Any, stage: Any
    ) -> None:
        call = await stage.published()
        bids = []
        for _ in range(8):
            client = stage.signatory(await stage.register(stage.uscc()))
            made = await client.make("bids", {"call": call, "content": stage.content()})
            bids.append(
                (client, f"bids/{made['id']}", (await client.get(f"bids/{made['id']}")).headers["etag"])
            )
        closes = datetime.fromisoformat((await stage.officer().read(f"calls/{call}"))["closes_at"])

        async def seal(client: Any, path: str, tag: str) -> Any:
            return await client.post(f"{path}/seal", {}, headers={"If-Match": tag})

        async def close() -> None:
            await stage.move_to(closes)
            await pb.fire_timers()

        first = [seal(*each) for each in bids[:4]]
        second = [seal(*each) for each in bids[4:]]
        answers = await asyncio.gather(*first, close(), *second)
        await pb.fire_timers()  # a request may have read the clock just before it was moved
        sealed = [each.json() for each in answers if each is not None and each.status_code == 200]
        late = [each for each in answers if each is not None and each.status_code != 200]
        assert len(sealed) + len(late) == 8
        assert {each.json()["code"] for each in late} <= {"call_closed"}
        assert all(datetime.fromisoformat(each["receipt"]["received_at"]) < closes for each in sealed)
        for name in stage.officers[1:]:
            officer = stage.officer(name)
            await officer.do(f"calls/{call}", "approve-opening", {"share": await stage.share(call, name)})
        published = await stage.officer().read(f"calls/{call}/digests")
        assert set(published["digests"]) == {each["envelope_digest"] for each in sealed}

    async def test_of_two_clerks_who_begin_a_bid_at_once_one_has_it(self, stage: Any) -> None:
        call = await stage.published()
        lead = stage.signatory(await stage.register(stage.uscc()))
        answers = await asyncio.gather(*(lead.post("bids", {"call": call}) for _ in range(5)))
        assert sorted(each.status_code for each in answers) == [201, 409, 409, 409, 409]

    async def test_a_member_who_confirms_two_bids_at_once_is_in_one(self, stage: Any) -> None:
        call = await stage.published()
        member = await stage.register(stage.uscc())
        offers = []
        for _ in range(2):
            lead = stage.signatory(await stage.register(stage.uscc()))
            bid = await lead.make("bids", {"call": call, "members": [member], "content": stage.content()})
            offers.append((bid["id"], (await lead.do(f"bids/{bid['id']}", "prepare"))["envelope_digest"]))
        partner = stage.signatory(member)
        answers = await asyncio.gather(
            *(partner.post(f"bids/{bid}/confirm", {"envelope_digest": digest}) for bid, digest in offers)
        )
        assert sorted(each.status_code for each in answers) == [200, 409]
