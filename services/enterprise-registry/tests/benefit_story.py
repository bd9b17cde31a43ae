"""What tests of money tell over and over: a fund is opened, a benefit is offered, applied for, booked, paid."""

from datetime import timedelta
from typing import Any

from er_story import Cast, approver, city, filed, integration, registered

from kechuang.ids import new_id
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness
from kechuang_contracts.project_bidding import IntegrityRecordChanged

ACCOUNT = "6222020000001234"


def finance(er: ServiceHarness, area: str = "440700") -> Client:
    """An officer of the finance bureau."""
    return er.client(roles=["finance_officer"], areas=[area], subject=f"finance-{area}")


async def opened(er: ServiceHarness, amount: str, **more: Any) -> dict[str, Any]:
    """A budget that is open."""
    body = {
        "title": "奖励资金", "city": "440700", "fund": "reward_fund", "year": er.database.clock.today().year,
        "funder": "市财政局", "amount": amount, **more,
    }  # fmt: skip
    made = await finance(er).make("budgets", body)
    return await finance(er).do(f"budgets/{made['id']}", "open")


async def spender(er: ServiceHarness, spent: str = "2000000.00", *, verified: bool = True) -> Cast:
    """An enterprise that filed its R&D expense of the last full year."""
    cast = await registered(er)
    await filed(cast, er.database.clock.today().year - 1, verified=verified, rd_expense=spent)
    return cast


async def holder(er: ServiceHarness, kind: str = "hnte") -> tuple[Cast, dict[str, Any]]:
    """An enterprise with a recognition since a month."""
    cast = await registered(er)
    first = er.database.clock.today() - timedelta(days=30)
    body = {"organisation": cast.uscc, "kind": kind, "issued_on": str(first)}
    return cast, await integration(er).make("recognitions", body)


async def drafted(cast: Cast, rule: str) -> dict[str, Any]:
    """An application that is not handed in."""
    return await cast.signatory.make("benefit-grants", {"rule": rule, "account": ACCOUNT})


async def applied(cast: Cast, rule: str) -> dict[str, Any]:
    """An application handed in."""
    made = await drafted(cast, rule)
    return await cast.signatory.do(f"benefit-grants/{made['id']}", "apply")


async def settled(er: ServiceHarness, rule: str = "rd_subsidy", spent: str = "2000000.00") -> dict[str, Any]:
    """A grant that was settled at once; by default 100,000 yuan."""
    return await applied(await spender(er, spent), rule)


async def offered(er: ServiceHarness, cast: Cast, rule: str = "hnte_reward") -> dict[str, Any]:
    """A grant put forward by one officer and offered by another."""
    made = await city(er).make("benefit-grants", {"rule": rule, "organisation": cast.uscc})
    return await approver(er).do(f"benefit-grants/{made['id']}", "offer", {"document_no": "江科〔2024〕1号"})


async def booked(er: ServiceHarness, cast: Cast, budget: dict[str, Any]) -> str:
    """The path of a reward that was offered, accepted and booked."""
    path = f"benefit-grants/{(await offered(er, cast))['id']}"
    await cast.signatory.do(path, "accept", {"account": ACCOUNT})
    await finance(er).do(path, "book", {"budget": budget["id"]})
    return path


async def paid(er: ServiceHarness, cast: Cast, budget: dict[str, Any]) -> str:
    """The path of a reward that was paid."""
    path = await booked(er, cast, budget)
    await finance(er).do(path, "pay", {"outcome": "paid", "voucher": "GK-1"})
    return path


async def sanctioned(er: ServiceHarness, uscc: str, state: str = "in_force", version: int = 1) -> None:
    """project-bidding tells of an integrity record."""
    today = er.database.clock.today()
    event = IntegrityRecordChanged(
        subject_kind="organisation", subject_id=uscc, measures=["no_benefit"], valid_from=today,
        valid_to=None, state=state,
    )  # fmt: skip
    await er.deliver(event, aggregate=f"record-of-{uscc}", version=version)


async def jobs_done(er: ServiceHarness) -> None:
    """Let every job end."""
    runner = JobRunner(er.database)
    while await runner.step():
        pass


async def computed(er: ServiceHarness, rule: str = "hnte_reward") -> tuple[dict[str, Any], dict[str, Any]]:
    """A run whose list is computed, and its rows by credit code."""
    made = await city(er).make("benefit-runs", {"city": "440700", "rule": rule})
    await jobs_done(er)
    run = await city(er).read(f"benefit-runs/{made['id']}")
    rows: dict[str, Any] = {}
    cursor: dict[str, str] = {}
    while True:
        page = await city(er).read(f"benefit-runs/{run['id']}/items", limit=3, **cursor)
        rows |= {each["organisation"]: each for each in page["items"]}
        if page["next_cursor"] is None:
            return run, rows
        cursor = {"cursor": page["next_cursor"]}


async def refused(client: Client, path: str, verb: str, body: Any = None) -> dict[str, Any]:
    """The problem that a verb is refused with."""
    tag = (await client.get(path)).headers.get("etag", "")
    answer = await client.post(f"{path}/{verb}", body, key=new_id(), headers={"If-Match": tag})
    assert answer.status_code >= 400, answer.text
    found: dict[str, Any] = answer.json()
    return found
