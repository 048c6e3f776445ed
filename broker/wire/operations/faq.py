"""Questions that are asked often, before a chat."""

from broker.wire.fields import Word
from broker.wire.forms import Request


class FaqPick(Request, frozen=True, gc=False, tag="faq.pick"):
    """Answer me the question `faq`; nobody else hears of it."""

    faq: Word


class FaqDone(Request, frozen=True, gc=False, tag="faq.done"):
    """I have read the answers, and they `helped` or did not."""

    helped: bool
