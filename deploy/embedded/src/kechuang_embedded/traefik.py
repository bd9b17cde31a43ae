"""Traefik's configuration, generated from `deploy/gateway/routes.yaml` and the settings.

The static part is read once at its start; the dynamic part is watched and therefore replaced in one step (a
half-written file would answer 404 to everything).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from kechuang_embedded.binaries import script
from kechuang_embedded.layout import CHECKOUT, write_atomically
from kechuang_embedded.settings import StackSettings

ROUTES: Final = CHECKOUT / "deploy" / "gateway" / "routes.yaml"
_ENCODED: Final = (
    *("allowEncodedSlash", "allowEncodedBackSlash", "allowEncodedNullCharacter", "allowEncodedSemicolon"),
    *("allowEncodedPercent", "allowEncodedQuestionMark", "allowEncodedHash"),
)
_API: Final = "/api/v1"
FALLBACK: Final = "portal"
"""It answers what no other service does, and explains refusals of the gateway itself:
`/problems/gateway/{status}` and everything below, by any method, with that status as `application/problem+json`."""


@dataclass(frozen=True, slots=True)
class ServiceRoutes:
    """The addresses of one service; `letters` begin the ids of its files and jobs."""

    resources: tuple[str, ...]
    prefixes: tuple[str, ...] = ()
    letters: str = ""

    def rule(self) -> str:
        """What a request must look like for this service, in Traefik's notation."""
        if "/" in self.prefixes:
            # The rest; but what is meant for operators is not served to the world.
            return "!PathRegexp(`^/(metrics|healthz|readyz)$`)"
        names = "|".join(self.resources)
        paths = [f"{_API}/(?:{names})", *(re.escape(prefix) for prefix in self.prefixes)]
        rules = [f"PathRegexp(`^(?:{'|'.join(paths)})(?:/|$)`)"]
        if self.letters:
            rules.append(f"PathRegexp(`^{_API}/(?:files|jobs)/{self.letters}_`)")
            rules.append(f"(PathRegexp(`^{_API}/(?:files|jobs)$`) && QueryRegexp(`for`, `^(?:{names})$`))")
        return " || ".join(rules)


def load_routes(path: Path = ROUTES) -> dict[str, ServiceRoutes]:
    """By service. Refuses a resource name that two services claim."""
    document: dict[str, dict[str, Any]] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    owners: dict[str, str] = {}
    for service, entry in document.items():
        for name in entry["resources"]:
            if name in owners:
                raise ValueError(f"{path.name}: {name} belongs to {owners[name]} and to {service}")
            owners[name] = service
    return {
        service: ServiceRoutes(
            resources=tuple(entry["resources"]),
            prefixes=tuple(entry.get("prefixes", ())),
            letters=entry.get("letters", ""),
        )
        for service, entry in document.items()
    }


@dataclass(frozen=True, slots=True)
class Gateway:
    """One Traefik. `port` is the public one, `operations_port` (loopback) answers /ping and /metrics.

    `collector` is the address of an OTLP collector of traces over HTTP, empty for none.
    """

    folder: Path
    host: str
    port: int
    operations_port: int
    settings: StackSettings
    collector: str = ""

    @property
    def url(self) -> str:
        scheme = "https" if self.settings.certificate else "http"
        return f"{scheme}://{'127.0.0.1' if self.host in {'0.0.0.0', ''} else self.host}:{self.port}"  # noqa: S104

    def prepare(self, upstreams: Mapping[str, Sequence[str]]) -> None:
        """Write both files. `upstreams`: service → base addresses of its api processes."""
        write_atomically(self.folder / "static.yaml", json.dumps(self._static(), indent=1))
        self.update(upstreams)

    def update(self, upstreams: Mapping[str, Sequence[str]]) -> None:
        """Replace the dynamic part; the running gateway takes it over at once."""
        dynamic = json.dumps(dynamic_configuration(self.settings, load_routes(), upstreams), indent=1)
        write_atomically(self.folder / "dynamic.yaml", dynamic)  # JSON is YAML; Traefik wants the ending

    def command(self) -> list[str]:
        return [str(script("traefik")), f"--configFile={self.folder / 'static.yaml'}"]

    def _static(self) -> dict[str, Any]:
        trusted = [each.strip() for each in self.settings.trusted_proxies.split(",") if each.strip()]
        public: dict[str, Any] = {
            "address": f"{self.host}:{self.port}",
            "forwardedHeaders": {"trustedIPs": trusted},
            "transport": {
                "respondingTimeouts": {"readTimeout": "300s", "idleTimeout": "180s"},
                "lifeCycle": {"graceTimeOut": "10s"},
            },
            "http": {
                "middlewares": ["headers@file", "compress@file"],
                "aliasHeadersStrategy": "delete",  # `X_Forwarded_For` could pass for `X-Forwarded-For`
                # The services answer odd addresses with a problem; the gateway could only cut them off.
                "encodedCharacters": dict.fromkeys(_ENCODED, True),
            },
        }
        if self.settings.certificate:
            public["http"]["tls"] = {}
        tracing = {
            "tracing": {
                "serviceName": "kechuang-gateway",
                "otlp": {"http": {"endpoint": f"{self.collector.rstrip('/')}/v1/traces"}},
            }
        }
        return {
            **(tracing if self.collector else {}),
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            "entryPoints": {
                "public": public,
                "operations": {"address": f"127.0.0.1:{self.operations_port}"},
            },
            "ping": {"entryPoint": "operations"},
            "metrics": {"prometheus": {"entryPoint": "operations", "addServicesLabels": True}},
            "providers": {"file": {"filename": str(self.folder / "dynamic.yaml"), "watch": True}},
            "log": {"level": "WARN", "format": "json"},
        }


def dynamic_configuration(
    settings: StackSettings, routes: Mapping[str, ServiceRoutes], upstreams: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Routers, middlewares and services for those services that have an address."""
    present = {name: rule for name, rule in routes.items() if upstreams.get(name)}
    configuration: dict[str, Any] = {
        "http": {
            "routers": dict(_routers(present)),
            "middlewares": _middlewares(settings, with_problems=FALLBACK in present),
            "services": _services(tuple(present), upstreams),
            "serversTransports": {
                # Shorter than the services keep an idle connection, so that we never write to a closing one.
                "upstream": {
                    "maxIdleConnsPerHost": 256,
                    "forwardingTimeouts": {"dialTimeout": "1s", "idleConnTimeout": "4s"},
                }
            },
        }
    }
    if settings.certificate:
        certificate, key = (str(path) for path in settings.certificate)
        stores = {"default": {"defaultCertificate": {"certFile": certificate, "keyFile": key}}}
        configuration["tls"] = {"stores": stores, "options": {"default": {"minVersion": "VersionTLS12"}}}
    return configuration


def _routers(routes: Mapping[str, ServiceRoutes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Four a service: with or without a token (other limits), reading or writing (only a written body is
    buffered: buffering an answer would hold back event streams and exports)."""
    with_problems = ["problems"] if FALLBACK in routes else []
    for service, addresses in routes.items():
        fallback = "/" in addresses.prefixes
        for caller, is_caller, limits in (
            ("known", "HeaderRegexp(`Authorization`, `.`)", ["limit-address", "limit-token"]),
            ("public", "!HeaderRegexp(`Authorization`, `.`)", ["limit-public"]),
        ):
            for access, is_access, body in (
                ("read", "(Method(`GET`) || Method(`HEAD`) || Method(`OPTIONS`))", []),
                ("write", "!(Method(`GET`) || Method(`HEAD`) || Method(`OPTIONS`))", ["body"]),
            ):
                errors = [] if fallback else with_problems
                yield (
                    f"{service}-{caller}-{access}",
                    {
                        "entryPoints": ["public"],
                        "rule": f"{is_caller} && {is_access} && ({addresses.rule()})",
                        "priority": 1 if fallback else 10,
                        "middlewares": [*errors, *limits, *body, "retry"],
                        "service": service,
                    },
                )


def _middlewares(settings: StackSettings, *, with_problems: bool) -> dict[str, Any]:
    def limit(average: int, source: dict[str, Any]) -> dict[str, Any]:
        return {
            "rateLimit": {"average": average, "burst": average * 2, "period": "1s", "sourceCriterion": source}
        }

    by_address = {"ipStrategy": {"depth": 0}}
    middlewares: dict[str, Any] = {
        "headers": {"headers": _headers(settings)},
        "compress": {
            "compress": {
                "encodings": ["gzip"],
                "minResponseBodyBytes": 1024,
                "excludedContentTypes": ["text/event-stream", "application/zip", "image/png"],
            }
        },
        "limit-address": limit(settings.rate_per_address, by_address),
        "limit-token": limit(settings.rate_per_token, {"requestHeaderName": "Authorization"}),
        "limit-public": limit(settings.rate_public, by_address),
        "body": {
            "buffering": {"maxRequestBodyBytes": settings.body_limit, "memRequestBodyBytes": 1024 * 1024}
        },
        # A request that reached a process which then died is sent again only when it is idempotent; the caller
        # of a POST repeats it with its Idempotency-Key.
        # Each try takes the next copy, but others take turns too: until the health check has noticed, every
        # second try of two copies can meet the dead one. Ten leave one request of a thousand.
        "retry": {"retry": {"attempts": 10, "timeout": "10s"}},
    }
    if with_problems:
        # Answers that the gateway makes itself get a problem body from the portal.
        middlewares["problems"] = {
            "errors": {
                "status": ["413", "429", "502", "504"],
                "service": "problems",
                "query": "/problems/gateway/{status}",
            }
        }
    return middlewares


def _headers(settings: StackSettings) -> dict[str, Any]:
    headers: dict[str, Any] = {
        "contentTypeNosniff": True,
        "frameDeny": True,
        "referrerPolicy": "no-referrer",
        "permissionsPolicy": "camera=(), geolocation=(), microphone=()",
        "customResponseHeaders": {"Server": "", "X-Powered-By": ""},
    }
    if settings.certificate:
        headers |= {"stsSeconds": 31_536_000, "stsIncludeSubdomains": True}
    if settings.cors_origins:
        headers |= {
            "accessControlAllowOriginList": [each.strip() for each in settings.cors_origins.split(",")],
            "accessControlAllowMethods": ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"],
            "accessControlAllowHeaders": [
                *("Authorization", "Content-Type", "Accept-Language", "If-Match", "If-None-Match"),
                *("Idempotency-Key", "Last-Event-ID", "Range", "X-Request-Id", "traceparent", "tracestate"),
            ],
            "accessControlExposeHeaders": [
                *("ETag", "Location", "Link", "Retry-After", "X-Request-Id", "Content-Disposition"),
                *("Content-Range", "Accept-Ranges"),
            ],
            "accessControlMaxAge": 600,
            "addVaryHeader": True,
        }
    return headers


def _services(names: Iterable[str], upstreams: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    services: dict[str, Any] = {f"{name}-copies": _balanced(upstreams[name]) for name in names}
    pages = upstreams.get(FALLBACK)
    if not pages:
        return services | {name: services.pop(f"{name}-copies") for name in names}
    # The portal explains what the gateway has to refuse, and where no copy of a service is healthy it gets the
    # whole request, below /problems/gateway/503 (`preservePath`).
    services["problems"] = _balanced(pages)
    services["away"] = _balanced([f"{url}/problems/gateway/503" for url in pages], preserve_path=True)
    for name in names:
        if name == FALLBACK:
            services[name] = services.pop(f"{name}-copies")
        else:
            services[name] = {
                "failover": {"service": f"{name}-copies", "fallback": "away", "healthCheck": {}}
            }
    return services


def _balanced(urls: Sequence[str], *, preserve_path: bool = False) -> dict[str, Any]:
    # No passive health check: it counts every 500 and 503 of a service as its failure, so that one faulty
    # address would close all others. Refused connections are tried again (see `retry`).
    return {
        "loadBalancer": {
            "servers": [{"url": url, "preservePath": preserve_path} for url in urls],
            "serversTransport": "upstream",
            "healthCheck": {"path": "/readyz", "interval": "1s", "unhealthyInterval": "1s", "timeout": "2s"},
        }
    }
