"""What the gateway does by itself, on a real Traefik with small upstreams."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from kechuang_embedded.services import SERVICES
from kechuang_embedded.settings import StackSettings
from kechuang_embedded.traefik import load_routes

TOKEN = {"Authorization": "Bearer test"}
TARGETS = "/api/v1/targets"


def by(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["by"]).partition("#")[0]


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("GET", TARGETS, "indicators"),
        ("GET", f"{TARGETS}/0197", "indicators"),
        ("PATCH", f"{TARGETS}/0197", "indicators"),
        ("POST", f"{TARGETS}/0197/retire", "indicators"),
        ("GET", "/api/v1/work-items?state=open", "indicators"),
        ("GET", "/api/sdmx/3.0/data", "indicators"),
        ("GET", "/api/v1/jobs/in_0197", "indicators"),
        ("GET", "/api/v1/files/in_0197/content", "indicators"),
        ("POST", "/api/v1/files?for=observations", "indicators"),
        ("POST", "/api/v1/files?for=bids", "portal"),  # project-bidding is not in this stack
        ("POST", "/api/v1/files", "portal"),
        ("GET", "/api/v1/targets-of-others", "portal"),
        ("GET", "/api/v1/clock", "portal"),
        ("GET", "/docs", "portal"),
        ("GET", "/", "portal"),
    ],
)
def test_an_address_leads_to_the_service_that_owns_it(
    gateway: Any, method: str, path: str, service: str
) -> None:
    assert by(gateway.client.request(method, path, headers=TOKEN)) == service


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/healthz"])
def test_what_is_for_operators_is_not_served(gateway: Any, path: str) -> None:
    assert gateway.client.get(path, headers=TOKEN).status_code == 404


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_with_a_problem(gateway: Any, chunked: bool) -> None:
    content = (b"x" * 1000 for _ in range(66)) if chunked else b"x" * 66_000
    answer = gateway.client.post(TARGETS, content=content, headers=TOKEN)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert gateway.client.post(TARGETS, content=b"x" * 65_000, headers=TOKEN).json()["size"] == 65_000


def test_a_caller_without_a_token_is_limited_by_its_address_and_others_are_not(gateway: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gateway.client.get(TARGETS), range(120)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(answer.headers["Retry-After"] for answer in refused)
    assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
    assert by(gateway.client.get(TARGETS, headers=TOKEN)) == "indicators"


def test_a_services_own_problem_passes_unchanged(gateway: Any) -> None:
    answer = gateway.client.get(f"{TARGETS}/busy", headers=TOKEN)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "own", "7")
    # and it is no reason to close the service for others
    assert [gateway.client.get(TARGETS, headers=TOKEN).status_code for _ in range(4)] == [200] * 4


def test_answers_carry_security_headers_and_are_compressed(gateway: Any) -> None:
    headers = gateway.client.get(f"{TARGETS}/long", headers={**TOKEN, "Accept-Encoding": "gzip"}).headers
    assert headers["Content-Encoding"] == "gzip"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Server" not in headers


def test_event_streams_are_not_held_back(gateway: Any) -> None:
    with gateway.client.stream("GET", "/api/v1/messages/events", headers=TOKEN) as stream:
        assert next(stream.iter_raw()) == b"data: 1\n\n"


def test_browsers_may_ask_from_elsewhere(gateway: Any) -> None:
    asked = {
        "Origin": "https://front.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,if-match,idempotency-key",
    }
    headers = gateway.client.options(TARGETS, headers=asked).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "PATCH" in headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in headers["Access-Control-Allow-Headers"]
    exposed = gateway.client.get(TARGETS, headers={**TOKEN, **asked}).headers["Access-Control-Expose-Headers"]
    assert "ETag" in exposed


def test_the_trace_goes_through_and_false_forwarded_headers_do_not(gateway: Any) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    sent = {
        **TOKEN,
        "traceparent": trace,
        "X-Request-Id": "r-1",
        "X-Forwarded-For": "203.0.113.9",
        "X_Forwarded_For": "203.0.113.9",
    }
    received = gateway.client.get(TARGETS, headers=sent).json()["headers"]
    assert (received["traceparent"], received["x-request-id"]) == (trace, "r-1")
    assert received["x-forwarded-for"] == "127.0.0.1"
    assert "x_forwarded_for" not in received


def test_a_killed_copy_costs_no_request_and_a_service_away_is_said_to_be_away(
    gateway: Any, eventually: Callable[..., None]
) -> None:
    client, first, second = (
        gateway.client,
        gateway.upstreams["indicators#1"],
        gateway.upstreams["indicators#2"],
    )
    first.kill()
    answers = [
        client.request(method, TARGETS, headers=TOKEN) for _ in range(100) for method in ("GET", "POST")
    ]
    assert {by(answer) for answer in answers} == {"indicators"}
    second.kill()

    def away() -> bool:
        answer = client.post(f"{TARGETS}/0197/retire", content=b"{}", headers=TOKEN)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["Retry-After"]
        return answer.status_code == 503

    eventually(away)
    first.start()
    second.start()
    eventually(lambda: client.get(TARGETS, headers=TOKEN).status_code == 200)


def test_with_a_certificate_it_speaks_tls(tmp_path: Path, start_gateway: Callable[..., Any]) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(certificate, key)
    settings = StackSettings(tls_cert=str(certificate), tls_key=str(key))
    with start_gateway(tmp_path / "gateway", settings, names=["indicators", "portal"]) as gateway:
        answer = gateway.client.get(TARGETS, headers=TOKEN)
        assert gateway.gateway.url.startswith("https://")
        assert by(answer) == "indicators"
        assert answer.headers["Strict-Transport-Security"]


def make_certificate(certificate: Path, key: Path) -> None:
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway.test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def test_every_service_has_routes_and_no_resource_two_owners(tmp_path: Path) -> None:
    routes = load_routes()
    assert set(routes) == {service.name for service in SERVICES}
    assert {name: each.letters for name, each in routes.items() if each.letters} == {
        service.name: service.letters for service in SERVICES if service.owns_data
    }
    twice = tmp_path / "routes.yaml"
    twice.write_text("a: {resources: [calls]}\nb: {resources: [calls]}\n")
    with pytest.raises(ValueError, match="calls belongs to a and to b"):
        load_routes(twice)
