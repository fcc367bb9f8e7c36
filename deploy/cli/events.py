"""`fuyan events`: what may be done with the record itself; one module for each command."""

import typer

from deploy.cli import (
    adopting,
    events_export,
    events_prove,
    events_verify,
    republishing,
    watching,
)

app = typer.Typer(
    help="事件记录：导出、核验、取回、重发 · The record: taken away, proven, taken back.",
    no_args_is_help=True,
)
app.command("adopt")(adopting.adopt)
app.command("export")(events_export.export)
app.command("verify")(events_verify.verify)
app.command("prove")(events_prove.prove)
app.command("republish")(republishing.republish)
app.command("tail")(watching.tail)
