from ipaddress import ip_network

import pytest

from homelab_site.access.proxies import brought_token, client_address, is_trusted

TRUSTED = [ip_network("10.42.0.0/16"), ip_network("fd00::/8")]


@pytest.mark.parametrize("peer", ["10.42.0.1", "10.42.255.255", "::ffff:10.42.0.1", "fd12::1"])
def test_a_proxy_that_a_setting_names_is_trusted(peer: str) -> None:
    assert is_trusted(peer, TRUSTED)
    assert not is_trusted(peer, [])


@pytest.mark.parametrize("peer", ["10.43.0.1", "::1", "fe80::1%eth0", "::ffff:10.43.0.1", "", "unix", "10.42.0.1:80"])
def test_anybody_else_is_not(peer: str) -> None:
    assert not is_trusted(peer, TRUSTED)


@pytest.mark.parametrize(
    ("authorization", "from_proxy", "peer", "token"),
    [
        ("Bearer id-token", "access-token", "10.42.0.1", "access-token"),
        ("", "access-token", "10.42.0.1", "access-token"),
        ("Bearer a", "", "10.42.0.1", "a"),
        ("Bearer a", "access-token", "10.43.0.1", "a"),
        ("", "access-token", "10.43.0.1", None),
        ("Basic a", "", "10.43.0.1", None),
        ("bearer   a ", "", "10.43.0.1", "a"),
        ("Bearer", "", "10.43.0.1", ""),
    ],
)
def test_the_header_of_a_trusted_proxy_goes_first(
    authorization: str, from_proxy: str, peer: str, token: str | None
) -> None:
    brought = brought_token(authorization=authorization, from_proxy=from_proxy, peer=peer, trusted=TRUSTED)
    assert brought == token


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("203.0.113.1", "", "203.0.113.1"),
        ("203.0.113.1", "192.0.2.1", "203.0.113.1"),
        ("10.42.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.42.0.1", "made up, 192.0.2.1", "192.0.2.1"),
        ("10.42.0.1", "192.0.2.9, 192.0.2.1,10.42.3.4", "192.0.2.1"),
        ("10.42.0.1", "10.42.3.4", "10.42.3.4"),
        ("10.42.0.1", "192.0.2.1, unknown", "10.42.0.1"),
        ("10.42.0.1", "", "10.42.0.1"),
        ("::ffff:10.42.0.1", "2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "", "fe80::1"),
        ("", "192.0.2.1", ""),
    ],
)
def test_an_address_is_believed_as_far_as_trusted_proxies_wrote_it(peer: str, forwarded_for: str, address: str) -> None:
    assert client_address(peer=peer, forwarded_for=forwarded_for, trusted=TRUSTED) == address
