"""Who is measured when; nobody is started here."""

from typing import NoReturn

from benchmarks.loads import TALK_200, Load
from benchmarks.measure import Contender, measure
from benchmarks.peers import Missed


def _never(_load: Load) -> NoReturn:
    raise Missed("not here")


def test_servers_that_no_target_names_rest_every_second_round() -> None:
    names = ("Shopwire msgpack", "ws", "socket.io")
    field = [Contender(name, _never) for name in names]
    runs = [(run.round, run.peer) for run in measure(field, [TALK_200], 3)]
    assert [peer for number, peer in runs if number == 0] == list(names)
    assert [peer for number, peer in runs if number == 1] == [names[2], names[0]]
    assert {peer for number, peer in runs if number == 2} == set(names)
