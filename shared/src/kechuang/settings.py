"""The settings of one process; the only place of the kit that reads the environment.

A production profile refuses what is made for demonstrations: the embedded issuer, a movable clock,
secrets that begin with `demo`.
"""

import base64
import json
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a service process is told by its environment (`KECHUANG_…`)."""

    model_config = SettingsConfigDict(env_prefix="KECHUANG_", extra="ignore")

    profile: Literal["development", "production"] = "development"
    service: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    public_url: str = "http://127.0.0.1:8080"

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    database_url: SecretStr = SecretStr("")
    database_read_url: SecretStr = SecretStr("")
    database_owner_url: SecretStr = SecretStr("")
    write_pool: int = Field(default=16, ge=1)
    read_pool: int = Field(default=12, ge=1)

    nats_url: str = ""
    nats_user: str = ""
    nats_password: SecretStr = SecretStr("")

    oidc_issuer: str = ""
    oidc_jwks_url: str = ""
    oidc_audience: str = "kechuang"
    issuer_is_embedded: bool = False

    files_url: str = ""
    master_key: SecretStr = SecretStr("")
    former_master_keys: SecretStr = SecretStr("")
    signing_key: SecretStr = SecretStr("")
    audit_roots: str = ""

    packs_dir: str = ""
    clock_movable: bool = False
    clock_offset: int = Field(default=0, description="seconds; where the clock of a new database starts")
    peers: str = "{}"

    body_limit: int = Field(default=16 * 1024 * 1024, description="bytes")
    idempotency_days: int = Field(default=7, ge=1)

    @model_validator(mode="after")
    def _production_refuses_demonstrations(self) -> Self:
        if self.profile != "production":
            return self
        wrong = []
        if self.clock_movable or self.clock_offset:
            wrong.append("a movable clock (KECHUANG_CLOCK_MOVABLE, KECHUANG_CLOCK_OFFSET)")
        if self.issuer_is_embedded:
            wrong.append("the embedded issuer (KECHUANG_ISSUER_IS_EMBEDDED)")
        secrets = {
            name: getattr(self, name).get_secret_value()
            for name in ("master_key", "signing_key", "nats_password", "database_url")
        }
        wrong += [
            f"a demonstration secret (KECHUANG_{name.upper()})"
            for name, secret in secrets.items()
            if "demo" in secret
        ]
        wrong += [
            f"a missing secret (KECHUANG_{name.upper()})"
            for name in ("master_key", "signing_key")
            if not secrets[name]
        ]
        if wrong:
            raise ValueError("the production profile refuses " + "; ".join(wrong))
        return self

    @cached_property
    def peer_urls(self) -> dict[str, list[str]]:
        """Base addresses of the services' api processes; only the portal asks them."""
        parsed: dict[str, Any] = json.loads(self.peers)
        return {name: list(urls) for name, urls in parsed.items()}

    def key_bytes(self, name: Literal["master_key", "signing_key"]) -> bytes:
        """Give a secret of 32 bytes that is written in base64."""
        return _key(getattr(self, name).get_secret_value(), f"KECHUANG_{name.upper()}")

    def former_master_key_bytes(self) -> list[bytes]:
        """Give the master keys of before, newest first; they open what is not wrapped anew yet."""
        texts = self.former_master_keys.get_secret_value().split(",")
        return [_key(each.strip(), "KECHUANG_FORMER_MASTER_KEYS") for each in texts if each.strip()]


def _key(text: str, setting: str) -> bytes:
    raw = base64.b64decode(text)
    if len(raw) != 32:  # noqa: PLR2004  the length of AES-256 and Ed25519 keys
        raise ValueError(f"{setting} must be 32 bytes in base64")
    return raw
