"""The whole stack by its command line, with real engines, the issuer and the gateway, but without services."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import nats
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kechuang_embedded.binaries import UNPRIVILEGED, is_root
from kechuang_embedded.databases import urls
from kechuang_embedded.layout import Layout
from kechuang_embedded.nats import inbox_prefix
from kechuang_embedded.processes import lives
from kechuang_embedded.vault import Vault


def registry(stack: Any) -> str:
    """The address that the registry's own process would get."""
    vault = Vault(stack.home / "secrets.json")
    port = json.loads((stack.home / "ports.json").read_text())["postgres"]
    admin = f"postgresql://kechuang_admin:{vault.value('postgres:admin')}@127.0.0.1:{port}/postgres"
    return urls(admin, "enterprise_registry", vault.passwords("enterprise_registry")).owner


def test_up_twice_down_twice_and_up_again_keeps_data(stack: Any, eventually: Callable[..., None]) -> None:
    stack.up()
    processes = stack.processes()
    first = stack.stack
    asyncio.run(execute(registry(stack), "create table kept as select 1 as x"))
    stack.up()
    assert stack.processes() == processes
    assert stack.stack["tokens"]["expert"] != first["tokens"]["expert"]
    assert stack.command("status").returncode == 0

    assert stack.command("down").returncode == 0
    eventually(lambda: not any(lives(each) for each in processes))
    ports = json.loads((stack.home / "ports.json").read_text()).values()
    assert not [port for port in ports if is_open(port)]
    assert stack.command("down").returncode == 0
    assert stack.command("status").returncode == 3

    stack.up()
    assert stack.stack["gateway"] == first["gateway"]
    assert stack.stack["opening_keys"] == first["opening_keys"]
    asyncio.run(execute(registry(stack), "select x from kept"))
    assert stack.command("reset").returncode == 0
    assert not stack.home.exists()


def test_two_starts_at_once_give_one_stack(stack: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: stack.command("up"), range(2)))
    assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]
    assert all(lives(each) for each in stack.processes())


def test_stack_json_is_complete_and_only_for_its_owner(stack: Any) -> None:
    stack.up()
    described = stack.stack
    assert (stack.home / "stack.json").stat().st_mode & 0o777 == 0o600
    assert {"gateway", "issuer", "nats_url", "services", "demo_client", "opening_keys", "tokens"} <= set(
        described
    )
    assert set(described["opening_keys"]) == {"city_officer", "second_city_officer", "city_approver"}
    for key in described["opening_keys"].values():
        X25519PrivateKey.from_private_bytes(urlsafe_b64decode(key + "=="))

    found = httpx.get(f"{described['issuer']}/.well-known/openid-configuration", trust_env=False).json()
    client = (described["demo_client"]["id"], described["demo_client"]["secret"])
    form = {"grant_type": "client_credentials", "principal": "auditor"}
    answer = httpx.post(found["token_endpoint"], data=form, auth=client, trust_env=False)
    assert answer.json()["access_token"].count(".") == 2
    printed = stack.command("token", "--role", "county_officer", "--area", "440705")
    assert printed.stdout.strip().count(".") == 2
    asyncio.run(listen(described["nats_url"]))


async def listen(url: str) -> None:
    client = await nats.connect(url)
    await client.subscribe("kechuang.>")
    await client.flush()
    await client.close()


def test_a_killed_database_loses_nothing_that_it_acknowledged(
    stack: Any, eventually: Callable[..., None]
) -> None:
    stack.up()
    asyncio.run(execute(registry(stack), "create table entry (n int primary key)"))
    acknowledged = asyncio.run(insert_until_killed(registry(stack), stack.pid("postgres")))
    assert len(acknowledged) > 100
    eventually(lambda: stack.status["programs"]["postgres"]["state"] == "running")
    eventually(lambda: stack.status["programs"]["postgres"]["restarts"] >= 1)
    stored = asyncio.run(numbers(registry(stack)))
    assert acknowledged <= stored


async def insert_until_killed(url: str, postmaster: int) -> set[int]:
    """Insert from four connections; after 200 rows the server is killed in the middle of it."""
    acknowledged: set[int] = set()

    async def insert(first: int) -> None:
        connection = await asyncpg.connect(url)
        try:
            for number in range(first, 1_000_000, 4):
                await connection.execute("insert into entry values ($1)", number)
                acknowledged.add(number)
                if len(acknowledged) == 200:
                    os.kill(postmaster, signal.SIGKILL)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            return
        finally:
            connection.terminate()

    await asyncio.gather(*(insert(first) for first in range(4)))
    return acknowledged


async def numbers(url: str) -> set[int]:
    async with asyncio.timeout(30):
        while True:
            try:
                connection = await asyncpg.connect(url)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
                continue
            try:
                return {row["n"] for row in await connection.fetch("select n from entry")}
            finally:
                await connection.close()


def test_a_killed_broker_loses_nothing_that_it_acknowledged(
    stack: Any, eventually: Callable[..., None]
) -> None:
    stack.up()
    broker = urlsplit(stack.stack["nats_url"])
    url = f"nats://{broker.hostname}:{broker.port}"
    user = {"user": "indicators", "password": Vault(stack.home / "secrets.json").value("nats:indicators")}
    acknowledged = asyncio.run(publish_until_killed(url, user, stack.pid("nats")))
    eventually(lambda: stack.status["programs"]["nats"]["restarts"] >= 1)
    eventually(lambda: stack.status["programs"]["nats"]["state"] == "running")
    assert acknowledged >= 100
    assert asyncio.run(stored_messages(url, user)) >= acknowledged


async def publish_until_killed(url: str, user: dict[str, str], server: int) -> int:
    client = await connect(url, user)
    acknowledged = 0
    try:
        for number in range(1_000):
            await client.jetstream(timeout=1).publish(
                "kechuang.indicators.target.published.v1", b"%d" % number
            )
            acknowledged += 1
            if acknowledged == 100:
                os.kill(server, signal.SIGKILL)
    except (TimeoutError, nats.errors.Error, OSError):
        pass
    await client.close()
    return acknowledged


async def stored_messages(url: str, user: dict[str, str]) -> int:
    client = await connect(url, user)
    try:
        return int((await client.jetstream().stream_info("INDICATORS")).state.messages)
    finally:
        await client.close()


async def connect(url: str, user: dict[str, str]) -> nats.NATS:
    async def quiet(_: Exception) -> None:
        """The test looks at what was acknowledged, not at how the connection ended."""

    return await nats.connect(
        url, **user, inbox_prefix=inbox_prefix("indicators").encode(), allow_reconnect=False, error_cb=quiet
    )


def test_after_everything_was_killed_up_recovers(stack: Any, eventually: Callable[..., None]) -> None:
    stack.up()
    gateway = stack.stack["gateway"]
    asyncio.run(execute(registry(stack), "create table kept as select 1 as x"))
    everything = stack.processes()
    supervisor, programs = everything[0], everything[1:]
    for each in (supervisor, *programs):
        os.kill(each["pid"], signal.SIGKILL)
    eventually(lambda: not any(lives(each) for each in everything))
    stack.up()
    assert stack.stack["gateway"] == gateway
    asyncio.run(execute(registry(stack), "select x from kept"))


def test_a_killed_supervisor_leaves_no_orphans(stack: Any, eventually: Callable[..., None]) -> None:
    stack.up()
    everything = stack.processes()
    os.kill(everything[0]["pid"], signal.SIGKILL)
    eventually(lambda: not any(lives(each) for each in everything))
    assert stack.command("status").returncode == 3
    assert stack.command("down").returncode == 0


def test_mistaken_settings_are_named_and_nothing_starts(stack: Any) -> None:
    for settings, said in (
        ({"KECHUANG_PROFILE": "production"}, "refuses the embedded issuer"),
        ({"KECHUANG_COPIES": "0"}, "greater than or equal to 1"),
        ({"KECHUANG_TLS_CERT": "/nowhere.pem"}, "belong together"),
    ):
        done = stack.command("up", **settings)
        assert done.returncode == 2
        assert said in done.stderr
    assert not (stack.home / "status.json").exists()


def test_an_outside_postgres_takes_the_place_of_the_embedded_one(stack: Any, engines: Any) -> None:
    stack.up(KECHUANG_POSTGRES_URL=engines.admin_url)
    assert set(stack.status["programs"]) == {"nats", "issuer", "gateway"}


def test_production_with_an_outside_issuer_has_nothing_of_the_demonstration(stack: Any) -> None:
    stack.up(
        KECHUANG_PROFILE="production",
        KECHUANG_EXTERNAL_ISSUER="https://id.example",
        KECHUANG_EXTERNAL_JWKS_URL="https://id.example/jwks",
    )
    assert set(stack.status["programs"]) == {"postgres", "nats", "gateway"}
    assert not {"tokens", "opening_keys", "demo_client"} & set(stack.stack)
    assert stack.stack["issuer"] == "https://id.example"


@pytest.mark.skipif(not is_root(), reason="only root can become somebody else")
def test_an_ordinary_user_runs_the_same_stack(stack: Any) -> None:
    ordinary = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", "import kechuang_embedded"], check=True, **ordinary)
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("an ordinary user cannot run this interpreter")
    os.chown(stack.home, UNPRIVILEGED, UNPRIVILEGED)
    environment = stack.environment | {"HOME": str(stack.home)}
    for command in ("up", "status", "down"):
        line = [sys.executable, "-m", "kechuang_embedded", command]
        subprocess.run(line, env=environment, check=True, capture_output=True, timeout=90, **ordinary)


def test_root_keeps_the_data_outside_a_checkout_that_others_cannot_enter(tmp_path: Path) -> None:
    layout = Layout.of({}, checkout=tmp_path)
    assert layout.stack_file == tmp_path / ".run" / "stack.json"
    assert (layout.state == tmp_path / ".run") is not is_root()
    chosen = Layout.of({"KECHUANG_STATE_HOME": str(tmp_path / "elsewhere")}, checkout=tmp_path)
    assert chosen.state == tmp_path / "elsewhere"


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
