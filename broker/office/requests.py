"""What an operator may ask for, and what is answered: the same words on every road.

The HTTP API, a command over the admin socket and one that holds the folder itself all
make these values and hand them to `broker.office.clerk`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from actors.library import MAX_KNOWLEDGE, KnowledgeItem
from broker.findings import Finding
from broker.gate import MAX_SUB
from broker.sitefile import SiteFile
from broker.sites import DEFAULT_SITE
from broker.vitals import Vitals
from broker.wire.errors import TABLE, Code
from storage.accounts import Agent, Key

LONGEST_TTL = 366 * 86_400
"""Seconds a token may be good for: one that never ends is a password."""

# `$` alone would let a line end behind it pass.
SiteName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$(?!\n)")]
AgentName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$(?!\n)")]
StaffRole = Literal["agent", "admin"]
Label = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
"""A name for people: one line."""
Email = Annotated[str, Meta(max_length=254, pattern=r"^[^\s@]+@[^\s@]+$(?!\n)")]
Password = Annotated[str, Meta(min_length=10, max_length=256)]
"""Ten characters at least: nobody is told what they have to be made of."""


class Denied(msgspec.Struct, frozen=True):
    """Nothing was changed, and why."""

    code: Code
    reason: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        """Return it in a sentence."""
        return self.reason or TABLE[self.code].text


class Request(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="do",
):
    """Base of what may be asked for."""


Wish = Literal["new", "assigned", "mine"]
"""What an agent is mailed of: new tickets; ones they are given; what is said in theirs
while they are not there (F38)."""
Wishes = Annotated[tuple[Wish, ...], Meta(max_length=3)]


class MintToken(Request, frozen=True, kw_only=True, tag="token"):
    """A token, and an account for an agent who has none."""

    site: str = DEFAULT_SITE
    role: Literal["shopper", "agent", "admin"]
    sub: Annotated[str, Meta(min_length=1, max_length=MAX_SUB)]
    name: Label | None = None
    email: Email | None = None
    ttl: Annotated[int, Meta(ge=1, le=LONGEST_TTL)] = 3600


class AddSite(Request, frozen=True, kw_only=True, tag="site.add"):
    """A new site, with a key of its own."""

    site: SiteName
    name: Label | None = None


class AddKey(Request, frozen=True, kw_only=True, tag="key.add"):
    """One more key with which a shop signs its shoppers' tokens."""

    site: str = DEFAULT_SITE


class RemoveKey(Request, frozen=True, kw_only=True, tag="key.remove"):
    """One of them less: its tokens are good for nothing from then on."""

    site: str = DEFAULT_SITE
    kid: str


class AddAgent(Request, frozen=True, kw_only=True, tag="agent.add"):
    """A new account; without a password its tokens come from the command line."""

    site: str = DEFAULT_SITE
    id: AgentName
    name: Label | None = None
    email: Email | None = None
    role: StaffRole = "agent"
    password: Password | None = None

    def __repr__(self) -> str:
        """Show no password."""
        return f"AddAgent({self.id!r})"


class ChangeAgent(Request, frozen=True, kw_only=True, tag="agent.change"):
    """Another form of an account: what is not named stays as it is."""

    site: str = DEFAULT_SITE
    id: str
    name: Label | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET
    role: StaffRole | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    password: Password | UnsetType | None = UNSET
    notify: Wishes | UnsetType = UNSET

    def __repr__(self) -> str:
        """Show no password."""
        return f"ChangeAgent({self.id!r})"


class PutArticles(Request, frozen=True, kw_only=True, tag="knowledge.put"):
    """Articles for a site's knowledge; those there with the same ids are replaced."""

    site: str = DEFAULT_SITE
    items: Annotated[tuple[KnowledgeItem, ...], Meta(max_length=MAX_KNOWLEDGE)]
    only: bool = False
    """Whether all others go."""


class Audit(Request, frozen=True, kw_only=True, tag="audit"):
    """What a running broker finds of promises that are broken (U8)."""


class Audited(msgspec.Struct, frozen=True):
    """What it has found; what is broken is being mended."""

    findings: list[Finding]


class LookAtVitals(Request, frozen=True, kw_only=True, tag="vitals"):
    """How the broker is just now."""


class ImportSite(Request, frozen=True, kw_only=True, tag="site.import"):
    """What a site is to be like from now on: all of it, or nothing."""

    site: str
    part: SiteFile


class ReplayWebhook(Request, frozen=True, kw_only=True, tag="webhook.replay"):
    """Once more what a webhook was not told: all that was given up, or some of it."""

    site: str = DEFAULT_SITE
    id: str
    ids: Annotated[tuple[int, ...], Meta(max_length=1000)] = ()


class EraseProfile(Request, frozen=True, kw_only=True, tag="profile.erase"):
    """Nobody by this name any more, and nothing of what was said to them or by them."""

    site: str = DEFAULT_SITE
    profile: Annotated[str, Meta(min_length=1, max_length=MAX_SUB)]


class ExportProfile(Request, frozen=True, kw_only=True, tag="profile.export"):
    """That what is kept of a person is handed out, to be noted before it is."""

    site: str = DEFAULT_SITE
    profile: Annotated[str, Meta(min_length=1, max_length=MAX_SUB)]
    notes: bool = False


class Minted(msgspec.Struct, frozen=True):
    """A signed token, and when it runs out, in seconds since 1970."""

    token: str
    exp: int

    def __repr__(self) -> str:
        """Show no token."""
        return "Minted(...)"


class Founded(msgspec.Struct, frozen=True):
    """A site that is there from now on."""

    site: str


class Imported(msgspec.Struct, frozen=True):
    """The version that each part of a site is of now."""

    site: str
    versions: dict[str, int]


class KeyShown(msgspec.Struct, frozen=True):
    """What a shop's backend needs to sign its shoppers' tokens."""

    kid: str
    alg: str
    secret: str
    """To be used as it stands: its characters are the key's bytes."""
    created_at: int

    def __repr__(self) -> str:
        """Show no secret."""
        return f"KeyShown({self.kid!r})"


class KeyRemoved(msgspec.Struct, frozen=True):
    """A key that is no more."""

    site: str
    kid: str


class Employed(msgspec.Struct, frozen=True):
    """An account as it is now; its password is nobody's business."""

    site: str
    id: str
    email: str | None
    name: str
    role: str
    login: bool
    """Whether it has a password."""
    disabled: bool
    created_at: int
    notify: tuple[Wish, ...]


class Shelved(msgspec.Struct, frozen=True):
    """What a site knows from now on, in numbers of articles."""

    site: str
    version: int
    articles: int
    added: int
    changed: int
    removed: int


class ProfileErased(msgspec.Struct, frozen=True):
    """Whom nobody knows any more, by our own id of them."""

    site: str
    profile: str
    at: int
    """When it was first asked for."""
    done: bool
    """Whether nothing is left; else it goes on by itself."""


class ExportNoted(msgspec.Struct, frozen=True):
    """Whose archive may be written now, by our own id of them."""

    profile: str


class Replayed(msgspec.Struct, frozen=True):
    """How many are on their way again."""

    replayed: int


AnyRequest = (
    MintToken
    | AddSite
    | ImportSite
    | AddKey
    | RemoveKey
    | AddAgent
    | ChangeAgent
    | PutArticles
    | Audit
    | LookAtVitals
    | ReplayWebhook
    | EraseProfile
    | ExportProfile
)
AnyAnswer = (
    Minted
    | Founded
    | Imported
    | KeyShown
    | KeyRemoved
    | Employed
    | Shelved
    | Audited
    | Vitals
    | Replayed
    | ProfileErased
    | ExportNoted
)
ANSWERS: dict[type[AnyRequest], type[AnyAnswer]] = {
    MintToken: Minted,
    AddSite: Founded,
    ImportSite: Imported,
    AddKey: KeyShown,
    RemoveKey: KeyRemoved,
    AddAgent: Employed,
    ChangeAgent: Employed,
    PutArticles: Shelved,
    Audit: Audited,
    LookAtVitals: Vitals,
    ReplayWebhook: Replayed,
    EraseProfile: ProfileErased,
    ExportProfile: ExportNoted,
}
"""What each request is answered with, if it is not denied."""


def employed(agent: Agent) -> Employed:
    """Return how `agent` is shown."""
    return Employed(
        agent.site,
        agent.id,
        agent.email,
        agent.name,
        agent.role,
        agent.password is not None,
        agent.disabled_at is not None,
        agent.created_at,
        msgspec.json.decode(agent.notify, type=tuple[Wish, ...]),
    )


def shown(key: Key) -> KeyShown:
    """Return how a shop's `key` is shown to whom it belongs."""
    return KeyShown(key.kid, key.alg, key.secret.decode(), key.created_at)


def no_site(site: str) -> Denied:
    """Return that there is no such site."""
    return Denied(Code.NOT_FOUND, f"There is no site {site}.", "$.site")
