"""`fuyan events verify`: whether an export, or the live record, is what was signed."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from deploy.cli import house
from deploy.cli.adopting import OWN
from deploy.cli.telling import AsJson
from deploy.proof.bundle import Bundle, Damaged
from deploy.proof.check import check
from deploy.proof.findings import Checked
from deploy.proof.live import verify_live
from shared.contracts.audit import TreeHead
from shared.events.signing import Jwk, public_keys
from shared.messaging.head_relay import heads_on_topic
from shared.messaging.kafka import SILENT
from shared.store.reading import Reader
from shared.store.streams import Unavailable

_SHOWN = 50
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", help="别处取得的公钥 · Public keys from elsewhere: a copy of /v1/keys."),
]


def verify(
    file: Annotated[
        Path | None, typer.Argument(help="导出的 zip，或解开的目录 · An export: zip or folder.")
    ] = None,
    key: Keys = None,
    against_live: Annotated[
        bool, typer.Option("--against-live", help="再与现行日志比对 · Also against the live logs.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="核验现行日志 · Check the live logs; no file is needed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """核验导出的文件或现行日志，逐项指明不符之处 · Name what is not as it was signed.

    Without --key the keys are those of what is checked, and that is said. Live logs are found by
    FUYAN_DATABASE_<SERVICE>: --live needs all three, --against-live those that the file has, and
    looks at every other one that is set; a log that the file should have and has not is named.
    Where FUYAN_KAFKA is set, their heads are held against topic
    fuyan.audit.v1, too.

    Exit codes: 0 all holds; 1 something differs; 2 asked wrongly; 3 a database or Kafka did not
    answer.
    """
    errors = Console(stderr=True)
    if (file is None) == (not live) or (against_live and file is None):
        errors.print("请给出文件，或用 --live（不同时） / give a file, or --live (not both)")
        raise typer.Exit(house.Exit.USAGE)
    if file is not None and not file.exists():
        errors.print(f"没有 {file} / there is no {file}", soft_wrap=True)
        raise typer.Exit(house.Exit.USAGE)
    trusted = read_keys(key, errors)
    checked = Checked()
    bundle: Bundle | None = None
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=errors, transient=True
    ) as bar:
        task = bar.add_task("")

        def progress(what: str, at: int) -> None:
            if at % 1000 == 0:
                bar.update(task, description=f"{what} {at}")

        try:
            bundle = None if file is None else Bundle(file)
            if bundle is not None:
                checked = check(bundle, trusted, lambda at: progress("events", at))
            if live or against_live:
                asyncio.run(_live(checked, trusted, bundle, progress))
        except Damaged as error:
            checked.find("file-damaged", "", part=error.part, reason=error.reason)
        except (Unavailable, *SILENT) as error:
            errors.print(
                f"数据库或 Kafka 没有回答：{error!r} / a database or Kafka did not answer: "
                "check FUYAN_DATABASE_* and FUYAN_KAFKA, then repeat"
            )
            raise typer.Exit(house.Exit.AWAY) from error
    if trusted is None:
        errors.print(
            "[yellow]公钥取自被核验的一方，只能说明内容自洽：请用 --key 给出别处取得的公钥。\n"
            "The public key comes from what is being checked: it only agrees with itself. Give "
            "--key, a copy of /v1/keys saved earlier.[/]",
            soft_wrap=True,
        )
    # Nothing inside could tell that they were taken out.
    if bundle is not None and (lacking := ", ".join(_lacking(bundle))):
        errors.print(
            f"[yellow]注意：文件不含 {lacking} 的日志，对其不作任何证明。\n"
            f"This file is without the logs of {lacking}, and proves nothing about them.[/]",
            soft_wrap=True,
        )
    tell(checked, as_json)
    if checked.findings:
        raise typer.Exit(house.Exit.DIFFERS)


def read_keys(files: list[Path] | None, errors: Console) -> dict[str, Jwk] | None:
    """Trusted keys of JWKS files; None where none was given."""
    if not files:
        return None
    found: dict[str, Jwk] = {}
    for file in files:
        try:
            found |= public_keys(json.loads(file.read_text("utf-8")))
        except (OSError, ValueError, KeyError, AttributeError) as error:
            errors.print(f"{file} 不是 JWKS / {file} is no JWKS: {type(error).__name__}")
            raise typer.Exit(house.Exit.USAGE) from error
    return found


def tell(checked: Checked, as_json: bool) -> None:
    """Say what was found, and how much was looked at."""
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "ok": not checked.findings,
                    "events": checked.events,
                    "with_data": checked.data,
                    "heads": checked.heads,
                    "streams": checked.streams,
                    "keys": sorted(checked.keys),
                    "findings": [finding.as_json() for finding in checked.findings],
                },
                ensure_ascii=False,
            )
        )
        return
    for finding in checked.findings[:_SHOWN]:
        of = f"[{finding.service}] " if finding.service else ""
        typer.echo(f"✗ {of}{finding.told(0)}\n  {finding.told(1)}")
    if len(checked.findings) > _SHOWN:
        typer.echo(f"… +{len(checked.findings) - _SHOWN}")
    typer.echo(
        f"{checked.events} 个事件（{checked.data} 个有数据），{checked.heads} 个树头，"
        f"{checked.streams} 个事件流 / {checked.events} events ({checked.data} with data),"
        f" {checked.heads} heads, {checked.streams} streams; "
        f"key {', '.join(sorted(checked.keys)) or '-'}"
    )
    typer.echo(
        "✗ 不符 / something differs" if checked.findings else "✓ 全部相符 / everything holds"
    )


def _lacking(bundle: Bundle) -> list[str]:
    """Logs that an export of this scope has, and this file has not."""
    scope = bundle.scope
    return [
        str(service)
        for service, contexts in OWN.items()
        if service not in bundle.services
        and (scope.whole or any(scope.spans(context) for context in contexts))
    ]


async def _live(
    checked: Checked,
    trusted: Mapping[str, Jwk] | None,
    bundle: Bundle | None,
    progress: Callable[[str, int], None],
) -> None:
    services = [
        service
        for service in OWN
        if bundle is None
        or service in bundle.services
        or os.environ.get(f"FUYAN_DATABASE_{service.upper()}")
    ]
    lacking = [] if bundle is None else _lacking(bundle)
    topic: list[TreeHead] | None = None
    if bundle is None and os.environ.get("FUYAN_KAFKA"):
        topic = [
            head
            for head in await heads_on_topic(house.kafka())
            if head.installation == house.installation()
        ]
    for service in services:
        reader = Reader(house.database(service), str(service))
        earlier = () if bundle is None else bundle.heads.get(service, ())
        manifest = {} if bundle is None or service not in bundle.services else bundle.manifest
        if service in lacking:
            checked.find("log-missing", service)
        taken_at = manifest.get("until") or manifest.get("exported_at")
        try:
            await verify_live(
                reader,
                house.installation(),
                checked,
                trusted=trusted,
                topic=topic,
                earlier=earlier,
                taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
                progress=progress,
            )
        finally:
            reader.close()
