"""Why a row of one version differs from the other's: which event gave it its value, or whose folds.

The events of the row's stream are folded once more, one by one, by this image; what it says after
the last event is what a row of its folds must say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from services.projection.differing import MISSING, Change, Difference, Missing, at_path
from services.projection.folding import SELECT, entry, received
from services.projection.models import schema
from services.projection.models.rows import Rows, fold
from services.projection.models.schema import Connection, to_text
from services.projection.versions import Version
from shared.messaging.reactions import Received


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in a sentence of each language, and the event behind a value where one is."""

    zh: str
    en: str
    event: Received | None = None


@dataclass(frozen=True, slots=True)
class Accounted:
    """A difference with its reasons: of the row as a whole, and of each change in it."""

    difference: Difference
    reasons: tuple[Reason, ...]
    changes: tuple[tuple[Change, Reason], ...]


async def account(
    connection: Connection, difference: Difference, old: Version, new: Version
) -> Accounted:
    """What can be said of a difference, through the connection that found it."""
    reasons = []
    if old.folds != new.folds:
        reasons.append(
            Reason(
                f"两个版本的折算规则不同：{old.folds} → {new.folds}",
                f"the rows are of other folds: {old.folds} → {new.folds}",
            )
        )
    stream = _stream(difference)
    if stream is None:
        return Accounted(difference, tuple(reasons), _plainly(difference))
    versions = [_version(side) for side in (difference.old, difference.new)]
    if difference.table != "timeline" and versions[0] != versions[1]:
        which = old if versions[0] < versions[1] else new
        reasons.append(
            Reason(
                f"版本 {which.version} 落后：只到第 {min(versions)} 个事件，共 {max(versions)} 个",
                f"version {which.version} is behind: at version {min(versions)} of {max(versions)}",
            )
        )
    events = await _events(connection, *stream, max(versions))
    if difference.table == "timeline":
        at = difference.key["version"]
        found = next((one for one in events if one.record.version == at), None)
        reason = Reason("时间线上的这一行即该事件", "the row of the timeline is this event", found)
        return Accounted(
            difference, tuple(reasons), tuple((one, reason) for one in difference.changes)
        )
    # What is of other folds cannot be accounted for by those of this image.
    mine = [
        side
        for side, version in ((difference.new, new), (difference.old, old))
        if version.folds == schema.FOLDS
    ]
    if not mine:
        reasons.append(
            Reason(
                "两个版本都不是本程序折算的：请用其中一个版本的程序再比较",
                "neither is of this image's folds: compare them with an image that made one",
            )
        )
        return Accounted(difference, tuple(reasons), _plainly(difference))
    states = _states(stream[0], events)
    changes = tuple((one, _why(one, states, events)) for one in difference.changes)
    return Accounted(difference, tuple(reasons), changes)


def _why(change: Change, states: Sequence[object], events: Sequence[Received]) -> Reason:
    """The event since which the fold says what it says at last, and whose value that is."""
    path = change.path[1:] if change.path[:1] == ("row",) else change.path
    if path == ("version",) or (change.path and change.path[0] != "row"):
        return Reason("该列由事件的数量和地址得出", "the column counts the events, or names them")
    values = [at_path(state, path) if path else state for state in states]
    final = values[-1] if values else MISSING
    if not path and not isinstance(change.new, Missing):
        return Reason("这一行始于该事件", "the row began with this event", events[0])
    since = next((at for at in range(len(values) - 1, 0, -1) if values[at - 1] != final), 0)
    event = events[since] if events else None
    if final == change.new:
        return Reason("新值来自该事件", "the new value is from this event", event)
    if final == change.old:
        return Reason(
            "旧值来自该事件；新值不是这些事件折算的结果",
            "the old value is from this event; the new one is not what its events say",
            event,
        )
    shown = "—" if isinstance(final, Missing) else orjson.dumps(final).decode()
    return Reason(
        f"本程序由这些事件得出 {shown}，两个版本都不是",
        f"this image makes {shown} of these events: neither version says so",
        event,
    )


def _states(context: str, events: Sequence[Received]) -> list[object]:
    """What the row says after each event, as JSON."""
    rows, found = Rows(), []
    for one in events:
        rows = fold(rows, [one])
        row: object = rows.programme
        if context == "dossier":
            (row,) = rows.dossiers.values()
        elif context == "case":
            (row,) = rows.cases.values()
        found.append(orjson.loads(to_text(row)))
    return found


async def _events(connection: Connection, context: str, subject: str, until: int) -> list[Received]:
    rows = await connection.fetch(
        f"{SELECT} WHERE context = $1 AND subject = $2 AND version <= $3 ORDER BY journal.version",
        context,
        subject,
        until,
    )
    return received([entry(row) for row in rows])


def _stream(difference: Difference) -> tuple[str, str] | None:
    """Context and subject of the stream that writes the row; None where none is known."""
    key = difference.key
    match difference.table, key:
        case "programme_progress", {"programme": programme}:
            return "programme", programme
        case "dossier_progress", {"programme": programme, "township": township}:
            return "dossier", f"{programme}/{township}"
        case "case_progress", {"programme": programme, "township": township, "round": round_}:
            return "case", f"{programme}/{township}/{round_}"
        case "timeline", {"context": context, "subject": subject}:
            return context, subject
        case _:
            return None


def _version(row: Mapping[str, Any] | None) -> int:
    """Of the stream that a row has seen."""
    return row["version"] if row is not None else 0


def _plainly(difference: Difference) -> tuple[tuple[Change, Reason], ...]:
    nothing = Reason("", "")
    return tuple((one, nothing) for one in difference.changes)
