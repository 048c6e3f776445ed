"""The process's own configuration: what it takes to run, not what a shop decides.

Every key has a default with which a fresh folder works (protocol section 8). How it is
read stands in `keys`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from actors.chat.limits import ChatLimits

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Rate = Annotated[float, Meta(gt=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]


def _says(text: str) -> Meta:
    """Return what the documentation says of a key."""
    return Meta(description=text)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the parts: a misspelt key is an error, not a default."""


class TlsConfig(Section, frozen=True):
    """What browsers need to see to trust the connection."""

    cert: Annotated[
        str, _says("PEM file of the certificate, and of those that vouch for it.")
    ]
    key: Annotated[str, _says("PEM file of its private key, without a password.")]


class ServerConfig(Section, frozen=True):
    """Where to listen, and how the world reaches it."""

    host: Annotated[str, _says("Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65_535), _says("Port to listen on; 0 picks a free one.")
    ] = 8080
    public_url: (
        Annotated[
            str,
            Meta(pattern=r"^https?://[^/\s]+$(?!\n)"),
            _says("Scheme and host that browsers see, if not the `Host` they send."),
        ]
        | None
    ) = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        _says("CIDR list of proxies that are believed about who asks, and how."),
    ] = ()
    path: Annotated[
        Literal["auto", "fast", "portable"],
        _says("How sockets are served; `auto` is `fast` where that is possible."),
    ] = "auto"
    tls: TlsConfig | None = None

    @property
    def scheme(self) -> str:
        """How our own URL begins."""
        return "http" if self.tls is None else "https"


class LimitsConfig(Section, frozen=True):
    """Bounds on what peers may take up (spec F57)."""

    head_bytes: Annotated[
        int, Meta(ge=256, le=1024 * 1024), _says("Bytes of a request's head.")
    ] = 16 * 1024
    head_s: Annotated[Seconds, _says("Seconds for the head to arrive.")] = 5.0
    hello_s: Annotated[Seconds, _says("Seconds from upgrade to `hello`.")] = 5.0
    unauthenticated: Annotated[
        Count, _says("Connections that owe a `hello`, at a time.")
    ] = 256
    frame_bytes: Annotated[
        int, Meta(ge=1024, le=16 * 1024 * 1024), _says("Bytes of a client's message.")
    ] = 64 * 1024
    fragments: Annotated[
        int, Meta(ge=1, le=2**31), _says("Frames a message may be cut into.")
    ] = 64
    depth: Annotated[
        int, Meta(ge=4, le=64), _says("Maps and lists inside one another in a message.")
    ] = 8
    text_bytes: Annotated[
        int, Meta(ge=256, le=1024 * 1024), _says("Bytes of UTF-8 in one text.")
    ] = 8192
    shopper_rate: Annotated[Rate, _says("Messages of a shopper in a second.")] = 1.0
    shopper_burst: Annotated[Count, _says("Messages of a shopper at once.")] = 10
    agent_rate: Annotated[
        Rate, _says("Messages and notes of an agent in a second.")
    ] = 20.0
    agent_burst: Annotated[Count, _says("Messages and notes of an agent at once.")] = 40
    conn_frames: Annotated[
        Count,
        _says("Frames read from a connection in a second; four times it at once."),
    ] = 50
    conn_bytes: Annotated[
        int,
        Meta(ge=1024, le=1024**3),
        _says("Bytes read from a connection in a second; four times it at once."),
    ] = 128 * 1024
    new_chats: Annotated[Count, _says("Chats that a shopper may begin.")] = 6
    new_chats_h: Annotated[
        float, Meta(gt=0, le=8760), _says("Hours in which they are counted.")
    ] = 12.0
    logins: Annotated[
        int, Meta(ge=1, le=10_000), _says("Logins of one address in five minutes.")
    ] = 5
    logins_per_account: Annotated[
        int, Meta(ge=1, le=10_000), _says("Logins of one account in five minutes.")
    ] = 20
    per_ip: Annotated[Count, _says("Connections of one address.")] = 2000
    per_ip_visitors: Annotated[
        Count, _says("Sockets of one address that no token has vouched for.")
    ] = 20
    per_ip_new: Annotated[
        Rate, _says("New connections of one address in a second; ten times it at once.")
    ] = 30.0
    per_person: Annotated[
        int, Meta(ge=1, le=10_000), _says("Connections of one person.")
    ] = 10
    total: (
        Annotated[
            Count,
            _says("Connections in all, if not 80 % of the descriptors there may be."),
        ]
        | None
    ) = None
    chat_events: Annotated[
        int, Meta(ge=64, le=1_000_000), _says("Events in one chat's journal.")
    ] = 10_000
    outbox_bytes: Annotated[
        int,
        Meta(ge=64 * 1024, le=1024**3),
        _says("Bytes a client may lag behind before it is cut off."),
    ] = 1024 * 1024
    stall_s: Annotated[
        Seconds, _says("Seconds a client may take nothing of what it is sent.")
    ] = 10.0
    trusted_networks: Annotated[
        tuple[str, ...],
        _says("CIDR list: whose rates and counts are not limited, for load tests."),
    ] = ()

    @property
    def of_chats(self) -> ChatLimits:
        """Those that the rules of chats go by."""
        return ChatLimits(self.text_bytes, self.chat_events)


class StorageConfig(Section, frozen=True):
    """How durable durable is."""

    durability: Annotated[
        Literal["full", "relaxed"],
        _says("`relaxed` loses the last moments in a power cut; `/readyz` says so."),
    ] = "full"


class LogConfig(Section, frozen=True):
    """What is logged."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], _says("The least that is logged.")
    ] = "info"
    access: Annotated[bool, _says("Whether each HTTP request is logged.")] = False
    slow_turn_ms: Annotated[
        int,
        Meta(ge=1, le=60_000),
        _says("Milliseconds of a turn, in which everybody waits, that are logged."),
    ] = 250
    slow_actor_ms: Annotated[
        int,
        Meta(ge=1, le=60_000),
        _says("Milliseconds of one actor with one message that are logged."),
    ] = 100


class MetricsConfig(Section, frozen=True):
    """Who may read `/metrics`, beside this machine and `trusted_networks`."""

    token: (
        Annotated[
            str,
            Meta(min_length=16, max_length=256, extra={"secret": True}),
            _says("Bearer token that may read `/metrics`."),
        ]
        | None
    ) = None

    def __repr__(self) -> str:
        """Show no token."""
        return "MetricsConfig(...)"


class SmsConfig(Section, frozen=True):
    """The account at Twilio that sends and receives text messages for all sites."""

    account_sid: (
        Annotated[
            str,
            Meta(pattern=r"^[A-Za-z0-9]{1,64}$(?!\n)"),
            _says("Account at Twilio; a site uses it if its `sms.provider` says so."),
        ]
        | None
    ) = None
    auth_token: (
        Annotated[
            str,
            Meta(min_length=8, max_length=256, extra={"secret": True}),
            _says("Its auth token: signs what comes in, and lets messages out."),
        ]
        | None
    ) = None
    base_url: Annotated[
        str,
        Meta(pattern=r"^https?://[^/\s]+$(?!\n)"),
        _says("Where Twilio's API is, or what speaks like it."),
    ] = "https://api.twilio.com"

    def __repr__(self) -> str:
        """Show no token."""
        return f"SmsConfig({self.account_sid!r}, ...)"


class MailConfig(Section, frozen=True, rename={"sender": "from"}):
    """The server that takes our mail; without one it is written into files."""

    host: (
        Annotated[
            str,
            Meta(pattern=r"^[A-Za-z0-9.:_-]{1,255}$(?!\n)"),
            _says("SMTP server; if there is none, mail is written into `DIR/mail`."),
        ]
        | None
    ) = None
    port: (
        Annotated[
            int,
            Meta(ge=1, le=65_535),
            _says(
                "Its port, if not 465 for `tls`, 587 for `starttls` and 25 for `none`."
            ),
        ]
        | None
    ) = None
    tls: Annotated[
        Literal["none", "starttls", "tls"],
        _says("Whether the connection is secret: at once, before anything, or never."),
    ] = "starttls"
    username: Annotated[str, _says("Who we are to it, if it asks.")] | None = None
    password: (
        Annotated[
            str,
            Meta(min_length=1, max_length=1024, extra={"secret": True}),
            _says("And how we prove it."),
        ]
        | None
    ) = None
    sender: Annotated[
        str,
        Meta(
            pattern=r"^[^\s@,;:<>()\x00-\x1f\x7f]+@[^\s@,;:<>()\x00-\x1f\x7f]+$(?!\n)"
        ),
        _says("The address that mail comes from."),
    ] = "no-reply@localhost"

    @property
    def at(self) -> int:
        """The port in use."""
        usual = {"tls": 465, "starttls": 587, "none": 25}
        return self.port or usual[self.tls]

    def __repr__(self) -> str:
        """Show no password."""
        return f"MailConfig({self.host!r}, ...)"


Secret = Annotated[str, Meta(min_length=8, max_length=1024, extra={"secret": True})]
Host = Annotated[str, Meta(pattern=r"^[a-z0-9.:\[\]_-]{1,255}$(?!\n)")]
_ONLY = "The only host that gets it; with a dot before it, those below it too."


class AiConfig(Section, frozen=True):
    """What the bot, and those whom it hands over to, are asked with for all sites."""

    openai_key: (
        Annotated[Secret, _says("Key of the model's API; a site names the model.")]
        | None
    ) = None
    openai_host: Annotated[Host, _says(_ONLY)] = "api.openai.com"
    webhook_secret: (
        Annotated[Secret, _says("Signs what is posted to shops' own programs.")] | None
    ) = None
    zendesk_token: (
        Annotated[Secret, _says("API token at Zendesk; a site names the account.")]
        | None
    ) = None
    zendesk_host: Annotated[Host, _says(_ONLY)] = ".zendesk.com"
    gorgias_key: (
        Annotated[Secret, _says("API key at Gorgias; a site names the account.")] | None
    ) = None
    gorgias_host: Annotated[Host, _says(_ONLY)] = ".gorgias.com"

    def __repr__(self) -> str:
        """Show no key."""
        return "AiConfig(...)"


class OutwardConfig(Section, frozen=True):
    """Where what leaves the process may go."""

    private: Annotated[
        tuple[str, ...],
        _says(
            "CIDR list: networks that URLs in settings may name though they are not"
            " public."
        ),
    ] = ()


class ShopifyConfig(Section, frozen=True):
    """The app at Shopify through whose proxy signed-in customers get their tokens."""

    secret: Annotated[
        Annotated[str, Meta(min_length=8, max_length=256, extra={"secret": True})]
        | None,
        _says("Its API secret key, with which the app proxy signs."),
    ] = None
    shops: Annotated[
        tuple[
            Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,64}=[a-z0-9.-]{1,255}$(?!\n)")],
            ...,
        ],
        _says("Which shop each site is, as `default=my-shop.myshopify.com`."),
    ] = ()

    def __repr__(self) -> str:
        """Show no secret."""
        return "ShopifyConfig(...)"


class ClusterConfig(Section, frozen=True):
    """What several machines that serve one shop stand on."""

    nats: (
        Annotated[
            str,
            Meta(pattern=r"^(nats|tls)://[^\s]+$(?!\n)", extra={"secret": True}),
            _says("NATS servers as `nats://user:password@host:port`, with commas."),
        ]
        | None
    ) = None
    name: Annotated[
        str,
        Meta(pattern=r"^[a-z0-9-]{1,32}$(?!\n)"),
        _says("The cluster's, in NATS: two may share the servers."),
    ] = "shopwire"
    node: (
        Annotated[
            str,
            Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)"),
            _says("This node's name, if not the machine's with the port."),
        ]
        | None
    ) = None
    address: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9.:\[\]-]{1,255}:[0-9]{1,5}$(?!\n)"),
        _says("Where the other nodes reach this one, and nobody else can."),
    ] = "127.0.0.1:8090"
    networks: Annotated[
        tuple[str, ...],
        _says("CIDR list that the nodes' addresses are in: they ask for others."),
    ] = ("127.0.0.0/8",)
    replicas: Annotated[
        int, Meta(ge=1, le=5), _says("NATS servers that keep each entry; 1 to try it.")
    ] = 3

    def __repr__(self) -> str:
        """Show no password."""
        return f"ClusterConfig({self.name!r}, ...)"


class Config(Section, frozen=True):
    """The whole of it."""

    server: ServerConfig = ServerConfig()
    limits: LimitsConfig = LimitsConfig()
    storage: StorageConfig = StorageConfig()
    log: LogConfig = LogConfig()
    metrics: MetricsConfig = MetricsConfig()
    sms: SmsConfig = SmsConfig()
    shopify: ShopifyConfig = ShopifyConfig()
    mail: MailConfig = MailConfig()
    ai: AiConfig = AiConfig()
    outward: OutwardConfig = OutwardConfig()
    cluster: ClusterConfig = ClusterConfig()


class ConfigError(Exception):
    """A configuration that cannot be used; the text names place, key and fix."""
