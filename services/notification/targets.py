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


# Of IPv6, all that is given out to the world; the rest is of one network, or of none.
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            within = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if within is not None:
            return _public(within)  # a gateway would lead there
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast
