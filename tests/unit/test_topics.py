"""What is declared about the topics."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from deploy.cli.main import app
from shared.messaging.topics import declared


def test_every_topic_has_four_partitions_and_forgets_nothing() -> None:
    assert set(declared()) == {
        "fuyan.programme.v1",
        "fuyan.dossier.v1",
        "fuyan.case.v1",
        "fuyan.notice.v1",
        "fuyan.audit.v1",
    }
    for topic in declared().values():
        assert (topic.partitions, topic.replication_factor) == (4, 1)
        assert topic.config["cleanup.policy"] == "delete"
        assert topic.config["retention.ms"] == topic.config["retention.bytes"] == "-1"


def test_a_topic_may_differ_from_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = {"partitions": 4, "replication_factor": 1, "config": {"retention.ms": "-1"}}
    own = {"partitions": 8, "config": {"retention.ms": "5"}}
    file = tmp_path / "topics.yaml"
    file.write_text(yaml.safe_dump({"defaults": defaults, "topics": {"wide": own}}))
    monkeypatch.setenv("FUYAN_TOPICS", str(file))
    topic = declared()["wide"]
    assert (topic.partitions, topic.config) == (8, {"retention.ms": "5"})


def test_a_real_cluster_keeps_as_many_replicas_as_its_setting_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FUYAN_TOPIC_REPLICATION", "3")
    assert {topic.replication_factor for topic in declared().values()} == {3}


@pytest.mark.parametrize(("act", "done"), [("apply", "ensure"), ("check", "missing")])
def test_the_command_signs_in_as_a_service_does(
    act: str, done: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    async def heard(bootstrap: str, topics: object, **security: Any) -> list[str]:
        asked.update(security, bootstrap=bootstrap)
        return []

    monkeypatch.setattr(f"deploy.cli.topics.{done}", heard)
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")
    env = {
        "FUYAN_KAFKA": "kafka:9093",
        "FUYAN_KAFKA_USERNAME": "ops",
        "FUYAN_KAFKA_PASSWORD_FILE": str(secret),
    }
    assert CliRunner().invoke(app, ["topics", act], env=env).exit_code == 0
    assert (asked["sasl_plain_username"], asked["sasl_plain_password"]) == ("ops", "s3cret")
