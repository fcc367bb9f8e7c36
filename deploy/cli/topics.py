"""`fuyan topics`: create what is declared, or say how a cluster differs from it."""

import asyncio
import os

import typer
from aiokafka.errors import KafkaError

from shared.messaging.kafka import Kafka
from shared.messaging.topics import TopicMismatch, declared, ensure, missing

app = typer.Typer(
    help="按声明建立、核对主题 · The declared topics of a cluster (FUYAN_KAFKA).",
    no_args_is_help=True,
)


def _kafka() -> Kafka:
    bootstrap = os.environ.get("FUYAN_KAFKA")
    if not bootstrap:
        typer.echo("缺少 FUYAN_KAFKA / FUYAN_KAFKA is missing: set it to host:port", err=True)
        raise typer.Exit(2)
    return Kafka(bootstrap)


@app.command()
def apply() -> None:
    """建立缺少的主题 · Create the declared topics that are missing; refuse one that differs.

    Exit codes: 0 all are there; 1 one differs, or Kafka does not answer; 2 a setting is missing.
    """
    kafka = _kafka()
    try:
        asyncio.run(ensure(kafka.bootstrap, declared(), **kafka.security))
    except (TopicMismatch, KafkaError, TimeoutError) as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(", ".join(sorted(declared())))


@app.command()
def check() -> None:
    """核对主题 · Say which declared topics are missing or differ.

    Exit codes: 0 as declared; 1 one is missing or differs, or Kafka does not answer; 2 a setting is
    missing.
    """
    kafka = _kafka()
    try:
        found = asyncio.run(missing(kafka.bootstrap, declared(), **kafka.security))
    except (TopicMismatch, KafkaError, TimeoutError) as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error
    if found:
        typer.echo(f"missing: {', '.join(found)}; run `fuyan topics apply`", err=True)
        raise typer.Exit(1)
    typer.echo("as declared")
