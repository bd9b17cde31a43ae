import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kechuang import telemetry
from kechuang.personal import Secret
from kechuang.telemetry import continue_trace, current_trace, log, parse_traceparent, span, traces, use_trace

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def lines(capsysbinary: pytest.CaptureFixture[bytes]) -> Iterator["Lines"]:
    telemetry.setup("enterprise-registry", "api")
    yield Lines(capsysbinary)
    structlog.reset_defaults()
    for handler in [each for each in logging.getLogger().handlers if type(each).__name__ == "_FromLibraries"]:
        logging.getLogger().removeHandler(handler)


class Lines:
    def __init__(self, captured: pytest.CaptureFixture[bytes]) -> None:
        self._captured = captured

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._captured.readouterr().out.splitlines()]


def test_a_line_is_json_with_a_static_message_and_fields(lines: Lines) -> None:
    context = continue_trace(CALLER)
    with use_trace(context):
        log.info("bid_received", bid="b-1", ms=1.5)
    log.debug("not written")
    (line,) = lines.read()
    assert line.pop("time").endswith("Z")
    assert line == {
        "message": "bid_received",
        "level": "info",
        "service": "enterprise-registry",
        "process": "api",
        "bid": "b-1",
        "ms": 1.5,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": context.span_id,
    }


def test_no_personal_datum_or_secret_gets_through(lines: Lines) -> None:
    planted = [
        "13800005678",
        "440700198002290019",
        "zhang@example.cn",
        "张三",
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln",
    ]
    log.warning(
        f"sent to {planted[0]}",  # the mistake that the net is for
        note=f"身份证{planted[1]}，邮箱{planted[2]}",
        phone=planted[0],
        record={"person_name": planted[3], "items": [{"Set-Cookie": planted[4]}, planted[4]]},
        secret_value=Secret(planted[3]),
        link="nats://relay:open-sesame@127.0.0.1:4222",
    )
    written = json.dumps(lines.read(), ensure_ascii=False)
    assert [mark for mark in [*planted, "open-sesame"] if mark in written] == []
    assert "***" in written


def test_ids_and_credit_codes_stay_readable(lines: Lines) -> None:
    log.info(
        "seen",
        organisation="91440703MA0TEAT010",
        record="018f3c1a-1380-7000-8000-138000056781",
        at=1700000000000,
    )
    (line,) = lines.read()
    assert (line["organisation"], line["record"]) == (
        "91440703MA0TEAT010",
        "018f3c1a-1380-7000-8000-138000056781",
    )
    assert line["at"] == 1700000000000


def test_of_an_exception_the_type_and_places_are_written_but_not_the_message(lines: Lines) -> None:
    def insert() -> None:
        raise ValueError("duplicate key (张三)")

    try:
        insert()
    except ValueError as error:
        log.error("unexpected_error", exc_info=error)
        logging.getLogger("library").exception("failed for %s", "13800005678")
    ours, library = lines.read()
    assert ours["exception"] == library["exception"] == "ValueError"
    assert ours["places"][-1].endswith(" insert")
    assert "张三" not in json.dumps([ours, library], ensure_ascii=False)
    assert (library["message"], library["logger"], library["level"]) == ("failed for ***", "library", "error")


def test_requests_are_counted_by_route_template(lines: Lines) -> None:
    telemetry.observe_request("GET", "/api/v1/bids/{id}", 200, 0.004)
    telemetry.observe_request("BREW", "unmatched", 404, 0.001)
    body, media_type = telemetry.render_metrics()
    text = body.decode()
    assert media_type.startswith("text/plain")
    assert 'kechuang_http_requests_total{method="GET",route="/api/v1/bids/{id}",status="200"} 1.0' in text
    assert 'kechuang_http_requests_total{method="OTHER",route="unmatched",status="404"} 1.0' in text
    assert (
        'kechuang_http_request_seconds_bucket{le="0.005",method="GET",route="/api/v1/bids/{id}"} 1.0' in text
    )
    assert lines.read() == []


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "ff" + CALLER[2:],
        CALLER + "-more",
        CALLER.upper(),
        CALLER[:-1],
    ],
)
def test_a_malformed_trace_header_starts_a_new_trace(header: str | None) -> None:
    assert parse_traceparent(header) is None
    assert continue_trace(header).trace_id != continue_trace(header).trace_id


def test_a_trace_header_is_carried_on_with_a_new_span() -> None:
    caller = parse_traceparent(CALLER)
    assert caller is not None
    assert caller.traceparent == CALLER
    assert parse_traceparent("01" + CALLER[2:] + "-later") == caller
    own = continue_trace(CALLER[:-1] + "0")
    assert (own.trace_id, own.sampled) == (caller.trace_id, False)
    assert own.span_id != caller.span_id
    assert own.traceparent.endswith("-00")


def test_without_an_exporter_spans_only_carry_the_trace_on() -> None:
    with use_trace(continue_trace(CALLER)) as outer, span("draw", call="c-1") as inner:
        inner.set(name="other", pool=3)
        inner.failed("TimeoutError")
        assert current_trace() == inner.context
        assert (inner.context.trace_id, inner.context.span_id != outer.span_id) == (outer.trace_id, True)
    assert current_trace() is None
    with pytest.raises(RuntimeError):
        _ = span("never begun").context


def test_with_an_exporter_spans_join_the_caller_s_trace_and_name_no_message() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traces.install_provider(provider)
    try:
        with span("request", kind="server", parent=parse_traceparent(CALLER)) as request:
            request.set(name="GET /api/v1/bids/{id}", status=500)
            with pytest.raises(ValueError, match="张三"), span("query"):
                raise ValueError("张三")
    finally:
        telemetry.shutdown_tracing()
    query, server = exporter.get_finished_spans()
    assert server.name == "GET /api/v1/bids/{id}"
    assert f"{server.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert server.parent is not None
    assert f"{server.parent.span_id:016x}" == "b7ad6b7169203331"
    assert query.parent is not None
    assert query.parent.span_id == server.context.span_id
    assert "张三" not in query.to_json() + server.to_json()
    assert query.attributes is not None
    assert query.attributes["error.type"] == "ValueError"


def test_spans_are_exported_only_where_a_collector_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    assert telemetry.start_tracing("indicators", "api") is False
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert telemetry.start_tracing("indicators", "api") is False
    monkeypatch.delenv("OTEL_SDK_DISABLED")
    try:
        assert telemetry.start_tracing("indicators", "api") is True
        assert telemetry.start_tracing("indicators", "api") is True
    finally:
        telemetry.shutdown_tracing()
