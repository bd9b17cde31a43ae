"""Structured logging: one JSON object a line on standard output, ours and the libraries' alike.

A message is static and what varies goes into fields, so that lines can be counted by message. Two nets catch
personal data and secrets that somebody logs in spite of the rule: fields by name, and texts by pattern. Of
an exception the type and the places are written, never its message, because a database's or pydantic's
message quotes the values that were sent.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kechuang.telemetry.traces import current_trace

_HIDDEN: Final = "***"
_DEEPEST: Final = 4
_PERSONAL_FIELDS: Final = frozenset(
    [
        "phone",
        "mobile",
        "telephone",
        "fax",
        "resident_id",
        "identity_number",
        "id_number",
        "id_card",
        "passport",
        "bank_account",
        "account_number",
        "email",
        "address",
        "home_address",
        "person_name",
        "full_name",
        "birth_date",
        "birthday",
        "health",
    ]
)
_SECRET_FIELDS: Final = frozenset(
    [
        "authorization",
        "cookie",
        "set_cookie",
        "password",
        "secret",
        "client_secret",
        "token",
        "access_token",
        "refresh_token",
        "id_token",
        "private_key",
        "master_key",
        "signing_key",
        "share",
        "dsn",
        "database_url",
    ]
)
_FIELDS: Final = _PERSONAL_FIELDS | _SECRET_FIELDS
# A mobile number, an identity number, an e-mail address (and the `user:password@host` of a URL), a JWT.
_PATTERNS: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"(?:\+?86)?1[3-9]\d{9}"
    r"|[1-8]\d{5}(?:18|19|20)\d{9}[\dXx]"
    r"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
    r")(?![0-9A-Za-z])"
    r"|[^\s@\"'<>]{1,64}@[^\s@\"'<>]{2,}"
)
# Cheap to look for, and in every text that the patterns above can match.
_SUSPECT: Final = re.compile(r"\d{11}|@|eyJ")
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# Libraries that write a line for each request or query at these levels; ours says it better.
_QUIET: Final = ("uvicorn.access", "httpx", "httpcore", "sqlalchemy.engine", "asyncio")


class _Output:
    """Writes whole lines to the standard output of the moment, so that it may be redirected at any time."""

    def msg(self, line: bytes) -> None:
        stream = sys.stdout.buffer
        stream.write(line + b"\n")
        stream.flush()

    debug = info = warning = error = critical = exception = fatal = log = msg


def _clean(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _clean_all(value, depth + 1) if depth < _DEEPEST else _HIDDEN
    text = str(value)
    return _PATTERNS.sub(_HIDDEN, text) if _SUSPECT.search(text) else text


def _clean_all(values: Mapping[Any, Any] | Iterable[Any], depth: int) -> Any:
    if not isinstance(values, Mapping):
        return [_clean(each, depth) for each in values]
    return {
        _clean(str(name)): _HIDDEN if str(name).lower().replace("-", "_") in _FIELDS else _clean(each, depth)
        for name, each in values.items()
    }


def without_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that is the net: hides fields by name and parts of texts by pattern."""
    return {name: _HIDDEN if name in _FIELDS else _clean(value) for name, value in event.items()}


def _exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if not isinstance(error, BaseException):
        return event
    event["exception"] = type(error).__qualname__
    event["places"] = [
        f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__, limit=-20)
    ]
    if error.__cause__ is not None:
        event["cause"] = type(error.__cause__).__qualname__
    return event


def _trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if (context := current_trace()) is not None:
        event.setdefault("trace_id", context.trace_id)
        event.setdefault("span_id", context.span_id)
    return event


class _FromLibraries(logging.Handler):
    """Carries the lines of libraries that use the standard `logging` into the same form."""

    def __init__(self) -> None:
        super().__init__()
        self._log = structlog.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
            self._log.log(level, record.getMessage(), logger=record.name, exc_info=record.exc_info)
        except Exception:  # noqa: BLE001 a line that cannot be written must not stop the work it tells about
            self.handleError(record)


def configure_logging(service: str, process: str, *, level: str = "info") -> None:
    """Send all logs of this process as JSON lines to standard output; `level` is debug, info, warning, error."""
    least = _LEVELS[level]

    def origin(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"], event["process"] = service, process
        return event

    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        origin,
        _trace,
        _exception,
        without_personal_data,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(serializer=orjson.dumps),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: _Output(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _FromLibraries)]:
        root.removeHandler(handler)
    root.addHandler(_FromLibraries())
    root.setLevel(least)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
