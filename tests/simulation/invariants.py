"""What must hold when everything has come to rest: pure functions over what a run left behind.

Each yields sentences that begin with the name of the invariant they found broken.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from shared.contracts.registry import CONTEXTS
from shared.events.envelope import Record
from shared.messaging.parking import BEHIND
from tests.simulation.evidence import Evidence

WRITES = {"submission": "dossier", "review": "case"}
Model = dict[tuple[str, str], tuple[int, int]]


def check(evidence: Evidence) -> list[str]:
    """All that is wrong, worst first."""
    found = [*evidence.broken]
    for one in (
        acknowledged, counted, refused_left_nothing, at_most_once, topics_tell_the_log,
        model_is_a_fold, nothing_goes_back, poison_blocks_its_key, everything_arrives,
    ):  # fmt: skip
        found += one(evidence)
    return found


def acknowledged(e: Evidence) -> Iterator[str]:
    """I1: in the log as it was told."""
    by_command: dict[bytes, list[Record]] = {}
    for record in e.logs["submission"]:
        by_command.setdefault(record.command, []).append(record)
    for told in e.told:
        if told.written is None:
            continue
        found = by_command.get(told.key, [])
        if not found:
            yield f"I1: a command was acknowledged and {told.subject} lacks its event"
        elif (found[-1].version, found[-1].position) != (
            told.written.version,
            told.written.position,
        ):
            yield f"I1: {told.subject} was told {told.written} and its event is {found[-1][:4]}"


def counted(e: Evidence) -> Iterator[str]:
    """I2: positions and versions without a gap, time never back, one winner per version."""
    for service, log in e.logs.items():
        if [record.position for record in log] != list(range(1, len(log) + 1)):
            yield f"I2: positions of {service} are {[record.position for record in log]}"
        for subject, records in by_subject(log).items():
            if [record.version for record in records] != list(range(1, len(records) + 1)):
                yield f"I2: versions of {subject} are {[r.version for r in records]}"
        times = [record.recorded_at for record in log]
        if times != sorted(times):
            yield f"I2: {service} recorded an event before the one that stands before it"
    winners = Counter(
        (told.subject, told.expected, told.key)
        for told in e.told
        if told.written is not None and told.expected is not None
    )
    for (subject, expected), count in Counter((s, v) for s, v, _ in winners).items():
        if count > 1:
            yield f"I2: {count} commands were the one that expected {subject}@{expected}"


def refused_left_nothing(e: Evidence) -> Iterator[str]:
    """I3: a refused command has no effect, and no value is claimed twice."""
    written = {record.command for record in e.logs["submission"]}
    for told in e.told:
        if told.written is None and told.key in written:
            yield f"I3: {told.subject} was refused ({told.code}) and has its event"
    values = Counter(v for v, _ in {(t.value, t.key) for t in e.told if t.value and t.written})
    for value, count in values.items():
        if count > 1:
            yield f"I3: {count} commands claimed {value}"


def at_most_once(e: Evidence) -> Iterator[str]:
    """I4: one effect a key, one a followed event, and one answer to all who asked."""
    for service, log in e.logs.items():
        for command, count in Counter(record.command for record in log).items():
            if count > 1:
                yield f"I4: a command of {service} had {count} effects"
            if command not in e.commands[service]:
                yield f"I4: an event of {service} without its command"
    for cause, count in Counter(record.causation for record in e.logs["review"]).items():
        if count > 1:
            yield f"I4: review reacted {count} times to {cause}"
    answers: dict[bytes, set[object]] = {}
    for told in e.told:
        answers.setdefault(told.key, set()).add(told.written or told.code)
    for given in answers.values():
        if len(given) > 1:
            yield f"I4: one key was answered {sorted(map(str, given))}"


def topics_tell_the_log(e: Evidence) -> Iterator[str]:
    """I5: every event, no other, and each key in the order of its commits."""
    for service, context in WRITES.items():
        log = e.logs[service]
        ids = {record.id for record in log}
        seen: dict[object, None] = {}
        for partition in e.topics.get(context, []):
            for who in partition:
                if who is None:
                    continue
                if who.id not in ids:
                    yield f"I5: {who.subject}@{who.version} is on its topic, and not in the log"
                seen.setdefault(who.id)
        missing = [f"{r.subject}@{r.version}" for r in log if r.id not in seen]
        if missing:
            yield f"I5: {context} lacks {missing}"
        place = {id_: number for number, id_ in enumerate(seen)}
        for key, records in by_key(log).items():
            order = [place[record.id] for record in records if record.id in place]
            if order != sorted(order):
                yield f"I5: {key} came on its topic in another order"


def model_is_a_fold(e: Evidence) -> Iterator[str]:
    """I6, I10: the journal holds what the logs say, and the model is its fold, each event once."""
    by_place = {(r.context, r.subject, r.version): r for log in e.logs.values() for r in log}
    for record in e.kept["projection"]:
        own = by_place.get((record.context, record.subject, record.version))
        if own is None or own.id != record.id:
            yield f"I6: the journal holds {record.subject}@{record.version}, which no log has"
        elif (own.data, own.leaf, own.recorded_at) != (
            record.data,
            record.leaf,
            record.recorded_at,
        ):
            yield f"I6: the journal holds another {record.subject}@{record.version}"
    for consumer, kept in e.kept.items():
        for subject, records in by_subject(kept).items():
            versions = [record.version for record in records]
            if versions != sorted(set(versions)):
                yield f"I6: {consumer} keeps {subject} in the order {versions}"
    for row in e.seen:
        if row.position > len(e.kept["projection"]):
            yield f"I8: position {row.position} was shown and is gone"
        elif row.model != refold(e, row.position):
            fold = refold(e, row.position)
            yield f"I7: at {row.position} the model showed {row.model}, not {fold}"
    if e.model != refold(e, e.folded):
        yield f"I6: the model is {e.model}, its fold {refold(e, e.folded)}"


def refold(e: Evidence, upto: int) -> Model:
    """The model as a fold of the journal makes it."""
    model: Model = {}
    by_place = {(r.context, r.subject, r.version): r for log in e.logs.values() for r in log}
    for record in e.kept["projection"][:upto]:
        stream = (record.context, record.subject)
        own = by_place.get((*stream, record.version))
        count, total = model.get(stream, (0, 0))
        model[stream] = (count + 1, total + (own.position if own else 0))
    return model


def nothing_goes_back(e: Evidence) -> Iterator[str]:
    """I8: what one client has seen, it sees for ever."""
    last: dict[int, int] = {}
    for seen in e.seen:
        if seen.position < last.get(seen.client, 0):
            yield f"I8: client {seen.client} saw position {last[seen.client]}, then {seen.position}"
        last[seen.client] = seen.position


def poison_blocks_its_key(e: Evidence) -> Iterator[str]:
    """I11: what is parked is poison, or stands behind some, in order; the rest has its effect."""
    for consumer, lines in e.parked.items():
        keys = list(dict.fromkeys((line.context, line.key) for line in lines))
        for context, key in keys:
            line = [one for one in lines if (one.context, one.key) == (context, key)]
            if line[0].reason == BEHIND:
                yield f"I11: {consumer} parked {key} behind nothing"
            if key not in e.poisoned:
                yield f"I11: {consumer} parked {key}: {line[0].reason}"
            for subject in {one.subject for one in line if one.subject}:
                versions = [one.version for one in line if one.subject == subject]
                if versions != list(range(versions[0], versions[0] + len(versions))):
                    yield f"I11: {consumer} parked versions {versions} of {subject}"


def everything_arrives(e: Evidence) -> Iterator[str]:
    """L1, I1: nobody lacks anything, unless it is parked there."""
    yield from (f"L1: {one}" for one in e.lagging)
    if e.lagging:
        return
    for consumer, service in (
        ("projection", "submission"), ("projection", "review"), ("review", "submission"),
        ("submission", "review"),
    ):  # fmt: skip
        context = WRITES[service]
        held = [(r.subject, r.version) for r in e.kept[consumer] if r.context == context]
        held += [
            (p.subject, p.version) for p in e.parked[consumer] if p.context == context and p.version
        ]
        for record in e.logs[service]:
            count = held.count((record.subject, record.version))
            if count != 1:
                yield f"I1: {consumer} has {record.subject}@{record.version} {count} times"
    yield from _reacted(e)


def _reacted(e: Evidence) -> Iterator[str]:
    """Every application that review followed has its case."""
    caused = {record.causation for record in e.logs["review"]}
    for record in e.kept["review"]:
        applies = b'"item":"note"' not in record.data
        if applies != (record.id in caused):
            did = "did not answer" if applies else "answered"
            yield f"I1: review {did} {record.subject}@{record.version}"


def by_subject(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.subject, []).append(record)
    return found


def by_key(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(CONTEXTS[record.context].key(record.subject), []).append(record)
    return found
