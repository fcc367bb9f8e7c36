"""`fuyan events`: what may be done with the record itself; one module for each command."""

import typer

from deploy.cli import adopting

app = typer.Typer(
    help="事件记录:导出、核验、取回 · The record: taken away, proven, taken back.",
    no_args_is_help=True,
)
app.command("adopt")(adopting.adopt)
