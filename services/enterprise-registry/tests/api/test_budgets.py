"""Budgets through the real application and a real database: the last yuan, allocation, close, recount."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from benefit_story import finance, jobs_done, opened, settled
from er_story import approver, city

from enterprise_registry.budgets.domain import total
from kechuang.ids import new_id
from kechuang.testing import Client, ServiceHarness


async def ledger(client: Client, budget: str) -> list[tuple[str, str]]:
    """Kind and amount of each row."""
    found = await client.read(f"budgets/{budget}/entries", limit=200)
    return [(each["kind"], each["amount"]) for each in found["items"]]


async def recounted(er: ServiceHarness) -> dict[str, Any]:
    """The answer of the recount."""
    answer = await finance(er).post("budgets/recount")
    assert answer.status_code == 202, answer.text
    await jobs_done(er)
    result: dict[str, Any] = (await finance(er).read(f"jobs/{answer.json()['id']}"))["result"]
    return result


class TestLastYuan:
    async def test_fifty_clients_take_the_last_yuan_and_one_gets_it(self, er: ServiceHarness) -> None:
        """Exactly one wins; the others are told what is left."""
        budget = await opened(er, "100000.00")
        grants = []
        for _ in range(50):
            grants.append(await settled(er))  # noqa: PERF401  one after the other: the test is about booking
        assert {each["amount"] for each in grants} == {"100000.00"}

        async def book(grant: dict[str, Any], query: str = "") -> Any:
            return await finance(er).post(
                f"benefit-grants/{grant['id']}/book{query}", {"budget": budget["id"]},
                headers={"If-Match": f'"{grant["version"]}"'},
            )  # fmt: skip

        # Every one of them could have it; and with all connections open they really meet.
        tried = await asyncio.gather(*(book(each, "?dry_run=true") for each in grants))
        assert Counter(each.status_code for each in tried) == {200: 50}
        answers = await asyncio.gather(*map(book, grants))
        assert Counter(each.status_code for each in answers) == {200: 1, 409: 49}
        refused = [each.json() for each in answers if each.status_code == 409]
        assert {(each["code"], each["free"], each["asked"]) for each in refused} == {
            ("budget_exhausted", "0.00", "100000.00")
        }
        found = await finance(er).read(f"budgets/{budget['id']}")
        assert (found["booked"], found["free"]) == ("100000.00", "0.00")
        assert await ledger(finance(er), budget["id"]) == [
            ("set_aside", "100000.00"),
            ("booked", "100000.00"),
        ]

    async def test_fifty_allocations_of_the_last_yuan(self, er: ServiceHarness) -> None:
        budget = await opened(er, "1.00")

        async def allocate(_: int) -> Any:
            path = f"budgets/{budget['id']}"
            tag = (await finance(er).get(path)).headers["etag"]
            return await finance(er).post(f"{path}/allocate", {"amount": "1.00"}, headers={"If-Match": tag})

        answers = await asyncio.gather(*map(allocate, range(50)))
        # Who lost either saw the budget before it changed (412) or finds nothing left (409).
        assert Counter(each.status_code == 200 for each in answers) == {True: 1, False: 49}
        assert {each.status_code for each in answers} <= {200, 409, 412}
        assert (await finance(er).read(f"budgets/{budget['id']}"))["free"] == "0.00"

    async def test_the_database_itself_refuses_an_overdrawn_budget(self, er: ServiceHarness) -> None:
        budget = await opened(er, "1.00")
        with pytest.raises(sa.exc.IntegrityError, match="budget_not_overdrawn"):
            async with er.unit() as uow:
                await uow.execute(
                    sa.text("UPDATE budget SET booked = 101 WHERE id = :id"), {"id": budget["id"]}
                )


class TestBooking:
    async def test_the_same_request_books_once(self, er: ServiceHarness) -> None:
        budget, grant = await opened(er, "300000.00"), await settled(er)
        key, path = new_id(), f"benefit-grants/{grant['id']}/book"
        sent = {"key": key, "headers": {"If-Match": f'"{grant["version"]}"'}}
        answers = [await finance(er).post(path, {"budget": budget["id"]}, **sent) for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 200]
        assert len({each.content for each in answers}) == 1
        assert (await finance(er).read(f"budgets/{budget['id']}"))["booked"] == "100000.00"

    async def test_only_the_fund_of_the_rule_and_an_open_budget_of_this_service(
        self, er: ServiceHarness
    ) -> None:
        grant = await settled(er)
        path = f"benefit-grants/{grant['id']}"
        tag = {"If-Match": f'"{grant["version"]}"'}
        other = await opened(er, "300000.00", fund="other_fund")
        wrong = await finance(er).post(f"{path}/book", {"budget": other["id"]}, headers=tag)
        assert wrong.json()["errors"][0]["code"] == "other_fund"
        mine = await opened(er, "300000.00")
        given = await finance(er).do(
            f"budgets/{mine['id']}", "allocate", {"amount": "200000.00", "spender": "project-bidding"}
        )
        foreign = await finance(er).post(
            f"{path}/book", {"budget": given["allocations"][0]["budget"]}, headers=tag
        )
        assert foreign.json()["code"] == "budget_of_another_service"
        draft = await finance(er).make(
            "budgets",
            {
                "title": "草稿",
                "city": "440700",
                "fund": "reward_fund",
                "year": 2024,
                "funder": "x",
                "amount": "9.00",
            },
        )
        unopened = await finance(er).post(f"{path}/book", {"budget": draft["id"]}, headers=tag)
        assert unopened.json()["code"] == "budget_not_open"
        assert (await finance(er).do(path, "book", {"budget": mine["id"]}))["state"] == "booked"

    async def test_another_citys_officer_finds_nothing(self, er: ServiceHarness) -> None:
        budget = await opened(er, "1.00")
        assert (await finance(er, "360400").get(f"budgets/{budget['id']}")).status_code == 404
        assert (await city(er).post(f"budgets/{budget['id']}/open")).status_code == 403


class TestLife:
    async def test_what_another_service_may_spend_is_told_and_comes_back_at_the_end(
        self, er: ServiceHarness
    ) -> None:
        budget = await opened(er, "1000.00")
        path = f"budgets/{budget['id']}"
        given = await finance(er).do(
            path, "allocate", {"amount": "400.00", "spender": "project-bidding", "title": "科技项目"}
        )
        assert (given["allocated"], given["free"]) == ("400.00", "600.00")
        below = given["allocations"][0]["budget"]
        told = [each for each in await er.events("allocated") if each["subject"] == below]
        assert (told[0]["data"]["amount_fen"], told[0]["data"]["spender"]) == (40_000, "project-bidding")
        early = await finance(er).post(
            f"{path}/close", {"reason": "年度结束"}, headers={"If-Match": f'"{given["version"]}"'}
        )
        assert early.json()["code"] == "allocations_open"
        closed = await finance(er).do(
            f"budgets/{below}", "close", {"reason": "年度结束", "unspent": "150.00"}
        )
        assert (closed["state"], closed["amount"]) == ("closed", "250.00")
        found = await finance(er).read(path)
        assert (found["allocated"], found["free"]) == ("250.00", "750.00")
        assert await ledger(finance(er), budget["id"]) == [
            ("set_aside", "1000.00"), ("allocated", "400.00"), ("taken_back", "150.00"),
        ]  # fmt: skip
        assert (await finance(er).do(path, "close", {"reason": "年度结束"}))["state"] == "closed"

    async def test_it_does_not_close_over_what_is_booked_and_not_paid(self, er: ServiceHarness) -> None:
        budget, grant = await opened(er, "100000.00"), await settled(er)
        path = f"budgets/{budget['id']}"
        await finance(er).do(f"benefit-grants/{grant['id']}", "book", {"budget": budget["id"]})
        tag = (await finance(er).get(path)).headers["etag"]
        waiting = await finance(er).post(f"{path}/close", {"reason": "年度结束"}, headers={"If-Match": tag})
        assert (waiting.json()["code"], waiting.json()["waiting"]) == ("bookings_open", "100000.00")
        await approver(er).do(f"benefit-grants/{grant['id']}", "stop", {"reason": "企业已注销"})
        assert (await finance(er).read(path))["free"] == "100000.00"
        assert (await finance(er).do(path, "close", {"reason": "年度结束"}))["state"] == "closed"

    async def test_an_unknown_fund_names_those_that_are_there(self, er: ServiceHarness) -> None:
        answer = await finance(er).post(
            "budgets",
            {
                "title": "x",
                "city": "440700",
                "fund": "no_fund",
                "year": 2024,
                "funder": "x",
                "amount": "1.00",
            },
        )
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/fund", "fund_unknown")
        assert "reward_fund" in error["detail"]


class TestRecount:
    async def test_figures_equal_their_ledger_after_random_operations(self, er: ServiceHarness) -> None:
        random = Random(11)
        budgets = [(await opened(er, f"{random.randrange(2, 9) * 100_000}.00"))["id"] for _ in range(3)]
        waiting = [(await settled(er))["id"] for _ in range(8)]
        booked: list[str] = []
        paid: list[str] = []
        for _ in range(40):
            step = random.choice(["book", "fail", "pay", "stop", "recover", "allocate"])
            if step == "book" and waiting:
                await self._try(er, waiting[0], "book", {"budget": random.choice(budgets)}, booked, waiting)
            elif step == "fail" and booked:
                await self._try(er, random.choice(booked), "pay", {"outcome": "failed", "reason": "账号有误"})
            elif step == "pay" and booked:
                body = {"outcome": "paid", "voucher": "GK-1"}
                await self._try(er, random.choice(booked), "pay", body, paid, booked)
            elif step == "stop" and booked:
                await self._try(
                    er, random.choice(booked), "stop", {"reason": "终止"}, [], booked, by=approver(er)
                )
            elif step == "recover" and paid:
                body = {"amount": f"{random.randrange(1, 70_000)}.00", "voucher": "JK-1"}
                await self._try(er, random.choice(paid), "recover", body)
            elif step == "allocate":
                path = f"budgets/{random.choice(budgets)}"
                tag = (await finance(er).get(path)).headers["etag"]
                body = {"amount": f"{random.randrange(1, 90_000)}.00", "spender": "project-bidding"}
                await finance(er).post(f"{path}/allocate", body, headers={"If-Match": tag})
        for each in budgets:
            found = await finance(er).read(f"budgets/{each}")
            rows = [(kind, int(amount.replace(".", ""))) for kind, amount in await ledger(finance(er), each)]
            due = total(rows)
            assert [int(found[name].replace(".", "")) for name in ("amount", "allocated", "booked", "paid", "recovered")] == [
                due.amount, due.allocated, due.booked, due.paid, due.recovered,
            ]  # fmt: skip
            assert due.possible
        assert paid
        assert (await recounted(er))["differing"] == 0

    @staticmethod
    async def _try(
        er: ServiceHarness,
        grant: str,
        verb: str,
        body: dict[str, Any],
        to: list[str] | None = None,
        from_: list[str] | None = None,
        by: Client | None = None,
    ) -> None:
        """Use a verb that may be refused; where it is not, the grant moves from one list to another."""
        client = by or finance(er)
        tag = (await client.get(f"benefit-grants/{grant}")).headers["etag"]
        answer = await client.post(f"benefit-grants/{grant}/{verb}", body, headers={"If-Match": tag})
        assert answer.status_code in (200, 409), answer.text
        if answer.status_code == 200 and to is not None and from_ is not None:
            from_.remove(grant)
            to.append(grant)

    async def test_a_figure_that_is_not_its_ledger_is_named(self, er: ServiceHarness) -> None:
        budget = await opened(er, "500.00")
        async with er.unit() as uow:
            await uow.execute(sa.text("UPDATE budget SET booked = 7 WHERE id = :id"), {"id": budget["id"]})
            await uow.commit()
        found = await recounted(er)
        assert [(each["id"], each["held"]["booked"], each["due"]["booked"]) for each in found["budgets"]] == [
            (budget["id"], 7, 0)
        ]
        async with er.unit() as uow:
            await uow.execute(sa.text("UPDATE budget SET booked = 0 WHERE id = :id"), {"id": budget["id"]})
            await uow.commit()
        assert (await recounted(er))["differing"] == 0
