"""What a shop's URLs may reach: the Internet, and nothing that only we can reach."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.outward.networks import Networks, NotReachable, is_public
from tests.broker.outward.names import resolving

PRIVATE = [
    "0.0.0.0",  # noqa: S104  # not bound, refused
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:0:0:0:0:8000:ff80",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
"""Loopback, private, link-local, metadata, multicast; and the same in disguise."""
PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_private_is_not_called_in_any_disguise(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not Networks().allow(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_called(address: str) -> None:
    assert Networks().allow(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_as_it_is_however_it_is_written(
    address: IPv4Address,
) -> None:
    number = int(address)
    written = [
        IPv6Address(0xFFFF_0000_0000 | number),
        IPv6Address((0x64_FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
    ]
    assert {is_public(each) for each in written} == {is_public(address)}


def test_the_operator_may_name_networks_that_are_not_public() -> None:
    networks = Networks(("10.0.0.0/8",))
    assert networks.allow(ip_address("10.9.9.9"))
    assert networks.allow(ip_address("::ffff:10.9.9.9"))
    assert not networks.allow(ip_address("127.0.0.1"))


async def test_a_number_that_means_loopback_is_loopback() -> None:
    for written in ("2130706433", "0x7f.1", "127.1"):
        with pytest.raises(NotReachable, match="private"):
            await Networks().find(written, 80)


async def test_of_a_name_only_the_addresses_that_may_be_called_are_left() -> None:
    names = {"both.example": ["10.0.0.1", "8.8.8.8", "fe80::1%eth0", "::1"]}
    with resolving(names):
        assert await Networks().find("both.example", 443) == ["8.8.8.8"]
        with pytest.raises(NotReachable, match="no address"):
            await Networks().find("none.example", 443)
