"""`fuyan`: start, migrate and look after the services."""

import typer

from deploy.cli import (
    backups,
    contracts,
    dead_letters,
    demo,
    doctor,
    events,
    projections,
    services,
    topics,
)

app = typer.Typer(
    help="Fuyan 复验: re-verification of township safety offices, event-sourced on Kafka.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # a local may be a password
)
app.command("demo")(demo.demo)
app.command("token")(demo.token)
app.command("serve")(services.serve)
app.command("migrate")(services.migrate)
app.command("restore")(backups.restore)
app.add_typer(backups.app, name="backup")
app.command("doctor")(doctor.doctor)
app.add_typer(topics.app, name="topics")
app.add_typer(contracts.app, name="contracts")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(events.app, name="events")
app.add_typer(projections.app, name="projections")


def main() -> None:
    """The console entry."""
    app()


if __name__ == "__main__":
    main()
