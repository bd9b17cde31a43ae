"""What would break a client between two versions of an OpenAPI document."""

from collections.abc import Iterator
from typing import Any


def breaks(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Name every breaking change: removed operations and fields, new duties in requests, narrower enums."""
    for path, methods in old["paths"].items():
        for method, before in methods.items():
            after = new["paths"].get(path, {}).get(method)
            if after is None:
                yield f"{method.upper()} {path} is gone"
                continue
            if before["operationId"] != after["operationId"]:
                yield f"{method.upper()} {path}: operation id {before['operationId']} became {after['operationId']}"
            yield from _parameters(f"{method.upper()} {path}", _resolved(old, before), _resolved(new, after))
    wanted = _used_in_requests(new)
    for name, before in old["components"]["schemas"].items():
        after = new["components"]["schemas"].get(name)
        if after is None:
            yield f"schema {name} is gone"
            continue
        yield from _fields(name, before, after, in_request=name in wanted)


def _resolved(spec: dict[str, Any], operation: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Give an operation's parameters by place and name, references followed."""
    shared = spec["components"].get("parameters", {})
    given = [
        shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for each in operation.get("parameters", [])
    ]
    return {(each["in"], each["name"]): each for each in given}


_Parameters = dict[tuple[str, str], dict[str, Any]]


def _parameters(where: str, known: _Parameters, offered: _Parameters) -> Iterator[str]:
    for key in known.keys() - offered.keys():
        yield f"{where}: parameter {key[1]} is gone"
    for key, each in offered.items():
        if each.get("required") and not known.get(key, {}).get("required"):
            yield f"{where}: parameter {key[1]} is required now"


def _fields(name: str, before: dict[str, Any], after: dict[str, Any], *, in_request: bool) -> Iterator[str]:
    now = after.get("properties", {})
    for field, shape in before.get("properties", {}).items():
        if field not in now:
            yield f"{name}.{field} is gone"
        elif shape.get("type") != now[field].get("type"):
            yield f"{name}.{field} changed its type"
        elif set(shape.get("enum", [])) - set(now[field].get("enum", shape.get("enum", []))):
            yield f"{name}.{field} lost values of its enum"
    if in_request:
        for field in set(after.get("required", [])) - set(before.get("required", [])):
            yield f"{name}.{field} is required now"


def _used_in_requests(spec: dict[str, Any]) -> set[str]:
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                name = reference.rpartition("/")[2]
                if name not in found:
                    found.add(name)
                    walk(spec["components"]["schemas"].get(name))
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    for methods in spec["paths"].values():
        for each in methods.values():
            walk(each.get("requestBody"))
    return found
