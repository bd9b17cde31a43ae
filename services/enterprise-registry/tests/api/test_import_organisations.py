"""Lists of organisations: registered by set with all that a single registration leaves."""

from collections.abc import Sequence
from typing import Any

from er_story import Cast, county, new_uscc, registered

from kechuang.ids import new_id
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness

HEADINGS = ("统一社会信用代码", "单位名称", "单位类型", "县（市、区）", "规模", "成立日期")


def table(rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> bytes:
    return "".join(",".join(map(str, cells)) + "\n" for cells in (HEADINGS, *rows)).encode(encoding)


def line(
    uscc: str, name: str = "江门名录有限公司", kind: str = "企业", division: str = "440703"
) -> list[object]:
    return [uscc, name, kind, division, "小型", "2016年5月18日"]


async def imported(er: ServiceHarness, who: Client, content: bytes, **asked: object) -> dict[str, Any]:
    """A job that has run to its end."""
    answer = await who.http.post(
        "/api/v1/organisations/imports", content=content, params=asked,
        headers={"Content-Type": "text/csv", "Idempotency-Key": new_id()},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    runner = JobRunner(er.database)
    while await runner.step():
        pass
    return await who.read(f"jobs/{answer.json()['id']}")


async def report(who: Client, job: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Line, column and code of each bad row."""
    answer = await who.get(f"jobs/{job['id']}/report")
    rows = (each.split(",") for each in answer.content.decode("utf-8-sig").splitlines()[1:])
    return [(int(each[0]), each[1], each[2]) for each in rows]


async def found(who: Client, uscc: str) -> dict[str, Any]:
    """The organisation of a code."""
    items = (await who.read("organisations", uscc=uscc))["items"]
    assert len(items) == 1
    return dict(items[0])


async def test_they_are_registered_found_by_name_and_known_to_everything_else(er: ServiceHarness) -> None:
    officer = county(er)
    codes = [new_uscc() for _ in range(30)]
    rows = [line(code, f"江门甲乙丙{number}有限公司") for number, code in enumerate(codes)]
    job = await imported(er, officer, table(rows, "gb18030"))
    assert job["result"] == {"rows": 30, "created": 30}
    first = await found(officer, codes[0])
    assert (first["state"], first["scale_source"], first["city"]) == ("registered", "given", "440700")
    assert first["facts"]["establishment_date"]["value"] == "2016-05-18"
    assert codes[7] in {each["uscc"] for each in (await officer.read("organisations", q="甲乙丙7"))["items"]}
    history = await officer.read(f"organisations/{first['id']}/history")
    assert [each["verb"] for each in history["items"]] == ["create"]
    told = [e["subject"] for e in await er.events("changed") if e["subject"] in codes]
    assert sorted(told) == sorted(codes)
    opened = [e["data"] for e in await er.events("work-item.opened") if e["data"]["record"] == first["id"]]
    assert [(each["verb"], each["number"]) for each in opened] == [("verify", first["number"])]
    verified = await officer.do(f"organisations/{first['id']}", "verify")
    assert verified["state"] == "active"


async def test_known_ones_are_refused_or_skipped_and_never_told_to_strangers(er: ServiceHarness) -> None:
    cast: Cast = await registered(er)
    refused = await imported(er, cast.county, table([line(cast.uscc)]))
    assert await report(cast.county, refused) == [(2, "", "already_registered")]
    skipped = await imported(er, cast.county, table([line(cast.uscc)]), on_match="skip")
    assert skipped["result"] == {"rows": 1, "skipped": 1}
    near = county(er, "440704")
    strange = await imported(er, near, table([line(cast.uscc, division="440704")]), on_match="skip")
    assert await report(near, strange) == [(2, "", "already_registered")]


async def test_a_code_that_stands_twice_is_taken_once(er: ServiceHarness) -> None:
    code = new_uscc()
    job = await imported(
        er, county(er), table([line(code, "江门先来有限公司"), line(code, "江门后到有限公司")])
    )
    assert job["result"] == {"rows": 2, "created": 1, "refused": 1}
    assert (await found(county(er), code))["name"] == "江门先来有限公司"


async def test_each_bad_row_has_its_column_and_code(er: ServiceHarness) -> None:
    rows = [
        line("91440703MATE000L4Q"),
        line(new_uscc(), kind="作坊"),
        line(new_uscc(), division="999999"),
        line(new_uscc(), division="440704"),
        line(new_uscc(), name=""),
    ]
    officer = county(er)
    job = await imported(er, officer, table(rows))
    assert await report(officer, job) == [
        (2, "uscc", "uscc_check"),
        (3, "单位类型", "not_a_choice"),
        (4, "division", "division_unknown"),
        (5, "", "not_permitted"),
        (6, "单位名称", "required"),
    ]
