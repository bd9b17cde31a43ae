"""What follows from an act: the clock and its consequences, events in the streams, figures of indicators."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from nats.aio.client import Client as Nats
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from kechuang.calendar import NationalCalendar
from kechuang.clock import start_of_day
from kechuang_embedded.demo.client import Api, Json, RefusedError, WaitedInVainError

_T = TypeVar("_T")
_PAUSE: Final = 0.05
_A_SECOND: Final = timedelta(seconds=1)
_CALENDAR: Final = NationalCalendar()
_PATIENCE: Final = 120.0
STREAMS: Final = ("ENTERPRISE_REGISTRY", "COMMISSIONER_MATCHING", "PROJECT_BIDDING")


def wait_for(what: str, ask: Callable[[], _T | None], patience: float = _PATIENCE) -> _T:
    """Ask until there is an answer; says what it waited for when there is none in time."""
    deadline = time.monotonic() + patience
    while (found := ask()) is None:
        if time.monotonic() > deadline:
            raise WaitedInVainError(f"waited {patience:.0f} s in vain for: {what}")
        time.sleep(_PAUSE)
    return found


class Clock:
    """The business clock of the stack."""

    def __init__(self, api: Api) -> None:
        self._administrator = api.by("administrator")
        self._patience = max(_PATIENCE, 2 * api.patience)

    def now(self) -> str:
        """The instant on the business clock, ISO 8601."""
        return str(self._administrator.get("clock")["now"])

    def settle(self) -> Json:
        """Wait until all consequences have happened: no timer due, nothing to publish, nobody behind.

        Twice in a row: services are asked one after the other, and one may just have handed on to another.
        """
        seen: Json = {}

        def still() -> bool:
            seen.update(self._administrator.get("clock"))
            return not any(seen[name] for name in ("timers_due", "outbox_pending", "consumers_behind"))

        try:
            return wait_for(
                "timers, outbox and consumers to be done",
                lambda: seen if still() and still() else None,
                self._patience,
            )
        except WaitedInVainError as error:
            raise WaitedInVainError(f"{error}; the clock says {seen}") from None

    def advance_to(self, instant: datetime) -> None:
        """Move the clock forward to an instant; one that has passed is left alone, so telling it twice is harmless."""
        self.settle()
        if instant > datetime.fromisoformat(self.now()):
            # A second more, so that what is due at the instant is due.
            try:
                self._administrator.post("clock/advance", {"to": (instant + _A_SECOND).isoformat()})
            except RefusedError as refused:
                if refused.code != "clock_moves_forward":  # an answer that was lost: it stands there already
                    raise
        self.settle()

    def morning_after(self, day: str) -> None:
        """Move to nine o'clock in Shanghai on the first working day after `day` (ISO date)."""
        following = date.fromisoformat(day) + timedelta(days=1)
        while not _CALENDAR.is_working_day(following):
            following += timedelta(days=1)
        self.advance_to(start_of_day(following) + timedelta(hours=9))


@dataclass(frozen=True, slots=True)
class Seen:
    """An event in a stream."""

    stream: str
    sequence: int
    type: str
    subject: str
    data: Mapping[str, Any]

    @property
    def short(self) -> str:
        """`recognition.decided`."""
        return ".".join(self.type.split(".")[2:4])


class Events:
    """Reads what services published, with the observer's rights: it looks and changes nothing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._last: dict[str, int] = {}

    def skip(self) -> None:
        """Begin behind what is there now."""
        asyncio.run(self._read(skip=True))

    def new(self) -> list[Seen]:
        """What came since the last time, by stream in order; nothing while the broker is away."""
        try:
            return asyncio.run(self._read(skip=False))
        except (OSError, TimeoutError, NatsError, JetStreamError):
            return []  # told with the next step

    async def _read(self, *, skip: bool) -> list[Seen]:
        connection = Nats()
        await connection.connect(self._url, allow_reconnect=False, connect_timeout=3, error_cb=_quiet)
        try:
            stream = connection.jetstream()
            found: list[Seen] = []
            for name in STREAMS:
                last = (await stream.stream_info(name)).state.last_seq
                if not skip:
                    for sequence in range(self._last.get(name, 0) + 1, last + 1):
                        try:
                            message = await stream.get_msg(name, sequence)
                        except NotFoundError:
                            continue
                        envelope = json.loads(message.data or b"{}")
                        found.append(
                            Seen(name, sequence, envelope["type"], envelope["subject"], envelope["data"])
                        )
                self._last[name] = last
            return found
        finally:
            await connection.close()


async def _quiet(_: Exception) -> None:
    """The caller hears of the error."""
