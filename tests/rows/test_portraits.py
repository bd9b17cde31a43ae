"""Rows about the innovation portrait and the evaluation model behind it (创新画像、创新评价管理系统)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City, Enterprise


async def _published(city: "City", **body: Any) -> dict[str, Any]:
    """A model of the city, drafted by one officer and published by another."""
    drafted = await city.as_("city_officer").make("scoring-models", {"city": city.area, **body})
    return await city.as_("city_approver").do(
        f"scoring-models/{drafted['id']}", "publish", {"document_no": "江科〔2024〕12号"}
    )


async def _peers(city: "City", count: int, year: int) -> list["Enterprise"]:
    """Enterprises of one industry division with a verified year each, every one with more R&D than the one before."""
    found = []
    for rank in range(count):
        each = await city.enterprise(industry="3824")
        await city.filed(each, year, rd_expense=f"{1 + rank}000000.00", operating_revenue="50000000.00")
        found.append(each)
    return found


def _axis(portrait: dict[str, Any], code: str) -> dict[str, Any]:
    return next(each for each in portrait["dimensions"] if each["code"] == code)


async def test_jm_03_a_dated_portrait_with_sources_and_change_is_rebuilt_from_the_same_data(
    city: "City",
) -> None:
    """JM-03: open a dated portrait with scores per dimension, their sources and the change since the last one, and
    rebuild the same portrait from the same data."""
    year = (await city.today()).year - 1
    model = await _published(city, from_pack="innovation_portrait")
    *peers, subject = await _peers(city, 6, year)
    first_day = await city.today()
    first = await subject.signatory.make("portraits", {"as_of": first_day.isoformat()})
    assert (first["as_of"], first["model"]) == (first_day.isoformat(), model["id"])
    assert first["peer_group"]["peers"] >= 5

    axis = _axis(first, "rd_input")
    intensity = next(each for each in axis["indicators"] if each["code"] == "rd_intensity")
    # 6 of 50 million are 12 percent; the line is full at 10.
    assert (intensity["score"], intensity["measures"][0]["value"]) == (100.0, "12")
    assert [each["kind"] for each in intensity["measures"][0]["sources"]] == ["filing"]
    growth = next(each for each in axis["indicators"] if each["code"] == "rd_growth")
    assert (growth["score"], growth["state"]) == (None, "unknown")
    assert {"fact": "rd_expense", "year": year - 1} in growth["unknown"]
    assert axis["coverage"] == 60.0
    assert (axis["low"], axis["high"]) == (60.0, 100.0)
    assert len(first["spider"]) == 5

    await city.advance(days=1)
    await city.filed(subject, year - 1, rd_expense="5000000.00", operating_revenue="45000000.00")
    second = await subject.signatory.make("portraits", {})
    assert second["change"]["since"]["id"] == first["id"]
    moved = {each["code"]: each["change"] for each in second["change"]["dimensions"]}
    # Growth is known now: 20 percent on a line from -20 to 40 is 66.67, so the axis is (15·100 + 10·66.67) / 25.
    assert (_axis(second, "rd_input")["score"], moved["rd_input"]) == (86.67, -13.33)

    # What was filed since the first day changes nothing of that day's portrait.
    path = f"portraits/{first['id']}"
    rebuilt = await subject.county.do(path, "rebuild")
    assert {**rebuilt, "updated_at": ""} == {**first, "updated_at": ""}
    trend = await subject.signatory.read(f"portraits/{second['id']}/trend")
    assert [each["as_of"] for each in trend["items"]] == [
        first_day.isoformat(), (first_day + timedelta(days=1)).isoformat()
    ]  # fmt: skip
    assert (await peers[0].signatory.get(path)).status_code == 404


async def test_jm_04_new_scores_use_the_new_model_and_old_ones_keep_theirs(city: "City") -> None:
    """JM-04: publish a new scoring model whose weights sum to the whole; new scores use it and old scores keep their
    model version."""
    year = (await city.today()).year - 1
    before = await _published(city, from_pack="innovation_portrait")
    enterprise = await city.enterprise()
    await city.filed(enterprise, year)
    old = await enterprise.signatory.make("portraits", {})

    half = {
        "code": "rd_input", "name": {"zh": "研发投入", "en": "R&D input"}, "weight": 60,
        "indicators": [
            {"code": "rd_intensity", "name": {"zh": "研发强度", "en": "R&D intensity"}, "weight": 60,
             "measures": [{"fact": "rd_share_of_revenue", "line": {"zero_at": "0%", "full_at": "6%"}}]}
        ],
    }  # fmt: skip
    rest = half | {
        "code": "growth",
        "weight": 39,
        "indicators": [half["indicators"][0] | {"code": "rd_more", "weight": 39}],
    }  # type: ignore[index, operator]  # plain data
    drafted = {"city": city.area, "code": "innovation_portrait", "name": {"zh": "新模型", "en": "New model"}}
    refused = await city.as_("city_officer").post("scoring-models", {**drafted, "dimensions": [half, rest]})
    assert refused.status_code == 422
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/dimensions", "weights_sum")
    ]

    whole = rest | {"weight": 40, "indicators": [rest["indicators"][0] | {"weight": 40}]}
    after = await _published(
        city, **{k: v for k, v in drafted.items() if k != "city"}, dimensions=[half, whole]
    )
    assert (after["edition"], after["supersedes"]) == (before["edition"] + 1, before["id"])

    await city.advance(days=1)
    new = await enterprise.signatory.make("portraits", {})
    kept = await enterprise.signatory.read(f"portraits/{old['id']}")
    assert (new["edition"], kept["edition"]) == (after["edition"], before["edition"])
    assert (kept["total"], kept["digest"]) == (old["total"], old["digest"])
    assert {each["code"] for each in new["dimensions"]} == {"rd_input", "growth"}
    # Scores by different models are not subtracted from each other.
    assert (new["change"]["same_model"], new["change"]["total"]) == (False, None)
    models = await enterprise.signatory.read("scoring-models", state="superseded")
    assert before["id"] in {each["id"] for each in models["items"]}
