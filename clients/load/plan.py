"""What a run is to be, and how that is written on a command line."""

import re
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

LONGEST_S = 7 * 24 * 3600.0
"""A week: longer ones are typing errors."""
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=1000)]
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile(rf"{_NUMBER}\s*(ms|s|m|h)?")
_RATE = re.compile(rf"{_NUMBER}\s*(?:/\s*(s|m|h))?")
_THRESHOLD = re.compile(
    rf"\s*(send|fanout|resume)\.p{_NUMBER}\s*<=?\s*{_NUMBER}\s*(us|ms|s)\s*"
)
_MILLIS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class BadPlan(ValueError):
    """It cannot be run as it is written; the message says why, and what would do."""


class Threshold(NamedTuple):
    """A bound on a percentile of one kind of latency."""

    text: str
    """As it was given."""
    kind: str
    percentile: float
    """In percent."""
    limit_ms: float


class Mix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the people of a run behave. Shares are of messages, unless said otherwise."""

    shape: str = "steady"
    """`steady`, `bursts` or `ramp`: how the rate goes over the run."""
    row: Share = 0.2
    """After which the same person says one more thing at once."""
    typing: Share = 0.3
    """Before which one sees somebody type."""
    reads: Share = 0.3
    """After which the other side reads what there is."""
    notes: Share = 0.0
    """After which an agent leaves a note that no shopper may see."""
    ends: Share = 0.0
    """After which the shopper ends the chat, and begins a new one."""
    faq: Share = 0.0
    """Of new chats that begin with a look at the questions."""
    images: Share = 0.0
    """That go with an image."""
    blips: Share = 0.0
    """After which one of the two loses the connection."""
    storms: tuple[Share, ...] = ()
    """Moments, as parts of the run, at which everybody loses it."""
    slow: Share = 0.0
    """Of the people, who stop reading for some seconds now and then."""
    inbox: Share = 0.0
    """Of the agents' connections, that have the list of tickets open all along."""
    remind_s: Annotated[int, Meta(ge=0, le=86_400)] = 0
    """Seconds of silence after which an agent is reminded: so a broker started for the
    run is set, and of another one it is known. 0: as the shop has it, unjudged."""

    @property
    def breach_s(self) -> int:
        """Seconds after which it is missed."""
        return 2 * self.remind_s


MIXES = {
    "normal": Mix(),
    "day": Mix(
        notes=0.02,
        ends=0.01,
        faq=0.3,
        images=0.005,
        blips=0.004,
        inbox=1.0,
        remind_s=10,
    ),
    "bursty": Mix(shape="bursts", row=0.35),
    "reconnect-storm": Mix(storms=(0.25, 0.5, 0.75)),
    "slow-readers": Mix(slow=0.1),
    "black-friday": Mix(shape="ramp", ends=0.02, blips=0.004),
}
"""By the name that `--mix` takes."""


class Chaos(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong. Shares are of all connections, in each second."""

    drop: Share = 0.0
    """Whose connection is cut, perhaps in the middle of a frame."""
    stall: Share = 0.0
    """Who reads nothing for two seconds."""
    delay: Share = 0.0
    """Who sends nothing for half a second."""
    split: Share = 0.0
    """Whose next frames leave in small pieces."""
    twice: Share = 0.0
    """Who opens a second connection, and leaves it."""
    kill: Count = 0
    """How often the broker started for the run is killed, and started again."""
    freeze: Count = 0
    """How often it stands still for a second."""
    full: Count = 0
    """How often its disk is full, for two seconds."""
    slow: Count = 0
    """How often its disk takes 300 ms for each commit, for two seconds."""
    clock: Count = 0
    """How often its wall's clock jumps: half an hour ahead, then back."""

    @property
    def calm(self) -> bool:
        """Whether nothing is to go wrong."""
        return self == Chaos()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides what is said and done in a run."""

    chats: int = 10
    agents: int = 2
    rate: float = 10.0
    """Messages in a second, of shoppers and agents together; the peak of a `ramp`."""
    duration: float = 10.0
    """Seconds."""
    seed: int = 1
    mix: Mix = Mix()
    chaos: Chaos = Chaos()
    closed: bool = False
    """Whether people wait for the answer before they say the next thing."""
    tabs: int = 1
    """Connections of an agent, among which the agent's chats are shared."""
    workers: int = 1
    script: str | None = None
    """A file whose functions decide who says what when, in place of rate and mix."""

    def checked(self) -> "Plan":
        """Return the plan itself.

        Raises:
            BadPlan: it makes no sense.
        """
        wrong = (
            ("chats: at least 1", self.chats < 1),
            ("agents: at least 1", self.agents < 1),
            ("tabs: at least 1", self.tabs < 1),
            ("rate: more than 0/s, as 200/s", self.rate <= 0),
            ("duration: more than 0s, and at most a week", not self._lasts),
            ("workers: at least 1, at most one for each chat", not self._manned),
            ("mix.remind_s: 0 or at least 5", 0 < self.mix.remind_s < SOONEST_S),
            ("mix.shape: steady, bursts or ramp", self.mix.shape not in SHAPES),
        )
        for advice, is_wrong in wrong:
            if is_wrong:
                raise BadPlan(advice)
        return self

    @property
    def _lasts(self) -> bool:
        return 0 < self.duration <= LONGEST_S

    @property
    def _manned(self) -> bool:
        return 1 <= self.workers <= self.chats


COUNTED = ("kill", "freeze", "full", "slow", "clock")
"""What is done to a broker; all the rest is done to connections."""
SOONEST_S = 5
"""Seconds after which a shop may have its agents reminded, at the earliest."""
SHAPES = frozenset({"steady", "bursts", "ramp"})


def duration(text: str) -> float:
    """Return the seconds in `60s`, `500ms`, `2m` or `1h`.

    Raises:
        BadPlan: it is no duration.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise BadPlan(f"{text!r} is no duration; write 60s, 500ms, 2m or 1h")
    return float(found[1]) * _UNITS[found[2] or "s"]


def rate(text: str) -> float:
    """Return how many a second `200/s`, `200` or `6000/m` are.

    Raises:
        BadPlan: it is no rate.
    """
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise BadPlan(f"{text!r} is no rate; write 200/s or 6000/m")
    return float(found[1]) / _UNITS[found[2] or "s"]


def threshold(text: str) -> Threshold:
    """Return the bound that `send.p99<150ms` is.

    Raises:
        BadPlan: it is none.
    """
    found = _THRESHOLD.fullmatch(text)
    percentile = float(found[2]) if found else -1.0
    if found is None or not 0 < percentile <= 100:  # noqa: PLR2004  # percent
        raise BadPlan(f"{text!r} is no threshold; write send.p99<150ms")
    limit = float(found[3]) * _MILLIS[found[4]]
    return Threshold(text.strip(), found[1], percentile, limit)


def chaos(text: str) -> Chaos:
    """Return what `drop=2%,stall=1%,kill=3` asks for.

    Raises:
        BadPlan: it asks for something unknown.
    """
    given: dict[str, float | int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, amount = part.partition("=")
        if name not in Chaos.__struct_fields__:
            known = ", ".join(Chaos.__struct_fields__)
            raise BadPlan(f"{name!r} cannot go wrong; what can: {known}")
        try:
            share = amount.endswith("%")
            number = float(amount.rstrip("%")) / (100 if share else 1)
        except ValueError:
            raise BadPlan(f"{part!r}: write {name}=2%") from None
        counted = name in COUNTED
        if not number >= 0 or (number % 1 if counted else number > 1):
            raise BadPlan(f"{part!r}: write {name}={'3' if counted else '2%'}")
        given[name] = int(number) if counted else number
    try:
        return msgspec.convert(given, Chaos)
    except msgspec.ValidationError as error:
        raise BadPlan(f"chaos: {error}") from error
