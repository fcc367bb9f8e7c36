"""The read models against a pure fold of the journal they were made from."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg

from deploy.doctor.finding import Finding, listed, skipped, well, wrong
from deploy.doctor.ledger import Copy, Told, print_of
from services.projection.folding import SELECT, entry, received
from services.projection.models import timeline
from services.projection.models.rows import Rows, fold
from services.projection.models.schema import FOLDS, Models, to_text
from services.projection.models.store import load, load_programmes
from services.projection.models.timeline import Happening, happening, township_of
from services.projection.versions import ANSWERING
from shared.contracts.registry import UnknownVersion
from shared.messaging.reactions import Received
from shared.progress import Progress

PAGE = 2000
CHECK = "read-model"
_REBUILD = (
    "请执行 `fuyan projections rebuild`，核对后 promote",
    "Run `fuyan projections rebuild`, look at the diff, and promote it",
)
_TIMELINE = (
    "SELECT context, subject, version, id, type, effective_on, recorded_at, actor,"
    " store_position, facts FROM {schema}.timeline"
    " WHERE (context, subject, version) > ($1, $2, $3)"
    " ORDER BY context, subject, version LIMIT $4"
)


async def folded(connection: asyncpg.Connection, progress: Progress) -> Finding:
    """Row by row, and each line of the timeline, up to the position that is seen."""
    shown: dict[str, Rows] = {}
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = await connection.fetchrow(ANSWERING, FOLDS)
        if found is None:
            return skipped(CHECK, "没有本版本的读模型", "no read models of this release")
        models = Models(connection, found["version"], found["position"])
        for row in await load_programmes(models):
            shown[row.programme] = await load(models, row.programme)
    expected: dict[str, Rows] = {}
    lines: dict[str, Told] = {}
    at = 0
    while at < models.position:
        rows = await connection.fetch(
            f"{SELECT} WHERE position > $1 AND position <= $2 ORDER BY journal.position"
            f" LIMIT {PAGE}",
            at,
            models.position,
        )
        if not rows:
            break
        by_programme: dict[str, list[Received]] = {}
        try:
            entries = [entry(row) for row in rows]
        except (ValueError, UnknownVersion) as error:
            return _unreadable(error)
        for one in received(entries):
            by_programme.setdefault(one.record.subject.partition("/")[0], []).append(one)
            if township_of(one) is not None:
                line = happening(one)
                lines.setdefault(line.context, Told()).put(line.subject, line.version, _mark(line))
        for name, events in by_programme.items():
            expected[name] = fold(expected.get(name, Rows()), events)
        at = rows[-1]["at"]
        progress("read model", at, models.position)
        await asyncio.sleep(0)
    differing = [
        name
        for programme in sorted(expected.keys() | shown.keys())
        for name in _differences(
            programme, expected.get(programme, Rows()), shown.get(programme, Rows())
        )
    ]
    differing += await _timeline(models, lines)
    facts: dict[str, Any] = {
        "version": models.version,
        "position": models.position,
        "differing": differing,
    }
    if differing:
        return wrong(
            CHECK,
            (
                f"读模型与事件推算不符：{listed(differing)}",
                f"not the fold of its journal: {listed(differing)}",
            ),
            _REBUILD,
            **facts,
        )
    return well(
        CHECK,
        f"读模型与事件推算一致，至第 {models.position} 件",
        f"the fold of its journal, up to position {models.position}",
        **facts,
    )


def _unreadable(error: Exception) -> Finding:
    return wrong(
        CHECK,
        (
            f"流水中有读不出的事件，无法推算：{error}",
            f"the journal holds what cannot be read, so nothing can be folded from it: {error}",
        ),
        ("请先处理 journal 一项", "See to the journal first"),
    )


def _differences(programme: str, expected: Rows, shown: Rows) -> Iterator[str]:
    if expected.programme != shown.programme:
        yield f"programme {programme}"
    for township in sorted(expected.dossiers.keys() | shown.dossiers.keys()):
        if expected.dossiers.get(township) != shown.dossiers.get(township):
            yield f"dossier {programme}/{township}"
    for subject in sorted(expected.cases.keys() | shown.cases.keys()):
        if expected.cases.get(subject) != shown.cases.get(subject):
            yield f"case {subject}"


async def _timeline(models: Models, lines: dict[str, Told]) -> list[str]:
    copies = {context: Copy(told) for context, told in lines.items()}
    after: tuple[str, str, int] = ("", "", 0)
    extra: list[str] = []
    while True:
        rows = await models.connection.fetch(_TIMELINE.format(schema=models.schema), *after, PAGE)
        if not rows:
            break
        for row in rows:
            line = timeline.of_row(row)
            copy = copies.setdefault(line.context, Copy(Told()))
            copy.take(line.subject, line.version, _mark(line))
        after = tuple(rows[-1])[:3]
        await asyncio.sleep(0)
    # Lines of events behind the position that was looked at are the fold going on.
    beyond = await models.connection.fetch(
        "SELECT context, subject, version FROM journal WHERE position > $1", models.position
    )
    coming = {tuple(row) for row in beyond}
    for context, copy in sorted(copies.items()):
        wrongs = [*copy.missing(), *copy.other]
        wrongs += [place for place in copy.later if (context, *place) not in coming]
        extra += [f"timeline {context}/{subject}@{version}" for subject, version in sorted(wrongs)]
    return extra


def _mark(line: Happening) -> bytes:
    said = (line.id, line.type, line.effective_on, line.recorded_at, line.actor, dict(line.facts))
    return print_of(line.subject, line.version, to_text(said).encode())
