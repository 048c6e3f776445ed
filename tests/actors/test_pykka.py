"""What of pykka we build on: public names, and the few private ones we override."""

import inspect

import pykka

from actors.runtime.actor import Actor, Ref
from actors.runtime.future import TrioFuture
from tests.actors.hall import Hall


def test_the_hooks_that_an_actor_of_another_kind_has_to_give_are_the_known_three() -> (
    None
):
    """A fourth would keep our actors from being made; they are private to pykka."""
    assert pykka.Actor.__abstractmethods__ == {
        "_create_actor_inbox",
        "_create_future",
        "_start_actor_loop",
    }
    assert Actor.__abstractmethods__ == frozenset()
    for name in ("_create_actor_inbox", "_create_future"):
        assert isinstance(inspect.getattr_static(pykka.Actor, name), staticmethod)


def test_the_names_we_override_are_pykkas() -> None:
    for ours, theirs, names in (
        (
            Actor,
            pykka.Actor,
            ("actor_ref", "stop", "on_start", "on_stop", "on_receive"),
        ),
        (Ref, pykka.ActorRef, ("tell", "ask", "stop", "is_alive", "proxy")),
        (
            TrioFuture,
            pykka.Future,
            (
                "get",
                "set",
                "set_exception",
                "set_get_hook",
                "map",
                "filter",
                "join",
                "reduce",
                "__await__",
            ),
        ),
    ):
        for name in names:
            assert name in vars(theirs), name
            assert getattr(ours, name) is not None
    public = {name for name in vars(pykka.Future) if not name.startswith("_")}
    assert public <= set(vars(TrioFuture)), "pykka's own would block the loop"


def test_our_constructors_need_nothing_that_pykkas_would_have_made() -> None:
    hall = Hall()
    hall.tell("a", 1)
    actor = hall.echoes.find("a")
    assert isinstance(actor, pykka.Actor)
    assert isinstance(actor.actor_ref, pykka.ActorRef)
    assert not hasattr(actor, "actor_inbox")
    assert str(actor.actor_ref) == "Actor (urn:shopwire:echo:a)"


def test_pykkas_registry_a_list_that_is_searched_through_holds_none_of_ours() -> None:
    hall = Hall()
    for number in range(2000):
        hall.echoes.tell(str(number), 1)
    hall.system.run()
    assert len(hall.echoes) == 2000
    assert len(pykka.ActorRegistry.get_all()) == 0
