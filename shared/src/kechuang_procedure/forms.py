"""Forms: answers checked against a pack's JSON Schema, every error by field and label.

A draft may hold any subset of valid values; completeness is judged at submit. The receipt of a
submission names what was received, when, and what comes next.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
from jsonschema import Draft202012Validator, FormatChecker

from kechuang.errors import FieldError, Invalid
from kechuang.text import Text


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(orjson.loads(schema), format_checker=FormatChecker())


def _label(schema: Mapping[str, Any], path: list[Any]) -> str:
    here: Any = schema
    for part in path:
        here = here.get("items", {}) if isinstance(part, int) else here.get("properties", {}).get(part, {})
    return str(here.get("title", path[-1] if path else ""))


def _error(schema: Mapping[str, Any], error: Any, pointer: str) -> list[FieldError]:
    path = list(error.absolute_path)
    where = pointer + "".join(f"/{each}" for each in path)
    if error.validator == "required":
        missing = [each for each in error.validator_value if each not in error.instance]
        found = []
        for name in missing:
            label = _label(schema, [*path, name])
            found.append(
                FieldError(f"{where}/{name}", "missing", Text(f"“{label}”必填。", f"“{label}” is required."))
            )
        return found
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        unknown = [each for each in error.instance if each not in known] if not path else []
        return [
            FieldError(f"{where}/{name}", "extra_forbidden",
                       Text("表单没有这个字段，请检查拼写。", "The form has no such field; check the spelling."))
            for name in unknown or [""]
        ]  # fmt: skip
    label = _label(schema, path)
    text = Text(f"“{label}”填写有误：{error.message}", f"“{label}”: {error.message}")
    return [FieldError(where, str(error.validator), text)]


def check(
    schema: Mapping[str, Any], answers: Mapping[str, Any], *, pointer: str, complete: bool
) -> list[FieldError]:
    """Give every fault of the answers; without `complete`, missing fields are no fault."""
    validator = _validator(orjson.dumps(schema, option=orjson.OPT_SORT_KEYS))
    found: dict[tuple[str, str], FieldError] = {}
    for error in validator.iter_errors(dict(answers)):
        if error.validator == "required" and not complete:
            continue
        for each in _error(schema, error, pointer):
            found[each.pointer, each.code] = each
    return sorted(found.values(), key=lambda each: each.pointer)


def require(schema: Mapping[str, Any], answers: Mapping[str, Any], *, pointer: str, complete: bool) -> None:
    """Refuse answers that are wrong (or, when complete ones are asked for, missing): all at once."""
    errors = check(schema, answers, pointer=pointer, complete=complete)
    if errors:
        raise Invalid(
            Text(
                f"表单有 {len(errors)} 处需要更正。", f"{len(errors)} field(s) of the form need correction."
            ),
            errors=errors,
            code="form_invalid",
        )


def receipt(
    number: str, content: Any, *, submitted_at: datetime, received_at: datetime, next_step: Text
) -> dict[str, Any]:
    """Make the receipt of a submission: number, digest (SHA-256 of canonical JSON), times, next step."""
    canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    return {
        "number": number,
        "digest": sha256(canonical).hexdigest(),
        "submitted_at": submitted_at.isoformat(),
        "received_at": received_at.isoformat(),
        "next_step_zh": next_step.zh,
        "next_step_en": next_step.en,
    }
