"""Which parts the tests choose on which machine."""

from tests.parts import KAFKA_IMAGE, POSTGRES_IMAGE, Machine, choose

BOTH = frozenset({POSTGRES_IMAGE, KAFKA_IMAGE})


def test_a_bare_machine_gets_the_embedded_parts_and_lacks_the_rest() -> None:
    parts = choose(Machine())
    assert (parts.postgres, parts.kafka) == ("embedded", "embedded")
    assert set(parts.missing) == {"kafka", "maven", "browser", "docker"}


def test_java_and_maven_are_enough_for_claims_about_kafka() -> None:
    parts = choose(Machine(apache=True))
    assert parts.kafka == "apache"
    assert not {"kafka", "maven"} & set(parts.missing)


def test_containers_come_before_what_maven_has() -> None:
    parts = choose(Machine(images=BOTH, apache=True))
    assert (parts.postgres, parts.kafka) == ("container", "container")
    assert "docker" not in parts.missing


def test_one_image_alone_is_used_but_does_not_make_the_docker_tests_run() -> None:
    parts = choose(Machine(images=frozenset({POSTGRES_IMAGE}), apache=True))
    assert (parts.postgres, parts.kafka) == ("container", "apache")
    assert "docker" in parts.missing


def test_a_broker_in_a_container_cannot_be_wiped() -> None:
    assert "maven" in choose(Machine(images=BOTH)).missing


def test_a_given_broker_is_used_before_all_others() -> None:
    parts = choose(Machine(given_kafka="there:9092", images=BOTH, apache=True))
    assert parts.kafka == "there:9092"
    assert "kafka" not in parts.missing


def test_a_browser_is_missing_only_where_there_is_none() -> None:
    assert "browser" not in choose(Machine(chromium="/usr/bin/chromium")).missing
