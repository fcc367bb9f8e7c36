"""The statements that the production code sends, each known by its very text.

One that is not known here fails the simulation, so that a change of the protocol cannot pass it by.
"""

from services.projection import folding, follower, versions
from shared.messaging import dead_letters, outgoing, parking, relay
from shared.store import reading, sql
from tests.simulation import answers
from tests.simulation.tables import rows


def flat(text: str) -> str:
    """A statement without its line breaks."""
    return " ".join(text.split())


_TAUGHT: tuple[tuple[str, str, answers.Answer], ...] = (
    ("append", sql.APPEND, answers.append),
    ("append and follow", sql.APPEND_AND_FOLLOW, answers.append_and_follow),
    ("append and unpark", sql.APPEND_AND_UNPARK, answers.append_and_unpark),
    ("append journal", follower.APPEND, answers.append_journal),
    ("append journal and unpark", follower.APPEND_AND_UNPARK, answers.append_journal_and_unpark),
    ("open acts", dead_letters.OPEN, answers.open_acts),
    ("first parked", dead_letters.FIRST, answers.first_parked),
    ("again in vain", dead_letters.AGAIN_IN_VAIN, answers.again_in_vain),
    ("act done", dead_letters.DONE, answers.done),
    ("discarded", parking.LOAD_DISCARDED, lambda view: []),
    ("erasures", relay.ERASURES, lambda view: rows(("last", "emptied"), [(0, 0)])),
    ("emptied", "UPDATE published SET emptied = $1", answers.empty),
    ("distrusted", "UPDATE published SET emptied = 0", answers.empty),
    ("voided", "SELECT max(position) FROM void", lambda view: answers.one(None)),
    ("voided ids", "SELECT id FROM void WHERE id = ANY($1)", lambda view, ids: []),
    (
        "answering",
        versions.ANSWERING,
        lambda view, folds: rows(("version", "position"), [(1, view.read("folded")[1])]),
    ),
    ("to feed", versions.TO_FEED, lambda view, folds: rows(("version",), [(1,)])),
    ("last", "SELECT position, recorded_at FROM log ORDER BY position DESC LIMIT 1", answers.last),
    (
        "arrival",
        "SELECT max(arrival) FROM heard",
        lambda view: answers.one(max(view.read("heard_arrival"), default=None)),
    ),
    (
        "heads",
        "SELECT context, subject, version, id FROM head",
        lambda view: answers.head(view, "head"),
    ),
    (
        "fences",
        "SELECT * FROM fence",
        lambda view: rows(("topic", "partition", "next_offset", "id"), view.read("fence").values()),
    ),
    ("parked", parking.LOAD, answers.parked),
    ("outgoing", outgoing._SELECT, answers.going_out),
    (
        "published",
        "SELECT position, cluster, ends FROM published",
        lambda view: rows(
            ("position", "cluster", "ends"), [v[:3] for v in view.read("published").values()]
        ),
    ),
    (
        "published ends",
        "SELECT cluster, ends FROM published",
        lambda view: rows(
            ("cluster", "ends"), [row[1:3] for row in view.read("published").values()]
        ),
    ),
    (
        "publish",
        "INSERT INTO published (position, cluster, ends) VALUES ($1, $2, $3)"
        " ON CONFLICT (single) DO UPDATE SET position = $1, cluster = $2, ends = $3",
        answers.publish,
    ),
    (
        "page",
        f"SELECT {reading._LIST} FROM log WHERE position > $1 ORDER BY position LIMIT $2",
        answers.page,
    ),
    (
        "known",
        "SELECT context, subject, version, id FROM log"
        " JOIN unnest($1::text[], $2::text[], $3::int[]) AS s(c, n, v)"
        " ON context = c AND subject = n AND version = v",
        answers.known,
    ),
    ("heard", f"SELECT {reading._LIST} FROM heard WHERE id = ANY($1)", answers.heard_by_id),
    (
        "settle",
        "SELECT key, fingerprint, stream, version, last FROM command WHERE key = ANY($1)",
        answers.settle,
    ),
    (
        "journal end",
        "SELECT coalesce(max(position), 0) FROM journal",
        lambda view: answers.one(max(view.read("journal"), default=0)),
    ),
    (
        "journal page",
        f"{folding.SELECT} WHERE position > $1 ORDER BY journal.position LIMIT {folding.PAGE}",
        answers.journal_page,
    ),
    (
        "folded",
        "SELECT position FROM folded WHERE version = $1",
        lambda view, version: answers.one(view.read("folded")[version]),
    ),
    (
        "move folded",
        "UPDATE folded SET position = $3 WHERE version = $1 AND position = $2",
        answers.move_folded,
    ),
    (
        "place",
        "SELECT position FROM journal WHERE context = $1 AND subject = $2 AND version = $3",
        answers.place,
    ),
    (
        "parked key",
        "SELECT seq FROM parked WHERE context = $1 AND key = $2 UNION ALL"
        " SELECT seq FROM discarded WHERE context = $1 AND subject = $3 AND version = $4"
        " LIMIT 1",
        answers.parked_key,
    ),
    ("model add", answers.MODEL_ADD, answers.add),
    (
        "model",
        answers.MODEL_ALL,
        lambda view: rows(
            ("context", "subject", "count", "total"),
            [(*key, *value) for key, value in view.read("model").items()],
        ),
    ),
)
STATEMENTS: dict[str, tuple[str, answers.Answer]] = {
    flat(text): (name, answer) for name, text, answer in _TAUGHT
}
