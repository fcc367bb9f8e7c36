"""Workbooks over HTTP: handed out, taken back, and answered with what is wrong in them."""

from collections.abc import Collection, Iterable, Sequence

from fastapi import Request, Response

from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.web.problems import InvalidCell, problem, told
from shared.web.spreadsheets import CSV, XLSX, asked, attachment, spreadsheet_sent
from shared.web.workers import Workers
from shared.workbook.annotating import Note, annotate
from shared.workbook.form import Binding, Finding, Form, Reading
from shared.workbook.reading import read
from shared.workbook.tables import Value, to_csv, to_xlsx
from shared.workbook.writing import write

_TOLD_AT_MOST = 1000


async def hand_out(request: Request, form: Form, name: str) -> Response:
    """The form as a file of that name."""
    return attachment(await _workers(request).run(write, form), name, XLSX)


async def hand_out_table(
    request: Request,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Value]],
    *,
    after: str | None,
) -> Response:
    """A page of a list as CSV or .xlsx, whichever is asked for; `Link` leads to the next page."""
    workers = _workers(request)
    if asked(request.scope) == CSV:
        content = await workers.run(to_csv, columns, rows)
        answer = attachment(content, f"{title}.csv", f"{CSV}; charset=utf-8")
    else:
        answer = attachment(await workers.run(to_xlsx, title, columns, rows), f"{title}.xlsx", XLSX)
    if after is not None:
        url = request.url.include_query_params(after=after)
        answer.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return answer


async def take_back(
    request: Request,
    binding: Binding,
    standard: StandardPublished,
    categories: Collection[str] | None = None,
) -> tuple[bytes, Reading]:
    """What was sent, and what it says.

    Raises Refused: `media-type-not-xlsx`, `workers-busy`, `workers-lost`, `work-too-long`, and
    what `reading.read` raises.
    """
    sent = await spreadsheet_sent(request)
    return sent, await _workers(request).run(read, sent, binding, standard, categories)


async def send_back(
    request: Request, sent: bytes, reading: Reading, findings: Iterable[Finding]
) -> Response:
    """422 with every finding: the same workbook annotated where .xlsx is asked for, else a problem.

    The annotated one says the code in `X-Problem-Code` and how many in `X-Problem-Count`. Of more
    than a thousand only so many are told: whoever pasted another table has seen enough.
    """
    every = sorted(findings, key=lambda one: (one.row is None, one.row or 0))
    found = every[:_TOLD_AT_MOST]
    cells = [_cell(one, reading) for one in found]
    refused = Refused("workbook-invalid", count=len(every))
    if asked(request.scope) != XLSX:
        return problem(refused, correlation=request.state.correlation, errors=cells)
    notes = [
        Note(one.row, one.column, f"{cell.zh}\n{cell.en}")
        for one, cell in zip(found, cells, strict=True)
    ]
    content = await _workers(request).run(annotate, sent, notes)
    answer = attachment(content, "问题-problems.xlsx", XLSX, status=422)
    answer.headers["X-Problem-Code"] = refused.code
    answer.headers["X-Problem-Count"] = str(len(every))
    return answer


def _cell(finding: Finding, reading: Reading) -> InvalidCell:
    said = told(Refused(finding.code, **finding.facts))
    return InvalidCell(
        row=finding.row,
        column=reading.letters.get(finding.column) if finding.column else None,
        item=finding.item,
        code=finding.code,
        zh=f"{said['title']}。{said['next']}",
        en=f"{said['title_en']}. {said['next_en']}",
    )


def _workers(request: Request) -> Workers:
    workers: Workers = request.app.state.workers
    return workers
