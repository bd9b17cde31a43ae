"""Rows about the exchange of data with other departments and platforms."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City

UNIT = "jiangmen-industry"


async def test_un_25_data_goes_in_and_out_under_an_agreement_with_a_trace(city: "City") -> None:
    """UN-25: import and export a data set under a documented agreement, with trace of who took what."""
    officer, approver, partner = (
        city.as_("city_officer"), city.as_("city_approver"), city.as_("industry_department_officer"))  # fmt: skip
    platform = city.as_("integration")
    today = await city.today()
    enterprise = await city.enterprise()
    fields = ["organisation", "kind", "issued_on", "certificate_no"]
    body: dict[str, Any] = {
        "city": "440700", "title": "与市工信局、省平台共享认定数据", "partner": "市工业和信息化局",
        "partner_unit": UNIT, "partner_client": "kechuang-integration", "purpose": "优质企业培育统计",
        "legal_basis": "《政务数据共享条例》", "condition": "conditional", "valid_from": str(today),
        "valid_to": str(today + timedelta(days=200)), "document_no": "江数协〔2024〕3号",
        "data_sets": [{"data_set": "recognitions", "direction": way, "fields": fields} for way in ("provide", "receive")],
    }  # fmt: skip
    made = await officer.make("data-agreements", body)
    path = f"data-agreements/{made['id']}"
    early = await partner.post(f"{path}/provide", {"data_set": "recognitions", "duty": "核对"})
    assert (early.status_code, early.json()["code"]) == (409, "state_forbids")
    await approver.do(path, "activate")
    row = {
        "organisation": enterprise.uscc,
        "kind": "hnte",
        "issued_on": str(today),
        "certificate_no": "GR202444000123",
    }
    rows = [row, row | {"kind": "nowhere"}, row, row | {"document_no": "越界字段"}]
    received = (
        await platform.post(f"{path}/receive", {"data_set": "recognitions", "duty": "名单下发", "rows": rows})
    ).json()
    assert [each["status"] for each in received["rows"]] == ["created", "refused", "known", "refused"]
    taken = (
        await partner.post(f"{path}/provide", {"data_set": "recognitions", "duty": "2024年统计核对"})
    ).json()
    assert {tuple(sorted(each)) for each in taken["rows"]} == {tuple(sorted(fields))}
    assert row in taken["rows"]
    other = await city.as_("finance_officer").post(
        f"{path}/provide", {"data_set": "recognitions", "duty": "看看"}
    )
    assert other.status_code in (403, 404)
    not_covered = await partner.post(f"{path}/provide", {"data_set": "organisations", "duty": "看看"})
    assert not_covered.json()["errors"][0]["code"] == "not_covered"
    trace = (await officer.read(f"{path}/exchanges"))["items"][1]
    assert (trace["unit"], trace["duty"], trace["rows"]) == (UNIT, "2024年统计核对", len(taken["rows"]))
    assert trace["digest"] == taken["exchange"]["digest"]
    incoming = (await officer.read(f"{path}/exchanges"))["items"][0]
    assert (incoming["direction"], incoming["rows"], incoming["refused"]) == ("receive", 4, 2)
