"""The matrix: every fault, and in which tier it runs."""

from dataclasses import dataclass

from tests.faults import strikes as s
from tests.faults import upheavals as u
from tests.faults.play import Strike

COMMAND = ("command/validated", "command/head-read", "command/batch-sent", "command/committed",
           "command/replied")  # fmt: skip
RELAY = ("relay/page-read", "relay/half-sent", "relay/acknowledged")
REACTION = ("reaction/decoded", "reaction/appended")
PROJECTION = tuple(
    f"projection/{at}"
    for at in ("polled", "appended", "next-poll", "folded", "upserted", "committed")
)


@dataclass(frozen=True, slots=True)
class Line:
    """A run of the matrix. `short` runs in `make test`; what `mixes` may strike beside another."""

    name: str
    strike: Strike
    short: bool = False
    mixes: bool = False


MOST = [
    Line("commands die before and behind the commit",
         s.crashes("submission", "command/batch-sent", "command/committed"), short=True),
    Line("relay and reactions die in the midst",
         s.crashes("submission", "relay/half-sent", "reaction/appended"), short=True),
    Line("projection dies in the midst",
         s.crashes("projection", "projection/appended", "projection/upserted"), short=True),
    Line("commands die at every place", s.crashes("submission", *COMMAND)),
    Line("relay and reactions die", s.crashes("submission", *RELAY, *REACTION)),
    Line("projection dies at every place", s.crashes("projection", *PROJECTION)),
    Line("PostgreSQL killed", s.postgres_killed, short=True, mixes=True),
    Line("backends terminated", s.backends_terminated, short=True, mixes=True),
    Line("reply to INSERT swallowed", s.swallowed("submission", "INSERT INTO log"), short=True),
    Line("reply to COMMIT swallowed", s.swallowed("projection", "COMMIT"), short=True),
    Line("zombie", s.zombie, short=True),
    Line("broker killed", u.broker_killed, short=True, mixes=True),
    Line("every message twice", u.every_message_twice, short=True),
    Line("offsets reset", u.offsets_reset, mixes=True),
    Line("clock moves", s.clock_moves, mixes=True),
    Line("poison", u.poison, short=True),
    Line("broker replaced", u.broker_replaced_behind_a_stopped_reader),
]  # fmt: skip
FULL = [
    Line("nothing", u.calm),
    *(Line(f"submission dies at {at}", s.crashes("submission", at)) for at in COMMAND + RELAY),
    *(Line(f"review dies at {at}", s.crashes("review", at)) for at in RELAY + REACTION),
    *(Line(f"notification dies at {at}", s.crashes("notification", at)) for at in REACTION),
    *(Line(f"projection dies at {at}", s.crashes("projection", at)) for at in PROJECTION),
    Line("dies while stopping", s.crash_while_stopping),
    Line("dies when the lease is lost", s.crash_when_the_lease_is_lost),
    Line("standby dies taking over", s.crash_when_taking_over),
    Line("hand-over", s.hand_over),
    *(
        Line(f"{one} killed", s.killed(one), mixes=True)
        for one in ("submission", "review", "notification")
    ),
    Line("pool exhausted", s.pool_exhausted),
    Line("broker stopped", u.broker_stopped, mixes=True),
    Line("broker wiped", u.broker_wiped),
    Line("topic made anew", u.topic_made_anew),
    Line("out of order across topics", u.out_of_order_across_topics),
    Line("journal's reply swallowed", s.swallowed("projection", "INSERT INTO journal")),
    Line("review's reply swallowed", s.swallowed("review", "INSERT INTO log")),
    *(
        Line(f"{one} and {kind}: {fault}", s.link(kind, one, fault, seconds), mixes=seconds < 5)
        for one in ("submission", "projection")
        for kind in ("postgres", "kafka")
        for fault, seconds in (("blackhole", 12), ("reset", 0), ("delay", 3), ("cut", 3))
    ),
    *(Line(f"{one} and kafka: deafen", s.link("kafka", one, "deafen", 4))
      for one in ("submission", "projection")),
]  # fmt: skip
MATRIX = [*MOST, *FULL]
