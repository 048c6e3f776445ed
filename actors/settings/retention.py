"""Settings of how long is kept what was said (spec F47)."""

from typing import Annotated

from msgspec import Meta

from actors.settings.fields import Section, says

Days = Annotated[int, Meta(ge=1, le=36_500)]
"""A hundred years are for ever."""


class KeepDays(Section, frozen=True):
    """By channel, from the end of a chat on."""

    chat: Annotated[
        Days | None,
        says("Days after its end when a chat is erased; null: it is kept for ever."),
    ] = None
    sms: Annotated[
        Days | None,
        says("Likewise of what was said by text message."),
    ] = None


class RetentionSettings(Section, frozen=True):
    """What goes by itself, at night."""

    keep_days: Annotated[
        KeepDays, says("After how many days closed chats are erased, by channel.")
    ] = KeepDays()
