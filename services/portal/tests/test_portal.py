"""The portal with services that answer, that are slow to come, and that are away."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kechuang.errors import Invalid
from kechuang.http.merge import ClashError, merge
from kechuang.settings import Settings
from portal.clock import duration
from portal.main import create_app
from portal.peers import Peers

OPERATION = {"operationId": "list_needs", "responses": {}}


class Services:
    """Two services, as far as the portal knows them."""

    def __init__(self) -> None:
        self.offsets = {"one": 100, "two": 100}
        self.away: set[str] = set()
        self.pending = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host
        if name in self.away:
            raise httpx.ConnectError("away")
        match request.url.path:
            case "/readyz":
                return httpx.Response(200, json={"status": "ready"})
            case "/openapi.json":
                return httpx.Response(
                    200, json={"paths": {f"/{name}": {"get": {"operationId": name}}}, "components": {}}
                )
            case "/internal/clock" if request.method == "GET":
                return httpx.Response(
                    200,
                    json={"offset_seconds": self.offsets[name], "timers_due": self.pending, "outbox_pending": 0,
                          "consumers_behind": 0},
                )  # fmt: skip
            case "/internal/clock":
                if request.headers.get("authorization") != "Bearer administrator":
                    return httpx.Response(403)
                import json

                self.offsets[name] = max(self.offsets[name], json.loads(request.content)["offset_seconds"])
                return httpx.Response(200, json={})
        return httpx.Response(404)


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
async def portal(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(clock_movable=True, peers='{"one": ["http://one"], "two": ["http://two"]}'))
    peers: Peers = app.state.peers
    peers._client = httpx.AsyncClient(transport=httpx.MockTransport(services))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        yield client


class TestClock:
    async def test_it_moves_all_services_to_one_instant(
        self, portal: httpx.AsyncClient, services: Services
    ) -> None:
        headers = {"Authorization": "Bearer administrator"}
        answer = await portal.post("/api/v1/clock/advance", json={"by": "P10D"}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert services.offsets == {"one": 864_100, "two": 864_100}

    async def test_it_never_goes_back(self, portal: httpx.AsyncClient) -> None:
        headers = {"Authorization": "Bearer administrator"}
        answer = await portal.post(
            "/api/v1/clock/advance", json={"to": "2001-01-01T00:00:00Z"}, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "clock_moves_forward")

    async def test_only_an_administrator_moves_it(
        self, portal: httpx.AsyncClient, services: Services
    ) -> None:
        answer = await portal.post("/api/v1/clock/advance", json={"by": "P1D"})
        assert answer.status_code == 403
        assert services.offsets == {"one": 100, "two": 100}

    async def test_what_is_pending_anywhere_is_pending(
        self, portal: httpx.AsyncClient, services: Services
    ) -> None:
        services.pending = 2
        assert (await portal.get("/api/v1/clock")).json()["timers_due"] == 4

    async def test_a_service_that_is_away_is_not_taken_for_idle(
        self, portal: httpx.AsyncClient, services: Services
    ) -> None:
        services.away = {"two"}
        answer = await portal.get("/api/v1/clock")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"by": "P1D", "to": "2024-01-01T00:00:00Z"},
            {"by": "10 days"},
            {"days": 1},
            {"by": "P99999999999D"},
            {"by": "P100000D"},
            {"to": "9999-12-31T23:59:59Z"},
        ],
    )
    async def test_bad_input_names_itself(self, portal: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
        answer = await portal.post(
            "/api/v1/clock/advance", json=wrong, headers={"Authorization": "Bearer administrator"}
        )
        assert answer.status_code == 422

    def test_durations(self) -> None:
        assert duration("P1W2DT3H4M5S") == timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)
        for text in ("P", "PT", "P1DT", "P1Y", "1D"):
            with pytest.raises(Invalid):
                duration(text)


class TestPages:
    async def test_the_reference_asks_nothing_from_outside(self, portal: httpx.AsyncClient) -> None:
        page = (await portal.get("/docs")).text
        assert "http://" not in page
        assert "https://" not in page
        assert (await portal.get("/docs/assets/swagger-ui-bundle.js")).status_code == 200

    async def test_every_listed_problem_type_has_its_page(self, portal: httpx.AsyncClient) -> None:
        assert "state_forbids" in (await portal.get("/problems")).text
        assert (await portal.get("/problems/state_forbids")).status_code == 200
        assert (await portal.get("/problems/nonsense")).json()["code"] == "not_found"

    async def test_the_gateways_refusals_become_problems(self, portal: httpx.AsyncClient) -> None:
        for method in ("GET", "POST", "PATCH"):
            answer = await portal.request(method, "/problems/gateway/503/api/v1/calls")
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"]
            assert answer.json()["instance"] == "/api/v1/calls"

    @pytest.mark.parametrize("status", [7, 200, 404, 99999])
    async def test_a_status_that_no_gateway_gives_is_no_page(
        self, portal: httpx.AsyncClient, status: int
    ) -> None:
        answer = await portal.get(f"/problems/gateway/{status}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_health_says_who_is_away(self, portal: httpx.AsyncClient, services: Services) -> None:
        assert (await portal.get("/api/health")).json()["status"] == "ok"
        services.away = {"one"}
        answer = await portal.get("/api/health")
        assert answer.status_code == 503
        assert answer.json()["services"]["one"] == {"status": "away"}

    async def test_the_merged_specification_has_all_paths(self, portal: httpx.AsyncClient) -> None:
        assert (await portal.get("/api/openapi.json")).json()["paths"].keys() == {"/one", "/two"}


class TestMerge:
    def test_a_clash_of_paths_operations_or_components_fails(self) -> None:
        def spec(path: str, operation: str, component: int) -> dict[str, Any]:
            return {
                "paths": {path: {"get": {"operationId": operation, "x": component}}},
                "components": {"schemas": {"Money": {"maximum": component}}},
            }

        def merged(*specs: dict[str, Any]) -> Any:
            return merge(
                {str(n): each for n, each in enumerate(specs)}, title="t", version="1", description="d"
            )

        assert merged(spec("/a", "a", 1), spec("/b", "b", 1))["paths"].keys() == {"/a", "/b"}
        for other in (spec("/a", "c", 2), spec("/b", "a", 1), spec("/b", "b", 2)):
            with pytest.raises(ClashError):
                merged(spec("/a", "a", 1), other)
