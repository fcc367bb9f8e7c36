"""`fuyan events tail`: events as they come, one line each."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from deploy.cli import house
from deploy.cli.adopting import OWN
from deploy.cli.house import Exit
from deploy.cli.republishing import record
from deploy.cli.services import Service
from deploy.cli.telling import AsJson, explained, fail
from shared.clock import SHANGHAI
from shared.contracts import audit
from shared.contracts.registry import CONTEXTS
from shared.messaging.head_relay import read_head
from shared.messaging.watching import Watched, watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are shown; an empty word wants all."""

    type: str
    township: str
    programme: str

    def __call__(self, one: Watched) -> bool:
        if one.who is None:
            told = one.header("ce_type")
            return self.type in told and not (self.township or self.programme)
        programme, *rest = one.who.subject.split("/")
        return (
            self.type in one.who.type
            and self.programme in ("", programme)
            and self.township in ("", *rest[:1])
        )


def tail(
    service: Annotated[
        Service | None, typer.Argument(help="Whose topics; all if not given.")
    ] = None,
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="This topic; may be repeated.")
    ] = None,
    kind: Annotated[str, typer.Option("--type", help="A part of the type: city-passed.")] = "",
    township: Annotated[str, typer.Option("--township", help="Its division code.")] = "",
    programme: Annotated[str, typer.Option("--programme", help="Its code.")] = "",
    begin: Annotated[
        str,
        typer.Option("--from", help="beginning, or a day (2018-09-05) or instant of recording."),
    ] = "",
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Wait for more, until Ctrl-C.")
    ] = True,
    content: Annotated[
        bool, typer.Option("--content", help="The data too: who looks is recorded.")
    ] = False,
    actor: Annotated[
        str, typer.Option("--actor", help="With --content: who looks, ORGANISATION:OFFICER.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="With --content: why.")] = "",
    as_json: AsJson = False,
) -> None:
    """跟看事件 · Follow events as they come: position, recorded, type, subject, version, actor.

    With --content that you looked is put on record in each service whose topic you read
    (FUYAN_DATABASE_<SERVICE>). Signed tree heads are followed by --topic fuyan.audit.v1: size,
    signed, type, log, root. Duplicates are shown too: this is what lies on the topic.

    Exit codes: 0 ended; 2 asked wrongly; 3 Kafka or a database does not answer.
    """
    if content and not (":" in actor and reason.strip()):
        fail(
            Exit.USAGE,
            "查看内容须写明 --actor 单位:人员 和 --reason 原因",
            "--content goes with --actor ORGANISATION:OFFICER and --reason",
        )
    topics = _topics(service, topic or [])
    since = _since(begin)
    wanted = Wanted(type=kind, township=township, programme=programme)
    with explained(), suppress(KeyboardInterrupt):
        if content:  # before anything is seen
            asyncio.run(_looked(topics, actor, {"reason": reason, "from": since, **asdict(wanted)}))
        asyncio.run(_tail(topics, since, follow, wanted, content, as_json))


def _topics(service: Service | None, topics: Sequence[str]) -> list[str]:
    """The topics asked for, by service or by name."""
    if (service is not None and topics) or service is Service.projection:
        fail(Exit.USAGE, "请给出一个写库的服务，或 --topic", "name a writing service, or --topic")
    known = [*(context.topic for context in CONTEXTS.values()), audit.TOPIC]
    if unknown := [one for one in topics if one not in known]:
        fail(
            Exit.USAGE,
            f"没有主题 {unknown[0]}；现有：{'、'.join(known)}",
            f"there is no topic {unknown[0]}; there are: {', '.join(known)}",
        )
    if topics:
        return list(topics)
    return [CONTEXTS[name].topic for name in (CONTEXTS if service is None else OWN[service])]


def _since(begin: str) -> datetime | None:
    if not begin:
        return None
    if begin == "beginning":
        return datetime.min.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(begin)
    except ValueError:
        fail(Exit.USAGE, f"看不懂 --from {begin}", f"--from {begin} is no day and no instant")
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


async def _looked(topics: Sequence[str], actor: str, told: dict[str, Any]) -> None:
    """On record in every service whose content is about to be seen."""
    for service, own in OWN.items():
        if any(CONTEXTS[name].topic in topics for name in own):
            await record(house.database(service), "tail-content", actor, told)


async def _tail(
    topics: Sequence[str],
    since: datetime | None,
    follow: bool,
    wanted: Wanted,
    content: bool,
    as_json: bool,
) -> None:
    async for one in watch(house.kafka(), topics, begin=since, follow=follow):
        if wanted(one):
            shown = _shown(one, content)
            typer.echo(json.dumps(shown, ensure_ascii=False) if as_json else _line(shown))


def _shown(one: Watched, content: bool) -> dict[str, Any]:
    message = one.message
    at = f"{message.topic}/{message.partition}@{message.offset}"
    shown: dict[str, Any]
    if one.who is None and (head := read_head(message)) is not None:
        shown = {
            "size": head.size,
            "signed_at": head.signed_at,
            "type": audit.TREE_HEAD,
            "log": f"{head.installation}/{head.service}",
            "root": head.root,
            "id": one.header("ce_id"),
            "at": at,
        }
    elif one.who is None:
        shown = {"at": at, "unreadable": True}
    else:
        shown = {
            "position": int(one.header("ce_position") or 0),
            "recorded_at": one.header("ce_recordedtime"),
            "type": one.who.type,
            "subject": one.who.subject,
            "version": one.who.version,
            "actor": one.header("ce_actor"),
            "id": str(one.who.id),
            "at": at,
        }
    if content:
        shown["data"] = (message.value or b"").decode(errors="replace")
    return shown


def _line(shown: dict[str, Any]) -> str:
    if "unreadable" in shown:
        return f"?  {shown['at']}: 不是本系统的事件 / no event of ours"
    if "root" in shown:
        line = (
            f"{shown['size']:>8}  {shown['signed_at']}  {shown['type']}"
            f"  {shown['log']}  {shown['root']}"
        )
    else:
        line = _event(shown)
    return f"{line}\n          {shown['data']}" if "data" in shown else line


def _event(shown: dict[str, Any]) -> str:
    return (
        f"{shown['position']:>8}  {shown['recorded_at']}  {shown['type']}"
        f"  {shown['subject']}@{shown['version']}  {shown['actor']}"
    )
