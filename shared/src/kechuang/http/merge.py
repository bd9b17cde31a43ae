"""One specification of several: what the gateway serves as a whole.

Names do not change by merging, since generated clients depend on them: the merge fails on a clash. Only
components of the kit may stand in several services, and then they must be the same to the byte.
"""

from collections.abc import Mapping
from typing import Any

import orjson


class ClashError(ValueError):
    """Two services claim the same name for different things."""


def _same(left: Any, right: Any) -> bool:
    return orjson.dumps(left, option=orjson.OPT_SORT_KEYS) == orjson.dumps(right, option=orjson.OPT_SORT_KEYS)


def merge(
    specs: Mapping[str, dict[str, Any]], *, title: str, version: str, description: str
) -> dict[str, Any]:
    """Merge OpenAPI documents by service name; raises ClashError with both names."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "servers": [{"url": "/"}],
        "tags": [],
        "paths": {},
        "components": {},
        "x-state-machines": {},
    }
    owners: dict[str, str] = {}
    for service, spec in specs.items():
        for path, methods in spec.get("paths", {}).items():
            if path in merged["paths"] and _same(merged["paths"][path], methods):
                continue  # files and jobs have one address for all; the gateway routes by the id
            _claim(owners, f"path {path}", service)
            merged["paths"][path] = methods
            for described in methods.values():
                _claim(owners, f"operation {described['operationId']}", service)
        for kind, named in spec.get("components", {}).items():
            here = merged["components"].setdefault(kind, {})
            for name, component in named.items():
                if name in here and not _same(here[name], component):
                    raise ClashError(
                        f"component {name} of {service} differs from that of {owners[f'{kind} {name}']}"
                    )
                owners.setdefault(f"{kind} {name}", service)
                here[name] = component
        known = {each["name"] for each in merged["tags"]}
        merged["tags"] += [each for each in spec.get("tags", []) if each["name"] not in known]
        merged["x-state-machines"] |= spec.get("x-state-machines", {})
    return merged


def _claim(owners: dict[str, str], name: str, service: str) -> None:
    if name in owners:
        raise ClashError(f"{name} belongs to {owners[name]} and to {service}")
    owners[name] = service
