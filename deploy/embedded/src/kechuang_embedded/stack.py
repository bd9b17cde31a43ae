"""The whole stack: which engines, with which addresses, and what each process is told. `plan.py` starts them."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kechuang.clock import Clock, start_of_day
from kechuang_embedded import databases, streams
from kechuang_embedded.databases import DatabaseUrls
from kechuang_embedded.issuer_keys import LONGEST_LIFE, IssuerKeys
from kechuang_embedded.layout import Layout, write_atomically
from kechuang_embedded.nats import ADMIN, OBSERVER, Nats, NatsUrls, Subscriptions, load_subscriptions
from kechuang_embedded.ports import PortBook
from kechuang_embedded.postgres import Postgres
from kechuang_embedded.principals import demonstration_principals
from kechuang_embedded.processes import run_to_end
from kechuang_embedded.services import SERVICES, WITH_DATA, Service
from kechuang_embedded.settings import StackSettings
from kechuang_embedded.tokens import AUDIENCE, DEMO_CLIENT, TokenMint
from kechuang_embedded.traefik import Gateway
from kechuang_embedded.vault import Vault, load_passwords

OPENING_KEY_HOLDERS = ("city_officer", "second_city_officer", "city_approver")
_CONNECTIONS_OF_A_PROCESS = 33  # the pools of a service process, and what its waker, bell and relay hold
LOOPBACK = "127.0.0.1"


@dataclass
class Stack:
    """One stack in one state folder. Creating it reads and completes secrets and ports, and starts nothing."""

    layout: Layout
    settings: StackSettings
    environment: Mapping[str, str]
    running: bool = False  # another process runs it: its ports are taken by itself

    def __post_init__(self) -> None:
        self.layout.create()
        self.vault = Vault(self.layout.secrets_file)
        self.ports = PortBook(self.layout.state / "ports.json", str(self.layout.run), running=self.running)
        self.subscriptions: Subscriptions = load_subscriptions()
        self.services: tuple[Service, ...] = tuple(
            each for each in SERVICES if each.installed and self.settings.wants(each.name)
        )
        # Where the clock starts is a property of the data: the first start decides, later ones repeat it.
        self.clock_offset = self.vault.value("clock-offset", self._first_offset)

    def _first_offset(self) -> str:
        """Seconds from the real clock to where the business clock of a new stack starts."""
        if not self.settings.clock_start:
            return "0"
        start = datetime.fromisoformat(self.settings.clock_start)
        instant = start if start.tzinfo else start_of_day(start.date())
        return str(int((instant - Clock().real_now()).total_seconds()))

    @cached_property
    def postgres(self) -> Postgres | None:
        """The embedded server, or None when an outside one is used."""
        if self.settings.postgres_url.get_secret_value():
            return None
        processes = 2 * self.settings.copies * len(WITH_DATA)
        return Postgres(
            engine=self.layout.engine(),
            data=self.layout.postgres,
            port=self.ports.port("postgres", self.settings.postgres_port),
            password=self.vault.value("postgres:admin"),
            max_connections=max(200, processes * _CONNECTIONS_OF_A_PROCESS + 40),
        )

    @cached_property
    def nats(self) -> Nats | None:
        """The embedded broker, or None when an outside one is used."""
        if self.settings.external_nats_url:
            return None
        users = (*self.subscriptions.services, ADMIN, OBSERVER)
        port = self.ports.port("nats", self.settings.nats_port)
        return Nats(self.layout.nats, port, self.vault.broker_passwords(users))

    @cached_property
    def broker(self) -> NatsUrls:
        if self.nats is not None:
            return self.nats.urls
        passwords = load_passwords(Path(self.settings.external_nats_passwords))
        users = {user: (user, password) for user, password in passwords.items()}
        return NatsUrls(self.settings.external_nats_url, users)

    @cached_property
    def mint(self) -> TokenMint | None:
        """The embedded issuer's tokens, or None when an outside issuer is used."""
        if self.settings.external_issuer:
            return None
        clock = Clock()
        keys = IssuerKeys(self.layout.issuer_keys, clock)
        port = self.ports.port("issuer", self.settings.issuer_port)
        return TokenMint(f"http://{LOOPBACK}:{port}", keys, clock)

    @cached_property
    def gateway(self) -> Gateway | None:
        """The embedded gateway, or None when an outside one is used."""
        if self.settings.external_gateway_url:
            return None
        return Gateway(
            folder=self.layout.gateway,
            host=self.settings.gateway_host,
            port=self.ports.port("gateway", self.settings.gateway_port),
            operations_port=self.ports.port("gateway-operations"),
            settings=self.settings,
            collector=self.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        )

    @property
    def public_url(self) -> str:
        return self.gateway.url if self.gateway else self.settings.external_gateway_url.rstrip("/")

    @property
    def admin_url(self) -> str:
        return self.postgres.admin_url if self.postgres else self.settings.postgres_url.get_secret_value()

    def database(self, service: Service) -> DatabaseUrls:
        return databases.urls(self.admin_url, service.package, self.vault.passwords(service.package))

    def upstreams(self) -> dict[str, list[str]]:
        """Service → base addresses of its api processes."""
        return {
            service.name: [
                f"http://{LOOPBACK}:{self.service_port(service, 'api', copy)}"
                for copy in range(1, self.settings.copies + 1)
            ]
            for service in self.services
        }

    async def ensure_databases(self) -> None:
        wanted = {each.package: self.vault.passwords(each.package) for each in WITH_DATA}
        await databases.ensure_databases(self.admin_url, wanted)

    async def deploy_streams(self) -> None:
        await streams.deploy(self.broker, self.subscriptions, replicas=self.settings.nats_replicas)

    async def migrate(self) -> None:
        """Bring every service's database to its newest version, one after the other."""
        if find_spec("kechuang.db.migrate") is None:
            return
        for service in self.services:
            if service.owns_data:
                command = [sys.executable, "-m", "kechuang.db.migrate", service.package]
                log = self.layout.logs / f"{service.name}-migrate.log"
                await run_to_end(command, self.service_environment(service, 0), log)

    async def publish(self) -> None:
        """Write `stack.json`, with fresh tokens."""
        write_atomically(self.layout.stack_file, json.dumps(self.description(), indent=1, ensure_ascii=False))

    def description(self) -> dict[str, Any]:
        """What an outside tool needs to drive the stack. Nothing of the demonstration in production."""
        user, password = self.broker.users[OBSERVER]
        upstreams = self.upstreams()
        description: dict[str, Any] = {
            "gateway": self.public_url,
            "issuer": self.mint.issuer if self.mint else self.settings.external_issuer,
            "nats_url": self.broker.url.replace("://", f"://{user}:{password}@", 1),
            "services": {each.name: {"url": upstreams[each.name][0]} for each in self.services},
        }
        for service in self.services:
            if service.owns_data:
                urls = self.database(service)
                description["services"][service.name] |= {
                    "database_url": urls.writer,
                    "database_read_url": urls.reader,
                    "database_owner_url": urls.owner,
                }
        if self.mint is not None:
            mint = self.mint
            description["demo_client"] = {"id": DEMO_CLIENT, "secret": self.vault.value("demo-client")}
            description["opening_keys"] = {name: self.vault.opening_key(name) for name in OPENING_KEY_HOLDERS}
            description["tokens"] = {
                name: mint.token(principal, DEMO_CLIENT, LONGEST_LIFE)
                for name, principal in demonstration_principals().items()
            }
        return description

    def service_environment(self, service: Service, port: int) -> dict[str, str]:
        """What a service's process is told; the rest of our own environment goes along."""
        issuer, jwks = self.settings.external_issuer, self.settings.external_jwks_url
        if self.mint is not None:
            issuer, jwks = self.mint.issuer, f"{self.mint.issuer}/jwks"
        told = {
            "PROFILE": self.settings.profile,
            "SERVICE": service.name,
            "HOST": LOOPBACK,
            "PORT": str(port),
            "OIDC_ISSUER": issuer,
            "OIDC_JWKS_URL": jwks,
            "OIDC_AUDIENCE": AUDIENCE,
            "ISSUER_IS_EMBEDDED": str(self.mint is not None).lower(),
            "CLOCK_MOVABLE": str(not self.settings.is_production).lower(),
            "CLOCK_OFFSET": "0" if self.settings.is_production else self.clock_offset,
            "PUBLIC_URL": self.public_url,
            "PACKS_DIR": self.settings.packs_dir,
            "BODY_LIMIT": str(self.settings.body_limit),
            "PEERS": json.dumps(self.upstreams()),
            "SIGNING_KEY": self.vault.key(f"{service.name}:signing-key"),
            "MASTER_KEY": self.vault.key(f"{service.name}:master-key"),
        }
        if service.owns_data:
            urls = self.database(service)
            user, password = self.broker.users[service.name]
            files = self.settings.files_url or (self.layout.files.as_uri() + "/")
            told |= {
                "DATABASE_URL": urls.writer,
                "DATABASE_READ_URL": urls.reader,
                "DATABASE_OWNER_URL": urls.owner,
                "NATS_URL": self.broker.url,
                "NATS_USER": user,
                "NATS_PASSWORD": password,
                "FILES_URL": f"{files.rstrip('/')}/{service.name}",
            }
        # The stack's own settings (an outside server's admin password …) are not for the services.
        inherited = {
            name: value for name, value in self.environment.items() if not name.startswith("KECHUANG_")
        }
        tuning = ("WRITE_POOL", "READ_POOL", "IDEMPOTENCY_DAYS", "LOG_LEVEL", "AUDIT_ROOTS")
        tuned = {f"KECHUANG_{name}" for name in tuning} & self.environment.keys()
        return (
            inherited
            | {name: self.environment[name] for name in tuned}
            | {f"KECHUANG_{name}": value for name, value in told.items()}
        )

    def service_port(self, service: Service, part: str, copy: int) -> int:
        """The port of one process; `part` is `api` or `worker`, copies count from 1."""
        return self.ports.port(f"{service.name}-{part}-{copy}")
