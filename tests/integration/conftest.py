"""Fixtures of the tests that run on real parts."""

import pytest
from confluent_kafka.admin import AdminClient

from deploy.local.kafka import Cluster


@pytest.fixture
def clean_kafka(apache_kafka: Cluster) -> Cluster:
    """Apache Kafka without our topics: what another test published would look like a fork."""
    admin = AdminClient({"bootstrap.servers": apache_kafka.bootstrap})
    ours = [name for name in admin.list_topics(timeout=10).topics if name.startswith("fuyan.")]
    if ours:
        for deleted in admin.delete_topics(ours, operation_timeout=10).values():
            deleted.result()
        while any(name in admin.list_topics(timeout=10).topics for name in ours):
            pass
    return apache_kafka
