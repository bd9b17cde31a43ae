"""What the asynchronous half tells Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

from kechuang.clock import real_milliseconds

outbox_lag = Gauge("kechuang_outbox_lag_seconds", "Age of the oldest event that is not published yet")
sealing_lag = Gauge("kechuang_sealing_lag_seconds", "Age of the oldest event without a position")
published = Counter("kechuang_events_published_total", "Events acknowledged by the broker")
parked = Counter(
    "kechuang_events_parked_total", "Events that the broker refused for good; an alarm", ["subject"]
)
handled = Counter("kechuang_events_handled_total", "Events by what became of them", ["type", "outcome"])
delay = Histogram(
    "kechuang_event_delay_seconds",
    "From the making of an event to the commit of its effect",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 300),
)
consumer_lag = Gauge("kechuang_consumer_lag_events", "Events that wait for this service", ["stream"])
timers_fired = Counter("kechuang_timers_fired_total", "Timers by what became of them", ["kind", "outcome"])
timers_overdue = Gauge("kechuang_timers_overdue", "Timers that are due and have not fired")
chunks_done = Counter(
    "kechuang_job_chunks_total", "Chunks of jobs by what became of them", ["kind", "outcome"]
)
audit_lag = Gauge("kechuang_audit_sealing_lag_seconds", "Age of the oldest audit row outside a closed batch")
failures = Counter("kechuang_worker_failures_total", "Passes of a worker's loop that failed", ["loop"])

_VERSION_7_TIME_DIGITS = 12


def seconds_since(record_id: str) -> float:
    """Seconds since a UUIDv7 was made (RFC 9562 section 5.7: its first 48 bits are Unix milliseconds)."""
    digits = record_id.replace("-", "")[:_VERSION_7_TIME_DIGITS]
    try:
        return max(0.0, (real_milliseconds() - int(digits, 16)) / 1000)
    except ValueError:
        return 0.0
