import pytest
from msgspec.structs import replace

from broker.addresses import Addresses
from broker.config import ClusterConfig, Config, LimitsConfig, ServerConfig

CONFIG = Config(
    server=ServerConfig(trusted_proxies=("10.0.0.0/8", "::1/128")),
    limits=LimitsConfig(trusted_networks=("192.0.2.0/24",)),
)


def told(peer: str, forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return str(Addresses(CONFIG).caller(peer, headers).address)


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "rubbish", "0.0.0.0"),  # noqa: S104 - nobody's
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
        ("", None, "0.0.0.0"),  # noqa: S104 - nobody's
    ],
)
def test_a_proxy_is_believed_and_nobody_else(
    peer: str, forwarded: str | None, caller: str
) -> None:
    assert told(peer, forwarded) == caller


def test_a_household_counts_as_one() -> None:
    addresses = Addresses(CONFIG)
    one = addresses.caller("2001:db8::1", {}).household
    assert addresses.caller("2001:db8::2:3:4:5", {}).household == one
    assert addresses.caller("2001:db8:0:1::1", {}).household != one
    assert addresses.caller("203.0.113.9", {}).household == "203.0.113.9"


def test_who_speaks_for_many_is_not_held_to_one_clients_share() -> None:
    addresses = Addresses(CONFIG)
    for peer in ("10.0.0.1", "127.0.0.1", "192.0.2.7"):
        assert addresses.speaks_for_many(addresses.caller(peer, {}))
    assert not addresses.speaks_for_many(addresses.caller("203.0.113.9", {}))


def test_a_node_says_who_has_come_to_it_and_is_no_proxy_otherwise() -> None:
    cluster = ClusterConfig(nats="nats://127.0.0.1", networks=("127.0.0.0/8",))
    addresses = Addresses(replace(CONFIG, cluster=cluster))
    assert addresses.may_tell("127.0.0.1")
    assert addresses.may_tell("10.0.0.1")
    assert not addresses.may_tell("203.0.113.9")
    assert not addresses.is_proxy("127.0.0.1")
    told = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "host": "x"}
    assert str(addresses.caller("127.0.0.1", told).address) == "127.0.0.1"
    assert addresses.own_page("127.0.0.1", told) == "http://x"
