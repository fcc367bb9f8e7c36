"""`fuyan demo`: the whole programme of 2018 and 2019, played in about a minute."""

import asyncio
import sys
from typing import Annotated

import typer


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Play, verify, print one JSON line and end.")
    ] = False,
    kafka: Annotated[
        str, typer.Option(help="embedded, apache (from Maven), or host:port of your own.")
    ] = "embedded",
    pace: Annotated[
        float | None,
        typer.Option(help="Seconds a month takes; 2 unless --once, where it does not wait."),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            help="Port of submission; review, notification, projection follow; issuer before it."
        ),
    ] = 8001,
) -> None:
    """演示 · Start everything on this machine, play 2018 and 2019, and stay up until Ctrl-C.

    All it started is gone afterwards, even after kill -9; a second run starts clean. At its
    start it prints the file that operators' commands need: `. …/operator.env`.

    Exit codes: 0 ended; 1 something differs, or it cannot run; 2 asked wrongly; 130 --once was
    broken off.
    """
    # Only the demo needs these parts, and the packages behind them: a service runs without.
    from deploy.local.demo import Demo, Differs
    from deploy.local.desk import Stalled, Surprise
    from deploy.local.processes import ProcessEnded
    from deploy.local.records import ForeignTopics
    from deploy.local.settling import NotSettled
    from deploy.local.stage import NotReady

    seconds = pace if pace is not None else (0 if once else 2)
    try:
        asyncio.run(Demo(kafka=kafka, pace=seconds, port=port, once=once).run())
    except KeyboardInterrupt:
        sys.exit(130 if once else 0)
    except (Differs, NotReady, NotSettled, ForeignTopics, Stalled, Surprise, ProcessEnded) as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error


def token(
    officer: Annotated[str, typer.Argument(help="Who acts, by id: o17.")],
    organisation: Annotated[str, typer.Argument(help="For whom: 370406001-office.")],
    roles: Annotated[list[str], typer.Argument(help="As what: clerk, head, officer, leader …")],
    issuer: Annotated[
        str, typer.Option(help="The running demo's issuer, as it says at its start.")
    ] = "http://127.0.0.1:8000",
) -> None:
    """取演示用的令牌 · Print a token of the running demo; a service outside of it refuses it.

    Exit codes: 0 printed; 1 no demo answers; 2 asked wrongly.
    """
    import httpx

    asked = {"officer": officer, "organisation": organisation, "role": roles}
    try:
        answer = httpx.get(f"{issuer}/token", params=asked, timeout=5)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        typer.echo(f"{issuer}: {error}; is `fuyan demo` running?", err=True)
        raise typer.Exit(1) from error
    typer.echo(answer.text)
