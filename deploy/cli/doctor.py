"""`fuyan doctor`: does everything say the same, and may it go on saying it?"""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer

from deploy.cli import house
from deploy.cli.house import Exit
from deploy.cli.telling import AsJson, bar
from deploy.doctor.examine import House, examine
from deploy.doctor.finding import Finding
from deploy.doctor.running import addresses
from shared.progress import Progress

_SIGNS = {"well": "✓", "wrong": "✗", "away": "✗", "skipped": "–"}


def doctor(
    wait: Annotated[
        float, typer.Option(min=0, max=600, help="Seconds for what is in flight to arrive.")
    ] = 10.0,
    emit: Annotated[
        list[str] | None,
        typer.Option(help="Ask whether FUYAN_EMIT may name this event version; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """核对整套系统 · Do log, topic, journal and read models say the same, by count and hash?

    Also: settings, leases, claims, what is parked, what lags, topics, clocks, and which event
    versions the running services read. It only reads, and runs beside the services. It takes
    FUYAN_DATABASE_<SERVICE> of all four, FUYAN_KAFKA, FUYAN_INSTALLATION, and FUYAN_URL_<SERVICE>
    where running services shall be asked too.

    Exit codes: 0 all is well; 1 something differs, and is named; 2 asked wrongly; 3 a database,
    Kafka or a service did not answer, and nothing that did differs.
    """
    looked = House(house.databases(), house.kafka(), house.installation(), addresses(), wait_s=wait)
    with bar(as_json) as progress:
        findings = asyncio.run(_all(looked, progress, emit or (), quiet=as_json))
    code = _code(findings)
    if as_json:
        told = {"healthy": code is Exit.OK, "checks": [asdict(one) for one in findings]}
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
    raise typer.Exit(code)


async def _all(
    looked: House, progress: Progress, raising: list[str] | tuple[str, ...], *, quiet: bool
) -> list[Finding]:
    found = []
    async for one in examine(looked, progress, raising):
        found.append(one)
        if not quiet:
            _tell(one)
    return found


def _tell(one: Finding) -> None:
    typer.echo(f"{_SIGNS[one.state]} {one.check}: {one.zh} / {one.en}")
    if one.do_zh:
        typer.echo(f"    → {one.do_zh} / {one.do_en}")


def _code(findings: list[Finding]) -> Exit:
    states = {one.state for one in findings}
    if "wrong" in states:
        return Exit.DIFFERS
    return Exit.AWAY if "away" in states else Exit.OK
