"""The application factory refuses what would go wrong later, and the specification is whole."""

import sys
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from openapi_spec_validator import validate

from kechuang.http.app import create_app
from kechuang.http.route import KitRoute, Operation, operation
from kechuang.service import Service
from kechuang.settings import Settings
from kechuang.testing import ServiceHarness, token


async def answer() -> dict[str, str]:
    return {"committed": "never"}


def with_router(service: Service, router: APIRouter) -> Service:
    outer = APIRouter(route_class=KitRoute)
    outer.include_router(router)
    return replace(service, routers=(outer,), jobs={})


class TestStartUp:
    def test_a_route_outside_the_route_class_is_refused_even_when_nested(self, notes: ServiceHarness) -> None:
        router = APIRouter()
        router.add_api_route("/inner", answer, methods=["POST"])
        with pytest.raises(TypeError, match="would never commit"):
            create_app(with_router(notes.service, router), notes.settings)

    def test_an_operation_without_a_row_in_the_table_is_refused(self, notes: ServiceHarness) -> None:
        router = APIRouter(route_class=KitRoute)
        router.add_api_route("/inner", operation(Operation("notes:invent"))(answer), methods=["POST"])
        with pytest.raises(LookupError, match="notes:invent"):
            create_app(with_router(notes.service, router), notes.settings)

    def test_an_operation_that_names_no_action_is_refused(self, notes: ServiceHarness) -> None:
        async def nameless() -> None:
            """Nothing."""

        router = APIRouter(route_class=KitRoute)
        with pytest.raises(TypeError, match="names no action"):
            router.add_api_route("/inner", nameless, methods=["POST"])

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"clock_movable": True}, "movable clock"),
            ({"clock_offset": -1}, "movable clock"),
            ({"issuer_is_embedded": True}, "embedded issuer"),
            ({"master_key": "demo-key"}, "demonstration secret"),
            ({"signing_key": ""}, "missing secret"),
        ],
    )
    def test_a_production_profile_refuses_what_is_for_demonstrations(
        self, wrong: dict[str, Any], says: str
    ) -> None:
        right = {"profile": "production", "master_key": "k" * 44, "signing_key": "k" * 44}
        Settings(**right)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=says):
            Settings(**{**right, **wrong})


class TestDefects:
    async def test_a_defect_is_a_problem_with_its_ids_and_no_inside_is_shown(
        self, notes: ServiceHarness
    ) -> None:
        async def broken() -> None:
            """Fail."""
            raise RuntimeError("SELECT secret FROM inside")

        router = APIRouter(route_class=KitRoute)
        router.add_api_route("/broken", operation(Operation("notes:read"))(broken), methods=["GET"])
        app = create_app(with_router(notes.service, router), notes.settings)
        app.state.tokens = notes.app.state.tokens
        app.state.database = notes.database
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")
        answer = await client.get(
            "/api/v1/broken",
            headers={"Authorization": "Bearer " + token(roles=["auditor"]), "X-Request-Id": "r-1"},
        )
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert answer.headers["x-request-id"] == "r-1"
        assert "SELECT" not in answer.text


class TestSpecification:
    def test_it_is_valid_and_every_operation_is_described(self, notes: ServiceHarness) -> None:
        spec = notes.app.openapi()
        validate(spec)
        seen = set()
        for path, methods in spec["paths"].items():
            for method, described in methods.items():
                assert described["summary"], (path, method)
                assert described["description"], (path, method)
                assert {"401", "403", "422", "500", "503"} <= described["responses"].keys()
                assert described["responses"]["422"] == {"$ref": "#/components/responses/Problem422"}
                assert described["operationId"] not in seen
                seen.add(described["operationId"])
        assert "HTTPValidationError" not in spec["components"]["schemas"]

    def test_a_deciding_verb_demands_its_headers(self, notes: ServiceHarness) -> None:
        decide = notes.app.openapi()["paths"]["/api/v1/notes/{record_id}/decide"]["post"]
        named = {each["$ref"].rpartition("/")[2] for each in decide["parameters"] if "$ref" in each}
        assert {"IdempotencyKeyRequired", "IfMatchRequired", "DryRun"} <= named
        assert decide["x-roles"] == {"city_approver": ["place"], "county_officer": ["place"]}

    def test_states_and_verbs_have_labels_in_both_languages(self, notes: ServiceHarness) -> None:
        machine = notes.app.openapi()["x-state-machines"]["notes"]
        assert machine["states"]["submitted"] == {"zh": "已提交", "en": "Submitted"}
        assert machine["verbs"]["decide"]["x-labels"] == {"zh": "决定", "en": "Decide"}
        assert sys.modules["kechuang_toy"].NOTES.machine.allowed_in("submitted") == ["handle", "decide"]
