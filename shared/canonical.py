"""JSON of which one content has one form, so that its hash can be told and told again."""

import json
from datetime import date


def canonical(content: object) -> bytes:
    """JSON with sorted keys, no spaces, in UTF-8: the same content is the same bytes for ever."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=date.isoformat
    ).encode()
