"""The problem types, read from the sources: every code that a refusal can carry, and what it says.

A code that is raised is therefore documented, with the words that callers see; `…` stands for what varies.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kechuang import errors

_CLASSES = {
    name: each
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, errors.Refusal)
}
_UNAUTHENTICATED = 401


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values)
    return None


def _bilingual(node: ast.AST) -> tuple[str, str] | None:
    """Give both languages of a `Text(…)` call."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text":
        given = [_text(each) for each in node.args] + [
            _text(each.value) for name in ("zh", "en") for each in node.keywords if each.arg == name
        ]
        if len(given) == 2 and all(given):  # noqa: PLR2004  zh and en
            return str(given[0]), str(given[1])
    return None


def _status(name: str) -> int | None:
    if name in _CLASSES:
        return _CLASSES[name].status
    return {"Reason": errors.Conflict.status, "_refused": _UNAUTHENTICATED}.get(name)


def _of_call(node: ast.Call) -> Iterator[tuple[str, int, tuple[str, str]]]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    status = _status(name)
    if status is None:
        return
    keyword = next((_text(each.value) for each in node.keywords if each.arg == "code"), None)
    first = _text(node.args[0]) if node.args else None
    if name == "_refused" and len(node.args) == 3:  # noqa: PLR2004  code, zh, en
        given = [_text(each) for each in node.args]
        if all(given):
            yield str(given[0]), status, (str(given[1]), str(given[2]))
        return
    code = keyword or (first if name == "Reason" else None)
    said = next((found for each in node.args if (found := _bilingual(each))), None)
    if said is not None:
        yield code or _CLASSES[name].code, status, said


def collect(folders: list[Path]) -> dict[str, dict[str, Any]]:
    """Read all sources; gives code → {status, zh, en, said}."""
    found: dict[str, dict[str, Any]] = {
        each.code: {"status": each.status, "zh": each.title.zh, "en": each.title.en, "said": []}
        for each in _CLASSES.values()
    }
    found |= {
        "internal_error": {"status": 500, "zh": "系统内部错误", "en": "Internal error", "said": []},
        "method_not_allowed": {
            "status": 405,
            "zh": "不支持的请求方法",
            "en": "Method not allowed",
            "said": [],
        },
    }
    for path in sorted(file for folder in folders for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for code, status, said in _of_call(node):
                    entry = found.setdefault(
                        code, {"status": status, "zh": said[0], "en": said[1], "said": []}
                    )
                    if list(said) not in entry["said"]:
                        entry["said"].append(list(said))
    found["idempotency_key_reused"]["status"] = errors.Invalid.status
    return dict(sorted(found.items()))
