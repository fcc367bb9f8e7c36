"""Where a webhook leads: only to addresses that a stranger may make this service call (SSRF)."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from shared.contracts.refusals import Refused

_SCHEMES = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL with the address that was checked, so that no second look-up can lead elsewhere."""

    url: str
    host: str
    headers: dict[str, str]


def check_url(url: str, *, private: bool) -> None:
    """What can be said without looking the host up; Refused("webhook-url-unfit")."""
    try:
        parts = urlsplit(url)
        fit_port = parts.port != 0
    except ValueError as error:
        raise Refused("webhook-url-unfit") from error
    fit = (
        parts.hostname
        and fit_port
        and parts.username is None
        and not parts.fragment
        and (parts.scheme == "https" or (private and parts.scheme == "http"))
    )
    if not fit:
        raise Refused("webhook-url-unfit")
    host = parts.hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if not private and not _public(address):
        raise Refused("webhook-address-private", host=host)


async def target(url: str, *, private: bool) -> Target:
    """Look the host up once and name its address in the URL itself.

    Raises Refused: `webhook-url-unfit`, `webhook-address-private`, and OSError where the name
    leads nowhere.
    """
    check_url(url, private=private)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _SCHEMES[parts.scheme]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    # All of them: one private address among public ones is an attempt, not an accident.
    if not private and not all(_public(address) for address in addresses):
        raise Refused("webhook-address-private", host=host)
    first = addresses[0]
    literal = f"[{first}]" if first.version == 6 else str(first)
    there = urlunsplit((parts.scheme, f"{literal}:{port}", parts.path or "/", parts.query, ""))
    named = host if port == _SCHEMES[parts.scheme] else f"{host}:{port}"
    return Target(there, host, {"Host": named})


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast
