"""How operators' commands speak: Chinese first, on stderr, and JSON on stdout where asked for."""

import getpass
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import asyncpg
import typer
from rich.console import Console
from rich.progress import Progress as Bars

from deploy.cli.house import Exit
from shared.contracts.refusals import Refused
from shared.messaging.kafka import SILENT
from shared.progress import Progress
from shared.store.session import LOST, LeaseHeld, LeaseLost
from shared.store.streams import Unavailable
from shared.web.problems import told

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON on stdout.")]
Actor = Annotated[
    str, typer.Option("--actor", help="Who does it, for the record; the user's name if not given.")
]
_AWAY = (*LOST, *SILENT, LeaseLost, Unavailable, asyncpg.PostgresError)


def who(actor: str) -> str:
    """The person at the keyboard, where no other name is given."""
    return actor or getpass.getuser()


def answer(told: Mapping[str, Any], zh: str, en: str, as_json: bool) -> None:
    """The outcome: as JSON, or as two sentences."""
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
    else:
        typer.echo(f"{zh} / {en}")


def fail(code: Exit, zh: str, en: str) -> NoReturn:
    """End with this code, and say why and what to do."""
    typer.echo(f"{zh} / {en}", err=True)
    raise typer.Exit(code)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what went wrong in the block into a sentence and an exit code."""
    try:
        yield
    except LeaseHeld:
        fail(
            Exit.AWAY,
            "该服务有进程正在写库：请先停止它的所有进程，再重试",
            "A process of this service is writing its store: stop all of them, then try again",
        )
    except _AWAY as error:
        fail(
            Exit.AWAY,
            f"数据库或 Kafka 没有应答（{error}）：请恢复后重试，已完成的部分不会重做",
            f"The database or Kafka did not answer ({error!r}): try again once it does",
        )
    except Refused as error:
        said = told(error)
        fail(
            Exit.DIFFERS,
            f"{said['title']}。{said['next']}",
            f"{said['title_en']}. {said['next_en']} ({error.code})",
        )


@contextmanager
def bar(quiet: bool) -> Iterator[Progress]:
    """A bar on stderr for each step that is told of; none where nobody watches."""
    console = Console(stderr=True)
    with Bars(console=console, disable=quiet or not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield tell
