"""The AsyncAPI document names every topic, message and header, and leads nowhere outside itself."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from shared.contracts.asyncapi import HEADERS, OPTIONAL
from shared.contracts.audit import TOPIC, TREE_HEAD
from shared.contracts.payloads import HERE, example
from shared.contracts.registry import CONTEXTS, SHAPES
from shared.events.envelope import SEALED
from shared.messaging.topics import declared

DOCUMENT: dict[str, Any] = yaml.safe_load((HERE / "asyncapi.yaml").read_text("utf-8"))


def references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(place)}:
            yield place
        case dict():
            for part in node.values():
                yield from references(part)
        case list():
            for part in node:
                yield from references(part)


def at(place: str) -> Any:
    node: Any = DOCUMENT
    for step in place.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_every_reference_leads_to_something_in_the_document() -> None:
    places = set(references(DOCUMENT))
    assert all(place.startswith("#/") and at(place) for place in places)


def test_every_event_type_is_one_message_on_the_channel_of_its_topic() -> None:
    for context in CONTEXTS.values():
        channel = DOCUMENT["channels"][context.name]
        assert channel["address"] == context.topic
        named = [at(message["$ref"])["name"] for message in channel["messages"].values()]
        assert named == list(context.types)


def test_every_message_is_sent_by_exactly_one_operation() -> None:
    sent = [
        at(at(message["$ref"])["$ref"])["name"]
        for operation in DOCUMENT["operations"].values()
        for message in operation["messages"]
    ]
    assert sorted(sent) == sorted([*SHAPES, TREE_HEAD])


def test_channels_have_the_partitions_that_are_declared() -> None:
    for context in CONTEXTS.values():
        kafka = DOCUMENT["channels"][context.name]["bindings"]["kafka"]
        assert kafka["partitions"] == declared()[context.topic].partitions
    audit = DOCUMENT["channels"]["audit"]["bindings"]["kafka"]
    assert audit["partitions"] == declared()[TOPIC].partitions


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_the_golden_example_fits_the_payload_of_its_message(name: str) -> None:
    schema = {**DOCUMENT["components"]["messages"][name]["payload"], "components": {}}
    schema["components"] = DOCUMENT["components"]
    Draft7Validator(schema).validate(json.loads(example(name)))


def test_every_sealed_header_is_described_and_required_unless_it_may_be_absent() -> None:
    described = DOCUMENT["components"]["schemas"]["headers"]
    assert set(SEALED) <= set(described["properties"])
    assert set(SEALED) - set(described["required"]) == {"ce_onbehalfof"}
    assert set(described["required"]) == HEADERS.keys() - OPTIONAL


def test_every_pattern_of_a_header_is_a_whole_one() -> None:
    for pattern, said in HEADERS.values():
        assert re.compile(pattern).pattern[0] == "^"
        assert pattern[-1] == "$"
        assert said
