"""What the played database answers to each statement, and what it writes for it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from services.projection import folding
from shared.events.envelope import Record, instant
from shared.messaging import outgoing
from shared.store import sql
from shared.store.schema import COLUMNS
from tests.simulation.tables import Row, View, rows

N = len(COLUMNS)
MODEL_ADD = "simulation: add to the read model"
MODEL_ALL = "simulation: the whole read model"


Answer = Callable[..., Any]


def records_of(columns: Sequence[Sequence[Any]]) -> list[Record]:
    return [Record(*values) for values in zip(*columns[:N], strict=True)]


def log_events(view: View, records: Sequence[Record]) -> None:
    view.insert("log", "log_pkey", ((r.position, r) for r in records))
    view.insert(
        "log_stream",
        "log_stream_version",
        (((r.context, r.subject, r.version), r.position) for r in records),
    )


def append(view: View, *columns: Sequence[Any]) -> list[Row]:
    """Events with their commands and claims."""
    log_events(view, records_of(columns))
    view.insert(
        "command", "command_pkey", ((v[0], v) for v in zip(*columns[N : N + 6], strict=True))
    )
    view.insert(
        "claim", "claim_pkey", ((v[:2], v[2]) for v in zip(*columns[N + 6 : N + 9], strict=True))
    )
    return []


def _follow(view: View, columns: Sequence[Sequence[Any]], width: int) -> None:
    view.upsert("head", [(v[:2], v) for v in zip(*columns[:4], strict=True)])
    view.upsert("fence", [(v[:2], v) for v in zip(*columns[4:8], strict=True)])
    view.insert(
        "parked", "parked_pkey", ((v[:3], v) for v in zip(*columns[8 : 8 + width], strict=True))
    )


def append_and_follow(view: View, *columns: Sequence[Any]) -> list[Row]:
    """Events and commands, with heads, fences, parked records and kept events."""
    append(view, *columns)
    width = len(sql.PARKED_TYPES)
    _follow(view, columns[N + 9 :], width)
    kept = columns[N + 17 + width :]
    records = records_of(kept)
    view.insert("heard", "heard_pkey", ((r.id, r) for r in records))
    view.insert(
        "heard_stream",
        "heard_stream_version",
        (((r.context, r.subject, r.version), r.id) for r in records),
    )
    arrivals = zip(kept[N], records, strict=True)
    view.insert("heard_arrival", "heard_arrival", ((at, r.id) for at, r in arrivals))
    return []


def _unpark(view: View, columns: Sequence[Sequence[Any]]) -> None:
    lines, acts = view.write("parked"), view.write("dead_letter_act")
    for where in zip(*columns[:3], strict=True):
        lines.pop(where, None)
    for act in columns[3]:
        acts[act] = {**acts[act], "records": acts[act]["records"] + 1}


def append_and_unpark(view: View, *columns: Sequence[Any]) -> list[Row]:
    """The same, and parked records leave their line."""
    append_and_follow(view, *columns[:-4])
    _unpark(view, columns[-4:])
    return []


def append_journal_and_unpark(view: View, *columns: Sequence[Any]) -> list[Row]:
    """Followed events, and parked ones that leave their line."""
    append_journal(view, *columns[:-4])
    _unpark(view, columns[-4:])
    return []


def append_journal(view: View, *columns: Sequence[Any]) -> list[Row]:
    """Followed events, with heads, fences and parked records."""
    records = records_of(columns)
    view.insert(
        "journal",
        "journal_pkey",
        ((r.position, (r, at)) for r, at in zip(records, columns[N], strict=True)),
    )
    view.insert(
        "journal_stream",
        "journal_stream_version",
        (((r.context, r.subject, r.version), r.position) for r in records),
    )
    _follow(view, columns[N + 1 :], len(sql.PARKED_TYPES))
    return []


def look(
    view: View,
    pid: int,
    keys: Sequence[bytes],
    own: Sequence[str],
    names: Sequence[str],
    others: Sequence[str],
    theirs: Sequence[str],
) -> list[Row]:
    """What the writer asks before it decides."""
    found: list[tuple[Any, ...]] = [("pid", None, None, pid, None, None)]
    commands = view.read("command")
    for key in dict.fromkeys(keys):
        if key in commands:
            _, fingerprint, stream, version, _, last = commands[key]
            found.append(("key", key.hex(), stream, version, last, fingerprint))
    for kind, table, contexts, subjects in (
        ("log", "log", own, names),
        ("heard", "heard", others, theirs),
    ):
        asked = dict.fromkeys(zip(contexts, subjects, strict=True))
        if asked:
            found += [
                (kind, f"{r.context}/{r.type}", r.subject, r.version, r.position, r.data)
                for r in view.read(table).values()
                if (r.context, r.subject) in asked
            ]
    names_ = ("kind", "first", "second", "number", "position", "data")
    return rows(names_, found)


def _page(records: Iterable[Record], after: int, limit: int) -> list[Record]:
    return sorted(r for r in records if r.position > after)[:limit]


def page(view: View, after: int, limit: int) -> list[Row]:
    """Reader.page"""
    return rows(COLUMNS, _page(view.read("log").values(), after, limit))


def going_out(view: View, after: int, limit: int, source: str, contracts: str) -> list[Row]:
    """What the relay reads; the headers are written as PostgreSQL writes them."""
    found = []
    for r in _page(view.read("log").values(), after, limit):
        values = {
            "ce_specversion": "1.0", "ce_id": r.id, "ce_source": source + r.context,
            "ce_type": r.type, "ce_subject": r.subject, "ce_streamversion": r.version,
            "ce_position": r.position, "ce_time": instant(r.effective_at).decode(),
            "ce_recordedtime": instant(r.recorded_at).decode(),
            "ce_correlationid": r.correlation, "ce_causationid": r.causation,
            "ce_actor": r.actor, "ce_onbehalfof": r.on_behalf_of or "",
            "ce_command": r.command.hex(), "ce_leaf": r.leaf.hex(), "ce_salt": r.salt.hex(),
            "ce_dataschema": contracts + r.type, "traceparent": r.traceparent or "",
        }  # fmt: skip
        text = outgoing.SEPARATOR.join(str(values[name]) for name in outgoing._VALUES)
        found.append((r.position, r.context, r.subject, text, r.data, False))
    names = ("position", "context", "subject", "text", "data", "erases")
    width = 6 if "AS erases" in outgoing._SELECT else 5
    return rows(names[:width], [values[:width] for values in found])


def known(
    view: View, contexts: Sequence[str], subjects: Sequence[str], versions: Sequence[int]
) -> list[Row]:
    """Reader.known"""
    asked = zip(contexts, subjects, versions, strict=True)
    streams, log = view.read("log_stream"), view.read("log")
    found = [(*key, log[streams[key]].id) for key in dict.fromkeys(asked) if key in streams]
    return rows(("context", "subject", "version", "id"), found)


def publish(view: View, position: int, cluster: str, ends: str) -> list[Row]:
    emptied = view.read("published").get(True, (0, "", "", 0))[3]
    view.write("published")[True] = (position, cluster, ends, emptied)
    return []


def empty(view: View, erased: int = 0) -> list[Row]:
    published = view.write("published")
    for key, row in published.items():
        published[key] = (*row[:3], erased)
    return []


def journal_page(view: View, after: int) -> list[Row]:
    """The journal behind a position, as Fold reads it."""
    names = ("at", *COLUMNS)
    found = sorted((at, r._replace(position=own)) for at, (r, own) in view.read("journal").items())
    return rows(names, [(at, *r) for at, r in found if at > after][: folding.PAGE])


def move_folded(view: View, version: int, before: int, after: int) -> str:
    if view.read("folded").get(version) != before:
        return "UPDATE 0"
    view.write("folded")[version] = after
    return "UPDATE 1"


def add(
    view: View, contexts: Sequence[str], subjects: Sequence[str], amounts: Sequence[int]
) -> list[Row]:
    """Sums, on purpose: an event that is folded twice, or not at all, shows."""
    model = view.write("model")
    for context, subject, amount in zip(contexts, subjects, amounts, strict=True):
        count, total = model.get((context, subject), (0, 0))
        model[context, subject] = (count + 1, total + amount)
    return []


def head(view: View, table: str) -> list[Row]:
    return rows(("context", "subject", "version", "id"), view.read(table).values())


def last(view: View) -> list[Row]:
    log = view.read("log")
    found = [log[max(log)]] if log else []
    return rows(("position", "recorded_at"), [(r.position, r.recorded_at) for r in found])


def one(value: object) -> list[Row]:
    """A single value."""
    return rows(("value",), [(value,)])


def settle(view: View, keys: Sequence[bytes]) -> list[Row]:
    commands = view.read("command")
    found = [commands[key] for key in keys if key in commands]
    names = ("key", "fingerprint", "stream", "version", "last")
    return rows(names, [(*row[:4], row[5]) for row in found])


PARKED = (
    "context", "key", "seq", "subject", "version", "id", "topic", "partition", "offset", "headers",
    "value", "reason", "attempts", "parked_at",
)  # fmt: skip


LOADED = (
    "context", "key", "seq", "subject", "version", "topic", "partition", "offset", "id", "reason",
)  # fmt: skip


def _parked(view: View) -> list[Row]:
    return rows(PARKED, [line for _, line in sorted(view.read("parked").items())])


def parked(view: View) -> list[Row]:
    return rows(LOADED, [[row[name] for name in LOADED] for row in _parked(view)])


def first_parked(view: View, context: str, key: str) -> list[Row]:
    return [row for row in _parked(view) if row[:2] == (context, key)][:1]


def again_in_vain(view: View, context: str, key: str, seq: int, reason: str) -> list[Row]:
    lines = view.write("parked")
    values = dict(zip(PARKED, lines[context, key, seq], strict=True))
    values |= {"attempts": values["attempts"] + 1, "reason": reason}
    lines[context, key, seq] = tuple(values.values())
    return []


ACT = ("id", "act", "context", "key", "seq", "record", "records")


def open_acts(view: View) -> list[Row]:
    acts = [act for act in view.read("dead_letter_act").values() if not act["done"]]
    return rows(ACT, [[act[name] for name in ACT] for act in acts])


def done(view: View, act: Any, outcome: str, detail: str | None) -> list[Row]:
    acts = view.write("dead_letter_act")
    acts[act] = {**acts[act], "done": outcome}
    return []


def parked_key(view: View, context: str, key: str, *_: object) -> list[Row]:
    return rows(("seq",), [(k[2],) for k in view.read("parked") if k[:2] == (context, key)][:1])


def heard_by_id(view: View, ids: Sequence[Any]) -> list[Row]:
    heard = view.read("heard")
    return rows(COLUMNS, [heard[i] for i in ids if i in heard])


def place(view: View, context: str, subject: str, version: int) -> list[Row]:
    at = view.read("journal_stream").get((context, subject, version))
    return rows(("position",), [] if at is None else [(at,)])
