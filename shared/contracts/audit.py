"""What `fuyan.audit.v1` carries: signed tree heads. They are about the record, and no part of it.

The signature is over `statement`: ten lines of text, so that nobody has to agree on how JSON is
written.
"""

from dataclasses import dataclass

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
