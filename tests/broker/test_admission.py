"""Who may come in, as numbers."""

from broker.addresses import Addresses
from broker.config import Config, LimitsConfig, ServerConfig
from broker.edge.admission import Admission, Place, descriptors
from broker.limits import Tally

NOW = 100.0
OFFICE, HOME, PROXY, LAB = "203.0.113.9", "198.51.100.1", "10.0.0.1", "192.0.2.7"


def admission(**limits: object) -> Admission:
    config = Config(
        server=ServerConfig(trusted_proxies=("10.0.0.0/8",)),
        limits=LimitsConfig(trusted_networks=("192.0.2.0/24",), **limits),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # each test's own
    )
    return Admission(config, Addresses(config), Tally())


def met(there: Admission) -> dict[str, int]:
    return dict(there._tally.limited)


def entered(there: Admission, address: str = OFFICE) -> Place:
    place = there.enter(address, NOW)
    assert place is not None
    return place


def upgraded(there: Admission, address: str = OFFICE, told: str = "") -> Place | None:
    place = there.enter(address, NOW)
    headers = {"x-forwarded-for": told} if told else {}
    caller = there.addresses.caller(address, headers)
    if place is not None and there.upgrade(place, caller, NOW):
        return place
    return None


def nothing_is_kept(there: Admission) -> bool:
    counts = len(there.households), len(there.unknown), there.open
    return counts == (0, 0, 0)


def test_an_address_has_so_many_connections_and_leaving_makes_room() -> None:
    there = admission(per_ip=2)
    places = [entered(there), entered(there)]
    assert there.enter(OFFICE, NOW) is None
    places.append(entered(there, HOME))
    places[0].leave()
    places[0] = entered(there)
    for place in places:
        place.leave()
    assert nothing_is_kept(there)
    assert met(there) == {"per_ip": 1}


def test_an_address_of_ipv6_is_its_household() -> None:
    there = admission(per_ip=1)
    entered(there, "2001:db8::1")
    assert there.enter("2001:db8::2:3:4:5", NOW) is None
    entered(there, "2001:db8:0:1::1")


def test_new_ones_of_an_address_come_at_a_rate() -> None:
    there = admission(per_ip_new=2)
    for _ in range(20):
        entered(there).leave()
    assert there.enter(OFFICE, NOW) is None
    entered(there, HOME)
    assert there.enter(OFFICE, NOW + 0.5) is not None
    assert there.enter(OFFICE, NOW + 0.5) is None
    there.sweep(NOW + 1000)
    assert len(there._new) == 0


def test_visitors_of_an_address_are_fewer_than_those_a_token_has_vouched_for() -> None:
    there = admission(per_ip_visitors=2)
    for _ in range(50):
        agent = upgraded(there)
        assert agent is not None
        there.greeted()
        agent.vouched()
        agent.vouched()
    visitors = [upgraded(there), upgraded(there)]
    there.greeted()
    assert upgraded(there) is None
    assert met(there) == {"per_ip_visitors": 1}
    for place in visitors:
        assert place is not None
        place.leave()
    assert upgraded(there) is not None


def test_so_many_owe_a_hello_at_a_time() -> None:
    there = admission(unauthenticated=2)
    places = [upgraded(there), upgraded(there, HOME)]
    assert None not in places
    assert upgraded(there, "203.0.113.1") is None
    there.greeted()
    assert upgraded(there, "203.0.113.1") is not None
    assert met(there) == {"unauthenticated": 1}


def test_there_are_so_many_in_all() -> None:
    there = admission(total=2)
    first = entered(there)
    entered(there, HOME)
    assert there.enter("203.0.113.1", NOW) is None
    first.leave()
    entered(there, "203.0.113.1")
    assert met(there) == {"total": 1}


def test_what_is_not_configured_is_most_of_the_descriptors() -> None:
    there = admission()
    assert there.total == int(descriptors() * 0.8)
    assert 0 < there.most_leaving < descriptors() - there.total


def test_load_tests_are_not_limited_but_counted() -> None:
    there = admission(
        total=1, per_ip=1, per_ip_visitors=1, per_ip_new=1, unauthenticated=1
    )
    places = [upgraded(there, LAB) for _ in range(50)]
    assert there.open == 50
    assert there.enter(HOME, NOW) is None
    for place in places:
        assert place is not None
        place.leave()
    assert nothing_is_kept(there)
    assert met(there) == {"total": 1}


def test_behind_a_proxy_those_are_counted_for_whom_it_speaks() -> None:
    there = admission(per_ip_visitors=1, per_ip=2)
    assert upgraded(there, PROXY, HOME) is not None
    assert upgraded(there, PROXY, HOME) is None
    # What is not from a proxy of ours is told in vain.
    assert upgraded(there, OFFICE, HOME) is not None
    assert there.households[OFFICE] == 1
    assert upgraded(there, OFFICE, "1.2.3.4") is None
    # The proxy itself is nobody.
    assert upgraded(there, PROXY) is not None
    assert upgraded(there, PROXY) is not None
