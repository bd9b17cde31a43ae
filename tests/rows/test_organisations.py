"""Rows about organisations, their filings and their time."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City

    from kechuang.testing import Client


async def test_all_02_an_enterprise_registers_files_and_is_found(city: "City") -> None:
    """ALL-02 in small: an enterprise and its verified year are there for its county and for itself."""
    enterprise = await city.enterprise()
    await city.filed(enterprise, 2023)
    await city.settle()
    found = await enterprise.county.read("filings", organisation=enterprise.uscc)
    assert [each["state"] for each in found["items"]] == ["verified"]
    stranger = await city.as_("other_enterprise").get(f"filings/{found['items'][0]['id']}")
    assert stranger.status_code == 404


async def test_all_02_lists_of_enterprises_and_their_years_arrive_and_are_told_in_order(city: "City") -> None:
    """ALL-02 in bulk: a county brings its enterprises and their figures as tables; each has its story."""
    county = city.as_("county_officer", area="440703", unit="science-440703")
    codes = [city.new_uscc() for _ in range(20)]
    firms = ["统一社会信用代码,单位名称,单位类型,县（市、区）"]
    firms += [f"{code},江门名录样例{number}有限公司,企业,440703" for number, code in enumerate(codes)]
    assert (await _imported(city, county, "organisations/imports", firms))["result"]["created"] == 20
    listed = {each["uscc"]: each for each in (await county.read("organisations", limit=200))["items"]}
    for code in codes[:2]:
        await county.do(f"organisations/{listed[code]['id']}", "verify")
    years = ["统一社会信用代码,期别,从业人员数,科技人员数,营业收入,销售收入,研发费用"]
    years += [f"{code},2022,120,30,60000000.00,58000000.00,3600000.00" for code in codes[:3]]
    address = "filings/imports?city=440700&form=enterprise_annual"
    job = await _imported(city, county, address, years)
    assert job["result"] == {"rows": 3, "created": 2, "refused": 1}  # the third was not verified
    report = (await county.get(f"jobs/{job['id']}/report")).content.decode("utf-8-sig").splitlines()
    assert report[1].startswith("4,organisation,organisation_not_active")
    told = (await county.read(f"organisations/{listed[codes[0]]['id']}/timeline"))["items"]
    assert [(each["resource"], each["verb"]) for each in told] == [
        ("filings", "import"),
        ("organisations", "verify"),
        ("organisations", "create"),
    ]


async def _imported(city: "City", who: "Client", address: str, lines: list[str]) -> dict[str, Any]:
    """Send a table and wait for what becomes of it."""
    answer = await who.http.post(
        f"/api/v1/{address}", content="\n".join(lines).encode("gb18030"),
        headers={"Content-Type": "text/csv", "Idempotency-Key": f"list-{lines[-1][:18]}-{len(lines)}"},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    return await city.job(who, answer.json()["id"])
