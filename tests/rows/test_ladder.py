"""Rows about the cultivation ladder: rungs on any date, ladders that branch."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City


async def test_jm01_a_rung_is_read_on_any_date_past_ones_included(city: "City") -> None:
    """JM-01: record a dated recognition with evidence and read the enterprise's rung on any chosen date."""
    enterprise = await city.enterprise()
    province, today = city.as_("integration"), await city.today()
    path = f"organisations/{enterprise.record['id']}/rungs"

    async def climbed(kind: str, first: Any, **more: Any) -> dict[str, Any]:
        return await province.make(
            "recognitions",
            {
                "organisation": enterprise.uscc, "kind": kind, "issued_on": str(first),
                "certificate_no": f"GR{first:%Y}44000001", "document_no": f"粤科〔{first:%Y}〕1号", **more,
            },
        )  # fmt: skip

    micro = today - timedelta(days=1000)
    listed, sealed = today - timedelta(days=300), today - timedelta(days=60)
    await climbed("tech_micro", micro)
    await climbed("tech_sme", listed)
    certificate = await climbed("hnte", sealed)
    highest = {}
    for day in (micro - timedelta(days=1), micro, listed, sealed - timedelta(days=1), sealed, today):
        highest[day] = (await enterprise.county.read(path, as_of=str(day)))["highest"]
    # tech_micro ran for two years and had ended before the certificate came.
    assert list(highest.values()) == [None, "tech_micro", "tech_sme", "tech_sme", "hnte", "hnte"]
    now = await enterprise.signatory.read(path, as_of=str(today))
    rung = next(each for each in now["items"] if each["kind"] == "hnte")
    assert (rung["recognition"], rung["by"], rung["valid_from"]) == (
        certificate["id"], "recognition", str(sealed)
    )  # fmt: skip
    shown = await enterprise.county.read(f"recognitions/{rung['recognition']}")
    assert shown["document_no"].startswith("粤科")
    assert [(each["from_kind"], each["kind"]) for each in now["next"]] == [("hnte", "benchmark")]


async def test_un01_a_branching_ladder_gives_each_its_own_next_step(city: "City") -> None:
    """UN-01: a below-scale HNTE and an above-scale non-HNTE each get their own right next step, by data alone."""
    place = {"division": "local-city"}
    officer = city.as_("city_officer", area="local-city")
    province, today = city.as_("integration"), await city.today()
    below = await city.enterprise(**place, verified=False, facts={"above_scale": False})
    above = await city.enterprise(**place, verified=False, facts={"above_scale": True})
    for each in (below, above):
        await officer.do(f"organisations/{each.record['id']}", "verify")
    await province.make("recognitions", {"organisation": below.uscc, "kind": "hnte", "issued_on": str(today)})

    async def standing(who: Any) -> tuple[set[str], dict[str, Any]]:
        found = await officer.read(f"organisations/{who.record['id']}/rungs", as_of=str(today))
        rungs = {each["kind"] for each in found["items"]}
        (step,) = [each for each in found["next"] if each["from_kind"] in rungs]
        return rungs, step

    rungs, step = await standing(below)
    assert rungs == {"hnte", "hnte_below_scale"}
    assert (step["from_kind"], step["kind"], step["meaning_zh"]) == (
        "hnte_below_scale", "hnte_above_scale", "达到规模以上"
    )  # fmt: skip
    assert [(each["leaf"], each["fact"]) for each in step["lacks"]] == [("is_above_scale", "above_scale")]

    rungs, step = await standing(above)
    assert rungs == {"above_scale"}
    assert (step["from_kind"], step["kind"], step["meaning_zh"]) == (
        "above_scale", "hnte_above_scale", "取得高新技术企业资格"
    )  # fmt: skip
    assert [each["holds"] for each in step["lacks"]] == [["national-hnte/hnte"]]

    await province.make("recognitions", {"organisation": above.uscc, "kind": "hnte", "issued_on": str(today)})
    rungs, step = await standing(above)
    assert rungs == {"hnte", "hnte_above_scale"}
    assert (step["kind"], step["result"]) == ("industry_leader", None)
