"""Rows about benefits: granted on held data, settled at once on application, paid within a year's budget."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City, Enterprise

    from kechuang.testing import Client

JINGMEN, DUODAO = "420800", "420804"
JIUJIANG, LIANXI = "360400", "360402"
ACCOUNT = "6222020000001234"


async def recognised(city: "City", enterprise: "Enterprise", kind: str = "hnte") -> dict[str, Any]:
    """A recognition of today, decided elsewhere."""
    body = {"organisation": enterprise.uscc, "kind": kind, "issued_on": str(await city.today())}
    return await city.as_("integration").make("recognitions", body)


async def applied(enterprise: "Enterprise", rule: str) -> dict[str, Any]:
    """An application handed in."""
    made = await enterprise.signatory.make("benefit-grants", {"rule": rule, "account": ACCOUNT})
    return await enterprise.signatory.do(f"benefit-grants/{made['id']}", "apply")


async def listed(officer: "Client", run: str) -> dict[str, dict[str, Any]]:
    """The list of a run by credit code."""
    page = await officer.read(f"benefit-runs/{run}/items", limit=200)
    return {each["organisation"]: each for each in page["items"]}


async def test_jg08_a_rule_over_held_data_gives_a_list_and_is_offered_without_application(
    city: "City",
) -> None:
    """JG-08: run a versioned rule on held data to get a beneficiary list with amounts and reasons."""
    officer, approver = city.as_("city_officer", area=JINGMEN), city.as_("city_approver", area=JINGMEN)
    holder, other = (
        await city.enterprise(division=DUODAO),
        await city.enterprise(division=DUODAO),
    )
    certificate = await recognised(city, holder)
    run = await officer.make("benefit-runs", {"city": JINGMEN, "rule": "hnte_first_reward"})
    assert (await city.job(officer, run["job"]))["state"] == "succeeded"
    run = await officer.read(f"benefit-runs/{run['id']}")
    assert (run["state"], run["rule_version"]) == ("computed", "2024")
    rows = await listed(officer, run["id"])
    assert other.uscc not in rows
    row = rows[holder.uscc]
    assert (row["outcome"], row["amount"], row["reasons"]) == ("beneficiary", "200000.00", ["met"])
    assert [each["recognition"] for each in row["finding"]["grounds"]] == [certificate["id"]]
    assert row["finding"]["clause"] == ["三(四)3"]
    # So far nobody has got anything; the decision is another person's.
    assert (await holder.signatory.read("benefit-grants"))["items"] == []
    run = await approver.do(f"benefit-runs/{run['id']}", "issue", {"document_no": "荆科〔2024〕18号"})
    await city.job(approver, run["job"])
    (grant,) = (await holder.signatory.read("benefit-grants"))["items"]
    assert (grant["state"], grant["amount"]) == ("offered", "200000.00")
    taken = await holder.signatory.do(f"benefit-grants/{grant['id']}", "accept", {"account": ACCOUNT})
    assert (taken["state"], taken["account_shown"]) == ("accepted", "****1234")
    # A second run finds that the item is paid for.
    again = await officer.make("benefit-runs", {"city": JINGMEN, "rule": "hnte_first_reward"})
    await city.job(officer, again["job"])
    row = (await listed(officer, again["id"]))[holder.uscc]
    assert (row["outcome"], row["reasons"]) == ("excluded", ["already_benefited"])


async def test_jg08_applications_that_pass_are_settled_at_once_the_rest_go_to_an_officer(
    city: "City",
) -> None:
    """JG-08: applications that pass are settled at once, the rest go to an officer."""
    officer, approver = city.as_("city_officer", area=JINGMEN), city.as_("city_approver", area=JINGMEN)
    facts = {"resident_mainland": True, "industry_size_group": "industry", "on_dishonest_list": False}
    clear = await city.enterprise(division=DUODAO, facts=facts)
    unclear = await city.enterprise(division=DUODAO)  # nothing is held of its honesty
    for each in (clear, unclear):
        await recognised(city, each, "tech_sme")
        await city.filed(each, (await city.today()).year - 1, rd_expense="3612345.67")
    settled = await applied(clear, "rd_input_reward")
    # 3,612,345.67 × 2 % = 72,246.9134, down to whole hundreds.
    assert (settled["state"], settled["amount"]) == ("settled", "72200.00")
    assert [each["step"] for each in settled["finding"]["steps"]] == ["base", "rounding"]
    waiting = await applied(unclear, "rd_input_reward")
    assert (waiting["state"], waiting["finding"]["outcome"]) == ("under_review", "unknown")
    assert [each["fact"] for each in waiting["finding"]["missing"]] == ["on_dishonest_list"]
    path = f"benefit-grants/{waiting['id']}"
    await officer.do(path, "review", {"opinion": "信用信息已核查，无失信记录。"})
    approved = await approver.do(path, "approve", {"document_no": "荆科〔2024〕19号"})
    assert (approved["state"], approved["amount"]) == ("approved", "72200.00")


async def test_jj05_a_subsidy_from_accepted_data_is_booked_until_the_budget_is_spent(city: "City") -> None:
    """JJ-05: compute a subsidy from accepted data, book it on a year's budget, be refused when it is spent."""
    finance, officer = city.as_("finance_officer", area=JIUJIANG), city.as_("city_officer", area=JIUJIANG)
    year = (await city.today()).year
    fund = {"city": JIUJIANG, "fund": "st_reward_fund", "year": year}

    async def set_aside(funder: str, amount: str) -> dict[str, Any]:
        made = await officer.make(
            "budgets", fund | {"title": "科技专项资金", "funder": funder, "amount": amount}
        )
        opened: dict[str, Any] = await finance.do(f"budgets/{made['id']}", "open")
        return opened

    async def promise() -> tuple[str, bool]:
        (found,) = (await officer.read(f"budgets/funds/{year}", city=JIUJIANG))["items"]
        return found["yearly_minimum"], found["meets_minimum"]

    # The plan promises at least 30 million yuan a year, whoever gives it.
    budget = await set_aside("九江市财政局", "29999999.99")
    assert await promise() == ("30000000.00", False)
    await set_aside("上级转移支付", "0.01")
    assert await promise() == ("30000000.00", True)

    enterprise = await city.enterprise(division=LIANXI)
    await city.filed(enterprise, year - 2, rd_expense="12000000.00")
    filing = await city.filed(enterprise, year - 1, rd_expense="16234567.00", verified=False)
    draft = await enterprise.signatory.make(
        "benefit-grants", {"rule": "rd_after_subsidy", "account": ACCOUNT}
    )
    seen = await enterprise.signatory.post(f"benefit-grants/{draft['id']}/apply?dry_run=true")
    assert (seen.json()["state"], seen.json()["amount"]) == ("under_review", None)  # nothing is accepted yet
    await enterprise.county.do(f"filings/{filing['id']}", "verify")
    grant = await enterprise.signatory.do(f"benefit-grants/{draft['id']}", "apply")
    # 10 % of what it spent more than the year before: 423,456.70, down to whole yuan.
    assert (grant["state"], grant["amount"]) == ("settled", "423456.00")
    path = f"benefit-grants/{grant['id']}"
    booked = await finance.do(path, "book", {"budget": budget["id"]})
    assert (booked["state"], booked["budget"]) == ("booked", budget["id"])
    paid = await finance.do(path, "pay", {"outcome": "paid", "voucher": "GK-2024-0001"})
    assert (paid["state"], paid["paid"]) == ("paid", "423456.00")
    left = await finance.read(f"budgets/{budget['id']}")
    assert (left["booked"], left["paid"], left["free"]) == ("423456.00", "423456.00", "29576543.99")

    # The rest but a hundred yuan goes to another purpose; the next subsidy finds the budget spent.
    await finance.do(
        f"budgets/{budget['id']}", "allocate",
        {"amount": "29576443.99", "spender": "project-bidding", "title": "科技项目专项"},
    )  # fmt: skip
    late = await city.enterprise(division=LIANXI)
    await city.filed(late, year - 2, rd_expense="2000000.00")
    await city.filed(late, year - 1, rd_expense="3000000.00")
    second = await applied(late, "rd_after_subsidy")
    assert (second["state"], second["amount"]) == ("settled", "80000.00")
    refused = await finance.post(
        f"benefit-grants/{second['id']}/book", {"budget": budget["id"]},
        headers={"If-Match": f'"{second["version"]}"'},
    )  # fmt: skip
    assert (refused.status_code, refused.json()["code"]) == (409, "budget_exhausted")
    assert (refused.json()["free"], refused.json()["asked"]) == ("100.00", "80000.00")
