"""librdkafka's mock cluster in a process of its own: writes its address to the file named by argv.

A topic appears with four partitions when somebody asks for it, and lives in memory.
"""

import signal
import sys
from pathlib import Path

from confluent_kafka import Producer


def main(file: Path) -> None:
    holder = Producer({"test.mock.num.brokers": 1})
    (broker,) = holder.list_topics(timeout=30).brokers.values()
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(f"{broker.host}:{broker.port}")
    unfinished.rename(file)  # whoever sees the file sees the whole address
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
