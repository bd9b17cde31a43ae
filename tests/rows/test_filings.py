"""The row about the R&D activity information system and its collection of cost (企业研发活动信息管理系统、研发投入归集)."""

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import City, Enterprise

INDICATORS = ("jiangmen-2023.rd_spending_accepted", "jiangmen-2023.rd_projects_accepted")


def _year(year: int, spent: str) -> dict[str, Any]:
    """A year's R&D cost with two projects; `spent` is the direct input, 2.5 million are personnel."""
    total = f"{2_500_000 + int(spent.partition('.')[0])}.00"
    project = {"started_on": f"{year}-02-01", "ended_on": f"{year}-11-30", "staff": 10, "person_months": 90}
    return {
        "form": "rd_activity_annual",
        "period": str(year),
        "facts": {
            "rd_staff": 20, "rd_expense": total, "personnel": "2500000.00", "direct_input": spent,
            "depreciation": "0.00", "amortisation": "0.00", "design_testing": "0.00", "entrusted": "0.00",
            "other_expense": "0.00",
        },
        "rd_projects": [
            {"title": "高精度轴承", **project, "spent": "2000000.00"},
            {"title": "高速电主轴", **project, "spent": "500000.00"},
        ],
    }  # fmt: skip


def _intensity(portrait: dict[str, Any]) -> dict[str, Any]:
    axis = next(each for each in portrait["dimensions"] if each["code"] == "rd_input")
    found: dict[str, Any] = next(each for each in axis["indicators"] if each["code"] == "rd_intensity")
    return found


async def _figures(city: "City", division: str) -> list[float]:
    """What the indicators say of a county: money in 10,000 yuan, projects."""
    await city.settle()
    asked = {"area": division, "indicator": ",".join(INDICATORS)}
    found = {
        each["indicator"]: each["value"] for each in (await city.anybody().read("progress", **asked))["items"]
    }
    return [float(found[each] or 0) for each in INDICATORS]


async def _with_peers(city: "City", year: int) -> "Enterprise":
    """An enterprise whose portrait has peers, with a revenue of 50 million and no R&D stated."""
    usual = {"operating_revenue": "50000000.00"}
    for rank in range(5):
        await city.filed(
            await city.enterprise(industry="3829"), year, rd_expense=f"{1 + rank}00000.00", **usual
        )
    subject = await city.enterprise(industry="3829", division="440705")
    await city.filed(subject, year, rd_expense="0.00", **usual)
    return subject


async def test_jj_04_projects_staff_and_spending_count_once_the_county_accepts(city: "City") -> None:
    """JJ-04: file R&D projects, staff and spending per period; the county accepts or returns; only accepted data
    reach portrait and indicators."""
    year = (await city.today()).year - 1
    model = await city.as_("city_officer").make(
        "scoring-models", {"city": city.area, "from_pack": "innovation_portrait"}
    )
    await city.as_("city_approver").do(
        f"scoring-models/{model['id']}", "publish", {"document_no": "江科〔2024〕21号"}
    )
    subject = await _with_peers(city, year)
    opens, officer = await city.now(), city.as_("city_officer")
    window = await officer.make(
        "filing-windows",
        {
            "title": f"{year}年度研发投入归集", "form": "rd_activity_annual", "period": str(year), "city": city.area,
            "opens_at": (opens + timedelta(hours=1)).isoformat(), "due_at": (opens + timedelta(days=20)).isoformat(),
            "roster": {"organisations": [subject.uscc]},
        },
    )  # fmt: skip
    roster = f"filing-windows/{window['id']}/roster"
    await officer.do(f"filing-windows/{window['id']}", "open")

    made = await subject.signatory.make("filings", _year(year, "1000000.00"))
    path = f"filings/{made['id']}"
    await subject.signatory.do(path, "submit")
    assert (await subject.signatory.read(roster))["items"][0]["state"] == "filed"
    # Submitted, it reaches nothing.
    before = await subject.signatory.make("portraits", {})
    assert _intensity(before)["measures"][0]["value"] == "0"

    # Returned with all that is to be corrected, handed in again, accepted.
    item = {"pointer": "/facts/direct_input", "label": "直接投入费用", "reason": "与辅助账不一致"}
    returned = await subject.county.do(path, "return", {"items": [item]})
    assert returned["returns"][0]["items"][0]["reason"] == "与辅助账不一致"
    assert (await subject.signatory.read(roster))["items"][0]["state"] == "returned"
    more = _year(year, "2500000.00")["facts"]
    await subject.signatory.patch(path, {"facts": more})
    await subject.signatory.do(path, "submit")
    assert (await subject.county.do(path, "verify"))["state"] == "verified"
    assert (await subject.signatory.read(roster))["items"][0]["state"] == "verified"

    # 5 of 50 million are 10 percent, from the accepted filing.
    await city.advance(days=1)
    after = await subject.signatory.make("portraits", {})
    measure = _intensity(after)["measures"][0]
    assert measure["value"] == "10"
    assert made["id"] in {each["id"] for each in measure["sources"]}
    growth = {"city": city.area, "base_year": year - 1, "outcome": "all", "organisation": subject.uscc}
    (row,) = (await officer.read("rd-growth", **growth))["items"]
    assert (row["current"]["amount"], row["current"]["filing"]["id"]) == ("5000000.00", made["id"])

    # Table 107-1 of the same year says something else, and the portrait does not read it.
    answers = {
        "source": "1", "form": "10", "aim": "03", "government_funds": "0.00", "basic_research": "0.00",
        "own_spending": "9000000.00", "entrusted_spending": "0.00",
    }  # fmt: skip
    (project, _) = _year(year, "1000000.00")["rd_projects"]
    table = await subject.signatory.make(
        "filings",
        {"form": "rd_projects_107_1", "period": str(year),
         "rd_projects": [project | {"spent": "9000000.00", "answers": answers}]},
    )  # fmt: skip
    await subject.signatory.do(f"filings/{table['id']}", "submit")
    await subject.county.do(f"filings/{table['id']}", "verify")
    assert (await subject.signatory.make("portraits", {}))["digest"] == after["digest"]


@pytest.mark.skipif(bool(os.environ.get("KECHUANG_ROWS_IN_PROCESS")), reason="asks the service of indicators")
async def test_jj_04_indicators_move_with_what_is_accepted_and_count_a_correction_once(city: "City") -> None:
    """JJ-04: only accepted data reach the indicators; a corrected year counts once."""
    year = (await city.today()).year - 1
    division = "440781"
    subject = await city.enterprise(division=division)
    money, projects = await _figures(city, division)
    made = await subject.signatory.make("filings", _year(year, "1000000.00"))
    path = f"filings/{made['id']}"
    await subject.signatory.do(path, "submit")
    assert await _figures(city, division) == [money, projects]
    await subject.county.do(path, "verify")
    assert await _figures(city, division) == [money + 350, projects + 2]
    await city.advance(days=1)
    draft = await subject.signatory.do(path, "correct", {"reason": "审计调整"})
    await subject.signatory.patch(f"filings/{draft['id']}", {"facts": _year(year, "1500000.00")["facts"]})
    await subject.signatory.do(f"filings/{draft['id']}", "submit")
    assert await _figures(city, division) == [money + 350, projects + 2]
    await subject.county.do(f"filings/{draft['id']}", "verify")
    assert await _figures(city, division) == [money + 400, projects + 2]
