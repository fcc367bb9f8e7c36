"""`fuyan topics`: create what is declared, or say how a cluster differs from it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from deploy.cli import house
from deploy.cli.house import Exit
from deploy.cli.telling import explained, fail
from shared.messaging.topics import TopicMismatch, declared, ensure, missing

app = typer.Typer(
    help="按声明建立、核对主题 · The declared topics of a cluster (FUYAN_KAFKA).",
    no_args_is_help=True,
)


@app.command()
def apply() -> None:
    """建立缺少的主题 · Create the declared topics that are missing; refuse one that differs.

    Exit codes: 0 all are there; 1 one differs; 2 a setting is missing; 3 Kafka does not answer.
    """
    kafka = house.kafka()
    with explained(), _as_declared():
        asyncio.run(ensure(kafka.bootstrap, declared(), **kafka.security))
    typer.echo(", ".join(sorted(declared())))


@app.command()
def check() -> None:
    """核对主题 · Say which declared topics are missing or differ.

    Exit codes: 0 as declared; 1 one is missing or differs; 2 a setting is missing; 3 Kafka does not
    answer.
    """
    kafka = house.kafka()
    with explained(), _as_declared():
        found = asyncio.run(missing(kafka.bootstrap, declared(), **kafka.security))
    if found:
        fail(
            Exit.DIFFERS,
            f"缺少 {'、'.join(found)}：请执行 fuyan topics apply",
            f"missing: {', '.join(found)}; run `fuyan topics apply`",
        )
    typer.echo("与声明一致 / as declared")


@contextmanager
def _as_declared() -> Iterator[None]:
    try:
        yield
    except TopicMismatch as error:
        fail(
            Exit.DIFFERS,
            f"主题与 deploy/topics.yaml 不符（{error}）：请改回，或另作声明（FUYAN_TOPICS）",
            f"A topic is not as deploy/topics.yaml says ({error}): mend it, or declare another"
            " (FUYAN_TOPICS)",
        )
