"""What is counted; the names are public, for dashboards and alerts are built on them."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "fuyan_http_request_seconds",
    "HTTP requests by route template, from the first byte to the last of the answer",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSED = Counter("fuyan_refused", "Answers that refused, by the code of the refusal", ["code"])
PUBLISHED = Counter("fuyan_published_events", "Events acknowledged by Kafka", ["service"])
RELAY_POSITION = Gauge("fuyan_relay_position", "Last position of the log published", ["service"])
FOLLOWED = Counter(
    "fuyan_followed_events",
    "Events of followed topics, by what became of them",
    ["service", "fate"],
)
PARKED_KEYS = Gauge(
    "fuyan_parked_keys", "Keys of followed topics that a parked record holds up", ["service"]
)
PARKED_RECORDS = Gauge(
    "fuyan_parked_records", "Records parked, with those that wait behind them", ["service"]
)
TREE_SIZE = Gauge("fuyan_tree_head_size", "Events under the last signed tree head", ["service"])
TREE_CONTRADICTED = Gauge(
    "fuyan_tree_head_contradicted",
    "1 where the log no longer is what an earlier head says: no head is signed any more",
    ["service"],
)
