"""Settings of the AI agent, and of whom it hands over to (spec F35, F36)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from actors.settings.fields import Problem, Section, Text, empty


class AiSettings(Section, frozen=True):
    """Who answers first, how, and what comes when it cannot."""

    enabled: bool = False
    name: Annotated[str, Meta(min_length=1, max_length=64)] = "Assistant"
    greeting: Text = ""
    """Said when a chat begins with it; empty: nothing."""
    responder: Literal["knowledge", "openai", "webhook", "script"] = "knowledge"
    handoff: Literal["helpdesk", "zendesk", "gorgias", "message"] = "helpdesk"
    message: Text = ""
    """Said in place of handing over, where `handoff` says so."""
    confidence: Annotated[float, Meta(ge=0, le=1)] = 0.5
    """Below it an answer is not given."""
    counts_online: bool = False
    """Whether the shop counts as staffed while only the AI is there."""


def problems(ai: AiSettings) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    if ai.enabled and ai.handoff == "message":
        yield from empty(ai.message, "$.ai.message", "is empty but handoff says it")
