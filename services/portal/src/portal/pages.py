"""The pages for people: where things are, the API reference, the problem types, the progress board."""

import html
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse

_STYLE = """
body{font:16px/1.6 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem;color:#222}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;
padding:.35rem .6rem;text-align:left;vertical-align:top}code{background:#f3f3f3;padding:0 .2rem}
.met{color:#1a7f37}.not_met{color:#b35900}small{color:#666}
"""


def page(title: str, body: str) -> HTMLResponse:
    """A plain page without scripts."""
    return HTMLResponse(
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{body}</html>"
    )


def home() -> HTMLResponse:
    """Where things are."""
    links = {
        "/docs": "API 参考 · API reference",
        "/api/openapi.json": "OpenAPI 3.1",
        "/api/asyncapi.json": "AsyncAPI 3.0 (NATS)",
        "/board": "指标进度 · Progress board",
        "/problems": "错误类型 · Problem types",
        "/api/health": "运行状况 · Health",
    }
    rows = "".join(
        f'<li><a href="{href}">{text}</a> <small>{href}</small></li>' for href, text in links.items()
    )
    return page(
        "科创 Kechuang",
        f"<p>市级科技创新计划开放后端。An open backend for a city's innovation programmes.</p><ul>{rows}</ul>",
    )


def reference(services: list[str]) -> HTMLResponse:
    """Swagger UI with local assets; nothing is asked from outside."""
    urls = [{"url": "/api/openapi.json", "name": "科创 Kechuang"}]
    urls += [{"url": f"/api/openapi/{each}.json", "name": each} for each in services]
    return get_swagger_ui_html(
        openapi_url="/api/openapi.json",
        title="科创 Kechuang API",
        swagger_js_url="/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger-ui.css",
        swagger_favicon_url="/docs/assets/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None, "urls": urls, "docExpansion": "none", "filter": True},
    )


def problems() -> dict[str, dict[str, Any]]:
    """The documented problem types by code; generated from the sources (`make specs`)."""
    found: dict[str, dict[str, Any]] = json.loads(
        files("portal").joinpath("problems.json").read_text(encoding="utf-8")
    )
    return found


def problem_list(known: Mapping[str, Mapping[str, Any]]) -> HTMLResponse:
    """All problem types."""
    rows = "".join(
        f'<tr><td><a href="/problems/{code}"><code>{code}</code></a></td><td>{each["status"]}</td>'
        f"<td>{html.escape(each['zh'])}<br><small>{html.escape(each['en'])}</small></td></tr>"
        for code, each in sorted(known.items())
    )
    return page(
        "错误类型 Problem types", f"<table><tr><th>code</th><th>status</th><th></th></tr>{rows}</table>"
    )


def problem(code: str, each: Mapping[str, Any]) -> HTMLResponse:
    """One problem type, with the words in which it is told."""
    said = "".join(
        f"<li>{html.escape(zh)}<br><small>{html.escape(en)}</small></li>" for zh, en in each["said"]
    )
    body = (
        f"<p>HTTP {each['status']} · {html.escape(each['zh'])} · {html.escape(each['en'])}</p><ul>{said}</ul>"
    )
    return page(code, body + '<p><a href="/problems">错误类型 Problem types</a></p>')


_STATES = {
    "met": "已达成 Met", "not_met": "未达成 Not met", "cannot_tell": "无法判断 Cannot tell",
    "not_yet_known": "尚未公布 Not yet known", "no_target": "无目标 No target",
}  # fmt: skip


def board(items: list[dict[str, Any]]) -> HTMLResponse:
    """The public progress board: a table for each area."""
    areas: dict[str, list[dict[str, Any]]] = {}
    for each in items:
        areas.setdefault(f"{each['area']} · {each['pack']}", []).append(each)
    head = (
        "<tr><th>指标 Indicator</th><th>值 Value</th><th>目标 Target</th><th>期限 Deadline</th>"
        "<th>状态 State</th></tr>"
    )
    tables = "".join(
        f"<h2>{html.escape(area)}</h2><table>{head}{''.join(map(_row, listed))}</table>"
        for area, listed in areas.items()
    )
    as_of = (
        f"<p>截至 As of {html.escape(str(items[0]['as_of']))}</p>"
        if items
        else "<p>暂无数据。 Nothing yet.</p>"
    )
    return page("指标进度 Progress board", as_of + tables)


def _row(each: Mapping[str, Any]) -> str:
    names, unit = each["name"], each["unit_zh"]
    aims = "<br>".join(_aim(target, unit) for target in each["targets"]) or "–"
    deadlines = "<br>".join(html.escape(target["deadline"] or "–") for target in each["targets"])
    value = "–" if each["value"] is None else f"{each['value']} {unit}"
    return (
        f"<tr><td>{html.escape(names['zh'])}<br><small>{html.escape(names['en'])}</small></td>"
        f"<td>{html.escape(value)}</td><td>{aims}</td><td>{deadlines}</td>"
        f'<td class="{html.escape(each["state"])}">{html.escape(_STATES.get(each["state"], each["state"]))}</td></tr>'
    )


def _aim(target: Mapping[str, Any], unit: str) -> str:
    number = "" if target["value"] is None else f" {target['value']} {unit}"
    return html.escape(target["comparator_label"]["zh"] + number)
