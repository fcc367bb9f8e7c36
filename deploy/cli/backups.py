"""`fuyan backup` and `fuyan restore`: the four databases and the evidence, in one directory."""

import asyncio
import os
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from deploy.backups import restoring, taking
from deploy.backups.evidence import Store
from deploy.backups.manifest import Manifest, Unsound
from deploy.backups.tools import environment
from deploy.cli import house
from deploy.cli.house import Exit
from deploy.cli.services import Service
from deploy.cli.telling import AsJson, answer, bar, explained, fail

T = TypeVar("T")


class TakesByDefault(TyperGroup):
    """`fuyan backup DIR` takes one; `fuyan backup verify DIR` looks at one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = ["take", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=TakesByDefault,
    no_args_is_help=True,
    help="备份四个库和佐证材料 · Back up the four databases and the evidence: `fuyan backup DIR`.",
)
Directory = Annotated[
    Path, typer.Argument(help="备份的目录 · The backup's directory.", file_okay=False)
]


@app.command()
def take(directory: Directory, as_json: AsJson = False) -> None:
    """取一份备份到空目录 · Take a backup into an empty directory.

    Four snapshots of one moment, in which no service is ahead of another, then the evidence; with
    a manifest of positions, row counts and hashes. Services go on meanwhile. FUYAN_DATABASE_* name
    the databases, FUYAN_EVIDENCE the evidence. Needs pg_dump of the server's version.

    Exit codes: 0 done; 1 it cannot be done, nothing of it is to be used; 2 asked wrongly; 3 a
    database does not answer.
    """
    with _told(), bar(as_json) as told:
        manifest = _ran(
            taking.take(directory, house.databases(), house.installation(), _evidence(), told)
        )
    _say(manifest, directory, "已备份到", "backed up to", as_json)


@app.command()
def verify(directory: Directory, as_json: AsJson = False) -> None:
    """核对一份备份 · Hold every file of a backup against its manifest; touches nothing else.

    Exit codes: 0 whole; 1 damaged or unfinished; 2 asked wrongly.
    """
    with _told(), bar(as_json) as told:
        manifest = _ran(restoring.verify(directory, told))
    _say(manifest, directory, "备份完好", "the backup is whole:", as_json)


def restore(
    directory: Directory,
    only: Annotated[
        list[Service] | None, typer.Option("--only", help="This service alone; may be repeated.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="What the databases hold now may go.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --replace: do not ask.")] = False,
    no_evidence: Annotated[
        bool, typer.Option("--no-evidence", help="Leave the evidence store alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """恢复备份 · Put a backup back: into empty databases, or with --replace into those there are.

    All hashes are checked before anything is touched; what a database held is dropped only once
    all is back and counted; --replace names those databases and asks first, unless --yes is given.
    Evidence that is there is never written over. Afterwards run
    `fuyan events adopt` for each service that writes. FUYAN_DATABASE_<SERVICE> name the databases,
    as their owners; FUYAN_EVIDENCE the evidence. Needs pg_restore of that version.

    Exit codes: 0 done; 1 refused, or the backup is damaged; 2 asked wrongly; 3 a database does not
    answer, or a process of the service is still writing.
    """
    wanted = house.databases(only or tuple(Service))
    if replace and not yes:
        _agreed(wanted)
    store = _evidence() if Service.submission in wanted and not no_evidence else None
    with _told(), bar(as_json) as told:
        manifest, left, put = _ran(
            restoring.restore(directory, wanted, store, told, replace=replace)
        )
    writers = [str(one) for one in wanted if one is not Service.projection]
    told_next = [*left, *(f"fuyan events adopt {one}" for one in writers)]
    answer(
        {"restored": [str(one) for one in wanted], "evidence_put": put, "next": told_next,
         "taken_at": manifest.taken_at},
        f"已恢复 {'、'.join(wanted)}，补回佐证材料 {put} 份；接下来请执行：{'；'.join(told_next)}",
        f"{', '.join(wanted)} restored, {put} objects of evidence put back; now run:"
        f" {'; '.join(told_next)}",
        as_json,
    )  # fmt: skip


def _agreed(wanted: Mapping[Service, str]) -> None:
    """Ends the command unless a person agrees that what these databases hold may go."""
    named = ", ".join(f"{service} ({_place(dsn)})" for service, dsn in wanted.items())
    typer.echo(
        f"下列数据库现有的全部内容将被备份取代：{named}\n"
        f"All that these databases hold now will be replaced by the backup: {named}",
        err=True,
    )
    try:
        agreed = typer.confirm("确定吗？ / Are you sure?", err=True)
    except typer.Abort:  # nobody is there to ask
        agreed = False
    if not agreed:
        fail(
            Exit.USAGE,
            "未确认，未作任何改动；无人值守时加 --yes",
            "not confirmed, nothing was changed; add --yes where nobody can be asked",
        )


def _place(dsn: str) -> str:
    told = environment(dsn)
    return f"{told.get('PGHOST', '')}:{told.get('PGPORT', '5432')}/{told.get('PGDATABASE', '')}"


def _say(manifest: Manifest, directory: Path, zh: str, en: str, as_json: bool) -> None:
    last = {name: dump.last for name, dump in manifest.databases.items()}
    kept = manifest.evidence
    answer(
        {
            "directory": str(directory), "taken_at": manifest.taken_at, "last": last,
            "evidence": None if kept is None else kept.objects,
        },
        f"{zh} {directory}：各库位置 {last}，佐证材料 {kept.objects if kept else '未设置'}",
        f"{en} {directory}: positions {last}, evidence {kept.objects if kept else 'not set'}",
        as_json,
    )  # fmt: skip


def _evidence() -> Store | None:
    # Here, since each service starts with the other three deleted.
    from services.submission.evidence.store import opened

    return opened(
        os.environ.get("FUYAN_EVIDENCE") or None, os.environ.get("FUYAN_EVIDENCE_ENDPOINT") or None
    )


@contextmanager
def _told() -> Iterator[None]:
    try:
        with explained():
            yield
    except Unsound as error:
        fail(Exit.DIFFERS, error.zh, error.en)


def _ran(doing: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(doing)
