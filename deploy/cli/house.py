"""What the commands about a whole installation are told by the environment, and how they end."""

import os
from collections.abc import Iterable
from enum import IntEnum

import typer

from deploy.cli.services import Service
from shared.messaging.kafka import Kafka


class Exit(IntEnum):
    """What the exit code of an operator's command means."""

    OK = 0
    DIFFERS = 1
    """It was looked at, and something is not as it must be."""
    USAGE = 2
    """It was asked wrongly: an argument or a setting."""
    AWAY = 3
    """A database, Kafka or a service did not answer: nothing is known, nothing was done."""


def database(service: Service) -> str:
    """The DSN of a service's database, of its owner: FUYAN_DATABASE_<SERVICE>."""
    return _needed(f"FUYAN_DATABASE_{service.upper()}", f"the DSN of the {service} database")


def databases(services: Iterable[Service] = tuple(Service)) -> dict[Service, str]:
    """DSNs by service."""
    return {service: database(service) for service in services}


def kafka() -> Kafka:
    """The cluster, with the credentials that a service would take."""
    password_file = os.environ.get("FUYAN_KAFKA_PASSWORD_FILE")
    password = None
    if password_file:
        with open(password_file, encoding="utf-8") as file:
            password = file.read().strip()
    return Kafka(
        _needed("FUYAN_KAFKA", "the bootstrap servers"),
        os.environ.get("FUYAN_KAFKA_USERNAME"),
        password,
        os.environ.get("FUYAN_KAFKA_CA_FILE"),
    )


def installation() -> str:
    """The name of the installation, as in every event's source."""
    return os.environ.get("FUYAN_INSTALLATION", "local")


def _needed(name: str, what: str) -> str:
    value = os.environ.get(name)
    if not value:
        typer.echo(f"缺少 {name} / {name} is missing: set it to {what}", err=True)
        raise typer.Exit(Exit.USAGE)
    return value
