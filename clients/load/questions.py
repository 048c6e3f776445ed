"""The look at a shop's questions that some chats begin with.

What is asked is asked on the way: nobody waits for the answer before the first words,
and a shop without questions, or a server that knows of none, is left alone.
"""

from random import Random

import msgspec

from clients.load.plan import Plan
from clients.load.scene import Scene
from clients.load.seat import Seat
from clients.load.talk import Picking, Talk


class _Question(msgspec.Struct, frozen=True):
    id: str


class _Shown(msgspec.Struct, frozen=True):
    faq: tuple[_Question, ...] = ()


def look(plan: Plan, scene: Scene, seat: Seat, talk: Talk) -> None:
    """Pick one of the questions that `seat` was shown, if the seed says so."""
    who = f"{plan.seed} faq {talk.index} {talk.life}"
    chance = Random(who)  # noqa: S311  # to be repeated
    wanted = chance.random() < plan.mix.faq
    if not wanted or not seat.there or "faq.pick" in scene.unknown:
        return
    ids = _listed(seat.config)
    if ids:
        seat.ask(Picking(seat.new_id("q"), talk, chance.choice(ids)))


def _listed(config: object) -> tuple[str, ...]:
    """Return the ids of the questions in what a server shows, whatever that is."""
    try:
        return tuple(q.id for q in msgspec.convert(config, _Shown).faq)
    except msgspec.ValidationError:
        return ()
