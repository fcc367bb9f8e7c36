"""An event as CloudEvents' JSON format says it, for whoever does not read Kafka."""

from typing import Any

import orjson

from shared.events.envelope import Record, to_headers


def structured(record: Record, installation: str, contracts_url: str) -> dict[str, Any]:
    """An event in CloudEvents' JSON format: the same attributes as its Kafka headers, and its data.

    The data are the very bytes that were published, so that its leaf can be checked here too. Of an
    erased event there are none, and its `datahash` is given instead.
    """
    headers = to_headers(record, installation, contracts_url)
    attributes: dict[str, Any] = {
        name.removeprefix("ce_"): value.decode()
        for name, value in headers
        if name.startswith("ce_") or name == "traceparent"
    }
    if record.erased:
        return attributes
    return {
        **attributes,
        "datacontenttype": "application/json",
        "data": orjson.Fragment(record.data),
    }
