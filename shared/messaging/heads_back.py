"""Signed heads that a restored log lost: their topic has them, and they are true of it still."""

from shared.contracts.audit import TOPIC
from shared.events.signing import genuine
from shared.events.tree import Frontier
from shared.messaging.head_relay import heads_on_topic
from shared.messaging.kafka import Kafka
from shared.messaging.topics import ensure
from shared.store.leaves import leaves
from shared.store.reading import Reader
from shared.store.session import Session
from shared.store.tree_heads import keep, keys

PAGE = 2000


async def take_heads_back(reader: Reader, session: Session, kafka: Kafka, installation: str) -> int:
    """Those that its own keys signed and that it leads to, up to the first one it does not.

    Answers how many. The caller holds the lease. What the log does not lead to stays where it is:
    the service finds it there, and says that both tell different things.
    """
    await ensure(kafka.bootstrap, [TOPIC], **kafka.security)
    own = {jwk["kid"]: jwk for jwk in await keys(reader)}
    (last,) = (await reader.rows("SELECT coalesce(max(size), 0) FROM tree_head"))[0]
    tree, taken = Frontier(), 0
    for head in await heads_on_topic(kafka):
        if (head.installation, head.service) != (installation, reader.service) or head.size <= last:
            continue
        if head.key_id not in own or not genuine(head, own[head.key_id]):
            continue
        while page := await leaves(reader, tree.size, min(PAGE, head.size - tree.size)):
            tree.extend(one.leaf for one in page if one.position <= head.size)
            if tree.size >= head.size:
                break
        if (tree.size, tree.root().hex()) != (head.size, head.root):
            break
        await keep(session, head)
        last, taken = head.size, taken + 1
    return taken
