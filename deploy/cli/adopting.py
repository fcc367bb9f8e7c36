"""`fuyan events adopt`: a restored log takes back from Kafka what it lacks."""

import asyncio
from datetime import UTC, datetime
from importlib import import_module
from typing import Annotated, Any

import typer

from deploy.cli import house
from deploy.cli.house import Exit
from deploy.cli.services import Service
from deploy.cli.telling import Actor, AsJson, answer, bar, explained, fail, who
from shared.contracts.registry import UnknownVersion
from shared.messaging.adopting import Adopted, Adoption, Claims
from shared.messaging.heads_back import take_heads_back
from shared.progress import Progress
from shared.store.reading import Reader
from shared.store.session import leased

OWN = {
    Service.submission: ("dossier",),
    Service.review: ("programme", "case"),
    Service.notification: ("notice",),
}
"""The contexts that each log writes."""
_CLAIMING = {
    Service.review: "services.review.plaques",
    Service.notification: "services.notification.bulletin_issuing",
}


def adopt(
    service: Annotated[Service, typer.Argument(help="Whose log was restored.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    void_forks: Annotated[
        bool,
        typer.Option(
            "--void-forks",
            help="Where the topic tells two histories beyond this log, put both aside.",
        ),
    ] = False,
    actor: Actor = "",
    as_json: AsJson = False,
) -> None:
    """取回恢复旧备份后缺失的事件 · Take back what a restored log lacks, from its own topics.

    Every leaf is checked, nothing on record is changed, and it can be done again after any end.
    Signed tree heads come back with the events they are about.
    What cannot be joined is kept with all its bytes in the table `void`, and named here; the
    topics are then filled again from the log. FUYAN_DATABASE_<SERVICE>, FUYAN_KAFKA and
    FUYAN_INSTALLATION say where.

    Exit codes: 0 the log says all that its topics say; 1 something could not be joined, or nothing
    may be taken; 2 asked wrongly; 3 the database, Kafka or the lease is not to be had.
    """
    if service not in OWN:
        fail(
            Exit.USAGE,
            "projection 没有自己的主题，它启动后会自行补读",
            "projection has no topic of its own: it reads on by itself",
        )
    with explained(), bar(as_json) as told:
        try:
            found = asyncio.run(_adopt(service, dry_run, void_forks, who(actor), told))
        except UnknownVersion as error:
            fail(
                Exit.AWAY,
                f"主题中有本版本不认识的事件版本（{error}）：请用写入它的版本执行",
                f"The topic holds a version that this release cannot read ({error}): use the one"
                " that wrote it",
            )
    _say(found, dry_run, as_json)


def claims_of(service: Service) -> Claims:
    """What a service's events take for ever; asked for late, for it starts without the others."""
    if service not in _CLAIMING:
        return lambda event: ()
    claims: Claims = import_module(_CLAIMING[service]).claims_of
    return claims


async def _adopt(
    service: Service, dry_run: bool, void_forks: bool, actor: str, told: Progress
) -> Adopted:
    database = house.database(service)
    reader = Reader(database, service)
    try:
        async with leased(database, f"fuyan-{service}-adopt") as session:
            adoption = Adoption(
                reader, house.kafka(), OWN[service], house.installation(), claims_of(service), told
            )
            found = await adoption.look(void_forks=void_forks)
            if dry_run:
                return found
            if found.plan.taken or found.plan.voided:
                found = await adoption.adopt(session, found, actor, datetime.now(UTC))
            await take_heads_back(reader, session, house.kafka(), house.installation())
            return found
    finally:
        reader.close()


def _say(found: Adopted, dry_run: bool, as_json: bool) -> None:
    plan = found.plan
    voided: list[dict[str, Any]] = [
        {
            "event": f"{one.place[0]}/{one.place[1]}@{one.place[2]}",
            "id": one.id,
            "position": one.position,
            "at": f"{one.topic}/{one.partition}@{one.offset}",
            "why": why,
        }
        for one, why in plan.voided
    ]
    if not as_json:
        for one in voided:
            typer.echo(
                f"不能并入 / not joined: {one['event']} {one['id']}, position {one['position']},"
                f" {one['at']}: {one['why']}",
                err=True,
            )
        for position in plan.lost:
            typer.echo(f"位置不存在于任何地方 / exists nowhere: position {position}", err=True)
    left = [f"{one.place[0]}/{one.place[1]}@{one.place[2]}" for one in found.unsettled]
    done = {
        "taken": len(plan.taken), "voided": voided, "lost": plan.lost, "known": found.known,
        "last_before": found.last, "still_differing": left, "dry_run": dry_run,
    }  # fmt: skip
    answer(
        done,
        f"{'将' if dry_run else '已'}取回 {len(plan.taken)} 条，{len(voided)} 条不能并入，"
        f"{len(plan.lost)} 个位置缺失；此前最后位置 {found.last}",
        f"{len(plan.taken)} {'would be' if dry_run else 'were'} taken back, {len(voided)} not"
        f" joined, {len(plan.lost)} positions missing; the last one before was {found.last}",
        as_json,
    )
    if left:
        fail(Exit.DIFFERS, f"核对不符：{left[:5]}", f"the topic still differs: {left[:5]}")
    if voided or plan.lost:
        raise typer.Exit(Exit.DIFFERS)
