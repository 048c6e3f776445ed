"""What is known of a new ticket, for the routing rules to ask (F26)."""

import msgspec


class Traits(msgspec.Struct, frozen=True, gc=False):
    """What routing rules may ask of a new ticket; what is not known is left out."""

    tags: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    page: str | None = None
    lang: str | None = None
    country: str | None = None
    bot_reason: str | None = None


NO_TRAITS = Traits()
