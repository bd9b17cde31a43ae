"""The generated specification: problems, headers, labels and security on every operation.

FastAPI writes the shape of requests and answers; this adds what is the same everywhere and read from the
same tables as the behaviour itself: the permission table, the state machines, the route's operation.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from kechuang.http.route import KitRoute, api_routes
from kechuang.service import Service

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem. `code` is stable; `title` and `detail` follow `Accept-Language`.",
    "required": ["type", "title", "status", "detail", "instance", "code", "trace_id"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/state_forbids"]},
        "title": {"type": "string", "examples": ["当前状态不允许此操作"]},
        "status": {"type": "integer", "examples": [409]},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "examples": ["state_forbids"]},
        "trace_id": {"type": ["string", "null"]},
        "state": {"type": "string", "description": "With `state_forbids`: the record's state"},
        "allowed": {"type": "array", "items": {"type": "string"}},
        "errors": {
            "type": "array",
            "description": "All findings of a validation, never the first alone",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer into the body"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


_ACTED = {
    "type": "object",
    "properties": {
        "actions": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Action"},
            "description": "With `include=actions`: what the caller may do with this record now",
        }
    },
}


def _header(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


_KEY = "Repeat safely: the same key gives the first answer again"
_PARAMETERS: dict[str, dict[str, Any]] = {
    "AcceptLanguage": _header("Accept-Language", "`zh-CN` (default) or `en`"),
    "IfNoneMatch": _header("If-None-Match", "An ETag; 304 when nothing has changed"),
    "IfMatch": _header("If-Match", "The record's ETag; honoured when given"),
    "IfMatchRequired": _header("If-Match", "The record's ETag", required=True),
    "IdempotencyKey": _header("Idempotency-Key", _KEY),
    "IdempotencyKeyRequired": _header("Idempotency-Key", _KEY, required=True),
    "DryRun": {
        "name": "dry_run",
        "in": "query",
        "required": False,
        "description": "Run every check and change nothing",
        "schema": {"type": "boolean", "default": False},
    },
}

_DESCRIPTIONS = {
    400: "Malformed JSON, cursor or header",
    401: "No valid token",
    403: "The caller's roles may not do this",
    404: "Absent, or outside the caller's sight",
    409: "The state or another record forbids it",
    412: "`If-Match` names an old version",
    413: "Too large",
    415: "Unsupported media type",
    416: "The file has no such part",
    422: "Invalid input; all errors are listed",
    428: "`If-Match` or `Idempotency-Key` is missing",
    429: "Too many requests; see `Retry-After`",
    500: "A defect of ours; logged under `trace_id`, nothing changed",
    503: "A dependency is away; see `Retry-After`",
}
_ALWAYS_THERE = frozenset({"actions", "history"})


def install(app: FastAPI, service: Service) -> None:
    """Replace the application's `openapi()`."""

    def generate() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _generate(app, service)
        return app.openapi_schema

    app.openapi = generate  # type: ignore[method-assign]


def _generate(app: FastAPI, service: Service) -> dict[str, Any]:
    spec = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description,
        routes=app.routes, separate_input_output_schemas=False,
    )  # fmt: skip
    components = spec.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for name, schema in schemas.items():
        if name.startswith("ListPage_"):
            listed = schema["properties"]["items"]
            listed["items"] = {"allOf": [listed["items"], _ACTED]}
    components["responses"] = {
        f"Problem{status}": {
            "description": description,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, description in _DESCRIPTIONS.items()
    }
    components["parameters"] = _PARAMETERS
    components["securitySchemes"] = {
        "oidc": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "OIDC access token",
        }
    }
    spec["servers"] = [{"url": "/"}]
    spec["tags"] = [
        {"name": f"{each.title.zh} {each.title.en}", "x-resource": each.name} for each in service.resources
    ]
    operations = {
        (path, method.lower()): route
        for path, route in api_routes(app)
        if isinstance(route, KitRoute)
        for method in route.methods or ()
    }
    for path, methods in spec["paths"].items():
        for method, described in methods.items():
            _complete(described, method, operations[path, method], service)
    spec["x-state-machines"] = {each.name: _machine(each) for each in service.resources}
    return spec


def _complete(described: dict[str, Any], method: str, route: KitRoute, service: Service) -> None:
    known = route.described
    described["x-action"] = known.action
    roles = service.permissions.grants[known.action]
    described["x-roles"] = {role: list(scopes) for role, scopes in sorted(roles.items())}
    described["security"] = ([{}] if "public" in roles else []) + [{"oidc": []}]
    named = ["AcceptLanguage"]
    statuses = [400, 401, 403, 413, 422, 429, 500, 503]
    if "{" in route.path_format or route.body_field is not None:  # a body may name a record that is not there
        statuses.append(404)
    if method == "get":
        named.append("IfNoneMatch")
        described["responses"]["304"] = {"description": "Not modified"}
        part = route.path_format.rpartition("}/")[2] if "}/" in route.path_format else ""
        if part and part not in _ALWAYS_THERE:  # a record may not have this part yet
            statuses.append(409)
    else:
        statuses += [409, 412, 415, 428]
        if not known.private:
            named.append("IdempotencyKeyRequired" if known.needs_key else "IdempotencyKey")
        if "{" in route.path_format:
            named.append("IfMatchRequired" if known.needs_match else "IfMatch")
        if known.dry_run:
            named.append("DryRun")
    described.setdefault("parameters", []).extend(
        {"$ref": f"#/components/parameters/{each}"} for each in named
    )
    for status in sorted(statuses):
        described["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    described["responses"] = dict(sorted(described["responses"].items()))


def _machine(resource: Any) -> dict[str, Any]:
    machine = resource.machine
    return {
        "initial": machine.initial,
        "states": {name: {"zh": text.zh, "en": text.en} for name, text in machine.states.items()},
        "verbs": {
            each.name: {
                "x-labels": {"zh": each.label.zh, "en": each.label.en},
                "from": sorted(each.from_),
                "to": each.to,
                "decides": each.decides,
                "automatic": each.automatic,
            }
            for each in machine.verbs
        },
    }
