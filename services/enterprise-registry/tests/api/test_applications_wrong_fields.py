"""What is wrong in a request is named by its JSON Pointer, with the way out in Chinese and English; never a 500."""

from typing import Any

import pytest
from benefit_story import booked, finance, holder, opened
from er_story import approver, city, registered

from kechuang.testing import Client, ServiceHarness

USCC = "91440703MATE000L4P"
ROUND = {
    "title": "评选", "honour": "vanguard", "city": "440700", "opens_at": "2024-05-01T00:00:00Z",
    "closes_at": "2024-05-09T00:00:00Z",
}  # fmt: skip
LINE = {"code": "rd", "name_zh": "研发", "name_en": "R&D", "weight": "60"}
LISTED = {"organisation": USCC, "kind": "hnte", "issued_on": "2024-03-01"}
MODEL = {"city": "440700", "code": "own_model"}


async def sent(client: Client, path: str, body: Any, language: str) -> list[dict[str, str]]:
    answer = await client.post(path, body, headers={"Accept-Language": language, "If-Match": '"1"'})
    assert answer.status_code == 422, answer.text
    found: list[dict[str, str]] = answer.json()["errors"]
    return found


async def named(client: Client, path: str, body: Any) -> set[tuple[str, str]]:
    """Pointer and code of each error; each has words in both languages that differ, and no word of a program."""
    chinese, english = await sent(client, path, body, "zh-CN"), await sent(client, path, body, "en")
    for zh, en in zip(chinese, english, strict=True):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in zh["detail"]), zh
        assert en["detail"].isascii(), en
        assert "Value error" not in zh["detail"] + en["detail"]
    return {(each["pointer"], each["code"]) for each in chinese}


@pytest.mark.parametrize(
    ("path", "body", "errors"),
    [
        ("recognitions", LISTED | {"valid_to": "2024-02-01"}, {("/valid_to", "ends_early")}),
        ("recognitions", LISTED | {"kindd": "x"}, {("/kindd", "extra_forbidden")}),
        ("recognitions", LISTED | {"issued_on": "gestern"}, {("/issued_on", "date_from_datetime_parsing")}),
        ("selection-rounds", ROUND | {"opens_at": None, "closes_at": None}, {("/opens_at", "window_needed")}),
        ("selection-rounds", ROUND | {"kind": "review", "closes_at": None}, {("/closes_at", "go_together")}),
        ("selection-rounds", ROUND | {"closes_at": "2024-04-30T00:00:00Z"}, {("/closes_at", "ends_early")}),
        ("selection-rounds", ROUND | {"lines": [LINE]}, {("/lines", "weights_sum")}),
        ("selection-rounds", ROUND | {"scheme": "a", "lines": [LINE]}, {("/lines", "scheme_or_lines")}),
        (
            "selection-rounds",
            ROUND | {"lines": [LINE | {"weight": "50"}, LINE | {"weight": "50"}]},
            {("/lines", "code_twice")},
        ),
        (
            "scoring-models",
            MODEL,
            {("/name", "needed_without_from_pack"), ("/dimensions", "needed_without_from_pack")},
        ),
        ("scoring-models", {"city": "440700", "from_pack": "nothing"}, {("/from_pack", "model_unknown")}),
    ],
)
async def test_an_officers_body(
    er: ServiceHarness, path: str, body: Any, errors: set[tuple[str, str]]
) -> None:
    client = city(er)
    if path == "scoring-models":
        client = er.client(roles=["city_officer"], areas=["440700"], subject="model-officer")
    assert await named(client, path, body) == errors


async def test_an_application_is_in_a_window_or_in_a_round(er: ServiceHarness) -> None:
    cast = await registered(er)
    for body in ({}, {"window": "w", "round": "r"}):
        assert await named(cast.signatory, "applications", body) == {("/window", "window_or_round")}
    assert await named(cast.signatory, "applications", {"window": "w"}) == {("/window", "window_unknown")}


@pytest.mark.parametrize(
    ("verb", "body", "errors"),
    [
        ("decide", {"outcome": "recognised"}, {("/document_no", "document_needed")}),
        ("decide", {"outcome": "rejected"}, {("/grounds", "grounds_needed")}),
        ("record-result", {"outcome": "rejected"}, {("/grounds", "grounds_needed")}),
        ("record-result", {"outcome": "recognised", "valid_to": "2023-01-01"}, {("/valid_to", "ends_early")}),
    ],
)
async def test_a_decision_is_complete(
    er: ServiceHarness, verb: str, body: dict[str, str], errors: set[tuple[str, str]]
) -> None:
    client = approver(er) if verb == "decide" else (await registered(er)).province
    sent_body = body | {"decided_on": "2024-03-01"}
    assert await named(client, f"applications/018e2b69-0000/{verb}", sent_body) == errors


async def test_money_is_complete_and_has_two_places(er: ServiceHarness) -> None:
    cast, _ = await holder(er)
    path = await booked(er, cast, await opened(er, "100000.00"))
    officer = finance(er)
    assert await named(officer, f"{path}/pay", {"outcome": "paid"}) == {("/voucher", "voucher_needed")}
    assert await named(officer, f"{path}/pay", {"outcome": "failed"}) == {("/reason", "reason_needed")}
    own = {"document_no": "江科〔2024〕1号", "amount": "5.00"}
    assert await named(approver(er), f"{path}/approve", own) == {("/grounds", "grounds_needed")}
    for amount in ("1.005", "-1.00", "1e3", 5.5, "9" * 30):
        found = await named(officer, f"{path}/recover", {"amount": amount, "voucher": "JK-1"})
        assert {pointer for pointer, _ in found} == {"/amount"}, amount


async def test_points_are_a_number_above_zero(er: ServiceHarness) -> None:
    cast = await registered(er)
    body = {
        "organisation": cast.uscc, "rule": "x", "happened_on": "2024-01-05", "note": "x",
        "evidence": [{"file": "f", "kind": "k", "title": "t"}],
    }  # fmt: skip
    for points in ("0", "0.00", "1.234", "-1", "many"):
        found = await named(cast.county, "point-entries", body | {"points": points})
        assert found == {("/points", "points_format")}, points
