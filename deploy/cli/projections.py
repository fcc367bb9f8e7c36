"""`fuyan projections`: read models built beside those that are seen, compared, and promoted."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import orjson
import typer
from pydantic import TypeAdapter

from deploy.cli import version_words as words
from deploy.cli.house import Exit, database
from deploy.cli.services import Service
from deploy.cli.telling import Actor, AsJson, answer, bar, explained, who
from shared import crash
from shared.collector import calm

T = TypeVar("T")

app = typer.Typer(
    help="读模型的版本：重建、比较、启用、退回 · Read models: rebuilt, compared, promoted.\n\n"
    "FUYAN_DATABASE_PROJECTION names the database, as its owner.",
    no_args_is_help=True,
)
Number = Annotated[int, typer.Argument(help="A version, as `status` says it.", min=1)]


@app.callback()
def _armed() -> None:
    # For tests, and as for a service: outside the demo nobody may ask for it.
    if os.environ.get("FUYAN_DEMO") == "true":
        log = os.environ.get("FUYAN_CRASH_LOG")
        crash.arm(os.environ.get("FUYAN_CRASH_AT"), Path(log) if log else None)


@app.command()
def status(as_json: AsJson = False) -> None:
    """各版本的情况 · Each version: how far, which one is seen, who folds it, rows, size; last acts.

    Exit codes: 0 told; 2 a setting is missing; 3 the database is away.
    """
    from services.projection.standing import standing

    found = _done(standing)
    typer.echo(_json(found) if as_json else words.status(found))


@app.command()
def rebuild(actor: Actor = "", as_json: AsJson = False) -> None:
    """旁路重建，可续 · Fold the whole journal into a new version, beside what is seen; or go on.

    It folds as this very image does. Killed anywhere, it goes on where it was when it is started
    again. Nothing that anybody sees changes by it: see `diff`, then `promote`.

    Exit codes: 0 complete; 1 another one builds it now; 2 a setting is missing; 3 the database is
    away.
    """
    from services.projection.building import rebuild as build

    dsn = database(Service.projection)
    calm()  # as a service does at its start
    with explained(), bar(quiet=False) as told:
        found = asyncio.run(build(dsn, who(actor), told))
    zh, en = words.built(found.version, found.position, found.followed)
    told_of = {
        "version": found.version,
        "position": found.position,
        "resumed_at": found.resumed_at,
        "followed": found.followed,
    }
    answer(told_of, zh, en, as_json)


@app.command()
def diff(
    old: Number,
    new: Number,
    limit: Annotated[int, typer.Option(help="How many to tell of; all are counted.")] = 100,
    as_json: AsJson = False,
) -> None:
    """逐行比较两个版本 · Row by row: key, both values, and which event or whose folds differ.

    Both are read at one moment, at the same position where both are being folded.

    Exit codes: 0 the same; 1 they differ, or there is no such version; 2 a setting is missing; 3
    the database is away.
    """
    from services.projection.comparing import compare

    dsn = database(Service.projection)
    with explained():
        found = asyncio.run(compare(dsn, old, new, limit))
    typer.echo(_json(found) if as_json else words.differences(found))
    raise typer.Exit(Exit.DIFFERS if found["differences"] else Exit.OK)


@app.command()
def promote(
    version: Annotated[
        int | None, typer.Argument(help="By default the newest complete one.", min=1)
    ] = None,
    actor: Actor = "",
    as_json: AsJson = False,
) -> None:
    """启用一个版本 · Let queries see a complete version, and never less than was seen before.

    Exit codes: 0 it is seen; 1 refused, with the reason; 2 a setting is missing; 3 the database is
    away: `status` says which one is seen.
    """
    from services.projection import lifecycle

    before, after = _done(lambda connection: lifecycle.promote(connection, version, who(actor)))
    zh, en = words.moved(before, after)
    answer({"seen_before": before, "seen": after}, zh, en, as_json)


@app.command()
def rollback(actor: Actor = "", as_json: AsJson = False) -> None:
    """退回上一个版本 · Let queries see again what they saw before; its image must fold it still.

    Exit codes: 0 it is seen; 1 refused, with the reason; 2 a setting is missing; 3 the database is
    away: `status` says which one is seen.
    """
    from services.projection import lifecycle

    before, after = _done(lambda connection: lifecycle.rollback(connection, who(actor)))
    zh, en = words.moved(before, after)
    answer({"seen_before": before, "seen": after}, zh, en, as_json)


@app.command()
def drop(
    version: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    actor: Actor = "",
    as_json: AsJson = False,
) -> None:
    """删除一个版本 · Remove a version that nobody is answered from; the journal keeps all events.

    Exit codes: 0 it is gone; 1 refused, with the reason, or not confirmed; 2 a setting is missing;
    3 the database is away: run it again.
    """
    from services.projection import lifecycle

    if not yes:
        question = f"删除读模型版本 {version}？ / Drop version {version} of the read models?"
        typer.confirm(question, abort=True, err=True)
    _done(lambda connection: lifecycle.drop(connection, version, who(actor)))
    answer({"dropped": version}, f"已删除版本 {version}", f"Version {version} is gone", as_json)


def _done(act: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """One act on the projection's database, as its owner."""
    dsn = database(Service.projection)

    async def run() -> T:
        from services.projection.feeding import process_name
        from shared.store.session import connect

        connection = await connect(dsn, process_name("acts"))
        try:
            return await act(connection)
        finally:
            connection.terminate()

    with explained():
        return asyncio.run(run())


def _json(found: dict[str, Any]) -> str:
    return orjson.dumps(TypeAdapter(Any).dump_python(found, mode="json")).decode()
