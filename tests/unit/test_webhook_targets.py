"""Where a webhook may lead: never into the network of the service itself."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from services.notification.targets import check_url, target
from shared.contracts.refusals import Refused


def answering(*addresses: str) -> Callable[..., Any]:
    async def getaddrinfo(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses]

    return getaddrinfo


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https:///nowhere",
        "https://someone@example.org/",
        "https://example.org/#there",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://[::1",
    ],
)
def test_an_address_that_is_no_plain_https_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(url, private=False)
    assert refused.value.code == "webhook-url-unfit"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::10.0.0.1]",
        "[2002:a00:1::1]",
        "[fec0::1]",
    ],
)
def test_an_address_of_the_inside_is_refused(host: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(f"https://{host}/hook", private=False)
    assert refused.value.code == "webhook-address-private"


@pytest.mark.parametrize("host", ["93.184.216.34", "[2606:4700::1111]", "[64:ff9b::93.184.216.34]"])
def test_an_address_of_the_world_is_fine(host: str) -> None:
    check_url(f"https://{host}/hook", private=False)


async def test_a_name_that_leads_inside_is_refused_even_beside_a_public_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", answering("93.184.216.34", "10.0.0.7"))
    with pytest.raises(Refused) as refused:
        await target("https://receiver.example/hook", private=False)
    assert refused.value.code == "webhook-address-private"


async def test_the_address_that_was_checked_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", answering("93.184.216.34"))
    found = await target("https://receiver.example/hook?a=1", private=False)
    assert found.url == "https://93.184.216.34:443/hook?a=1"
    assert (found.host, found.headers) == ("receiver.example", {"Host": "receiver.example"})
