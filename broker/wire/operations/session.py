"""Coming, saying who one is, and leaving."""

from broker.wire.fields import Client, Resume, Word
from broker.wire.forms import Request


class Hello(Request, frozen=True, gc=False, tag="hello"):
    """The first frame: who I am, and what I have. Without a token: a visitor."""

    token: str | None = None
    anon: str | None = None
    client: Client | None = None
    site: Word | None = None
    resume: Resume | None = None


class Identify(Request, frozen=True, gc=False, tag="identify"):
    """A visitor signs in, or anyone renews a token."""

    token: str


class Bye(Request, frozen=True, gc=False, tag="bye"):
    """I am leaving; close with 1000."""
