"""Which token a request brings, and which proxies may bring one for somebody."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def brought_token(*, authorization: str, from_proxy: str, peer: str, trusted: Iterable[Network]) -> str | None:
    """Return the token of a request, or None if it has none.

    `from_proxy` is the header X-Auth-Request-Access-Token. It goes before `authorization`, where oauth2-proxy puts
    the ID token, and is nothing unless the peer is a proxy that a setting names.
    """
    if from_proxy and is_trusted(peer, trusted):
        return from_proxy
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def is_trusted(peer: str, trusted: Iterable[Network]) -> bool:
    """Tell whether the address of a connection's other end is in one of some networks."""
    try:
        address = ip_address(peer)
    except ValueError:  # a Unix socket has none
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in trusted)
