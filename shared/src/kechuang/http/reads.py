"""Reading one record and reading lists."""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import create_model

from kechuang.http import listing
from kechuang.http.actions import Acts, language_of
from kechuang.http.route import Read, version_tag
from kechuang.http.schemas import Action, Page
from kechuang.http.view import Endpoint, RecordId, View


def get_endpoint(view: View[Any, Any]) -> Endpoint:
    """`GET /<resource>/{id}`."""

    async def get(record_id: RecordId, unit: Read) -> Response:
        record = await view.records.get(unit, record_id)
        return Response(
            view.show(record, unit).model_dump_json(),
            media_type="application/json",
            headers={"etag": version_tag(record.version, unit.actor)},
        )

    get.__doc__ = f"Read one {view.resource.title.en.lower()}; 404 when it is outside the caller's sight."
    return get


def list_endpoint(view: View[Any, Any]) -> Endpoint:
    """`GET /<resource>`."""
    page, acted, acted_page = _answers(view.out)
    model = listing.list_model(view)

    async def list_(query: Annotated[Any, Query()], unit: Read, request: Request) -> Response:
        included = (query.include or "").split(",")
        rows, next_cursor = await listing.page(view, unit, query)
        total = await listing.total(view, unit, query) if "total" in included else None
        items: list[Any] = [view.show(each, unit) for each in rows]
        if "actions" in included:
            acts = Acts(view, unit, language_of(request))
            items = [
                acted.model_construct(**shown.__dict__, actions=acts.of(record))
                for shown, record in zip(items, rows, strict=True)
            ]
            shown = acted_page.model_construct(items=items, next_cursor=next_cursor, total=total)
        else:
            shown = page(items=items, next_cursor=next_cursor, total=total)
        headers = {}
        if next_cursor:
            url = request.url.include_query_params(cursor=next_cursor)
            headers["link"] = f'<{url.path}?{url.query}>; rel="next"'
        return Response(shown.model_dump_json(), media_type="application/json", headers=headers)

    list_.__annotations__["query"] = Annotated[model, Query()]
    list_.__doc__ = f"List {view.resource.title.en.lower()}s within the caller's sight, page by page."
    return list_


def _answers(out: Any) -> tuple[Any, Any, Any]:
    """Make the page, an item with its actions and a page of those; `ListPage` describes both in one schema."""
    acted: Any = create_model(f"{out.__name__}Acted", __base__=out, actions=(list[Action], ...))
    return Page[out], acted, Page[acted]
