"""The service under test, and the people and acts that its tests share: who publishes, bids, opens, scores."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.ids import new_id
from kechuang.messaging.consumer import handle
from kechuang.testing import Client, ServiceHarness
from kechuang_contracts.commissioner_matching import ExpertDrawDrawn, PanelSeat, TechnicalNeedEscalated
from kechuang_contracts.enterprise_registry import OrganisationChanged
from project_bidding.bids.call_keys import CallKey, WrappedShare, unwrap_share
from project_bidding.service import SERVICE

_PACKS = Path(__file__).parents[3] / "deploy" / "policy-packs"
CITY = "440700"
SECRET = "水声耦合密封标记甲"  # appears in bids and nowhere else
PRICE = "2876543.21"
OFFICERS = ("officer-1", "officer-2", "officer-3")
_PRIVATE = {name: X25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"\1")) for name in OFFICERS}


def content(total: str = PRICE, requested: str = "876543.21") -> dict[str, Any]:
    """A bid's content with a mark that tests search for."""
    return {
        "technical": {
            "title": f"薄壁件焊接变形控制 {SECRET}",
            "plan": f"采用{SECRET}方法。",
            "team": ["教授一名"],
        },
        "budget": {"total": total, "requested": requested},
    }


class Stage:
    """One call with its people; every call has organisations of its own."""

    secret, price, officers = SECRET, PRICE, OFFICERS
    content = staticmethod(content)

    def __init__(self, pb: ServiceHarness, seed: int) -> None:
        self.pb = pb
        self._random = Random(seed)
        self.need = f"need-{seed}"
        self.owner = self.uscc()

    def uscc(self) -> str:
        return synthetic_uscc(self._random)

    def now(self) -> datetime:
        return self.pb.database.clock.now()

    def officer(self, name: str = "officer-1", role: str = "city_officer") -> Client:
        return self.pb.client(roles=[role], areas=[CITY], subject=name, person=name)

    def approver(self, name: str = "approver-1") -> Client:
        return self.officer(name, "city_approver")

    def signatory(self, uscc: str) -> Client:
        return self.pb.client(roles=["enterprise_signatory"], organisation=uscc, person=f"p-{uscc}")

    def expert(self, person: str) -> Client:
        return self.pb.client(roles=["expert"], person=person)

    async def register(
        self, uscc: str, *, kind: str = "enterprise", affiliates: list[str] | None = None
    ) -> str:
        await self.pb.deliver(
            OrganisationChanged(
                uscc=uscc, title=f"示例单位{uscc[-4:]}", kind=kind, scale=None, industry=None, chains=[],
                state="active", city=CITY, division="440703", zones=[], affiliates=affiliates or [],
            ),
            aggregate=uscc,
        )  # fmt: skip
        return uscc

    async def keys(self) -> None:
        for name in OFFICERS:
            officer = self.officer(name)
            if (await officer.read("opening-keys", officer=name))["items"]:
                continue
            public = _PRIVATE[name].public_key().public_bytes_raw()
            await officer.make("opening-keys", {"public_key": base64.b64encode(public).decode()})

    async def escalated(self, sent: datetime | None = None) -> None:
        """The need was escalated, now or at an earlier instant: the message arrives now."""
        event = TechnicalNeedEscalated(
            city=CITY, division="440703", zones=[], organisation=self.owner, need_number="TN-2024-000001",
            public_title="薄壁件激光焊接变形控制技术", public_text="圆度误差不大于 0.05 mm。", fields=["welding"],
            chain=None, budget_fen=300_000_000, consented_by="p-1", consented_at="2024-03-01T00:00:00Z",
        )  # fmt: skip
        envelope = event.envelope(event_id=new_id(), aggregate=self.need, version=1, time=sent or self.now())
        await handle(self.pb.database, envelope)

    async def drafted(self) -> str:
        """A need was escalated; its draft call is completed by an officer."""
        await self.register(self.owner)
        await self.escalated()
        found = await self.officer().read("calls", need=self.need)
        return str(found["items"][0]["id"])

    async def published(self, days: int = 30, **changes: Any) -> str:
        """A call that takes bids; `changes` are made to its draft."""
        call = await self.drafted()
        await self.keys()
        officer = self.officer()
        closes = self.now().replace(microsecond=0) + timedelta(days=days)
        await officer.patch(
            f"calls/{call}",
            {
                "departments": ["jm-science", "jm-industry"], "closes_at": closes.isoformat(),
                "programme": "municipal_open_call", "pass_mark": 60,
                "panel": [{"kind": "technical", "seats": 3}],
                "criteria": [
                    {"key": "innovation", "label": "创新性", "weight": 60},
                    {"key": "feasibility", "label": "可行性", "weight": 40},
                ],
                "budget": "3000000.00",
                "funders": [
                    {"funder": "jm-finance", "label": "市级财政", "fiscal": True, "amount": "900000.00"},
                    {"funder": self.owner, "label": "需求企业", "fiscal": False, "amount": "2100000.00"},
                ],
                **changes,
            },
        )  # fmt: skip
        for unit in ("jm-science", "jm-industry"):
            department = self.pb.client(roles=["department_officer"], unit=unit, subject=unit)
            await department.do(f"calls/{call}", "co-sign", {"opinion": "同意。"})
        await officer.do(f"calls/{call}", "appraise", {"opinion": "同意发榜。"})
        await officer.do(f"calls/{call}", "publish", {"opening_officers": list(OFFICERS)})
        return call

    async def bid(self, call: str, lead: str, members: list[str], *, total: str = PRICE) -> dict[str, Any]:
        """A bid drafted, prepared, confirmed by its members and sealed."""
        client = self.signatory(lead)
        made = await client.make("bids", {"call": call, "members": members, "content": content(total)})
        prepared = await client.do(f"bids/{made['id']}", "prepare")
        for member in members:
            await self.signatory(member).do(
                f"bids/{made['id']}", "confirm", {"envelope_digest": prepared["envelope_digest"]}
            )
        return await client.do(f"bids/{made['id']}", "seal")

    async def consortia(self, call: str, count: int = 3) -> list[dict[str, Any]]:
        found = []
        for n in range(count):
            lead, member = (
                await self.register(self.uscc()),
                await self.register(self.uscc(), kind="university"),
            )
            found.append(await self.bid(call, lead, [member], total=f"{2_500_000 + n}.00"))
        return found

    async def closed(self, call: str) -> None:
        """The clock is moved beyond the closing instant, and the timer fires."""
        closes = datetime.fromisoformat((await self.officer().read(f"calls/{call}"))["closes_at"])
        await self.move_to(closes)
        await self.pb.fire_timers()

    async def move_to(self, instant: datetime) -> None:
        left = (instant - self.now()).total_seconds()
        await self.pb.at(seconds=int(left) + 1)

    async def share(self, call: str, name: str) -> str:
        """What an officer does on his own machine: read, decrypt, encode."""
        mine = await self.officer(name).read(f"calls/{call}/opening-shares/mine")
        wrapped = WrappedShare(
            mine["officer"], mine["index"], base64.b64decode(mine["wrapped"]), mine["digest"]
        )
        key = CallKey(call, "bid", mine["suite"], 2, b"", (wrapped,))
        share = unwrap_share(key, mine["officer"], _PRIVATE[name].private_bytes_raw())
        return base64.b64encode(share.to_bytes()).decode()

    async def opened(self, call: str) -> dict[str, Any]:
        await self.closed(call)
        for name in OFFICERS[:2]:
            answer = await self.officer(name).do(
                f"calls/{call}", "approve-opening", {"share": await self.share(call, name)}
            )
        return answer

    async def under_review(self, call: str, experts: list[str]) -> list[dict[str, Any]]:
        officer = self.officer()
        for bid in (await officer.read("bids", call=call, state="opened"))["items"]:
            await officer.do(f"bids/{bid['id']}", "check-entry", {"eligible": True})
        await officer.do(f"calls/{call}", "start-review")
        await self.seat(call, experts)
        return list((await officer.read("reviews", call=call))["items"])

    async def seat(self, call: str, experts: list[str]) -> None:
        """The panel was drawn, or drawn again: these are its members now."""
        seats = [PanelSeat(seat=n + 1, person=each, stratum="technical") for n, each in enumerate(experts)]
        await self.pb.deliver(
            ExpertDrawDrawn(
                purpose="call_review", record=call, call=call, panel=seats, pool_digest="sha256:0", drawn_on=self.now().date()
            ),
            aggregate=f"draw-{call}",
        )  # fmt: skip

    async def scored(self, call: str, experts: list[str]) -> None:
        """Every expert marks every bid; the bid whose id sorts first gets the most."""
        await self.under_review(call, experts)
        for n, person in enumerate(experts):
            client = self.expert(person)
            mine = (await client.read("reviews", call=call))["items"]
            for place, review in enumerate(sorted(mine, key=lambda each: str(each["bid"]))):
                path = f"reviews/{review['id']}"
                await client.do(path, "accept")
                mark = f"{92 - 5 * place - n}.50"
                await client.do(path, "submit", {"scores": {"innovation": mark, "feasibility": mark}})

    async def in_notice(self, call: str) -> dict[str, Any]:
        await self.scored(call, [f"x-{self.need}-{n}" for n in range(3)])
        await self.officer().do(f"calls/{call}", "rank")
        return await self.officer().do(f"calls/{call}", "open-notice", {"contact": "市科技局资源配置科"})

    async def notice_over(self) -> None:
        await self.pb.at(days=15)
        await self.pb.fire_timers()

    async def awarded(self, **changes: Any) -> dict[str, Any]:
        call = await self.published(**changes)
        await self.consortia(call)
        await self.opened(call)
        await self.in_notice(call)
        await self.notice_over()
        return await self.approver().do(f"calls/{call}", "award", {"document_no": "江科〔2024〕58号"})


_SEEDS = count(1)


@pytest.fixture
def stage(pb: ServiceHarness) -> Stage:
    """A stage of its own for every test."""
    return Stage(pb, next(_SEEDS))


@pytest.fixture(scope="session")
async def pb(engines: Any) -> AsyncIterator[ServiceHarness]:
    """project-bidding on a migrated database, with the city packs."""
    async with ServiceHarness(SERVICE, engines, packs_dir=str(_PACKS)) as harness:
        yield harness
