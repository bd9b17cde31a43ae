"""What went wrong, in words that are safe to keep.

A database's message quotes the values of the row, pydantic's quotes the input: personal data. So an error
is told by its kind, its code and the place in our code, never by its message.
"""

import traceback

import asyncpg
import nats.errors
import sqlalchemy.exc
from pydantic import ValidationError

from kechuang.errors import Refusal, Unavailable

_LONGEST = 500
_OUTAGES = (
    OSError,
    TimeoutError,
    Unavailable,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the connection broke in the middle of a message
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    nats.errors.Error,
    sqlalchemy.exc.TimeoutError,
)


class Poison(Exception):  # noqa: N818  it names the message, and is not an error of the program
    """Raised by a handler: no retry will help; the event is put aside at once."""


class NotYet(Exception):  # noqa: N818  see above
    """Raised by a handler: something that belongs before this event has not come; try again shortly."""


def is_outage(error: BaseException) -> bool:
    """Tell whether a dependency is away: waiting helps, and it is not the event's fault."""
    if isinstance(error, sqlalchemy.exc.DBAPIError) and not error.connection_invalidated:
        return _is_away(getattr(error.orig, "__cause__", None))
    return _is_away(error) or isinstance(error, sqlalchemy.exc.DBAPIError)


def _is_away(error: BaseException | None) -> bool:
    # asyncpg's DataError is an InterfaceError too, but no waiting mends a value that cannot be sent.
    return isinstance(error, _OUTAGES) and not isinstance(error, ValueError)


def describe(error: BaseException) -> str:
    """Tell an error's kind, code and place without a word of its message."""
    parts = [type(error).__name__]
    match error:
        case Refusal():
            parts.append(error.code)
        case ValidationError():
            places = (
                ".".join(str(step) for step in each["loc"]) for each in error.errors(include_input=False)
            )
            parts.append(", ".join(f"/{place}" for place in places))
        case Poison() | NotYet() if error.args:
            parts.append(str(error.args[0]))  # written by us, for this place
        case sqlalchemy.exc.DBAPIError() if error.orig is not None:
            cause = error.orig.__cause__ or error.orig
            parts.append(f"{type(cause).__name__} {getattr(cause, 'sqlstate', None) or ''}".strip())
        case asyncpg.PostgresError():
            parts.append(str(getattr(error, "sqlstate", "")))
        case _:
            pass
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    if ours:
        parts.append(f"at {ours[-1].name}:{ours[-1].lineno}")
    return " ".join(part for part in parts if part)[:_LONGEST]
