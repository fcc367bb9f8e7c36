"""Addresses and headers that nobody should send: every reading route answers them with a 4xx."""

import re
from pathlib import Path

import pytest

from deploy.cli.services import Service
from tests.integration.surfaces import NAMED, Surface, surface

ODD = (
    "",
    "-1",
    "9" * 400,
    "0001-01-01",
    "9999-12-31",
    "2018-02-30",
    "0001-01-01T00:00:00%2B08:00",
    "9999-12-31T23:59:59-08:00",
    "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59.999999-12:00",
    "x%00y",
    "%FF%FE",
    "%ED%A0%80",
    "..%2F..",
)
HEADERS = {
    "Accept": "*/*;q=x",
    "If-None-Match": "\x7f",
    "If-Match": "19",
    "After": "case/@1",
    "Last-Event-ID": "9" * 400,
    "X-Correlation-Id": "\x7f",
    "Traceparent": "00-",
}


@pytest.mark.parametrize("service", list(Service))
async def test_nothing_odd_in_an_address_is_a_fault_of_ours(
    service: Service, database: str, tmp_path: Path
) -> None:
    async with surface(service, database, tmp_path / "clock") as asked:
        # Streams end at once in a service that was told to stop.
        asked.app.state.draining.set()
        faults = [
            f"{address}: {status}"
            for address in addresses(asked)
            if (status := await get(asked, address)) >= 500 and address != "/readyz"
        ]
        assert faults == []


async def get(asked: Surface, address: str) -> int:
    who = asked.who("a1", "audit-bureau", "auditor")
    return (await asked.http.get(address, headers=who | HEADERS)).status_code


def addresses(asked: Surface) -> list[str]:
    """Each route with each odd word in its path, and in each of its parameters, said twice."""
    found = []
    for path, item in asked.app.openapi()["paths"].items():
        if "get" not in item:
            continue
        usual = re.sub(r"\{(\w+)\}", lambda name: NAMED.get(name[1], "x"), path)
        for odd in ODD:
            found.append(re.sub(r"\{\w+\}", odd or "%20", path))
            found += [
                f"{usual}?programme={NAMED['programme']}&{one['name']}={odd}&{one['name']}={odd}"
                for one in item["get"].get("parameters", ())
                if one["in"] == "query"
            ]
    return list(dict.fromkeys(found))
