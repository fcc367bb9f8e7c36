"""Every code a refusal may carry, as a page, as JSON and as Markdown."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel

from shared.contracts.refusals import REFUSALS, Refusal, Refused

CATALOGUE = "/v1/problems"

STATUSES: Mapping[int, tuple[str, str]] = {
    400: ("请求无法读懂", "A header or the request as a whole cannot be read"),
    401: ("尚未登录", "Nobody is signed in"),
    403: ("无权办理", "Another role or organisation may do this"),
    404: ("没有此项", "There is no such thing"),
    405: ("地址不支持此方法", "The address does not take this method"),
    409: ("与现状不符", "Not in this state, or not known here yet"),
    410: ("已依法删除", "It was deleted lawfully"),
    412: ("已被他人修改", "It has changed since it was seen"),
    413: ("内容过大", "The body is too large"),
    415: ("内容类型不对", "The body is of another kind"),
    416: ("没有这一段", "There is no such range"),
    422: ("内容不合要求", "Something in the request does not do"),
    428: ("须注明所见版本", "If-Match is missing"),
    429: ("请求过多", "Too many; come again later"),
    500: ("系统故障", "A fault of ours; the correlation id finds it"),
    501: ("尚不支持", "Not supported here"),
    502: ("所依赖的系统出错", "Something behind this service failed"),
    503: ("暂时无法办理", "Not now; come again"),
    504: ("等待超时", "It took too long"),
}
"""What each status means here, in Chinese and English."""

_STYLE = Path(__file__).with_name("problems.css").read_text(encoding="utf-8")


class Entry(BaseModel):
    """A refusal; `{fact}` in a sentence is filled in from the facts of the problem."""

    status: int
    title: str
    title_en: str
    next: str
    next_en: str


def catalogue_routes() -> APIRouter:
    """The links of every problem's `type` lead here; nobody signs in for it."""
    router = APIRouter(tags=["contract"])
    both = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}

    @router.get(CATALOGUE, response_model=dict[str, Entry], responses=both)  # type: ignore[arg-type]
    async def problems(request: Request) -> Response:
        """Every code this installation may answer with."""
        return _answer(request, REFUSALS)

    @router.get(f"{CATALOGUE}/{{code}}", response_model=dict[str, Entry], responses=both)  # type: ignore[arg-type]
    async def problem(
        request: Request,
        code: Annotated[str, InPath(pattern="^[a-z0-9-]{1,60}$", description="As in `code`.")],
    ) -> Response:
        """One code."""
        if code not in REFUSALS:
            raise Refused("unknown-problem", problem=code)
        return _answer(request, {code: REFUSALS[code]})

    @router.get(f"{CATALOGUE}.css", include_in_schema=False)
    async def style() -> Response:
        return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return router


def markdown() -> str:
    """The catalogue for readers of the repository."""
    lines = [
        "# 退回原因 · Problems",
        "",
        "Generated from `shared/contracts/refusals.toml` by `fuyan contracts export`: every code",
        "that a refused request may carry, what is said to a person, and what to do next. `{fact}`",
        "is filled in from the `facts` of the problem.",
    ]
    for status, entries in _by_status(REFUSALS):
        lines += ["", f"## {status} {STATUSES[status][0]} · {STATUSES[status][1]}", ""]
        lines += ["| code | 说明 | 下一步 | what | next |", "|---|---|---|---|---|"]
        for code, told in entries:
            cells = (told.zh, told.next_zh, told.en, told.next_en)
            text = " | ".join(cell.replace("|", "\\|") for cell in cells)
            lines.append(f"| `{code}` | {text} |")
    return "\n".join(lines) + "\n"


def _answer(request: Request, refusals: Mapping[str, Refusal]) -> Response:
    headers = {"Vary": "Accept", "Cache-Control": "max-age=60"}
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(_page(tuple(refusals)), headers=headers)
    entries = {
        code: Entry(
            status=told.status,
            title=told.zh,
            title_en=told.en,
            next=told.next_zh,
            next_en=told.next_en,
        ).model_dump()
        for code, told in sorted(refusals.items())
    }
    return JSONResponse(entries, headers=headers)


def _by_status(
    refusals: Mapping[str, Refusal],
) -> Iterator[tuple[int, list[tuple[str, Refusal]]]]:
    ordered = sorted(refusals.items(), key=lambda entry: (entry[1].status, entry[0]))
    for status, entries in groupby(ordered, key=lambda entry: entry[1].status):
        yield status, list(entries)


@cache
def _page(codes: tuple[str, ...]) -> str:
    groups = list(_by_status({code: REFUSALS[code] for code in codes}))
    index = "".join(
        f'<li><a href="#s{status}">{status} {STATUSES[status][0]}</a>' for status, _ in groups
    )
    body = "".join(_group(status, entries) for status, entries in groups)
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>退回原因 · Problems</title>"
        f'<link rel="stylesheet" href="{CATALOGUE}.css">'
        "<header><h1>退回原因 <span lang=en>Problems</span></h1>"
        "<p>每次退回都有一个不变的代码、说明和下一步办法；"
        f"在地址后加 <code>#代码</code> 可直达，程序可取 <code>{CATALOGUE}/代码</code>。"
        "<p lang=en>Every refusal carries a stable code, what is wrong and what to do next. "
        f"Append <code>#code</code> to the address, or ask for <code>{CATALOGUE}/code</code>."
        f"<nav aria-label=目录><ul>{index}</ul></nav></header><main>{body}</main></html>"
    )


def _group(status: int, entries: list[tuple[str, Refusal]]) -> str:
    zh, en = STATUSES[status]
    rows = "".join(
        f'<tr id="{code}"><th scope=row><a href="#{code}"><code>{code}</code></a>'
        f"<td>{_sentence(told.zh)}<p>{_sentence(told.next_zh)}"
        f"<td lang=en>{_sentence(told.en)}<p>{_sentence(told.next_en)}"
        for code, told in entries
    )
    return (
        f'<section><h2 id="s{status}">{status} {zh} <span lang=en>{en}</span></h2>'
        "<table><thead><tr><th scope=col>code<th scope=col>说明与下一步"
        f"<th scope=col lang=en>What, and what next<tbody>{rows}</table></section>"
    )


def _sentence(template: str) -> str:
    """Facts stand out, since a reader sees them filled in."""
    return re.sub(r"\{(\w+)\}", r"<var>\1</var>", escape(template))
