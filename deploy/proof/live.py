"""The live log against its signed heads, and against those that left the house earlier."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from deploy.proof.agreement import disagreeing, genuine_heads, head_facts, says
from deploy.proof.findings import Checked
from shared.contracts.audit import TreeHead
from shared.events.envelope import leaf, sealed
from shared.events.signing import Jwk
from shared.events.stream_map import StreamMap
from shared.events.tree import WIDTH, Leaves
from shared.store.leaves import VACANT, leaves
from shared.store.reading import Reader
from shared.store.tree_heads import heads, keys

PAGE = 1000
GONE = """
SELECT position, context || '/' || subject || '@' || version FROM log AS blank
 WHERE data = '' AND NOT EXISTS (
   SELECT FROM log AS said
    WHERE (said.context, said.subject) = (blank.context, blank.subject)
      AND said.version > blank.version AND version_named(said.data) = blank.version
      AND said.type = 'fuyan.' || said.context || '.erased.v1')
 ORDER BY position
"""
"""Events whose data are gone though no `erased` says so: their leaves would not tell."""
Progress = Callable[[str, int], None]


async def verify_live(
    reader: Reader,
    installation: str,
    checked: Checked,
    *,
    trusted: Mapping[str, Jwk] | None = None,
    topic: Sequence[TreeHead] | None = None,
    earlier: Iterable[TreeHead] = (),
    taken_at: datetime | None = None,
    progress: Progress = lambda *_: None,
) -> None:
    """Recompute every leaf and the tree, and hold them against all signed heads.

    `topic` are the heads on Kafka, `earlier` those of an export that was taken at `taken_at`.
    """
    service = reader.service
    known = trusted if trusted is not None else {jwk["kid"]: jwk for jwk in await keys(reader)}
    stored: list[TreeHead] = []
    while more := await heads(
        reader, installation, service, stored[-1].size if stored else 0, PAGE
    ):
        stored += more
    good = genuine_heads(stored, service, installation, known, checked)
    if not good:
        checked.find("no-head", service)
    if topic is not None:
        _beside(stored, [h for h in topic if h.service == service], service, checked)
    others = [*(topic or ()), *earlier]
    unchecked = Checked()  # what is wrong with their signatures is said where they come from
    foreign = genuine_heads(others, service, installation, known, unchecked)
    found, versions = await _recomputed(reader, installation, good, checked, progress)
    for position, event in await reader.rows(GONE):
        checked.find("data-gone", service, position=position, event=event)
    if (wrong := disagreeing(good, found)) is not None:
        head, agreed = wrong
        checked.find("head-contradicts-record", service, **head_facts(head), first=agreed + 1)
    elif good:
        streams = StreamMap(versions)
        newest = good[-1]
        if (len(streams), streams.root().hex()) != (newest.stream_count, newest.streams):
            checked.find("streams-altered", service, **head_facts(newest))
    if (wrong := disagreeing(foreign, found)) is not None:
        checked.find("head-not-live", service, **head_facts(wrong[0]))
    last = max((head.size for head in earlier), default=0)
    if taken_at is not None:
        later = [
            head
            for head in good
            if head.size > last and datetime.fromisoformat(head.signed_at) <= taken_at
        ]
        if later:
            checked.find(
                "tail-cut", service,
                first=last + 1, last=later[-1].size, signed_at=later[-1].signed_at,
            )  # fmt: skip


async def _recomputed(
    reader: Reader,
    installation: str,
    good: Sequence[TreeHead],
    checked: Checked,
    progress: Progress,
) -> tuple[Leaves, dict[str, int]]:
    """All leaves as headers and data come to, and the streams under the newest head."""
    size = good[-1].size if good else 0
    found = bytearray()
    versions: dict[str, int] = {}
    while page := await leaves(reader, len(found) // WIDTH, PAGE):
        after = len(found) // WIDTH
        records = iter(await reader.page(after, sum(one.there for one in page)))
        for one in page:
            if one.position <= size and one.stream is not None:
                versions[one.stream] = one.version
            if not one.there:
                code = "event-removed" if one.leaf == VACANT else "event-void"
                checked.find(code, reader.service, position=one.position)
                found += one.leaf
                continue
            record = next(records)
            computed = leaf(sealed(record, installation), record.datahash)
            if computed != record.leaf:
                event = f"{one.stream}@{one.version}"
                checked.find("leaf-not-live", reader.service, position=one.position, event=event)
            found += computed
            checked.events += 1
            checked.data += not record.erased
        progress(reader.service, len(found) // WIDTH)
    checked.streams += len(versions)
    return Leaves(found), versions


def _beside(
    stored: Sequence[TreeHead], topic: Sequence[TreeHead], service: str, checked: Checked
) -> None:
    """The heads of the database and those of the topic; the last ones may be on their way.

    By what they say: where a failover lost one that was published, its log was signed once more.
    """
    known = {says(head) for head in stored}
    there = {says(head) for head in topic}
    furthest = max((head.size for head in topic), default=0)
    for head in topic:
        if says(head) not in known:
            checked.find("head-only-on-topic", service, **head_facts(head))
    for head in stored:
        if says(head) not in there and head.size < furthest:
            checked.find("head-not-on-topic", service, **head_facts(head))
