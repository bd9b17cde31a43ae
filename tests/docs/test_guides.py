"""The examples of the integrators' guide are played against commissioner-matching on real engines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import CodeType
from typing import Any

import httpx
import pytest
import uvicorn
from guide_examples import Block, blocks, compare, send
from pydantic import SecretStr

from commissioner_matching.service import SERVICE
from kechuang.testing import ServiceHarness, token
from kechuang.worker import Worker
from kechuang_contracts.enterprise_registry import OrganisationChanged
from kechuang_embedded.nats import OBSERVER
from kechuang_embedded.principals import demonstration_principals

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "integrators.md"
BLOCKS = list(blocks(GUIDE))
PRINCIPALS = demonstration_principals()
USCC = str(PRINCIPALS["enterprise"].organisation)


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Serve the application on a free port of this machine; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110  uvicorn tells it by a flag alone
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def service(engines: Any) -> AsyncIterator[ServiceHarness]:
    engines.clear_streams()
    user, password = engines.nats.users[SERVICE.name]
    broker = {"nats_url": engines.nats.url, "nats_user": user, "nats_password": SecretStr(password)}
    packs = str(ROOT / "deploy" / "policy-packs")
    async with ServiceHarness(SERVICE, engines, packs_dir=packs, **broker) as harness:
        await harness.deliver(
            OrganisationChanged(
                uscc=USCC, title="蓬江精铸有限公司", kind="enterprise", scale="small", industry="C33",
                chains=[], state="active", city="440700", division="440703", zones=[],
            ),
            aggregate=USCC,
        )  # fmt: skip
        yield harness


def test_the_guide_has_examples_of_both_kinds() -> None:
    assert {each.language for each in BLOCKS} == {"http", "python"}
    assert all(
        not each.is_answer or (number > 0 and BLOCKS[number - 1].language == "http")
        for number, each in enumerate(BLOCKS)
    )


async def test_every_example_of_the_guide_does_what_the_guide_says(
    service: ServiceHarness, engines: Any
) -> None:
    worker = Worker(service.service, service.settings)
    async with served(service.app) as address, worker.running():
        known = {name: token(**principal.claims()) for name, principal in PRINCIPALS.items()}
        user, password = engines.nats.users[OBSERVER]
        names = {
            "GATEWAY": address,
            "tokens": dict(known),
            "nats_url": engines.nats.url.replace("://", f"://{user}:{password}@"),
        }
        answer: httpx.Response | None = None
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            for block in BLOCKS:
                where = f"{GUIDE.name}:{block.line}"
                if block.language == "python":
                    await asyncio.to_thread(exec, _compiled(block, where), names)
                elif block.is_answer:
                    assert answer is not None, where
                    assert compare(answer, block, known) == [], where
                else:
                    answer = await send(client, block, known)
                    assert answer.status_code < 500, where


def _compiled(block: Block, where: str) -> CodeType:
    # The lines of the guide, so that a failure shows where it stands there.
    return compile("\n" * (block.line - 1) + block.text, where, "exec")
