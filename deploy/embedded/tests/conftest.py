"""Real processes for the tests of this package: a gateway with small upstreams, a whole stack without services."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kechuang_embedded.ports import free_ports
from kechuang_embedded.processes import read_status, spawn, tail
from kechuang_embedded.settings import StackSettings
from kechuang_embedded.traefik import Gateway

# An upstream that says who it is, what reached it, and fails on demand.
UPSTREAM = """
import asyncio, sys, uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
app, name = FastAPI(openapi_url=None), sys.argv[2]
@app.get("/readyz")
def ready(): return {}
@app.api_route("/problems/gateway/{status}", methods=["GET", "POST"])
@app.api_route("/problems/gateway/{status}/{path:path}", methods=["GET", "POST"])
def problem(status: int, path: str = ""):
    body = {"type": "/problems/gateway", "status": status, "code": f"gateway_{status}"}
    return JSONResponse(body, status, {"Retry-After": "2"}, "application/problem+json")
@app.get("/api/v1/messages/events")
def events():
    async def lines():
        yield "data: 1\\n\\n"
        await asyncio.sleep(3600)
    return StreamingResponse(lines(), media_type="text/event-stream")
@app.get("/api/v1/targets/long")
def long(): return {"text": "江门市" * 2000}
@app.get("/api/v1/targets/busy")
def busy(): return JSONResponse({"code": "own"}, 503, {"Retry-After": "7"}, "application/problem+json")
@app.post("/api/v1/targets/slow")
async def slow():
    await asyncio.sleep(3600)
@app.api_route("/{path:path}", methods=["GET", "POST", "PATCH"])
async def echo(path: str, request: Request):
    body = await request.body()
    return {"by": name, "path": path, "size": len(body), "headers": dict(request.headers)}
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""


class Upstream:
    """One process of UPSTREAM."""

    def __init__(self, name: str, folder: Path, port: int) -> None:
        self.name, self.port, self._log = name, port, folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-c", UPSTREAM, str(self.port), self.name]
        self.process = spawn(command, self._log, signal.SIGKILL, {})

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


def wait_for(condition: Callable[[], bool], patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class RunningGateway:
    """The gateway and its upstreams by name; `client` talks to its public port."""

    def __init__(self, gateway: Gateway, upstreams: dict[str, Upstream], client: httpx.Client) -> None:
        self.gateway, self.upstreams, self.client = gateway, upstreams, client


@contextmanager
def running_gateway(folder: Path, settings: StackSettings, *, names: list[str]) -> Iterator[RunningGateway]:
    """`names`: `<service>` or `<service>#<copy>` of the upstreams to start."""
    folder.mkdir(exist_ok=True)
    ports = free_ports()
    upstreams = {name: Upstream(name, folder, next(ports)) for name in names}
    gateway = Gateway(folder, "127.0.0.1", next(ports), next(ports), settings)
    by_service: dict[str, list[str]] = {}
    for name, upstream in upstreams.items():
        by_service.setdefault(name.partition("#")[0], []).append(upstream.url)
    log = folder / "traefik.log"
    for upstream in upstreams.values():
        wait_for(lambda port=upstream.port: listens(port))
    gateway.prepare(by_service)
    process = spawn(gateway.command(), log, signal.SIGKILL, {})
    certificate = settings.certificate
    verify = ssl.create_default_context(cafile=certificate[0]) if certificate else False
    try:
        with httpx.Client(base_url=gateway.url, trust_env=False, verify=verify, timeout=10) as client:

            def routed() -> bool:
                assert process.poll() is None, tail(log)
                if not listens(gateway.port):
                    return False
                if client.get(f"http://127.0.0.1:{gateway.operations_port}/ping").is_error:
                    return False
                try:
                    answer = client.get("/api/v1/targets", headers={"Authorization": "Bearer probe"})
                except httpx.ConnectError:  # until it has read its certificate, it shows one of its own
                    return False
                return '"by":"indicators' in answer.text

            wait_for(routed)
            yield RunningGateway(gateway, upstreams, client)
    finally:
        process.kill()
        process.wait()
        for upstream in upstreams.values():
            upstream.kill()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Two copies of indicators and a portal, with small limits."""
    settings = StackSettings(rate_public=20, body_limit=65_536)
    names = ["indicators#1", "indicators#2", "portal"]
    with running_gateway(tmp_path_factory.mktemp("gateway"), settings, names=names) as running:
        yield running


@pytest.fixture
def start_gateway() -> Callable[..., AbstractContextManager[RunningGateway]]:
    return running_gateway


class StackUnderTest:
    """A stack of its own below `home`, driven by the command line as the Makefile does it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KECHUANG_")}
        self.environment = kept | {
            "KECHUANG_STATE_HOME": str(home),
            "KECHUANG_RUN_HERE": "yes",
            "KECHUANG_SERVICES": "none",
        }

    def command(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kechuang_embedded", *arguments],
            env=self.environment | settings,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def up(self, **settings: str) -> None:
        done = self.command("up", **settings)
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def stack(self) -> dict[str, Any]:
        return json.loads((self.home / "stack.json").read_text(encoding="utf-8"))

    @property
    def status(self) -> dict[str, Any]:
        return read_status(self.home / "status.json")

    def pid(self, program: str) -> int:
        return self.status["programs"][program]["process"]["pid"]

    def processes(self) -> list[dict[str, int]]:
        """The supervisor and its programs, as last noted."""
        status = self.status
        noted = [program["process"] for program in status["programs"].values()]
        return [each for each in [status["supervisor"], *noted] if each]


@pytest.fixture
def stack() -> Iterator[StackUnderTest]:
    # Not below pytest's own folder: the database's uid must be able to pass.
    home = Path(tempfile.mkdtemp(prefix="kechuang-stack-"))
    under_test = StackUnderTest(home)
    try:
        yield under_test
    finally:
        under_test.command("reset")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def eventually() -> Callable[..., None]:
    return wait_for
