"""A small, endless load for tests: organisations are registered through the gateway by a careful client.

load = Registrations(stack.gateway, stack.token("integration"), seed=7, area="440103")
async with load.running():
    await load.more(30)  # thirty more are acknowledged
    stack.kill("postgres")
    await load.more(30)

Each registration has an idempotency key and is sent again with it until the service itself answers. Leaving the
block ends the load when everything that was begun is acknowledged.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

from kechuang.codes.synthetic import synthetic_uscc

AWAY: Final = frozenset({502, 503, 504})
_CLIENTS: Final = 6
_PACE_SECONDS: Final = 0.08  # of every client, between two registrations
_LONGEST_PAUSE: Final = 0.5
_PATIENCE: Final = 60.0
_CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class Trouble:
    """A try that got no answer of the service: the gateway's or the service's refusal, or a broken connection."""

    status: int | None
    text: str
    headers: dict[str, str]


@dataclass(slots=True)
class Registration:
    """One organisation: what was sent, what went wrong, and the answer in the end."""

    key: str
    body: dict[str, Any]
    troubles: list[Trouble] = field(default_factory=list)
    answer: dict[str, Any] | None = None

    @property
    def uscc(self) -> str:
        return str(self.body["uscc"])


class Registrations:
    """The load. `begun` has every registration, `acknowledged` those that were answered with 201."""

    def __init__(self, gateway: str, token: str, *, seed: int, area: str) -> None:
        """Each seed has names and keys of its own. Codes of one area are few enough to meet by chance (31⁴), so
        loads on one stack differ in the `area` that their codes carry (not where the organisations lie)."""
        self._url = f"{gateway}/api/v1/organisations"
        self._token = token
        self._seed = seed
        self._area = area
        self._random = Random(seed)  # noqa: S311  repeatable, and nothing secret
        self._ending = False
        self._answered = asyncio.Event()
        self.begun: list[Registration] = []
        self.acknowledged: list[Registration] = []

    @property
    def troubles(self) -> list[Trouble]:
        """All tries that failed."""
        return [trouble for each in self.begun for trouble in each.troubles]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Register without end inside the block; an unexpected answer fails it."""
        self._ending = False
        limits = httpx.Limits(max_keepalive_connections=_CLIENTS)
        async with (
            httpx.AsyncClient(limits=limits, trust_env=False, timeout=15) as http,
            asyncio.TaskGroup() as clients,
        ):
            for _ in range(_CLIENTS):
                clients.create_task(self._client(http))
            try:
                yield
            finally:
                self._ending = True

    async def more(self, count: int) -> None:
        """Wait until `count` more registrations were acknowledged."""
        goal = len(self.acknowledged) + count
        await self._until(lambda: len(self.acknowledged) >= goal)

    async def more_troubles(self, count: int) -> None:
        """Wait until `count` more tries failed."""
        goal = len(self.troubles) + count
        await self._until(lambda: len(self.troubles) >= goal)

    async def repeat(self, each: Registration) -> httpx.Response:
        """Send an acknowledged registration once more."""
        async with httpx.AsyncClient(trust_env=False, timeout=15) as http:
            return await http.post(self._url, json=each.body, headers=self._headers(each))

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not condition():
                self._answered.clear()
                await self._answered.wait()

    async def _client(self, http: httpx.AsyncClient) -> None:
        while not self._ending:
            each = self._next()
            self.begun.append(each)
            async with asyncio.timeout(_PATIENCE):
                each.answer = await self._until_answered(http, each)
            self.acknowledged.append(each)
            self._answered.set()
            await asyncio.sleep(_PACE_SECONDS)

    async def _until_answered(self, http: httpx.AsyncClient, each: Registration) -> dict[str, Any]:
        while True:
            pause = 0.1
            try:
                answer = await http.post(self._url, json=each.body, headers=self._headers(each))
            except httpx.TransportError as error:
                each.troubles.append(Trouble(None, f"{type(error).__name__} {error}", {}))
            else:
                if not _is_away(answer):
                    assert answer.status_code == _CREATED, f"{answer.status_code} {answer.text}"
                    created: dict[str, Any] = answer.json()
                    return created
                each.troubles.append(Trouble(answer.status_code, answer.text, dict(answer.headers)))
                pause = min(float(answer.headers.get("retry-after", pause)), _LONGEST_PAUSE)
            self._answered.set()
            await asyncio.sleep(pause)

    def _headers(self, each: Registration) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Idempotency-Key": each.key}

    def _next(self) -> Registration:
        number = len(self.begun) + 1
        known = {each.uscc for each in self.begun}
        while (uscc := synthetic_uscc(self._random, self._area)) in known:
            pass
        body = {
            "uscc": uscc,
            "name": f"江门试验精密制造{self._seed}组第{number}厂",
            "kind": "enterprise",
            "division": "440703",
            "industry": "C34",
        }
        return Registration(f"load-{self._seed}-{number}", body)


def _is_away(answer: httpx.Response) -> bool:
    """Whether no service answered. A gateway that has just started says 404 in plain text until it has read its
    routes; the services' own 404 is a problem document."""
    if answer.status_code == httpx.codes.NOT_FOUND:
        return str(answer.headers.get("content-type", "")).startswith("text/plain")
    return answer.status_code in AWAY
