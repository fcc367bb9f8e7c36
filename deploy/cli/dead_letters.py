"""`fuyan dead-letters`: look at what was parked, have it followed again, or give it up."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import asyncpg
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.cli import dead_letter_acts as acts
from deploy.cli.dead_letter_acts import Asked, By
from deploy.cli.house import Exit, database
from deploy.cli.services import Service
from deploy.cli.telling import AsJson
from shared.clock import SHANGHAI
from shared.messaging.parking import unpacked

T = TypeVar("T")

app = typer.Typer(
    help="搁置的记录：查看、重新处理、放弃 · Records put aside: see, redrive, discard.\n\n"
    "FUYAN_DATABASE_<SERVICE> names the database.",
    no_args_is_help=True,
)

Which = Annotated[Service, typer.Argument(help="Which of the four.", show_choices=True)]
Context = Annotated[str, typer.Argument(help="dossier, case, …: as `list` says it.")]
Key = Annotated[str, typer.Argument(help="The partition key: as `list` says it.")]
Actor = Annotated[str, typer.Option(help="Who asks, ORGANISATION:OFFICER; stays on record.")]
Why = Annotated[str, typer.Option(help="Why; stays on record.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait until it is done.", min=0)]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Ask only; look at `list --acts` later.")]


@app.command("list")
def list_(
    service: Which,
    history: Annotated[bool, typer.Option("--acts", help="What was asked so far instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """列出搁置的键 · One line per blocked key: its first reason, how many records, since when.

    Exit codes: 0 told (also where nothing is parked); 2 a setting is missing; 3 the database is
    away.
    """
    rows = _ran(acts.found(database(service), acts.ACTS if history else acts.LINES))
    if as_json:
        _print_json(rows)
    elif not rows:
        typer.echo("没有搁置的记录 / nothing is parked" if not history else "没有操作 / no acts")
    for row in rows if not as_json else ():
        typer.echo(_act(row) if history else _line(row))


@app.command()
def show(
    service: Which,
    context: Context,
    key: Key,
    content: Annotated[
        bool, typer.Option("--content", help="The content too; who looks is recorded.")
    ] = False,
    actor: Annotated[str, typer.Option(help="With --content: ORGANISATION:OFFICER.")] = "",
    reason: Annotated[str, typer.Option(help="With --content: why.")] = "",
    as_json: AsJson = False,
) -> None:
    """查看一个键的各条 · Every record of a key, in order: why, how often tried, from where.

    Exit codes: 0 told; 1 that key is not parked; 2 asked wrongly; 3 the database is away.
    """
    dsn = database(service)
    if content:
        _ran(acts.look(dsn, context, key, _by(actor, reason)))
    rows = _ran(acts.found(dsn, acts.RECORDS, context, key))
    if not rows:
        _not_parked(service, context, key)
    for row in rows:
        row["headers"] = [[name, _text(value)] for name, value in unpacked(row["headers"])]
        value = row.pop("value")
        row["bytes"] = len(value)
        if content:
            row["content"] = _text(value)
    if as_json:
        _print_json(rows)
    for row in rows if not as_json else ():
        typer.echo(_record(row))


@app.command()
def redrive(
    service: Which,
    actor: Actor,
    reason: Why,
    context: Annotated[str, typer.Argument(help="dossier, case, …")] = "",
    key: Annotated[str, typer.Argument(help="The partition key.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every blocked key.")] = False,
    wait: Wait = 120,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """按原顺序重新处理 · Have a key's records followed again, in order.

    The process that holds the lease does it; this command asks, and waits. Each record leaves its
    line together with its effect; the first that fails again ends it, and what stands behind stays.
    A second time does nothing twice.

    Exit codes: 0 all lines are empty; 1 a record failed again, or the key is not parked; 2 asked
    wrongly; 3 the database is away, or the time was up, or no process of the service runs: the
    wish stays and is carried out once one does.
    """
    if every == bool(context) or bool(context) != bool(key):
        _usage("请给出 CONTEXT KEY，或者 --all / give CONTEXT KEY as `list` says them, or --all")
    dsn, by = database(service), _by(actor, reason)
    parked = [(row["context"], row["key"]) for row in _ran(acts.found(dsn, acts.LINES))]
    if not every and (context, key) not in parked:
        _not_parked(service, context, key)
    ids = _ran(acts.redrive(dsn, parked if every else [(context, key)], by))
    _outcome(dsn, ids, 0 if no_wait else wait, no_wait, as_json)


@app.command()
def discard(
    service: Which,
    context: Context,
    key: Key,
    seq: Annotated[int, typer.Argument(help="Its place in line, as `show` says it.", min=1)],
    actor: Actor,
    reason: Why,
    wait: Wait = 120,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """放弃一条 · Give up one record; its bytes are kept, and the rest of its key is followed again.

    Exit codes: 0 it is given up and its line is empty; 1 no such record, or the next one failed
    again; 2 asked wrongly; 3 the database is away, or the time was up, or no process
    of the service runs: the wish stays and is carried out once one does.
    """
    dsn, by = database(service), _by(actor, reason)
    asked = _ran(acts.discard(dsn, context, key, seq, by))
    if asked is None:
        _not_parked(service, context, key)
    _outcome(dsn, [asked], 0 if no_wait else wait, no_wait, as_json)


def _outcome(dsn: str, ids: Sequence[UUID], seconds: float, no_wait: bool, as_json: bool) -> None:
    """Tell what became of these acts, and end with the exit code that says it."""
    if not ids:
        typer.echo("没有搁置的记录 / nothing is parked", err=True)
        if as_json:
            _print_json([])
        return
    with _progress(len(ids)) as told:
        asked = _ran(acts.wait(dsn, ids, seconds, told))
    if as_json:
        _print_json(asked.acts)
    else:
        for act in asked.acts:
            typer.echo(_act(act))
    if no_wait:
        return
    if not asked.done:
        typer.echo(
            "尚未办完：请求已登记，服务运行后会办理；请用 list --acts 查看 / not done yet:"
            f" {'the time is up' if asked.holder else 'no process of this service runs'}; the"
            " wish is recorded and will be carried out. See `list --acts`",
            err=True,
        )
        raise typer.Exit(Exit.AWAY)
    if any(act["outcome"] not in ("drained", "empty") for act in asked.acts):
        typer.echo(
            "有记录仍无法处理：请看原因，修复或升级后再 redrive，或者 discard / a record failed"
            " again: see its reason, mend or upgrade, then redrive; or discard it",
            err=True,
        )
        raise typer.Exit(Exit.DIFFERS)


@contextmanager
def _progress(lines: int) -> Iterator[Any]:
    """A bar on stderr over lines that are done, beside the records that left them."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("redrive", total=lines)

        def told(asked: Asked) -> None:
            records = sum(act["records"] for act in asked.acts)
            done = sum(act["done_at"] is not None for act in asked.acts)
            bar.update(task, completed=done, description=f"{records} records")

        yield told


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['context']} {row['key']}  {row['records']} 条 records, 自 since {_at(row['since'])},"
        f" 试过 tried {row['attempts']}x: {row['reason']}"
    )


def _act(row: dict[str, Any]) -> str:
    seq = f" #{row['seq']}" if row["seq"] is not None else ""
    done = f"{_at(row['done_at'])} {row['outcome'] or ''}" if row["done_at"] else "未办 open"
    detail = f" ({row['detail']})" if row["detail"] else ""
    return (
        f"{_at(row['asked_at'])} {row['act']} {row['context']} {row['key']}{seq}"
        f" {row['actor']}: {row['reason']}\n  {done}, {row['records']} 条 records{detail}"
    )


def _record(row: dict[str, Any]) -> str:
    headers = "".join(f"\n    {name}: {value}" for name, value in row["headers"])
    content = f"\n  {row['content']}" if "content" in row else ""
    return (
        f"#{row['seq']} {row['subject'] or '?'}@{row['version']} {row['id']}\n"
        f"  {row['topic']}/{row['partition']}@{row['offset']}, {row['bytes']} bytes,"
        f" 搁置于 parked {_at(row['parked_at'])}, 试过 tried {row['attempts']}x:"
        f" {row['reason']}{headers}{content}"
    )


def _at(moment: datetime) -> str:
    """In Shanghai, where whoever reads it is."""
    return f"{moment.astimezone(SHANGHAI):%F %T}"


def _text(value: bytes | None) -> str | None:
    """As text where it is, else as hexadecimal digits."""
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"0x{value.hex()}"


def _by(actor: str, reason: str) -> By:
    organisation, _, officer = actor.partition(":")
    if not (organisation and officer and reason.strip()):
        _usage(
            "请写明 --actor 单位:人员 和 --reason 原因"
            " / give --actor ORGANISATION:OFFICER and --reason"
        )
    return By(actor, reason.strip())


def _not_parked(service: Service, context: str, key: str) -> NoReturn:
    typer.echo(
        f"{context} {key} 没有搁置的记录，请看 list / nothing such is parked: see"
        f" `fuyan dead-letters list {service}`",
        err=True,
    )
    raise typer.Exit(Exit.DIFFERS)


def _usage(what: str) -> NoReturn:
    typer.echo(what, err=True)
    raise typer.Exit(Exit.USAGE)


def _ran(coroutine: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(coroutine)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        typer.echo(
            "数据库没有应答，请检查 FUYAN_DATABASE_* 后重试 / the database did not answer: check"
            f" FUYAN_DATABASE_*, then try again ({type(error).__name__}: {error})",
            err=True,
        )
        raise typer.Exit(Exit.AWAY) from error


def _print_json(rows: list[dict[str, Any]]) -> None:
    typer.echo(orjson.dumps(rows, default=str, option=orjson.OPT_INDENT_2).decode())
