"""One AsyncAPI 3.0 document of all topics: what lies where, under which headers and key."""

import re
from typing import Any

from shared.contracts import audit
from shared.contracts.payloads import schema
from shared.contracts.registry import ADAPTERS, CONTEXTS, SHAPES, Context

Json = dict[str, Any]

PARTITIONS = 4
_UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_HASH = "^[0-9a-f]{64}$"
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"
_COUNT = "^[1-9][0-9]{0,18}$"
_ACTOR = "^[^:]+:[^:]+$"

HEADERS: dict[str, tuple[str, str]] = {
    "ce_specversion": (r"^1\.0$", "The version of CloudEvents."),
    "ce_id": (_UUID, "The event's id (UUIDv7), unique for ever."),
    "ce_source": (
        "^/fuyan/[a-z0-9][a-z0-9-]{0,39}/(programme|dossier|case|notice)$",
        "The installation and the context that speaks.",
    ),
    "ce_type": (
        r"^fuyan\.[a-z]+\.[a-z-]+\.v[1-9][0-9]*$",
        "The wire name of the event; it decides which schema the value follows.",
    ),
    "ce_subject": ("^[!-~]{1,200}$", "The stream: whom or what the event is about."),
    "ce_streamversion": (
        _COUNT,
        "The event's number in its stream, from 1 without gaps: a gap is loss, a repeat is a copy.",
    ),
    "ce_position": (_COUNT, "The event's place in its store's log."),
    "ce_time": (_INSTANT, "When it happened, in UTC. The civil day is `effective_on` in the data."),
    "ce_recordedtime": (_INSTANT, "When it was recorded, in UTC; never earlier than before it."),
    "ce_partitionkey": ("^[!-~]{1,200}$", "The Kafka key, once more."),
    "ce_correlationid": (_UUID, "What started it all: the same in everything that followed."),
    "ce_causationid": (_UUID, "What directly caused it: a command, or another event by `ce_id`."),
    "ce_actor": (_ACTOR, "`<organisation>:<officer id>`; ids only, never a name."),
    "ce_onbehalfof": ("^[^:]+$", "For which organisation the actor acted; absent when its own."),
    "ce_command": (_HASH, "SHA-256 of the command's key."),
    "ce_leaf": (_HASH, "The leaf hash that seals headers and data; how to check it: README.md."),
    "ce_salt": ("^([0-9a-f]{2})+$", "What the data was hashed with; gone once it is erased."),
    "ce_datahash": (
        _HASH,
        "After erasure, instead of the salt: the salted hash of the data. The value is empty then.",
    ),
    "ce_dataschema": (
        r"^https?://.+/fuyan\.[a-z]+\.[a-z-]+\.v[1-9][0-9]*$",
        "Where the notification service answers with the JSON Schema of the value.",
    ),
    "content-type": (
        "^application/json$",
        "The value is JSON in UTF-8; of an erased event it is empty.",
    ),
    "traceparent": (
        "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        "W3C trace context, where the command carried one.",
    ),
}
OPTIONAL = frozenset({"ce_onbehalfof", "ce_salt", "ce_datahash", "traceparent"})

_OWNERS = {
    "programme": "review",
    "dossier": "submission",
    "case": "review",
    "notice": "notification",
}
_KEYS = {
    "programme": "`<programme>`",
    "dossier": "`<programme>/<township>`",
    "case": "`<programme>/<township>`, so that a case lies beside its dossier",
    "notice": "`<programme>/<recipient organisation>`, for a bulletin `<programme>`",
}


def document() -> Json:
    """The whole document, self-contained: every reference leads into it."""
    schemas: Json = {}
    messages = {name: _message(name, context, schemas) for context, name in _named()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Fuyan events",
            "version": "1.0.0",
            "description": (
                "What happens while township safety offices are brought up to their standard, as "
                "CloudEvents 1.0 in Kafka's binary mode. Additions within v1 are announced here and"
                " break nobody; a breaking change is a new topic or type version beside the old."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {
            **{context.name: _channel(context) for context in CONTEXTS.values()},
            "audit": audit.channel(PARTITIONS),
        },
        "operations": {
            f"{_OWNERS[context.name]}Announces{context.name.capitalize()}": {
                "action": "send",
                "summary": f"Announced by the {_OWNERS[context.name]} service to whoever may read.",
                "channel": {"$ref": f"#/channels/{context.name}"},
                "messages": [
                    {"$ref": f"#/channels/{context.name}/messages/{_local(name)}"}
                    for name in context.types
                ],
                "bindings": {"kafka": {"bindingVersion": "0.5.0"}},
            }
            for context in CONTEXTS.values()
        }
        | {"everyLogAnnouncesTreeHeads": audit.operation()},
        "components": {
            "messages": {**messages, audit.TREE_HEAD: audit.message()},
            "schemas": {"headers": _headers(), **dict(sorted(schemas.items()))},
        },
    }


def _named() -> list[tuple[Context, str]]:
    return [(context, name) for context in CONTEXTS.values() for name in context.types]


def _local(name: str) -> str:
    """`application-submitted.v1` of `fuyan.dossier.application-submitted.v1`."""
    return name.split(".", 2)[2]


def _headers() -> Json:
    return {
        "type": "object",
        "description": "Every value is UTF-8 text.",
        "properties": {
            name: {"type": "string", "pattern": pattern, "description": said}
            for name, (pattern, said) in HEADERS.items()
        },
        "required": [name for name in HEADERS if name not in OPTIONAL],
        "anyOf": [{"required": ["ce_salt"]}, {"required": ["ce_datahash"]}],
    }


def _channel(context: Context) -> Json:
    return {
        "address": context.topic,
        "title": f"{context.name.capitalize()} events",
        "description": f"Keyed by {_KEYS[context.name]}; kept for ever.",
        "messages": {
            _local(name): {"$ref": f"#/components/messages/{name}"} for name in context.types
        },
        "bindings": {
            "kafka": {
                "topic": context.topic,
                "partitions": PARTITIONS,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _message(name: str, context: Context, schemas: Json) -> Json:
    payload = {word: said for word, said in schema(name, "open").items() if word[0] != "$"}
    examples = payload.pop("examples")
    for part, made in schema(name, "open").get("$defs", {}).items():
        if schemas.setdefault(part, _rooted(made)) != _rooted(made):
            raise ValueError(f"two different {part}: AsyncAPI has one place for its schema")
    schemas[name] = _rooted(payload)
    return {
        "name": name,
        "title": ADAPTERS[SHAPES[name]].json_schema()["title"],
        "summary": payload["description"],
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/headers"},
                {
                    "type": "object",
                    "properties": {
                        "ce_type": {"const": name},
                        "ce_dataschema": {"pattern": f"/{re.escape(name)}$"},
                    },
                },
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"{_KEYS[context.name]}."},
                "bindingVersion": "0.5.0",
            }
        },
        "examples": [{"name": "golden", "payload": payload} for payload in examples],
    }


def _rooted(node: Any) -> Any:
    """The same schema, with references into this document."""
    match node:
        case {"$ref": str(place), **_rest}:
            return {"$ref": place.replace("#/$defs/", "#/components/schemas/")}
        case dict():
            return {word: _rooted(said) for word, said in node.items()}
        case list():
            return [_rooted(part) for part in node]
    return node
