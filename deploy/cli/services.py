"""`fuyan serve` and `fuyan migrate`: one service at a time, each with its own database."""

import asyncio
import os
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, get_type_hints

import typer
from pydantic import ValidationError

from shared.settings import ServiceSettings
from shared.store import migrate as migrations
from shared.store.schema import FROZEN
from shared.web.app import serve as run

ROOT = Path(__file__).parents[2]


class Service(StrEnum):
    submission = "submission"
    review = "review"
    notification = "notification"
    projection = "projection"


PORTS = {service: 8001 + number for number, service in enumerate(Service)}
_STORE = FROZEN
APPENDED = dict.fromkeys(Service, _STORE) | {
    Service.submission: (*_STORE, "evidence_read", "evidence_erasure"),
    Service.projection: ("journal",),
}
"""The tables to which a service may add, and in which it may change nothing."""


def settings_of(service: Service) -> type[ServiceSettings]:
    """The settings that a service takes: the usual ones, or with its own beside them."""
    app = import_module(f"services.{service}.app")
    kind: type[ServiceSettings] = get_type_hints(app.create_app)["settings"]
    return kind


def serve(
    service: Annotated[Service, typer.Argument(help="Which of the four.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(help="Port; 8001 to 8004 by service if not given.")
    ] = None,
) -> None:
    """运行一个服务 · Run one service until SIGTERM; its settings are FUYAN_* in the environment.

    A second process of a service stands by and takes over when the first is gone.

    Exit codes: 0 ended as told; 2 a setting is missing or wrong, and is named.
    """
    app = import_module(f"services.{service}.app")
    try:
        settings = settings_of(service)()
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in ("FUYAN", *problem["loc"])).upper()
            typer.echo(f"{name if problem['loc'] else 'FUYAN_*'}: {problem['msg']}", err=True)
        raise typer.Exit(2) from error
    run(app.create_app, host, PORTS[service] if port is None else port, settings)


def migrate(
    service: Annotated[Service, typer.Argument(help="Which of the four.")],
    role: Annotated[
        str | None,
        typer.Option(help="The role the service connects with: it may add, never change."),
    ] = None,
) -> None:
    """迁移一个服务的库 · Bring a service's database to this release.

    FUYAN_DATABASE names it, as its owner. Twice does nothing twice.

    Exit codes: 0 done; 1 it failed, and nothing was changed; 2 a setting is missing.
    """
    database = os.environ.get("FUYAN_DATABASE")
    if not database:
        typer.echo(
            "缺少 FUYAN_DATABASE / FUYAN_DATABASE is missing: set it to the DSN of the owner",
            err=True,
        )
        raise typer.Exit(2)
    asyncio.run(apply(service, database, role))
    typer.echo(f"{service}: the database is at this release")


async def apply(service: Service, database: str, role: str | None) -> None:
    """Run the migrations of a service."""
    folder = ROOT / "services" / service / "migrations"
    await migrations.migrate(database, folder, role, APPENDED[service])
