"""What can be done to Kafka under load: killed, stopped, wiped, its topics doubled or made anew."""

import asyncio
import json
import signal
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.faults.brokers import Broker
from tests.faults.house import House
from tests.faults.play import Ground, settled
from tests.faults.strikes import KILLED, connected, until

DOSSIER = "fuyan.dossier.v1"


def _broker(house: House) -> Broker:
    assert isinstance(house.broker, Broker), "a house of three has no broker to wipe"
    return house.broker


async def broker_killed(ground: Ground) -> None:
    broker = _broker(ground.house)
    process = broker.process
    await asyncio.to_thread(broker.kill)
    ground.hits["broker killed"] += process.returncode == KILLED
    await ground.clients.more(10)
    await asyncio.to_thread(broker.start)


async def broker_stopped(ground: Ground) -> None:
    """SIGSTOP past the session timeout of the broker and of every request under way."""
    process = _broker(ground.house).process
    process.signal(signal.SIGSTOP)
    try:
        await ground.clients.more(10)
        await asyncio.sleep(11)
    finally:
        process.signal(signal.SIGCONT)
    ground.hits["broker stopped past its session"] += 1


async def broker_wiped(ground: Ground) -> None:
    """Another cluster at the same address, with nothing in it, under running producers."""
    broker = _broker(ground.house)
    before = await asyncio.to_thread(lambda: broker.cluster_id)
    await asyncio.to_thread(broker.wipe)
    after = await asyncio.to_thread(lambda: broker.cluster_id)
    ground.hits["broker wiped"] += before != after
    ground.house.poison.clear()


async def broker_replaced_behind_a_stopped_reader(ground: Ground) -> None:
    """The projection is away while Kafka is replaced, and comes back with its old fences."""
    house = ground.house
    await asyncio.to_thread(house.process("projection").kill)
    await broker_wiped(ground)
    ground.hits["broker replaced, reader stopped"] += ground.hits.pop("broker wiped")
    await ground.clients.more(10)
    house.serve("projection")
    await house.ready("projection")


async def topic_made_anew(ground: Ground) -> None:
    """One topic is deleted while everybody runs: its cluster id says nothing of that."""
    house = ground.house
    admin = AdminClient({"bootstrap.servers": house.broker.bootstrap})
    before = await asyncio.to_thread(_end, house, DOSSIER)
    for deleted in admin.delete_topics([DOSSIER], operation_timeout=10).values():
        await asyncio.to_thread(deleted.result)
    await ground.clients.more(10)
    ground.hits["topic deleted and made anew"] += before > 0


async def offsets_reset(ground: Ground) -> None:
    """The fences of the projection are lost: it begins at 0, and knows all that it reads."""
    house = ground.house
    await asyncio.to_thread(house.process("projection").kill)
    connection = await connected(house.databases["projection"])
    try:
        gone = await connection.execute("DELETE FROM fence")
    finally:
        await connection.close()
    ground.hits["offsets reset"] += gone != "DELETE 0"
    house.serve("projection")
    await house.ready("projection")


async def every_message_twice(ground: Ground) -> None:
    """All that lies on the topics is sent once more, as a relay after a crash may do."""
    for topic in ("fuyan.case.v1", DOSSIER, "fuyan.programme.v1"):
        sent = await asyncio.to_thread(_repeat, ground.house.broker.bootstrap, topic)
        ground.hits["every message twice"] += sent


async def out_of_order_across_topics(ground: Ground) -> None:
    """The topic of programmes falls behind all that builds on it, as after a refill."""
    house = ground.house
    held = house.to_kafka["review"]
    before = held.hits["blackhole"]
    held.blackhole()
    await asyncio.to_thread(_broker(house).wipe)
    house.poison.clear()
    await until(lambda: held.hits["blackhole"] > before, "the review's link")
    # The dossiers are there again while what they build on is not.
    await until(lambda: _holds(house, DOSSIER, 10), "dossiers on the topic")
    ahead = not await _holds(house, "fuyan.programme.v1", 0)
    ground.hits["out of order across topics"] += ahead
    held.heal()


async def poison(ground: Ground) -> None:
    """Five kinds of what nobody can read, under a key of their own, and one under a living key."""
    house, clients = ground.house, ground.clients
    producer = Producer(
        {"bootstrap.servers": house.broker.bootstrap, "message.max.bytes": 2 * 1024 * 1024}
    )
    alive = f"{clients.programme}/{clients.townships[-1]}"
    values = [b"{", b'"\xff\xfe"', b"\0" * 10, b"x" * (1024 * 1024), json.dumps([1] * 10).encode()]
    for number, value in enumerate(values):
        key = alive if number == 0 else f"{clients.programme}/poison-{number}"
        id_ = str(uuid4()) if number else ""
        headers = {"ce_id": id_, "ce_type": "fuyan.dossier.plan-filed.v1"} if number else {}
        await asyncio.to_thread(
            producer.produce, DOSSIER, value, key.encode(), headers=list(headers.items())
        )
        house.poison.add(id_)
        house.poisoned.add(("dossier", key))
    left = await asyncio.to_thread(producer.flush, 10)
    assert left == 0
    ground.hits["poison of five kinds"] += len(values)


async def _holds(house: House, topic: str, more_than: int) -> bool:
    # Beside the event loop: the links that the services need to get there run on it.
    return await asyncio.to_thread(_end, house, topic) > more_than


def _end(house: House, topic: str) -> int:
    """How many records were ever put there."""
    consumer = Consumer({"bootstrap.servers": house.broker.bootstrap, "group.id": "a-counter"})
    try:
        there = consumer.list_topics(timeout=5).topics
        if topic not in there:
            return 0
        return sum(
            (consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=5) or (0, 0))[1]
            for number in there[topic].partitions
        )
    finally:
        consumer.close()


def _repeat(bootstrap: str, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "an-echo"})
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    sent = 0
    try:
        for number in consumer.list_topics(timeout=5).topics[topic].partitions:
            first, end = consumer.get_watermark_offsets(TopicPartition(topic, number)) or (0, 0)
            consumer.assign([TopicPartition(topic, number, first)])
            while first < end:
                for one in consumer.consume(end - first, timeout=0.2):
                    if (one.offset() or 0) >= end:
                        continue
                    first = (one.offset() or 0) + 1
                    producer.produce(
                        topic, one.value(), one.key(), number, headers=one.headers() or []
                    )
                    sent += 1
        assert producer.flush(10) == 0
    finally:
        consumer.close()
    return sent


async def calm(ground: Ground) -> None:
    """Nothing at all: what is found here is found in the harness."""
    await settled(ground.house)
    ground.hits["nothing"] += 1
