"""Rule 13: which addresses an endpoint may be reached at."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.addresses import permitted

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1",
    "172.32.0.1", "192.0.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255",
    "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2001:4860:4860::8888",
]  # fmt: skip
OWN = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "100.127.255.255", "::1", "fc00::1", "fd12:3456::1",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "0.1.2.3",  # noqa: S104 - nobody binds to it here
    "169.254.169.254", "169.254.170.2", "fe80::1", "fe80::1%eth0", "fd00::1%eth0%",
    "192.0.0.1", "192.0.0.170", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.7", "203.0.113.7", "192.31.196.1", "192.52.193.1",
    "192.175.48.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "ff02::1",
    "::", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1",
    "2001::1", "2001:0:53aa:64c::1", "2001:db8::1", "2001:10::1", "2001:20::1", "2001:2::1",
    "3fff::1", "2620:4f:8000::1", "100::1", "5f00::1", "fec0::1", "4000::1",
    "", "localhost", "127.1", "0x7f000001", "2130706433", "017700000001", "1.1.1.1 ",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_rule_13_the_public_internet_is_permitted(address: str) -> None:
    assert permitted(address, inside=False)
    assert permitted(address, inside=True)


@pytest.mark.parametrize("address", OWN)
def test_rule_13_one_s_own_network_is_permitted_only_where_somebody_said_so(address: str) -> None:
    assert not permitted(address, inside=False)
    assert permitted(address, inside=True)


@pytest.mark.parametrize("address", NEVER)
def test_rule_13_special_addresses_are_never_permitted(address: str) -> None:
    assert not permitted(address, inside=False)
    assert not permitted(address, inside=True)


@settings(max_examples=300)
@given(st.ip_addresses())
def test_rule_13_whatever_is_permitted_python_too_calls_global(
    address: IPv4Address | IPv6Address,
) -> None:
    if permitted(str(address), inside=False):
        assert address.is_global
        assert not address.is_multicast
