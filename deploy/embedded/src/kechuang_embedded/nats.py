"""The NATS server's configuration: a user per service, with the least rights that suffice.

The least set was found by trial: a durable that the deploy step created is pulled by name, so a service needs
no right to create, delete or list anything but its own replay consumer. Each user has an inbox prefix of its
own; one shared `_INBOX.>` would let every service read the others' replies.
"""

import json
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import nats as client
from ruamel.yaml import YAML

from kechuang_embedded.binaries import script

ADMIN: Final = "admin"
OBSERVER: Final = "observer"
DLQ: Final = "DLQ"


def stream_name(service: str) -> str:
    """`enterprise-registry` → `ENTERPRISE_REGISTRY`."""
    return service.upper().replace("-", "_")


def inbox_prefix(user: str) -> str:
    """`enterprise-registry` → `_INBOX_enterprise_registry`, to give to `nats.connect`."""
    return f"_INBOX_{user.replace('-', '_')}"


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """What `subscriptions.yaml` says; `hears` maps a service to those whose streams it consumes."""

    hears: dict[str, tuple[str, ...]]
    duplicate_window: float
    ack_wait: float
    max_deliver: int
    max_ack_pending: int

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(self.hears)


def load_subscriptions() -> Subscriptions:
    text = files("kechuang_embedded").joinpath("subscriptions.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = YAML(typ="safe").load(text)
    hears = {name: tuple(entry["hears"]) for name, entry in document["services"].items()}
    for name, heard in hears.items():
        if unknown := set(heard) - set(hears):
            raise ValueError(f"subscriptions.yaml: {name} cannot hear {sorted(unknown)}")
    return Subscriptions(
        hears=hears,
        duplicate_window=float(document["streams"]["duplicate_window"]),
        **document["consumers"],
    )


@dataclass(frozen=True, slots=True)
class NatsUrls:
    """How to reach the broker. `users` maps a service, `admin` or `observer` to (user, password)."""

    url: str
    users: dict[str, tuple[str, str]] = field(repr=False)

    def options(self, user: str) -> dict[str, Any]:
        """Keyword arguments of `nats.connect` for one of the users."""
        name, password = self.users[user]
        return {
            "servers": [self.url],
            "user": name,
            "password": password,
            "inbox_prefix": inbox_prefix(user).encode(),
        }


@dataclass(frozen=True, slots=True)
class Nats:
    """One server with JetStream on files below `folder`; `passwords` by user."""

    folder: Path
    port: int
    passwords: dict[str, str] = field(repr=False)
    host: str = "127.0.0.1"

    @property
    def urls(self) -> NatsUrls:
        users = {user: (user, password) for user, password in self.passwords.items()}
        return NatsUrls(f"nats://{self.host}:{self.port}", users)

    @property
    def configuration(self) -> Path:
        return self.folder / "nats.conf"

    def prepare(self, subscriptions: Subscriptions) -> None:
        """Write the configuration (mode 0600: it holds the passwords)."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = self.configuration.with_suffix(".partial")
        scratch.touch(mode=0o600)
        scratch.write_text(self.render(subscriptions), encoding="utf-8")
        scratch.replace(self.configuration)

    def command(self) -> list[str]:
        return [str(script("nats-server")), "--config", str(self.configuration)]

    async def check(self) -> None:
        """Return when JetStream answers the administrator; raise what went wrong otherwise."""
        await check(self.urls)

    def render(self, subscriptions: Subscriptions) -> str:
        """The configuration file's text."""
        users: list[dict[str, Any]] = [
            {"user": ADMIN, "password": self.passwords[ADMIN]},
            {
                "user": OBSERVER,
                "password": self.passwords[OBSERVER],
                "permissions": _observer_permissions(subscriptions),
            },
        ]
        users += [
            {
                "user": service,
                "password": self.passwords[service],
                "permissions": _service_permissions(service, subscriptions),
            }
            for service in subscriptions.services
        ]
        # The server reads JSON as it reads its own notation.
        settings = {
            "host": self.host,
            "port": self.port,
            "server_name": "kechuang",
            "jetstream": {"store_dir": str(self.folder / "jetstream"), "sync_interval": "2s"},
            "accounts": {"KC": {"jetstream": "enabled", "users": users}},
            "max_payload": 1_048_576,
            "write_deadline": "10s",
        }
        return json.dumps(settings, indent=1) + "\n"


async def check(urls: NatsUrls) -> None:
    """Connect as the administrator and ask JetStream for its account."""

    async def quiet(_: Exception) -> None:
        """The caller hears of the error; the default would also write it to the log at every try."""

    connection = await client.connect(
        **urls.options(ADMIN), allow_reconnect=False, connect_timeout=2, error_cb=quiet
    )
    try:
        await connection.jetstream().account_info()
    finally:
        await connection.close()


def _pull(stream: str, durable: str) -> list[str]:
    """The subjects one needs to fetch from a durable, ask for its state and acknowledge (both forms of the
    acknowledgement subject: with and without domain and account)."""
    return [
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}",
        f"$JS.API.CONSUMER.INFO.{stream}.{durable}",
        f"$JS.ACK.{stream}.{durable}.>",
        f"$JS.ACK.*.*.{stream}.{durable}.>",
    ]


def _service_permissions(service: str, subscriptions: Subscriptions) -> dict[str, Any]:
    own = stream_name(service)
    publish = [f"kechuang.{service}.>", f"kechuang.dlq.{service}.>", f"$JS.API.STREAM.INFO.{own}"]
    publish += _pull(DLQ, service)
    for heard in subscriptions.hears[service]:
        stream, replay = stream_name(heard), f"{service}_replay"
        publish += _pull(stream, service)
        publish += [
            f"$JS.API.CONSUMER.CREATE.{stream}.{replay}.>",
            f"$JS.API.CONSUMER.DELETE.{stream}.{replay}",
        ]
        publish += _pull(stream, replay)
    return {"publish": {"allow": publish}, "subscribe": {"allow": [f"{inbox_prefix(service)}.>"]}}


def _observer_permissions(subscriptions: Subscriptions) -> dict[str, Any]:
    """May look at everything and change nothing. Plain clients keep their default inbox: `_INBOX.>` holds no
    reply to a service, whose prefixes are other tokens."""
    publish = ["$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST"]
    for stream in (*(stream_name(service) for service in subscriptions.services), DLQ):
        publish += [
            f"$JS.API.STREAM.INFO.{stream}",
            f"$JS.API.STREAM.MSG.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}.>",
            f"$JS.API.CONSUMER.NAMES.{stream}",
            f"$JS.API.CONSUMER.LIST.{stream}",
            f"$JS.API.CONSUMER.INFO.{stream}.*",
        ]
    inboxes = [f"{inbox_prefix(OBSERVER)}.>", "_INBOX.>"]
    return {"publish": {"allow": publish}, "subscribe": {"allow": ["kechuang.>", *inboxes]}}
