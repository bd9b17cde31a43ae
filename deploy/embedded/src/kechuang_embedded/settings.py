"""The settings of the embedded stack; the only module of this package that reads the environment."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kechuang_embedded.layout import CHECKOUT


class StackSettings(BaseSettings):
    """`KECHUANG_…`. An outside engine, where its address is given, is used in place of the embedded one, which
    is then not started."""

    model_config = SettingsConfigDict(env_prefix="KECHUANG_", extra="ignore")

    profile: Literal["development", "production"] = "development"
    copies: int = Field(default=1, ge=1, le=16, description="of every api and every worker")
    services: str = Field(default="", description="comma-separated, of those installed; empty: all")
    clock_start: str = Field(default="", description="ISO instant or date; used by a new stack only")

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=0, description="0: a free port, the same at every start if possible")
    postgres_port: int = 0
    nats_port: int = 0
    issuer_port: int = 0

    tls_cert: str = Field(default="", description="PEM file; with it the gateway speaks TLS")
    tls_key: str = ""
    cors_origins: str = Field(default="*", description="comma-separated; empty: none. Tokens, never cookies")
    body_limit: int = Field(default=16 * 1024 * 1024, description="bytes of a request body, else 413")
    rate_per_address: int = Field(default=10_000, description="requests a second, with a token")
    rate_per_token: int = Field(default=5_000, description="requests a second with one Authorization header")
    rate_public: int = Field(default=500, description="requests a second of one address without a token")
    trusted_proxies: str = Field(default="", description="CIDRs whose X-Forwarded-* are believed")

    postgres_url: SecretStr = Field(
        default=SecretStr(""), description="outside PostgreSQL, with admin rights"
    )
    external_nats_url: str = Field(default="", description="outside NATS with JetStream")
    external_nats_passwords: str = Field(default="", description="JSON file: user → password")
    nats_replicas: int = Field(default=1, description="of every stream; 3 in a cluster")
    external_issuer: str = Field(default="", description="outside OIDC issuer")
    external_jwks_url: str = ""
    external_gateway_url: str = Field(default="", description="address of an outside gateway")
    files_url: str = Field(default="", description="S3-compatible store, e.g. s3://bucket/prefix")
    packs_dir: str = str(CHECKOUT / "deploy" / "policy-packs")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("KECHUANG_TLS_CERT and KECHUANG_TLS_KEY belong together")
        if bool(self.external_issuer) != bool(self.external_jwks_url):
            raise ValueError("KECHUANG_EXTERNAL_ISSUER and KECHUANG_EXTERNAL_JWKS_URL belong together")
        if bool(self.external_nats_url) != bool(self.external_nats_passwords):
            raise ValueError(
                "KECHUANG_EXTERNAL_NATS_URL and KECHUANG_EXTERNAL_NATS_PASSWORDS belong together"
            )
        if self.profile == "production":
            if not self.external_issuer:
                raise ValueError(
                    "a production profile refuses the embedded issuer: set KECHUANG_EXTERNAL_ISSUER"
                )
            if self.clock_start:
                raise ValueError("a production profile refuses a movable clock: unset KECHUANG_CLOCK_START")
            if self.cors_origins == "*":
                self.cors_origins = ""
        return self

    def wants(self, service: str) -> bool:
        """Whether this stack shall run the service."""
        return not self.services or service in {each.strip() for each in self.services.split(",")}

    @property
    def is_production(self) -> bool:
        return self.profile == "production"

    @property
    def certificate(self) -> tuple[Path, Path] | None:
        if not self.tls_cert:
            return None
        return Path(self.tls_cert).resolve(), Path(self.tls_key).resolve()
