"""One verb for many records: `POST /<resource>/bulk/<verb>`.

One transaction with a savepoint for each record: what was refused leaves nothing, what was done is committed
together with the stored answer, so that a retry with the same key gives the same answer and never does a part
twice (docs/decisions/0031-bulk-verbs.md).
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

import sqlalchemy as sa
from fastapi import Request, Response
from pydantic import BaseModel, Field, ValidationError, create_model

from kechuang.db.unit import UnitOfWork
from kechuang.errors import FieldError, Invalid, Unavailable
from kechuang.http import problems
from kechuang.http.route import Operation, Write, operation
from kechuang.http.schemas import BulkAnswer, BulkItem, BulkResult, Input
from kechuang.http.view import Endpoint, View
from kechuang.states import Verb
from kechuang.text import Text

MOST = 200
# A record that somebody else holds is answered as `busy`; the other 199 do not wait for it the usual 5 s.
_IMPATIENT = sa.text("SET LOCAL lock_timeout = '1s'")


def add_bulk(
    add: Callable[..., None], view: View[Any, Any], verb: Verb, endpoint: Endpoint, example: Any = None
) -> None:
    """Add the route of the bulk form of a verb's endpoint, which takes `record_id`, `uow` and perhaps a `body`."""
    signature = inspect.signature(endpoint, eval_str=True)
    parameters = signature.parameters
    odd = parameters.keys() - {"record_id", "uow", "body"}
    if odd or not issubclass(view.resource.record, signature.return_annotation):
        raise TypeError(
            f"{view.resource.name}:{verb.name} takes {sorted(odd)} or gives no record: say bulk=False"
        )
    name = verb.name.replace("-", "_")
    body = _model_of(parameters["body"].annotation) if "body" in parameters else None
    model = _request_model(view, verb, body)
    result = BulkResult[view.out]  # type: ignore[name-defined]
    answer_model = BulkAnswer[view.out]  # type: ignore[name-defined]

    async def bulk(body: Any, uow: Write, request: Request) -> Response:
        refuse_twice(body.items)
        await uow.execute(_IMPATIENT)
        common = {"body": body.body} if hasattr(body, "body") else {}
        results: dict[str, Any] = {}
        # In order of their ids, so that two commands over the same records do not wait for each other in a circle.
        for item in sorted(body.items, key=lambda each: each.id):
            results[item.id] = await _one(view, endpoint, uow, request, item, common, result)
        uow.if_match = uow.reason = None
        ordered = [results[item.id] for item in body.items]
        done = sum(each.problem is None for each in ordered)
        answer = answer_model(items=ordered, done=done, refused=len(ordered) - done)
        return Response(answer.model_dump_json(), media_type="application/json")

    bulk.__annotations__["body"] = model
    bulk.__doc__ = (
        f"{verb.label.en} many records, up to {MOST}: each one's own answer, as the verb alone would give it. "
        "What is refused leaves nothing, the rest is done; with `dry_run=true` nothing is."
    )
    described = Operation(view.resource.action(verb.name), needs_key=True, dry_run=True)
    shown: dict[str, Any] = {"items": [{"id": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42", "version": 3}]}
    if body is not None and example is not None:
        shown["body"] = example
    add(
        f"/bulk/{verb.name}", operation(described)(bulk), methods=["POST"],
        operation_id=f"bulk_{name}_{view.plural}", summary=f"批量{verb.label.zh} {verb.label.en} in bulk",
        response_model=answer_model,
        openapi_extra={"requestBody": {"content": {"application/json": {"example": shown}}}},
    )  # fmt: skip


def _model_of(annotation: Any) -> type[BaseModel]:
    found = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    assert isinstance(found, type)
    assert issubclass(found, BaseModel)
    return found


def _request_model(view: View[Any, Any], verb: Verb, body: type[BaseModel] | None) -> type[Input]:
    fields: dict[str, Any] = {"items": (list[BulkItem], Field(min_length=1, max_length=MOST))}
    if body is not None:
        says = "The verb's own body, the same for all"
        fields["body"] = (
            (body, Field(default_factory=body, description=says))
            if _may_be_empty(body)
            else (body, Field(description=says))
        )
    camel = "".join(part.capitalize() for part in verb.name.split("-"))
    return create_model(f"{view.camel}Bulk{camel}", __base__=_BulkInput, **fields)


class _BulkInput(Input):
    """The records, each at most once; `version` is what `If-Match` is for one."""


def _may_be_empty(body: type[BaseModel]) -> bool:
    try:
        body()
    except ValidationError:
        return False
    return True


async def _one(
    view: View[Any, Any],
    endpoint: Endpoint,
    uow: UnitOfWork,
    request: Request,
    item: BulkItem,
    common: dict[str, Any],
    result: Any,
) -> Any:
    uow.if_match, uow.reason = item.version, None
    try:
        async with uow.attempt():
            record = await endpoint(record_id=item.id, uow=uow, **common)
    except Exception as error:
        refusal = problems.of_exception(error)
        if refusal is None or isinstance(refusal, Unavailable):
            raise  # a defect or an outage is the whole command's: nothing of it stays
        address = f"{request.url.path.partition('/bulk/')[0]}/{item.id}/{request.url.path.rpartition('/')[2]}"
        problem = problems.described(request, refusal, instance=address)
        return result(id=item.id, status=refusal.status, record=None, problem=problem)
    return result(id=item.id, status=200, record=view.show(record, uow), problem=None)


def refuse_twice(items: list[BulkItem]) -> None:
    """Refuse a record that is named twice: the second act would meet another state than the caller saw."""
    seen: set[str] = set()
    twice = []
    for number, item in enumerate(items):
        if item.id in seen:
            says = Text("同一记录只能出现一次。", "A record may be named once only.")
            twice.append(FieldError(f"/items/{number}/id", "named_twice", says))
        seen.add(item.id)
    if twice:
        raise Invalid(Text("有记录重复。", "Records are named twice."), errors=twice)
