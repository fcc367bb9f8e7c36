"""The invariants: each a function from the facts to the violations it finds, by name."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from deploy.local.replay import Campaign, Row
from tests.faults.facts import JOURNALED, Facts, Logged, Published
from tests.faults.told import Place

Check = Callable[[Facts], Iterable[str]]
BOUND_KB = 700_000
LAG_S = 90.0
"""Ten seconds are promised and reported; a shared machine is given this."""
HORIZON_S = 3.0


def _named(place: Place) -> str:
    context, subject, version = place
    return f"{context}/{subject}@{version}"


def _events(facts: Facts) -> Iterator[tuple[str, Logged]]:
    for service, log in facts.logs.items():
        for one in log:
            yield service, one


def _by_place(facts: Facts) -> dict[Place, Logged]:
    return {one.place: one for _, one in _events(facts)}


def acknowledged_is_everywhere(facts: Facts) -> Iterator[str]:
    """I1: every acknowledged event is in the store, the topic and the read model."""
    logged = _by_place(facts)
    published = {one.id for one in facts.topics}
    taken = {row.id: row.position for row in facts.journal}
    aside = {one.id for rows in facts.parked.values() for one in rows}
    for wish in facts.told:
        for stream, version, position in set(wish.answers):
            place = (wish.context, stream, version)
            found = logged.get(place)
            if found is None or found.command != wish.digest:
                yield f"{_named(place)} was acknowledged, and the store has {found and 'another'}"
                continue
            if found.row.position != position:
                yield f"{_named(place)} was told to be at {position}, not {found.row.position}"
            if found.row.id not in published:
                yield f"{_named(place)} was acknowledged, and is on no topic"
            if found.row.context in JOURNALED and found.row.id not in aside:
                at = taken.get(found.row.id)
                if at is None or at > facts.folded:
                    yield f"{_named(place)} was acknowledged, and is in no read model"


def counted_without_gap(facts: Facts) -> Iterator[str]:
    """I2: positions and versions are 1..n; one winner for each expected version."""
    for service, log in facts.logs.items():
        yield from _counted(f"{service} log", [one.row for one in log])
    yield from _counted("journal", facts.journal)
    winners: Counter[tuple[str, str, int]] = Counter()
    for wish in facts.told:
        if wish.expected is None or not wish.answers:
            continue
        stream, version, _ = wish.answers[0]
        winners[wish.context, stream, wish.expected] += 1
        if version != wish.expected + 1:
            yield f"{wish.what} expected {wish.expected} and became {version} of {stream}"
    for place, count in winners.items():
        if count > 1:
            yield f"{count} commands won on one expected version {_named(place)}"


def _counted(where: str, rows: Sequence[Row]) -> Iterator[str]:
    heads: Counter[tuple[str, str]] = Counter()
    for due, row in enumerate(rows, start=1):
        if row.position != due:
            yield f"{where}: position {row.position} where {due} was due"
            return
        heads[row.context, row.subject] += 1
        if row.version != heads[row.context, row.subject]:
            place = (row.context, row.subject, row.version)
            yield f"{where}: {_named(place)} where {heads[row.context, row.subject]} was due"


def refused_leaves_nothing(facts: Facts) -> Iterator[str]:
    """I3: nothing of a refused command is ever visible."""
    refused = {wish.digest: wish for wish in facts.told if wish.refused}
    for service, commands in facts.commands.items():
        for digest in commands.keys() & refused.keys():
            yield f"{service} keeps a command that was refused: {refused[digest].code}"
    for _, one in _events(facts):
        if one.command in refused:
            yield f"{_named(one.place)} comes from a command that was refused"
    by_hex = {digest.hex() for digest in refused}
    for record in facts.topics:
        if record.command in by_hex:
            yield f"{record.topic} holds {record.id} of a command that was refused"


def one_key_one_effect(facts: Facts) -> Iterator[str]:
    """I4: one idempotency key, at most one effect, and always the same answer."""
    for wish in facts.told:
        if len(set(wish.answers)) > 1:
            yield f"{wish.what} was answered in different ways: {sorted(set(wish.answers))}"
    for service, log in facts.logs.items():
        positions: dict[bytes, list[int]] = defaultdict(list)
        for one in log:
            positions[one.command].append(one.row.position)
        commands = facts.commands.get(service, {})
        for digest, found in positions.items():
            known = commands.get(digest)
            if known is None:
                yield f"{service} has events at {found} of a command it does not know"
            elif known.first is None or found != list(range(known.first, known.last + 1)):
                yield f"{service}: one key has events at {found}, it says {known}"


def topic_is_the_log(facts: Facts) -> Iterator[str]:
    """I5: a topic is its log by event id; order of first appearance per key = commit order."""
    logged = {one.row.id: one.row for _, one in _events(facts)}
    first: dict[str, Published] = {}
    order: dict[tuple[str, bytes], list[str]] = defaultdict(list)
    where: dict[tuple[str, bytes], int] = {}
    for record in sorted(facts.topics, key=lambda one: (one.topic, one.partition, one.offset)):
        if record.id in facts.poison:
            continue
        row = logged.get(record.id)
        if row is None:
            place = (record.context, record.subject, record.version)
            yield f"{record.topic} holds {_named(place)} ({record.id}), which no log has"
            continue
        if record.raw != row.raw:
            yield f"{record.topic} holds other bytes of {record.id} than its log"
        if where.setdefault((record.topic, record.key), record.partition) != record.partition:
            yield f"key {record.key.decode()} is on two partitions of {record.topic}"
        if record.id not in first:
            first[record.id] = record
            order[record.topic, record.key].append(record.id)
    for id_, row in logged.items():
        if id_ not in first:
            yield f"{_named((row.context, row.subject, row.version))} is on no topic"
    for (topic, key), ids in order.items():
        positions = [logged[id_].position for id_ in ids]
        if positions != sorted(positions):
            yield f"{topic}: key {key.decode()} first appears out of order"


def read_model_is_the_fold(facts: Facts) -> Iterator[str]:
    """I6: the journal is what the logs say, and the read model a pure fold of it, sums and all."""
    logged = {one.place: one.row for _, one in _events(facts) if one.row.context in JOURNALED}
    taken = {(row.context, row.subject, row.version): row for row in facts.journal}
    aside = {(one.context, one.subject, one.version) for one in facts.parked.get("projection", ())}
    for place in sorted(logged.keys() | taken.keys()):
        mine, other = logged.get(place), taken.get(place)
        if place in aside and other is None:
            continue
        if mine is None or other is None or (mine.id, mine.raw) != (other.id, other.raw):
            yield f"{_named(place)}: the log and the journal differ"
    for name, said in facts.said.items():
        programme, township = name.split("/")
        yield from _shown(name, _picture(facts.journal, programme, township), said)


def _picture(rows: Sequence[Row], programme: str, township: str) -> dict[str, object]:
    """What a township's page must show of these events."""
    place = f"{programme}/{township}"
    own = [row for row in rows if row.subject == place or row.subject.startswith(f"{place}/")]
    campaign = [row for row in rows if row.context == "programme" and row.subject == programme]
    plans = [row.data["reach_on"] for row in own if row.name in ("plan-filed", "plan-revised")]
    stages = Campaign.of([*campaign, *own], programme, date(9000, 1, 1)).stages()
    return {
        "stage": stages.get(township),
        "reach_on": plans[-1] if plans else None,
        "version": max((row.version for row in own if row.context == "dossier"), default=0),
    }


def _shown(name: str, due: Mapping[str, object], said: Mapping[str, object]) -> Iterator[str]:
    for what, value in due.items():
        if what in said and said[what] != value:
            yield f"{name}: {what} is {value} by its events, the read model says {said[what]}"


def every_answer_is_a_fold(facts: Facts) -> Iterator[str]:
    """I7: at every commit that anybody saw, the answer is the fold of the journal up to there."""
    for seen in facts.seen:
        upto = facts.journal[: seen.position]
        due = _picture(upto, seen.programme, seen.township)
        name = f"{seen.programme}/{seen.township} at {seen.position}"
        yield from _shown(name, due, _said(seen.shown))


def _said(shown: Mapping[str, object]) -> dict[str, object]:
    plan = shown.get("plan")
    reach = plan.get("reach_on") if isinstance(plan, dict) else None
    return {"stage": shown.get("stage"), "reach_on": reach}


def nothing_goes_back(facts: Facts) -> Iterator[str]:
    """I8: what one observer sees never goes back."""
    last: dict[str, int] = {}
    for seen in facts.seen:
        before = last.get(seen.observer, 0)
        if seen.position < before:
            yield f"{seen.observer} saw {before}, and then {seen.position}"
        last[seen.observer] = seen.position


def own_writes_are_read(facts: Facts) -> Iterator[str]:
    """I9: an answer that had to contain an event is of a moment when it was there."""
    taken = {(row.context, row.subject, row.version): row.position for row in facts.journal}
    for seen in facts.seen:
        at = taken.get(seen.asked)
        if at is None or at > seen.position:
            yield f"asked for {_named(seen.asked)} (at {at}), shown {seen.position}"


def rebuilt_is_live(facts: Facts) -> Iterator[str]:
    """I10: a fold of the journal from its beginning is what is live."""
    yield from facts.rebuilt


def poison_stays_alone(facts: Facts) -> Iterator[str]:
    """I11: poison is parked with its reason, and blocks its own key and nothing else."""
    wanted = facts.poisoned
    for service, rows in facts.parked.items():
        for one in rows:
            if (one.context, one.key) not in wanted:
                yield f"{service} parked {one.context}/{one.key}, which nobody poisoned"
            if not one.reason:
                yield f"{service} parked {one.context}/{one.key} without a reason"
    found = {(one.context, one.key) for rows in facts.parked.values() for one in rows}
    for context, key in sorted(wanted - found):
        yield f"{context}/{key} was poisoned, and nobody parked it"


def lag_ends(facts: Facts) -> Iterator[str]:
    """L1: with the faults over, everything has arrived soon."""
    if facts.lag_s > LAG_S:
        yield f"it took {facts.lag_s:.1f} s until nothing was on its way"


def memory_is_bounded(facts: Facts) -> Iterator[str]:
    """L2: no process grows without end."""
    for service, kb in facts.memory_kb.items():
        if kb > BOUND_KB:
            yield f"{service} holds {kb // 1024} MiB"


def vacuum_is_free(facts: Facts) -> Iterator[str]:
    """L3: no session of ours holds a snapshot, or what is dead could not be cleared away."""
    if facts.horizon_s > HORIZON_S:
        yield f"a session held its snapshot for {facts.horizon_s:.1f} s: {facts.horizon_by}"


INVARIANTS: Mapping[str, Check] = {
    "I1": acknowledged_is_everywhere,
    "I2": counted_without_gap,
    "I3": refused_leaves_nothing,
    "I4": one_key_one_effect,
    "I5": topic_is_the_log,
    "I6": read_model_is_the_fold,
    "I7": every_answer_is_a_fold,
    "I8": nothing_goes_back,
    "I9": own_writes_are_read,
    "I10": rebuilt_is_live,
    "I11": poison_stays_alone,
    "L1": lag_ends,
    "L2": memory_is_bounded,
    "L3": vacuum_is_free,
}


def violations(facts: Facts) -> dict[str, list[str]]:
    """By invariant, what it finds; each has a list, empty where all is well."""
    return {name: list(check(facts)) for name, check in INVARIANTS.items()}
