"""Refusals: what the domain says when it cannot do what was asked.

Pure: no status codes, no framework. `kechuang.http.problems` alone maps a refusal to an HTTP answer,
so the same rule serves a route, an event handler and a command line.

A `code` is public API: stable and append-only. The portal shows each at `/problems/<code>`, read from the sources (`make specs`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kechuang.text import Text


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with the input: where (a JSON Pointer), which code, and the way out."""

    pointer: str
    code: str
    detail: Text


class Refusal(Exception):  # noqa: N818  a refusal is a normal answer and not an error of the program
    """The operation is not done; `detail` says why and what would help."""

    status = 400
    code = "refused"
    title = Text("请求被拒绝", "The request was refused")

    def __init__(
        self,
        detail: Text,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail.en)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.retry_after = retry_after


class Malformed(Refusal):
    """The request cannot be read: broken JSON, an unusable cursor."""

    status, code, title = 400, "malformed", Text("请求无法解析", "The request cannot be read")


class Unauthenticated(Refusal):
    """No token, or one that does not verify."""

    status, code, title = 401, "unauthenticated", Text("需要有效的令牌", "A valid token is needed")


class NotPermitted(Refusal):
    """The caller's roles may never do this, or not with this record."""

    status, code, title = 403, "not_permitted", Text("无此权限", "Not permitted")


class NotFound(Refusal):
    """Absent, or outside the caller's sight: the answer is the same."""

    status, code, title = 404, "not_found", Text("未找到", "Not found")


class Conflict(Refusal):
    """What was asked collides with what is there."""

    status, code, title = 409, "conflict", Text("与现有数据冲突", "Conflict with existing data")


class StateForbids(Conflict):
    """The record's state does not allow the verb."""

    code, title = "state_forbids", Text("当前状态不允许此操作", "The state forbids this")


class Stale(Refusal):
    """`If-Match` names another version than the current one."""

    status, code, title = 412, "stale_version", Text("数据已被他人修改", "The record has changed since")


class TooLarge(Refusal):
    """The body, a file or a part of it is over its limit."""

    status, code, title = 413, "too_large", Text("内容过大", "Too large")


class UnsupportedMedia(Refusal):
    """The media type is not one that this operation takes."""

    status, code, title = 415, "unsupported_media_type", Text("不支持的内容类型", "Unsupported media type")


class Invalid(Refusal):
    """The input is readable and wrong; all errors are listed at once."""

    status, code, title = 422, "invalid", Text("提交内容有误", "The input is invalid")


class PreconditionRequired(Refusal):
    """`If-Match` or `Idempotency-Key` is missing where it is demanded."""

    status, code, title = 428, "precondition_required", Text("缺少必需的请求头", "A header is required")


class TooManyRequests(Refusal):
    """Over the rate that is granted to this caller."""

    status, code, title = 429, "too_many_requests", Text("请求过于频繁", "Too many requests")


class Unavailable(Refusal):
    """Something this depends on is down for the moment; nothing was changed."""

    status, code, title = 503, "unavailable", Text("服务暂不可用", "Temporarily unavailable")


def invalid(pointer: str, code: str, zh: str, en: str) -> Invalid:
    """Refuse one field; for the common case of a single error found by a rule."""
    return Invalid(Text(zh, en), errors=(FieldError(pointer, code, Text(zh, en)),))
