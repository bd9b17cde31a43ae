"""Finance docking through the real application: consent, one bank, guarantees, compensations."""

import asyncio
from collections import Counter
from typing import Any

from benefit_story import finance, refused
from er_story import Cast, city, registered

from kechuang.testing import Client, ServiceHarness

NEED = {
    "amount": "5000000.00",
    "purpose": "research",
    "description": "中试阶段研发投入",
    "shared_with_banks": True,
}


async def bank(er: ServiceHarness, area: str = "440700") -> tuple[str, Client]:
    """A registered bank and its officer."""
    cast = await registered(er, kind="financial_institution", industry="66", facts={})
    client = er.client(roles=["bank"], organisation=cast.uscc, areas=[area], subject=f"bank-{cast.uscc}")
    return cast.uscc, client


async def need(cast: Cast, **more: Any) -> str:
    """The path of a need."""
    return f"finance-needs/{(await cast.signatory.make('finance-needs', NEED | more))['id']}"


async def pool(er: ServiceHarness, amount: str = "1000000.00", **more: Any) -> str:
    """The path of a pool with money in it."""
    body = {"title": "风险补偿池", "city": "440700", "share_percent": 40, "multiple": 5, **more}
    path = f"risk-pools/{(await finance(er).make('risk-pools', body))['id']}"
    await finance(er).do(path, "contribute", {"amount": amount, "contributor": "市财政局", "voucher": "GK-1"})
    return path


def loan(number: str, pool_path: str | None = None, amount: str = "3000000.00") -> dict[str, Any]:
    """A loan, guaranteed by a pool where one is named."""
    guaranteed = pool_path.rpartition("/")[2] if pool_path else None
    return {"amount": amount, "product": "technology_loan", "loan_no": number, "risk_pool": guaranteed}


class TestConsent:
    async def test_a_bank_sees_what_was_opened_to_it_and_what_it_took(self, er: ServiceHarness) -> None:
        cast, (_, ours), (_, elsewhere) = await registered(er), await bank(er), await bank(er, "360400")
        hidden = await need(cast, shared_with_banks=False)
        shown = await need(cast)
        assert (await ours.get(hidden)).status_code == 404
        seen = {each["id"] for each in (await ours.read("finance-needs", limit=200))["items"]}
        assert shown.rpartition("/")[2] in seen
        assert hidden.rpartition("/")[2] not in seen
        assert (await elsewhere.get(shown)).status_code == 404  # a bank of another city
        await ours.do(shown, "take")
        await cast.signatory.do(shown, "close", {"outcome": "met"})
        assert (await ours.read(shown))["state"] == "closed"

    async def test_a_consent_can_be_withdrawn_and_is_given_by_who_may_submit(
        self, er: ServiceHarness
    ) -> None:
        cast, (_, ours) = await registered(er), await bank(er)
        path = await need(cast)
        assert (await cast.signatory.patch(path, {"shared_with_banks": False}))["consented_on"] is None
        assert (await ours.get(path)).status_code == 404
        clerk = er.client(
            roles=["enterprise_clerk"], organisation=cast.uscc, person="p-clerk", subject="clerk"
        )
        tag = (await clerk.get(path)).headers["etag"]
        answer = await clerk.http.patch(
            f"/api/v1/{path}", json={"shared_with_banks": True}, headers={"If-Match": tag}
        )
        assert answer.json()["code"] == "authorisation_missing"


class TestTaking:
    async def test_fifty_banks_take_one_need_and_one_gets_it(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        banks = [(await bank(er))[1] for _ in range(10)]
        path = await need(cast)
        answers = await asyncio.gather(*(banks[n % 10].post(f"{path}/take") for n in range(50)))
        assert Counter(each.status_code == 200 for each in answers) == {True: 1, False: 49}
        # Others find it gone from their sight, the winner's own repeats find it taken.
        assert {each.status_code for each in answers} <= {200, 404, 403, 409}

    async def test_released_it_is_open_for_others(self, er: ServiceHarness) -> None:
        cast, (_, one), (uscc, two) = await registered(er), await bank(er), await bank(er)
        path = await need(cast)
        await one.do(path, "take")
        assert (await two.post(f"{path}/take")).status_code == 404
        await one.do(path, "release", {"reason": "不符合准入条件"})
        assert (await two.do(path, "take"))["bank"] == uscc

    async def test_loans_follow_one_another_and_are_told_without_names(self, er: ServiceHarness) -> None:
        cast, (uscc, ours) = await registered(er), await bank(er)
        path = await need(cast)
        await ours.do(path, "take")
        await ours.do(path, "fund", loan("A-1"))
        assert (await refused(ours, path, "fund", loan("A-1")))["code"] == "loan_known"
        done = await ours.do(path, "fund", loan("A-2", amount="2000000.00"))
        assert (done["funded"], len(done["loans"])) == ("5000000.00", 2)
        told = [e["data"] for e in await er.events("funded") if e["subject"] == done["id"]]
        assert [(each["amount_fen"], each["lender"], each["guaranteed"]) for each in told] == [
            (300_000_000, uscc, False), (200_000_000, uscc, False),
        ]  # fmt: skip

    async def test_one_loan_counts_once_upon_whichever_need(self, er: ServiceHarness) -> None:
        one, two, (_, ours), (_, theirs) = (
            await registered(er),
            await registered(er),
            await bank(er),
            await bank(er),
        )
        paths = [await need(one), await need(two)]
        for path in paths:
            await ours.do(path, "take")
        tags = [{"If-Match": (await ours.get(path)).headers["etag"]} for path in paths]
        answers = await asyncio.gather(
            *(ours.post(f"{paths[n]}/fund", loan("D-1"), headers=tags[n]) for n in range(2))
        )
        assert sorted(each.status_code for each in answers) == [200, 409]
        assert next(each.json()["code"] for each in answers if each.status_code == 409) == "loan_known"
        third = await need(await registered(er))
        await theirs.do(third, "take")
        assert (await theirs.do(third, "fund", loan("D-1")))["state"] == "funded", "another bank's own number"


class TestPools:
    async def test_a_pool_stands_for_a_multiple_of_its_balance(self, er: ServiceHarness) -> None:
        cast, (_, ours) = await registered(er), await bank(er)
        path, guarantor = await need(cast), await pool(er)
        await ours.do(path, "take")
        over = await refused(ours, path, "fund", loan("B-1", guarantor, "5000000.01"))
        assert (over["code"], over["left"]) == ("pool_over_limit", "5000000.00")
        await ours.do(path, "fund", loan("B-1", guarantor, "5000000.00"))
        assert (await city(er).read(guarantor))["room"] == "0.00"
        repaid = {"need": path.rpartition("/")[2], "loan_no": "B-1", "amount": "1000000.00"}
        assert (await city(er).do(guarantor, "discharge", repaid))["guaranteed"] == "4000000.00"
        assert (await refused(finance(er), guarantor, "close", {"reason": "x"}))["code"] == "guarantees_open"
        rest = {"need": repaid["need"], "loan_no": "B-1"}
        assert (await city(er).do(guarantor, "discharge", rest))["guaranteed"] == "0.00"
        assert (await finance(er).do(guarantor, "close", {"reason": "到期"}))["state"] == "closed"

    async def test_it_bears_its_share_of_what_it_stands_for_and_no_more_than_it_has(
        self, er: ServiceHarness
    ) -> None:
        cast, (_, ours) = await registered(er), await bank(er)
        path, guarantor = await need(cast), await pool(er)
        await ours.do(path, "take")
        await ours.do(path, "fund", loan("C-1", guarantor))
        loss = {"need": path.rpartition("/")[2], "loan_no": "C-1", "voucher": "DC-1"}
        beyond = await refused(finance(er), guarantor, "compensate", loss | {"loss": "3000000.01"})
        assert (beyond["code"], beyond["left"]) == ("not_guaranteed", "3000000.00")
        foreign = await refused(
            finance(er), guarantor, "compensate", loss | {"loan_no": "C-2", "loss": "1.00"}
        )
        assert (foreign["code"], foreign["left"]) == ("not_guaranteed", "0.00")
        much = await refused(finance(er), guarantor, "compensate", loss | {"loss": "2500000.03"})
        assert (much["code"], much["balance"], much["asked"]) == (
            "pool_exhausted",
            "1000000.00",
            "1000000.01",
        )
        paid = await finance(er).do(guarantor, "compensate", loss | {"loss": "2500000.00"})
        assert (paid["balance"], paid["guaranteed"]) == ("0.00", "500000.00")
        back = {"amount": "1000000.01", "voucher": "ZC-1"}
        assert (await refused(finance(er), guarantor, "recover", back))["code"] == "more_than_compensated"
        got = await finance(er).do(guarantor, "recover", back | {"amount": "300000.00"})
        assert got["balance"] == "300000.00"

    async def test_fifty_losses_take_the_last_yuan_of_a_pool(self, er: ServiceHarness) -> None:
        cast, (_, ours) = await registered(er), await bank(er)
        path, guarantor = await need(cast), await pool(er, "1.00", multiple=None, share_percent=100)
        await ours.do(path, "take")
        await ours.do(path, "fund", loan("D-1", guarantor))
        body = {"need": path.rpartition("/")[2], "loan_no": "D-1", "loss": "1.00", "voucher": "DC-1"}

        async def lose(_: int) -> Any:
            tag = (await finance(er).get(guarantor)).headers["etag"]
            return await finance(er).post(f"{guarantor}/compensate", body, headers={"If-Match": tag})

        answers = await asyncio.gather(*map(lose, range(50)))
        assert Counter(each.status_code == 200 for each in answers) == {True: 1, False: 49}
        assert {each.status_code for each in answers} <= {200, 409, 412}
        assert (await finance(er).read(guarantor))["balance"] == "0.00"

    async def test_a_bank_reads_the_balance_and_not_the_loans_of_others(self, er: ServiceHarness) -> None:
        (_, ours), guarantor = await bank(er), await pool(er)
        assert (await ours.read(guarantor))["balance"] == "1000000.00"
        assert (await ours.get(f"{guarantor}/entries")).status_code == 403


class TestLeadBanks:
    async def test_only_a_financial_institution_and_only_by_its_own_confirmation(
        self, er: ServiceHarness
    ) -> None:
        cast, other, (uscc, ours), (_, rival) = (
            await registered(er), await registered(er), await bank(er), await bank(er)
        )  # fmt: skip
        wrong = await cast.signatory.post("lead-banks", {"bank": other.uscc})
        assert wrong.json()["errors"][0]["code"] == "not_a_bank"
        path = f"lead-banks/{(await cast.signatory.make('lead-banks', {'bank': uscc}))['id']}"
        assert (await rival.get(path)).status_code == 404
        assert (await ours.do(path, "confirm"))["state"] == "active"
        ended = await cast.signatory.do(path, "end", {"reason": "更换合作银行"})
        assert (ended["state"], ended["valid_to"]) == ("ended", str(er.database.clock.today()))
