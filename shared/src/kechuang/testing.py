"""What the services' tests are written with: a real database, the real application, tokens for anybody.

async with ServiceHarness(SERVICE, engines) as harness:
    clerk = harness.client(roles=["enterprise_clerk"], organisation=USCC)
    answer = await clerk.post("/api/v1/technical-needs", json={...})
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Self

import httpx
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from pydantic import SecretStr

from kechuang.access import Actor
from kechuang.clock import Clock
from kechuang.db.engines import Database
from kechuang.db.migrations import upgrade
from kechuang.db.unit import UnitOfWork
from kechuang.http.app import create_app
from kechuang.ids import new_id
from kechuang.messaging.events import Event
from kechuang.service import Service
from kechuang.settings import Settings

ISSUER = "http://issuer.test"
_KEY = RSAKey.generate_key(2048, {"kid": "test"}, private=True)


def token(*, key: RSAKey | OctKey = _KEY, algorithm: str = "RS256", **claims: Any) -> str:
    """Sign an access token; claims override the usual ones."""
    now = int(Clock().real_now().timestamp())
    full = {"iss": ISSUER, "aud": "kechuang", "sub": "somebody", "iat": now, "exp": now + 3600, **claims}
    return jwt.encode({"alg": algorithm, "kid": "test"}, full, key, algorithms=[algorithm])


def test_settings(package: str, urls: Any, **more: Any) -> Settings:
    """Settings of a process under test: movable clock, throw-away keys."""
    return Settings(
        service=package.replace("_", "-"),
        database_url=urls.writer,
        database_read_url=urls.reader,
        database_owner_url=urls.owner,
        oidc_issuer=ISSUER,
        master_key=SecretStr(base64.b64encode(b"m" * 32).decode()),
        signing_key=SecretStr(base64.b64encode(b"s" * 32).decode()),
        clock_movable=True,
        write_pool=8,
        read_pool=6,
        **more,
    )


test_settings.__test__ = False  # type: ignore[attr-defined]


class ServiceHarness:
    """One service with a database of its own; the application runs in this process."""

    def __init__(
        self, service: Service, engines: Any, *, migrate: Callable[[str], None] | None = None, **settings: Any
    ) -> None:
        self._migrate = migrate or partial(upgrade, service.package)
        self.service = service
        self._engines = engines
        self._more = settings
        self._stack: Any = None

    async def __aenter__(self) -> Self:
        urls = await asyncio.to_thread(self._engines.create_database, self.service.package)
        self.urls = urls
        self._files = mkdtemp(prefix="kechuang-files-")
        self._more.setdefault("files_url", f"file://{self._files}")
        self.settings = test_settings(self.service.package, urls, **self._more)
        await asyncio.to_thread(self._migrate, urls.owner)
        self.app = create_app(self.service, self.settings)
        self.app.state.tokens.trust(KeySet([_KEY]))
        self.database: Database = self.app.state.database
        self._stack = self.app.router.lifespan_context(self.app)
        await self._stack.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.__aexit__(None, None, None)
        rmtree(self._files)

    def client(
        self,
        *,
        roles: Sequence[str] = (),
        subject: str | None = None,
        headers: Mapping[str, str] | None = None,
        **claims: Any,
    ) -> "Client":
        """Give a client with a token of these claims; without roles, one without a token."""
        sent = dict(headers or {})
        if roles:
            name = subject or "-".join([*roles, *(str(each) for each in claims.values())])
            sent["Authorization"] = "Bearer " + token(sub=name, roles=list(roles), **claims)
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return Client(httpx.AsyncClient(transport=transport, base_url="http://test", headers=sent))

    async def at(self, **offset: float) -> None:
        """Move the business clock forward."""
        self.database.clock.offset += timedelta(**offset)
        seconds = int(self.database.clock.offset.total_seconds())
        async with self.database.write.begin() as conn:
            await conn.execute(sa.text("INSERT INTO clock_offset (seconds) VALUES (:s) ON CONFLICT (single) DO UPDATE SET seconds = :s"), {"s": seconds})  # fmt: skip

    async def fire_timers(self) -> int:
        """Fire every timer that is due."""
        from kechuang.timers import fire_due

        fired = 0
        while once := await fire_due(self.database):
            fired += once
        return fired

    async def seal(self) -> None:
        """Give positions to everything that was committed."""
        from kechuang.messaging.sealer import seal

        await seal(self.database)

    async def deliver(
        self, event: Event, *, aggregate: str, version: int = 1, event_id: str | None = None
    ) -> None:
        """Hand an event of another service to this service's handlers, as the consumer does."""
        from kechuang.messaging.consumer import handle

        made = event_id or new_id()
        envelope = event.envelope(
            event_id=made, aggregate=aggregate, version=version, time=self.database.clock.now()
        )
        await handle(self.database, envelope)

    async def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """Give the envelopes in the outbox, oldest first; `name` is a part of the type."""
        async with self.database.read.connect() as conn:
            rows = await conn.execute(sa.text("SELECT envelope FROM outbox ORDER BY seq"))
            found = [row.envelope for row in rows]
        return [each for each in found if name is None or f".{name}." in each["type"]]

    @asynccontextmanager
    async def unit(self, actor: Actor | None = None) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work, by default as the service itself."""
        async with self.database.unit(actor or Actor.system(self.service.name)) as uow:
            yield uow


class Client:
    """A small client for tests: knows ETags and idempotency keys, says what went wrong."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """GET below /api/v1."""
        return await self.http.get(f"/api/v1/{path}", **options)

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, **options: Any
    ) -> httpx.Response:
        """POST below /api/v1 with a fresh idempotency key, unless one is given."""
        headers = {"Idempotency-Key": key or new_id(), **options.pop("headers", {})}
        return await self.http.post(
            f"/api/v1/{path}", json=body if body is not None else {}, headers=headers, **options
        )

    async def make(self, path: str, body: Any) -> dict[str, Any]:
        """Create a record, or fail the test with the problem."""
        return _done(await self.post(path, body), 201)

    async def attachment(self, resource: str, kind: str) -> dict[str, Any]:
        """Upload a small file of its own content for a resource, and give it as a body's attachment."""
        answer = await self.http.post(
            "/api/v1/files",
            params={"for": resource, "name": f"{kind}.txt"},
            content=f"{kind} {new_id()}".encode(),
            headers={"Content-Type": "text/plain"},
        )
        return {"file": _done(answer, 201)["id"], "kind": kind, "title": kind}

    async def read(self, path: str, **params: Any) -> dict[str, Any]:
        """Read, or fail the test with the problem."""
        return _done(await self.get(path, params=params), 200)

    async def do(self, path: str, verb: str, body: Any = None) -> dict[str, Any]:
        """Use a verb on what was just read: sends its ETag; fails the test with the problem."""
        tag = (await self.get(path)).headers.get("etag", "")
        return _done(await self.post(f"{path}/{verb}", body, headers={"If-Match": tag} if tag else {}), 200)

    async def patch(self, path: str, body: Any) -> dict[str, Any]:
        """Change fields of what was just read."""
        tag = (await self.get(path)).headers["etag"]
        return _done(await self.http.patch(f"/api/v1/{path}", json=body, headers={"If-Match": tag}), 200)


def _done(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    found: dict[str, Any] = answer.json()
    return found
