"""Which token a request brings, who sent it, and which proxies may say so for somebody."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

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
    address = _address(peer)
    return address is not None and any(address in network for network in trusted)


def client_address(*, peer: str, forwarded_for: str, trusted: Iterable[Network]) -> str:
    """Return the address of whoever began a request; empty if there is none, as behind a Unix socket.

    `forwarded_for` is the header X-Forwarded-For. Each proxy appends whom it hears, so it is read from its end, and no
    further than trusted proxies have written it.
    """
    networks = list(trusted)
    address = _address(peer)
    for hop in reversed(forwarded_for.split(",")):
        before = _address(hop.strip())
        if before is None or address is None or not any(address in network for network in networks):
            break
        address = before
    return "" if address is None else str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address without its zone, IPv4 if it is one in IPv6; None if the text is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
