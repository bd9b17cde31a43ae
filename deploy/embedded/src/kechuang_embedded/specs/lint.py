"""What every operation of a specification must have, so that a front end can be built on it alone."""

from collections.abc import Iterator
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator


def faults(spec: dict[str, Any]) -> Iterator[str]:
    """Name what is invalid or missing."""
    for error in OpenAPIV31SpecValidator(spec).iter_errors():
        yield f"invalid OpenAPI: {error.message[:200]}"
    seen: set[str] = set()
    for path, methods in spec["paths"].items():
        for method, each in methods.items():
            where = f"{method.upper()} {path}"
            for name in ("summary", "description", "operationId"):
                if not each.get(name):
                    yield f"{where} has no {name}"
            if each.get("operationId") in seen:
                yield f"{where}: operation id {each['operationId']} is used twice"
            seen.add(each.get("operationId", ""))
            problems = [
                status
                for status, answer in each["responses"].items()
                if status.startswith(("4", "5"))
                and answer == {"$ref": f"#/components/responses/Problem{status}"}
            ]
            if not problems:
                yield f"{where} lists no problem answers"
            body = each.get("requestBody", {}).get("content", {})
            if "application/json" in body and "example" not in body["application/json"]:
                shape = _shape(spec, body["application/json"].get("schema", {}))
                if shape.get("required"):
                    yield f"{where} has no example of its body"


def _shape(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = spec["components"]["schemas"].get(reference.rpartition("/")[2], {})
    return found
