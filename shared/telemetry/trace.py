"""W3C trace context, as far as it is passed on: https://www.w3.org/TR/trace-context/."""

import re
import secrets

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def continued(traceparent: str | None) -> str:
    """A new span below `traceparent`; if that cannot be read, of a new, unsampled trace."""
    parent = _TRACEPARENT.fullmatch(traceparent or "")
    if parent and int(parent[1], 16) and int(parent[2], 16):
        trace, flags = parent[1], parent[3]
    else:
        trace, flags = secrets.token_hex(16), "00"
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"
