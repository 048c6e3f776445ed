"""The responders that sites may choose from, and how they have been doing lately."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Protocol

from actors.settings.ai import AiSettings
from broker.config import Config
from broker.outward.ai.breaker import Breaker
from broker.outward.ai.knowledge import Knowledge
from broker.outward.ai.responders import NoAnswer, Responder
from broker.outward.ai.script import Script
from broker.outward.late import Late

REMOTE = "broker.outward.ai.remote"


class Remote(Protocol):
    """Makes responders that call others, and keeps the connections."""

    def openai(self, ai: AiSettings, knowledge: Knowledge) -> Responder:
        """Return one that asks a language model."""
        ...

    def webhook(self, ai: AiSettings) -> Responder:
        """Return one that asks a program of the shop's."""
        ...

    async def close(self) -> None:
        """Close the connections."""


class Responders:
    """Makes responders; those that call others share their connections."""

    def __init__(self, config: Config, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self._remote = Late(partial(_remote, config))

    def breaker(self, ai: AiSettings) -> Breaker:
        """Return how the place that `ai` names has been doing."""
        place = {"openai": ai.openai.base_url, "webhook": ai.webhook.url or ""}
        key = (ai.responder, place.get(ai.responder, ""))
        known = self._breakers.get(key)
        if known is None:
            known = self._breakers[key] = Breaker(self._monotonic)
        return known

    async def get(self, ai: AiSettings, knowledge: Knowledge) -> Responder:
        """Return the responder that `ai` names, which may ask `knowledge`.

        Raises:
            NoAnswer: there is none.
        """
        match ai.responder:
            case "script":
                return Script(ai.script)
            case "openai":
                return (await self._remote.get()).openai(ai, knowledge)
            case "webhook":
                return (await self._remote.get()).webhook(ai)
            case "knowledge":
                raise NoAnswer("it needs no responder")

    async def close(self) -> None:
        """Close what connections there are."""
        await self._remote.close()


def _remote(config: Config) -> Remote:
    remote: Remote = importlib.import_module(REMOTE).Remote(config)
    return remote
