"""Many requests at once, each repeated under the same idempotency key until it is answered."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from kechuang_embedded.demo.client import Json, RefusedError, WaitedInVainError

_T = TypeVar("_T")
_AWAY: Final = frozenset({429, 502, 503, 504})
_PAUSE: Final = 0.25
CONNECTIONS: Final = 24


class Pool:
    """Tokens, connections and keys for loading. `run` makes the keys: the same run loads the same things once."""

    def __init__(self, stack: Mapping[str, Any], *, run: str, patience: float = 60.0) -> None:
        self._stack = stack
        self._run = run
        self._patience = patience
        self._tokens: dict[str, str] = dict(stack["tokens"])
        self._client = httpx.AsyncClient(
            base_url=str(stack["gateway"]),
            timeout=60.0,
            trust_env=False,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def token(self, **wanted: str) -> str:
        """A token on demand, asked of the issuer once; `principal=<name>` for a demonstration principal."""
        name = wanted.get("principal") or repr(sorted(wanted.items()))
        if name not in self._tokens:
            client = self._stack["demo_client"]
            form = {
                "grant_type": "client_credentials",
                "client_id": client["id"],
                "client_secret": client["secret"],
                "expires_in": "86400",
                **wanted,
            }
            answer = await self._client.post(f"{self._stack['issuer']}/token", data=form)
            answer.raise_for_status()
            self._tokens[name] = answer.json()["access_token"]
        return self._tokens[name]

    async def post(
        self, token: str, path: str, body: Json | None, key: str, *, version: int | None = None
    ) -> Json:
        """Post once in effect; `version` where the verb demands If-Match."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{self._run}:{key}"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self._send("POST", path, headers, {"json": body})

    async def upload(self, token: str, resource: str, name: str, content: bytes, key: str) -> str:
        """Upload a JSON document; gives the file's id."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": f"{self._run}:{key}",
            "Content-Type": "application/json",
        }
        options = {"params": {"for": resource, "name": name}, "content": content}
        return str((await self._send("POST", "files", headers, options))["id"])

    async def imported(
        self, token: str, resource: str, rows: Sequence[Json], key: str, told: Callable[[int], None]
    ) -> Json:
        """Import rows as NDJSON and follow the job to its end; `told` hears how many rows are done.

        Raises RefusedError when a row was refused: the report names line, column and reason.
        """
        content = b"\n".join(json.dumps(row, ensure_ascii=False).encode() for row in rows)
        headers = {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": f"{self._run}:{key}",
            "Content-Type": "application/x-ndjson",
        }
        path = f"{resource}/imports"
        job = await self._send("POST", path, headers, {"content": content, "params": {"on_match": "skip"}})
        reader = {"Authorization": f"Bearer {token}"}
        while job["state"] == "running":
            told(round(job["progress"] * len(rows)))
            await asyncio.sleep(_PAUSE)
            job = await self._send("GET", f"jobs/{job['id']}", reader, {})
        if job["state"] != "succeeded" or job["result"].get("refused"):
            report = await self._client.get(f"/api/v1/jobs/{job['id']}/report", headers=reader)
            raise RefusedError(path, 422, {"code": job["state"], "detail": report.text[:600]})
        told(len(rows))
        return job

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], options: Mapping[str, Any]
    ) -> Json:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                answer = await self._client.request(method, f"/api/v1/{path}", headers=headers, **options)
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if answer.is_success:
                    found: Json = answer.json()
                    return found
                if answer.status_code not in _AWAY:
                    problem = answer.json() if answer.headers.get("content-type", "").endswith("json") else {}
                    raise RefusedError(f"{method} {path}", answer.status_code, problem)
                trouble = f"{answer.status_code} {answer.text[:200]}"
            if time.monotonic() > deadline:
                raise WaitedInVainError(f"{method} {path}: no answer for {self._patience:.0f} s; {trouble}")
            await asyncio.sleep(_PAUSE)


async def at_once(
    work: Callable[[_T], Awaitable[None]], items: Iterable[_T], done: Callable[[], None]
) -> None:
    """Do `work` for every item, as many at once as there are connections; the first failure ends all."""
    source = iter(items)

    async def take() -> None:
        for item in source:
            await work(item)
            done()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(take())
