"""Rows about policy documents."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import City


async def test_yj_17_a_rule_expires_is_marked_and_what_rests_on_it_is_warned(city: "City") -> None:
    """YJ-17: publish a rule with validity; an expired one is marked and actions based on it warn."""
    officer, approver = city.as_("city_officer"), city.as_("city_approver")
    today = await city.today()
    last = today + timedelta(days=30)
    body = {
        "city": "440700", "kind": "normative", "title": "江门市科技型企业培育管理办法（试行）",
        "document_no": "江科规字〔2024〕9号", "issuer": ["江门市科学技术局"], "valid_from": str(today),
        "valid_to": str(last),
    }  # fmt: skip
    made = await officer.make("policy-documents", body)
    path = f"policy-documents/{made['id']}"
    assert (await city.anybody().get(path)).status_code == 404
    published = await approver.do(path, "publish")
    assert (published["state"], published["in_force"], published["expiring"]) == ("published", True, True)
    enterprise = await city.enterprise()
    request = {"kind": "assistance", "title": "申请培育资金", "basis": [made["id"]]}
    fine = await enterprise.signatory.make("enterprise-cases", request)
    assert fine["warnings"] == []
    revision = await officer.do(path, "revise", {"reason": "试行期满前修订。"})
    assert (revision["supersedes"], revision["state"]) == (made["id"], "drafted")
    await city.advance(days=31)
    expired = await city.anybody().read(path)
    assert (expired["state"], expired["in_force"], expired["ended_on"]) == ("expired", False, str(last))
    warned = await enterprise.signatory.make("enterprise-cases", request)
    assert [each["code"] for each in warned["warnings"]] == ["basis_expired"]
    assert "江科规字〔2024〕9号" in warned["warnings"][0]["detail_zh"]
    late = await enterprise.county.do(
        f"enterprise-cases/{fine['id']}", "assign", {"owner": {"unit": "power"}}
    )
    assert [each["code"] for each in late["warnings"]] == ["basis_expired"]
    new = f"policy-documents/{revision['id']}"
    await officer.patch(new, {"document_no": "江科规字〔2024〕21号", "valid_from": str(await city.today())})
    await approver.do(new, "publish")
    assert (await city.anybody().read(path))["state"] == "superseded"
    again = await enterprise.signatory.make("enterprise-cases", request | {"basis": [revision["id"]]})
    assert again["warnings"] == []
