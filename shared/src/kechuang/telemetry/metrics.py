"""Prometheus metrics of the request path (rate, errors, duration by route template) and of jobs.

Labels come from closed sets only: route templates instead of addresses, known methods, status codes.
"""

from functools import lru_cache
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_requests: Final = Counter("kechuang_http_requests_total", "Answers given", ["method", "route", "status"])
_seconds: Final = Histogram(
    "kechuang_http_request_seconds",
    "From the first byte of a request to the last of its answer",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10),
)
jobs: Final = Gauge("kechuang_jobs", "Jobs by kind and state", ["kind", "state"])


@lru_cache(maxsize=4096)
def _children(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    known = method if method in _METHODS else "OTHER"
    return _requests.labels(known, route, str(status)), _seconds.labels(known, route)


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer. `route` is the template (`/api/v1/bids/{id}`) or `unmatched`, never the address."""
    counter, histogram = _children(method, route, status)
    counter.inc()
    histogram.observe(seconds)


def render_metrics() -> tuple[bytes, str]:
    """All metrics of this process in the Prometheus text format, and its media type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
