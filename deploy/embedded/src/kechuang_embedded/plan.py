"""The order in which a stack starts, with a check of each program's readiness; the stop goes the other way.

PostgreSQL and NATS → databases, streams, migrations → issuer → apis → workers → gateway → stack.json.
"""

import sys
from collections.abc import Iterable
from importlib.util import find_spec

import httpx

from kechuang_embedded import nats
from kechuang_embedded.postgres import STOP_SIGNAL
from kechuang_embedded.services import Service
from kechuang_embedded.stack import LOOPBACK, Stack
from kechuang_embedded.supervisor import Program, Stage, Step


def stages(stack: Stack) -> list[Stage]:
    """What the supervisor shall start, stage by stage. Prepares folders and configurations."""
    with_data = [each for each in stack.services if each.owns_data and find_spec("kechuang.worker")]
    plan: list[Stage] = [
        _engines(stack),
        Step("databases", stack.ensure_databases),
        Step("streams", stack.deploy_streams),
        Step("migrations", stack.migrate),
        _issuer(stack),
        _processes(stack, stack.services, "api"),
        _processes(stack, with_data, "worker"),
        _gateway(stack),
        Step("stack.json", stack.publish),
    ]
    return [stage for stage in plan if stage]


def _engines(stack: Stack) -> list[Program]:
    programs = []
    if (postgres := stack.postgres) is not None:
        postgres.prepare()
        programs.append(
            Program(
                name="postgres",
                command=postgres.command(),
                ready=postgres.check,
                options=postgres.process_options(),
                stop_signal=STOP_SIGNAL,
                death_signal=STOP_SIGNAL,
                grace=60,
            )
        )
    if stack.nats is not None:
        stack.nats.prepare(stack.subscriptions)
        programs.append(Program("nats", stack.nats.command(), ready=lambda: nats.check(stack.broker)))
    return programs


def _issuer(stack: Stack) -> list[Program]:
    if stack.mint is None:
        return []
    url = f"{stack.mint.issuer}/readyz"
    command = [sys.executable, "-m", "kechuang_embedded", "issuer"]
    return [Program("issuer", command, ready=lambda: _answers(url), environment=stack.environment)]


def _processes(stack: Stack, services: Iterable[Service], part: str) -> list[Program]:
    copies = range(1, stack.settings.copies + 1)
    return [_process(stack, service, part, copy) for service in services for copy in copies]


def _process(stack: Stack, service: Service, part: str, copy: int) -> Program:
    port = stack.service_port(service, part, copy)
    return Program(
        name=f"{service.name}-{part}-{copy}",
        command=[sys.executable, "-m", "kechuang.serve", part, service.package],
        ready=lambda: _answers(f"http://{LOOPBACK}:{port}/readyz"),
        environment=stack.service_environment(service, port),
        grace=30,
    )


def _gateway(stack: Stack) -> list[Program]:
    if (gateway := stack.gateway) is None:
        return []
    gateway.prepare(stack.upstreams())
    ping = f"http://{LOOPBACK}:{gateway.operations_port}/ping"
    environment = {name: value for name, value in stack.environment.items() if name.startswith("OTEL_")}
    return [Program("gateway", gateway.command(), ready=lambda: _answers(ping), environment=environment)]


async def _answers(url: str) -> None:
    # Plain HTTP on the loopback. To load the certificate authorities would take 30 ms of CPU each time,
    # beside ten processes that are just starting.
    async with httpx.AsyncClient(timeout=2, trust_env=False, verify=False) as client:  # noqa: S501
        (await client.get(url)).raise_for_status()
