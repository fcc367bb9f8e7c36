"""`fuyan events export`: the record in a file that an auditor takes away and checks alone."""

import asyncio
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from deploy.cli import house
from deploy.cli.services import Service
from deploy.cli.telling import AsJson
from deploy.proof.bundle import Scope
from deploy.proof.gather import NothingSigned, Wish
from deploy.proof.gather import export as taken
from shared.clock import SHANGHAI
from shared.store.streams import Unavailable

LOGS = (Service.submission, Service.review, Service.notification)


def export(
    out: Annotated[Path, typer.Option(help="要写的 zip · The zip to write.", dir_okay=False)],
    actor: Annotated[str, typer.Option(help="谁导出 · Who takes it: ORGANISATION:OFFICER.")],
    reason: Annotated[str, typer.Option(help="为什么 · Why; it is recorded.")],
    programme: Annotated[str | None, typer.Option(help="只导出一个项目 · One programme.")] = None,
    township: Annotated[
        str | None, typer.Option(help="只导出其中一个镇街 · One township of that programme.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="到某日（YYYY-MM-DD）· To the last head signed by that day."),
    ] = None,
    content: Annotated[
        bool,
        typer.Option("--content", help="事件内容一并带出 · Let the data of events leave, too."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """导出事件记录，供离线核验 · Take the record away: events, heads, proofs, verify.html.

    Without --content only attributes and hashes leave; everything can be verified all the same.
    FUYAN_DATABASE_<SERVICE> name the databases.

    Exit codes: 0 written; 1 a log has no signed head; 2 asked wrongly; 3 a database did not answer.
    """
    errors = Console(stderr=True)
    if township is not None and programme is None:
        errors.print("--township 须与 --programme 同用 / --township goes with --programme")
        raise typer.Exit(house.Exit.USAGE)
    if ":" not in actor or not reason.strip():
        errors.print(
            "--actor 写作 单位:人员，--reason 不能为空 / "
            "--actor is ORGANISATION:OFFICER, and --reason says why"
        )
        raise typer.Exit(house.Exit.USAGE)
    if content:
        errors.print(
            "[yellow]注意：案件内容将离开系统，此次导出已记录。\n"
            "Case content leaves the house with this file; who took it and why is on record.[/]"
        )
    wish = Wish(
        installation=house.installation(),
        scope=Scope(programme=programme, township=township),
        content=content,
        until=_end_of(until, errors),
        actor=actor,
        reason=reason,
        at=datetime.now(UTC),
    )
    databases = {str(service): house.database(service) for service in LOGS}
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:

        def progress(service: str, at: int, size: int) -> None:
            if service not in bars:
                bars[service] = bar.add_task(service, total=size)
            bar.update(bars[service], completed=at)

        try:
            manifest = asyncio.run(taken(out, databases, wish, progress))
        except NothingSigned as error:
            errors.print(
                f"{error} 没有已签署的树头，无从证明：请设置 FUYAN_SIGNING_KEY_FILE，"
                f"并等待几秒 / the log of {error} has no signed head in that time: "
                "set FUYAN_SIGNING_KEY_FILE for the service and wait a few seconds"
            )
            raise typer.Exit(house.Exit.DIFFERS) from error
        except (Unavailable, OSError) as error:
            errors.print(
                f"未能导出：{error!r}。请检查数据库地址与磁盘后重试 / "
                "not exported: check the databases and the disk, then repeat"
            )
            raise typer.Exit(house.Exit.AWAY) from error
    if as_json:
        typer.echo(json.dumps({"out": str(out), **manifest}, ensure_ascii=False))
        return
    for service, said in manifest["services"].items():
        typer.echo(f"{service}: {said['events']} / {said['size']} ({said['signed_at']})")
    typer.echo(f"{out}: fuyan events verify {out}")


def _end_of(day: str | None, errors: Console) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), datetime.max.time(), tzinfo=SHANGHAI)
    except ValueError as error:
        errors.print("--until 写作 YYYY-MM-DD / --until is a day, YYYY-MM-DD")
        raise typer.Exit(house.Exit.USAGE) from error
