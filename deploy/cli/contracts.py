"""`fuyan contracts`: write what strangers build on, and refuse to break it.

Exit codes: 0 all is well, 1 the committed files are not what the registry says, 3 a published
promise would be broken.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import surface
from deploy.cli.telling import AsJson
from shared.contracts import export as contracts
from shared.contracts.payloads import HERE

app = typer.Typer(
    no_args_is_help=True,
    help="契约：生成、核对 · Schemas, golden examples, AsyncAPI, OpenAPI and the refusals.",
)

_DRIFTED, _BROKEN = 1, 3

Where = Annotated[
    Path,
    typer.Option("--in", help="The committed contracts.", file_okay=False, exists=True),
]
Docs = Annotated[
    Path,
    typer.Option(help="The committed documents of the HTTP surface.", file_okay=False),
]
Against = Annotated[
    Path | None,
    typer.Option(help="Contracts published earlier, if not those in place.", file_okay=False),
]


@app.command()
def export(
    place: Where = HERE,
    docs: Docs = surface.DOCS,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """生成契约文件 · Generate every file, unless that breaks what is published.

    To give a type up all the same, delete its files first: the reviewer then sees it.

    Exit codes: 0 written; 2 asked wrongly; 3 a published promise would be broken.
    """
    broken = contracts.broken(against or place)
    if broken:
        _finish(_BROKEN, broken, "Nothing was written.", as_json)
    changed = contracts.write(place) + surface.write(docs)
    _finish(0, [], f"{changed} file(s) changed.", as_json)


@app.command()
def check(
    place: Where = HERE,
    docs: Docs = surface.DOCS,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """核对契约 · Fail if a published promise is broken, or the committed files are out of date.

    Exit codes: 0 all is well; 1 the files are out of date; 2 asked wrongly; 3 a promise is broken.
    """
    if broken := contracts.broken(against or place):
        _finish(_BROKEN, broken, "Readers of these events would break.", as_json)
    if drifted := contracts.drifted(place) + surface.drifted(docs):
        told = "Run `fuyan contracts export` and commit what it writes."
        _finish(_DRIFTED, drifted, told, as_json)
    _finish(0, [], "The contracts are what the registry says.", as_json)


def _finish(code: int, findings: list[str], told: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"findings": findings, "told": told}, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(finding, err=True)
        typer.echo(told, err=bool(code))
    raise typer.Exit(code)
