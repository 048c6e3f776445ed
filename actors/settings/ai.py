"""Settings of the AI agent, and of whom it hands over to (spec F35, F36)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from actors.settings.fields import Problem, Section, Text, Word, empty, says

MAX_LINES = 200
"""Of a script: more would be a program."""

Endpoint = Annotated[
    str,
    Meta(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$(?!\n)", max_length=2048),
]
"""A key of the process goes to hosts alone that the process is configured for."""
Login = Annotated[str, Meta(pattern=r"^[^\s:\x00-\x1f\x7f]+$(?!\n)", max_length=254)]


class OpenAiSettings(Section, frozen=True):
    """A language model behind an API that speaks as OpenAI's does."""

    base_url: Annotated[
        Endpoint, says("Where the API is, as far as before `/chat/completions`.")
    ] = "https://api.openai.com/v1"
    model: Annotated[str, Meta(max_length=128), says("Which of its models.")] = ""


class WebhookResponderSettings(Section, frozen=True):
    """A program of the shop's own that is asked over HTTP."""

    url: Annotated[Endpoint | None, says("Where questions are posted to.")] = None


class ScriptLine(Section, frozen=True):
    """What is said to messages with a certain word in them."""

    when: Annotated[Word, says("Words in the message, whatever their case.")]
    say: Annotated[Text, says("The answer; empty: none.")] = ""
    hand_over: Annotated[bool, says("Whether a person is offered.")] = False


class ScriptSettings(Section, frozen=True):
    """Answers by rote, for trying out: the first line that fits."""

    lines: Annotated[
        tuple[ScriptLine, ...], Meta(max_length=MAX_LINES), says("In this order.")
    ] = ()


class ZendeskSettings(Section, frozen=True):
    """The shop's account at Zendesk."""

    base_url: Annotated[Endpoint | None, says("As https://my-shop.zendesk.com.")] = None
    email: Annotated[Login | None, says("Whose API token the process has.")] = None


class GorgiasSettings(Section, frozen=True):
    """The shop's account at Gorgias."""

    base_url: Annotated[Endpoint | None, says("As https://my-shop.gorgias.com.")] = None
    email: Annotated[Login | None, says("Whose API key the process has.")] = None
    address: Annotated[
        Login | None, says("The shop's own, from which answers come.")
    ] = None


class AiSettings(Section, frozen=True):
    """Who answers first, how, and what comes when it cannot."""

    enabled: Annotated[bool, says("Whether new chats begin with the AI agent.")] = False
    name: Annotated[
        str, Meta(min_length=1, max_length=64), says("What it is called.")
    ] = "Assistant"
    greeting: Annotated[
        Text, says("Said when a chat begins with it; empty: nothing.")
    ] = ""
    responder: Annotated[
        Literal["knowledge", "openai", "webhook", "script"],
        says("What answers; `knowledge` steps in for any other that fails."),
    ] = "knowledge"
    handoff: Annotated[
        Literal["helpdesk", "zendesk", "gorgias", "message"],
        says("Who answers when it cannot; `message`: nobody."),
    ] = "helpdesk"
    message: Annotated[
        Text, says("Said in place of handing over, where `handoff` says so.")
    ] = ""
    unsure: Annotated[Text, says("Said to what it has no answer to, once.")] = (
        "I am not sure I understand. Could you put it another way?"
    )
    offer: Annotated[Text, says("Said when a person could answer instead.")] = (
        "I cannot answer this. Shall I connect you with a member of our team?"
    )
    connecting: Annotated[Text, says("Said when the chat is handed over.")] = (
        "Thank you. A member of our team will answer you."
    )
    by_mail: Annotated[
        Text, says("Said when the answer will come by e-mail, and the chat closes.")
    ] = "Thank you. We will answer you by e-mail."
    confidence: Annotated[
        float, Meta(ge=0, le=1), says("Below it an answer is not given.")
    ] = 0.5
    counts_online: Annotated[
        bool,
        says("Whether the shop counts as staffed while only the AI agent is there."),
    ] = False
    openai: Annotated[OpenAiSettings, says("What the responder `openai` asks.")] = (
        OpenAiSettings()
    )
    webhook: Annotated[
        WebhookResponderSettings, says("What the responder `webhook` asks.")
    ] = WebhookResponderSettings()
    script: Annotated[ScriptSettings, says("What the responder `script` says.")] = (
        ScriptSettings()
    )
    zendesk: Annotated[
        ZendeskSettings, says("Where the hand-off `zendesk` goes to.")
    ] = ZendeskSettings()
    gorgias: Annotated[
        GorgiasSettings, says("Where the hand-off `gorgias` goes to.")
    ] = GorgiasSettings()


def problems(ai: AiSettings) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    if not ai.enabled:
        return
    if ai.handoff == "message":
        yield from empty(ai.message, "$.ai.message", "is empty but handoff says it")
    for name in ("unsure", "offer", "connecting", "by_mail"):
        yield from empty(getattr(ai, name), f"$.ai.{name}", "is empty")
    if ai.responder == "openai" and not ai.openai.model:
        yield Problem("$.ai.openai.model", "is needed by this responder")
    if ai.responder == "webhook" and ai.webhook.url is None:
        yield Problem("$.ai.webhook.url", "is needed by this responder")
    if ai.handoff in {"zendesk", "gorgias"}:
        account = ai.zendesk if ai.handoff == "zendesk" else ai.gorgias
        for name in ("base_url", "email"):
            if getattr(account, name) is None:
                path = f"$.ai.{ai.handoff}.{name}"
                yield Problem(path, "is needed to hand over there")
    if ai.handoff == "gorgias" and ai.gorgias.address is None:
        yield Problem("$.ai.gorgias.address", "is needed to hand over there")
