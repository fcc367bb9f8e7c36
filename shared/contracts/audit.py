"""What `fuyan.audit.v1` carries: signed tree heads. They are about the record, and no part of it.

The signature is over `statement`: ten lines of text, so that nobody has to agree on how JSON is
written.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

TOPIC = "fuyan.audit.v1"
TREE_HEAD = "fuyan.audit.tree-head.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """How far a service's log has come: what was recorded before can no longer be told otherwise.

    Hashes are lower-case hexadecimal. `signature` is ECDSA on P-256 with SHA-256 over the UTF-8
    bytes of the statement: r and s, 32 bytes each, as WebCrypto and JWS write it.
    """

    installation: str
    service: str
    contexts: tuple[str, ...]
    """Whose streams the log holds."""
    size: int
    """Events in the log: the positions 1 to `size`."""
    root: str
    """Of the Merkle tree of RFC 9162 over the leaves of those events."""
    stream_count: int
    streams: str
    """Root over the sorted map of streams: `<context>/<subject>` and its last version."""
    signed_at: str
    """RFC 3339 in UTC, by the service's clock; never earlier than the last event it covers."""
    key_id: str
    """JWK thumbprint (RFC 7638) of the key; the service answers its keys at `/v1/keys`."""
    signature: str

    @property
    def statement(self) -> bytes:
        """The bytes that are signed."""
        lines = (
            TREE_HEAD,
            self.installation,
            self.service,
            ",".join(self.contexts),
            str(self.size),
            self.root,
            str(self.stream_count),
            self.streams,
            self.signed_at,
            self.key_id,
        )
        return "".join(f"{line}\n" for line in lines).encode()


ADAPTER = TypeAdapter(TreeHead)

EXAMPLE = TreeHead(
    installation="shanting",
    service="review",
    contexts=("case", "programme"),
    size=512,
    root="31b9c5ea1ee7ef0e58a5a5b2bb0f1a0c0cb0a5a1fd6a9ad6d2f0dcbf19e3a6d1",
    stream_count=21,
    streams="9f0c3a1d8b7e64520a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778",
    signed_at="2018-11-30T08:00:10.000000Z",
    key_id="0x7sYvJ2m5v7k1c4cO0Zp2sQb8n2mWl3T6uYr9eXkqA",
    signature="5d" * 64,
)


def schema() -> dict[str, Any]:
    """The JSON Schema 2020-12 of a tree head, for whoever reads it: more fields may come."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/v1/contracts/{TREE_HEAD}",
        **ADAPTER.json_schema(),
        "title": TREE_HEAD,
        "examples": [ADAPTER.dump_python(EXAMPLE, mode="json")],
    }


def example() -> bytes:
    """A tree head as it travels; its signature is none."""
    return ADAPTER.dump_json(EXAMPLE)


def channel(partitions: int) -> dict[str, Any]:
    """Its topic, as AsyncAPI describes it."""
    return {
        "address": TOPIC,
        "title": "Signed tree heads",
        "description": "Keyed by `<installation>/<service>`; a copy is known by its `ce_id`.",
        "messages": {"tree-head.v1": {"$ref": f"#/components/messages/{TREE_HEAD}"}},
        "bindings": {
            "kafka": {
                "topic": TOPIC,
                "partitions": partitions,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1},
                "bindingVersion": "0.5.0",
            }
        },
    }


def operation() -> dict[str, Any]:
    """Who announces it."""
    return {
        "action": "send",
        "summary": "Announced by each service that keeps a log, a few seconds after it has grown.",
        "channel": {"$ref": "#/channels/audit"},
        "messages": [{"$ref": "#/channels/audit/messages/tree-head.v1"}],
        "bindings": {"kafka": {"bindingVersion": "0.5.0"}},
    }


def message() -> dict[str, Any]:
    """What it says, and under which headers."""
    payload = {word: said for word, said in schema().items() if word[0] != "$"}
    return {
        "name": TREE_HEAD,
        "title": "TreeHead",
        "summary": payload["description"],
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": said} for name, said in _HEADERS.items()
            },
            "required": list(_HEADERS),
        },
        "payload": payload,
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "`<installation>/<service>`."},
                "bindingVersion": "0.5.0",
            }
        },
        "examples": [{"name": "golden", "payload": payload.pop("examples")[0]}],
    }


_HEADERS = {
    "ce_specversion": "The version of CloudEvents.",
    "ce_id": "The same for the same head.",
    "ce_source": "`/fuyan/<installation>/<service>`.",
    "ce_type": f"`{TREE_HEAD}`.",
    "ce_subject": "The service.",
    "ce_time": "When it was signed.",
    "ce_partitionkey": "The Kafka key, once more.",
    "ce_dataschema": "Where the JSON Schema of the value is.",
    "content-type": "The value is JSON in UTF-8.",
}
