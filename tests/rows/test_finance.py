"""Rows about finance docking: needs, the banks that take them, lead banks, seed lists, risk pools."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City

    from kechuang.testing import Client

JINGMEN, DUODAO = "420800", "420804"


async def bank_of(city: "City") -> tuple[str, "Client"]:
    """A bank of the city, registered and verified, and its officer."""
    made = await city.enterprise(division=DUODAO, kind="financial_institution", facts={}, industry="66")
    return made.uscc, city.as_("bank", organisation=made.uscc, area=JINGMEN)


async def seeds(city: "City", officer: "Client", kind: str) -> set[str]:
    """The enterprises on a seed list today."""
    found = await officer.read("recognitions", kind=kind, state="valid", limit=200)
    return {each["organisation"] for each in found["items"]}


async def test_jg09_a_need_is_taken_by_a_bank_and_lead_bank_seed_list_and_pool_follow(city: "City") -> None:
    """JG-09: file a need, record bank and amount, and see lead bank, seed list and pool balance change."""
    officer, finance = city.as_("city_officer", area=JINGMEN), city.as_("finance_officer", area=JINGMEN)
    enterprise = await city.enterprise(division=DUODAO)
    (bank, clerk), (_, rival) = await bank_of(city), await bank_of(city)

    # The need: banks see it only with the owner's consent, and once taken only its bank does.
    need = await enterprise.signatory.make(
        "finance-needs",
        {"amount": "5000000.00", "purpose": "research", "description": "中试阶段研发投入", "term_months": 24},
    )  # fmt: skip
    path = f"finance-needs/{need['id']}"
    assert (await clerk.get(path)).status_code == 404
    await enterprise.signatory.patch(path, {"shared_with_banks": True})
    assert (await rival.read(path))["state"] == "open"
    taken = await clerk.do(path, "take", {"meeting": "2024年春季银企对接会"})
    assert (taken["state"], taken["bank"]) == ("taken", bank)
    assert (await rival.get(path)).status_code == 404

    # The pool: contributions, a guaranteed loan, a compensation.
    pool = await finance.make(
        "risk-pools", {"title": "科技信贷风险补偿池", "city": JINGMEN, "share_percent": 40, "multiple": 10}
    )
    pool_path = f"risk-pools/{pool['id']}"
    paid_in = {"amount": "1000000.00", "contributor": "荆门市财政局", "voucher": "GK-1"}
    pool = await finance.do(pool_path, "contribute", paid_in)
    assert (pool["balance"], pool["room"]) == ("1000000.00", "10000000.00")
    loan = {"amount": "3000000.00", "product": "technology_loan", "loan_no": "KDT-1", "risk_pool": pool["id"]}
    funded = await clerk.do(path, "fund", loan)
    assert (funded["state"], funded["funded"], funded["loans"][0]["bank"]) == ("funded", "3000000.00", bank)
    pool = await officer.read(pool_path)
    assert (pool["balance"], pool["guaranteed"], pool["room"]) == ("1000000.00", "3000000.00", "7000000.00")
    loss = {"need": need["id"], "loan_no": "KDT-1", "loss": "500000.01", "voucher": "DC-1"}
    pool = await finance.do(pool_path, "compensate", loss)
    assert (pool["balance"], pool["guaranteed"]) == ("800000.00", "2499999.99")
    rows = (await officer.read(f"{pool_path}/entries"))["items"]
    assert [(each["kind"], each["amount"]) for each in rows] == [
        ("contributed", "1000000.00"), ("guaranteed", "3000000.00"),
        ("compensated", "200000.00"), ("discharged", "500000.01"),
    ]  # fmt: skip

    # The lead bank: one at a time, the one before is kept.
    async def leads(uscc: str, client: "Client") -> dict[str, Any]:
        made = await enterprise.signatory.make("lead-banks", {"bank": uscc})
        confirmed: dict[str, Any] = await client.do(f"lead-banks/{made['id']}", "confirm")
        return confirmed

    first = await leads(bank, clerk)
    await city.advance(days=3)
    other, other_clerk = await bank_of(city)
    await leads(other, other_clerk)
    (active,) = (await officer.read("lead-banks", organisation=enterprise.uscc, state="active"))["items"]
    assert active["bank"] == other
    ended = await officer.read(f"lead-banks/{first['id']}")
    assert (ended["state"], ended["valid_to"] < active["valid_from"]) == ("ended", True)

    # The seed list: from silver to gold.
    province, today = city.as_("integration"), str(await city.today())
    silver = {"organisation": enterprise.uscc, "kind": "silver_seed", "issued_on": today}
    await province.make("recognitions", silver)
    assert enterprise.uscc in await seeds(city, officer, "silver_seed")
    assert enterprise.uscc not in await seeds(city, officer, "gold_seed")
    await province.make("recognitions", silver | {"kind": "gold_seed"})
    assert enterprise.uscc in await seeds(city, officer, "gold_seed")
