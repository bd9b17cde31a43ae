"""Rows about the list of services."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import City


async def test_jj_27_a_service_is_found_judged_and_started(city: "City") -> None:
    """JJ-27: find a service, see who may use it and its time limit, and start it."""
    found = await city.anybody().read("service-items", city="360400", q="申报")
    guidance = next(each for each in found["items"] if each["name"]["zh"] == "企业申报培训和指导服务")
    assert guidance["open_to"] == []
    assert guidance["time_limit"] == {"days": 20, "unit": "working", "of": "kind"}
    enterprise = await city.enterprise(division="360402")
    relief = (await city.anybody().read("service-items", city="360400", q="高企所得税"))["items"][0]
    assert [each["name"]["zh"] for each in relief["open_to"]] == ["高新技术企业"]
    judged = await enterprise.signatory.read(f"service-items/{relief['id']}")
    assert (judged["eligibility"]["result"], judged["eligibility"]["lacks"][0]["holds"]) == (
        "unmet",
        ["hnte"],
    )
    refused = await enterprise.signatory.post(f"service-items/{relief['id']}/start", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_open_to_you")
    started = await enterprise.signatory.make(
        f"service-items/{guidance['id']}/start", {"content": "请安排高企申报辅导。"}
    )
    assert (started["kind"], started["action"], started["state"]) == (
        "service_request", "application_guidance", "open")  # fmt: skip
    assert started["due_on"] > started["opened_on"]
    listed = await enterprise.county.read(
        "enterprise-cases", action="application_guidance", organisation=enterprise.uscc
    )
    assert [each["number"] for each in listed["items"]] == [started["number"]]
    stranger = await city.as_("other_enterprise").post(
        f"service-items/{guidance['id']}/start", {"organisation": enterprise.uscc}
    )
    assert stranger.status_code == 403
