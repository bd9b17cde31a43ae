"""The row about doubled R&D input and the R&D reserve fund (研发投入倍增、研发准备金)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City


async def test_un_02_enterprises_whose_accepted_input_doubled_against_a_base_year(city: "City") -> None:
    """UN-02: set a base year and list the enterprises whose accepted input doubled against it, with reserve-fund
    flag."""
    year = (await city.today()).year - 1
    cases: dict[str, tuple[str | None, str, bool]] = {
        "doubled": ("1500000.00", "3000000.00", True),
        "a fen short": ("1500000.00", "2999999.99", True),
        "no base": (None, "9000000.00", True),
        "not accepted": ("1000000.00", "9000000.00", False),
    }
    found: dict[str, Any] = {}
    for name, (base, now, accepted) in cases.items():
        each = await city.enterprise(division="440704")
        if base is not None:
            await city.filed(each, year - 2, rd_expense=base)
        await city.filed(each, year, rd_expense=now, rd_reserve_fund=True, verified=accepted)
        found[name] = each.uscc

    officer = city.as_("city_officer")
    asked = {"city": city.area, "base_year": year - 2, "division": "440704", "outcome": "all"}
    listed = await officer.read("rd-growth", **asked)
    by_code = {each["organisation"]: each for each in listed["items"]}
    outcomes = {name: by_code[uscc]["outcome"] for name, uscc in found.items()}
    assert outcomes == {
        "doubled": "grown", "a fen short": "below", "no base": "base_missing", "not accepted": "year_missing"
    }  # fmt: skip
    doubled = by_code[found["doubled"]]
    assert (doubled["ratio"], doubled["reserve_fund"]) == ("2.00", True)
    assert (doubled["base"]["amount"], doubled["current"]["amount"]) == ("1500000.00", "3000000.00")
    assert (await officer.get(f"filings/{doubled['current']['filing']['id']}")).status_code == 200
    # The last place is cut off: what is not double never reads as double.
    assert by_code[found["a fen short"]]["ratio"] == "1.99"

    grown = await officer.read("rd-growth", **asked | {"outcome": "grown", "reserve_fund": "true"})
    assert [each["organisation"] for each in grown["items"]] == [found["doubled"]]
    assert (grown["counts"]["grown"], grown["counts"]["grown_with_reserve_fund"]) == (1, 1)
    file = await officer.get("rd-growth/export", params={**asked, "outcome": "grown", "format": "csv"})
    assert file.content.startswith(b"\xef\xbb\xbf")
    assert file.text.count("\r\n") == 2
    assert found["doubled"] in file.text
    open_ended = await officer.get("rd-growth", params={"city": city.area})
    assert open_ended.json()["errors"][0]["code"] == "base_year_needed"
    elsewhere = await city.as_("county_officer", area="440703").read("rd-growth", **asked)
    assert elsewhere["items"] == []
