"""Logs, metrics and traces. None of them ever carries personal data: ids only."""

import structlog

from kechuang.telemetry.logs import configure_logging
from kechuang.telemetry.metrics import jobs, observe_request, render_metrics
from kechuang.telemetry.traces import (
    TraceContext,
    continue_trace,
    current_trace,
    parse_traceparent,
    shutdown_tracing,
    span,
    start_tracing,
    use_trace,
)

__all__ = [
    "TraceContext",
    "continue_trace",
    "current_trace",
    "jobs",
    "log",
    "observe_request",
    "parse_traceparent",
    "render_metrics",
    "setup",
    "shutdown_tracing",
    "span",
    "start_tracing",
    "use_trace",
]

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("kechuang")
"""The process's log: a static message, and what varies in fields: `log.info("bid_received", bid=bid_id)`."""


def setup(service: str, process: str, *, level: str = "info") -> None:
    """Start telemetry for one process (`api` or `worker`) of a service. A second call replaces the first."""
    configure_logging(service, process, level=level)
    start_tracing(service, process)
