"""The process's own configuration: what it takes to run, not what a shop decides.

Every key has a default with which a fresh folder works (protocol section 8). How it is
read stands in `keys`.
"""

from typing import Annotated, Literal

from msgspec import Meta

from actors.chat.limits import ChatLimits
from broker.section import Count, Rate, Seconds, Section, says
from broker.services import (
    AiConfig,
    MailConfig,
    OutwardConfig,
    ShopifyConfig,
    SmsConfig,
)


class TlsConfig(Section, frozen=True):
    """What browsers need to see to trust the connection."""

    cert: Annotated[
        str, says("PEM file of the certificate, and of those that vouch for it.")
    ]
    key: Annotated[str, says("PEM file of its private key, without a password.")]


class ServerConfig(Section, frozen=True):
    """Where to listen, and how the world reaches it."""

    host: Annotated[str, says("Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65_535), says("Port to listen on; 0 picks a free one.")
    ] = 8080
    public_url: (
        Annotated[
            str,
            Meta(pattern=r"^https?://[^/\s]+$(?!\n)"),
            says("Scheme and host that browsers see, if not the `Host` they send."),
        ]
        | None
    ) = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        says("CIDR list of proxies that are believed about who asks, and how."),
    ] = ()
    path: Annotated[
        Literal["auto", "fast", "portable"],
        says("How sockets are served; `auto` is `fast` where that is possible."),
    ] = "auto"
    tls: TlsConfig | None = None

    @property
    def scheme(self) -> str:
        """How our own URL begins."""
        return "http" if self.tls is None else "https"


class LimitsConfig(Section, frozen=True):
    """Bounds on what peers may take up (spec F57)."""

    head_bytes: Annotated[
        int, Meta(ge=256, le=1024 * 1024), says("Bytes of a request's head.")
    ] = 16 * 1024
    head_s: Annotated[Seconds, says("Seconds for the head to arrive.")] = 5.0
    hello_s: Annotated[Seconds, says("Seconds from upgrade to `hello`.")] = 5.0
    unauthenticated: Annotated[
        Count, says("Connections that owe a `hello`, at a time.")
    ] = 256
    frame_bytes: Annotated[
        int, Meta(ge=1024, le=16 * 1024 * 1024), says("Bytes of a client's message.")
    ] = 64 * 1024
    fragments: Annotated[
        int, Meta(ge=1, le=2**31), says("Frames a message may be cut into.")
    ] = 64
    depth: Annotated[
        int, Meta(ge=4, le=64), says("Maps and lists inside one another in a message.")
    ] = 8
    text_bytes: Annotated[
        int, Meta(ge=256, le=1024 * 1024), says("Bytes of UTF-8 in one text.")
    ] = 8192
    shopper_rate: Annotated[Rate, says("Messages of a shopper in a second.")] = 1.0
    shopper_burst: Annotated[Count, says("Messages of a shopper at once.")] = 10
    agent_rate: Annotated[Rate, says("Messages and notes of an agent in a second.")] = (
        20.0
    )
    agent_burst: Annotated[Count, says("Messages and notes of an agent at once.")] = 40
    conn_frames: Annotated[
        Count,
        says("Frames read from a connection in a second; four times it at once."),
    ] = 50
    conn_bytes: Annotated[
        int,
        Meta(ge=1024, le=1024**3),
        says("Bytes read from a connection in a second; four times it at once."),
    ] = 128 * 1024
    new_chats: Annotated[Count, says("Chats that a shopper may begin.")] = 6
    new_chats_h: Annotated[
        float, Meta(gt=0, le=8760), says("Hours in which they are counted.")
    ] = 12.0
    logins: Annotated[
        int, Meta(ge=1, le=10_000), says("Logins of one address in five minutes.")
    ] = 5
    logins_per_account: Annotated[
        int, Meta(ge=1, le=10_000), says("Logins of one account in five minutes.")
    ] = 20
    per_ip: Annotated[Count, says("Connections of one address.")] = 2000
    per_ip_visitors: Annotated[
        Count, says("Sockets of one address that no token has vouched for.")
    ] = 20
    per_ip_new: Annotated[
        Rate, says("New connections of one address in a second; ten times it at once.")
    ] = 30.0
    per_person: Annotated[
        int, Meta(ge=1, le=10_000), says("Connections of one person.")
    ] = 10
    total: (
        Annotated[
            Count,
            says("Connections in all, if not 80 % of the descriptors there may be."),
        ]
        | None
    ) = None
    chat_events: Annotated[
        int, Meta(ge=64, le=1_000_000), says("Events in one chat's journal.")
    ] = 10_000
    outbox_bytes: Annotated[
        int,
        Meta(ge=64 * 1024, le=1024**3),
        says("Bytes a client may lag behind before it is cut off."),
    ] = 1024 * 1024
    stall_s: Annotated[
        Seconds, says("Seconds a client may take nothing of what it is sent.")
    ] = 10.0
    trusted_networks: Annotated[
        tuple[str, ...],
        says("CIDR list: whose rates and counts are not limited, for load tests."),
    ] = ()

    @property
    def of_chats(self) -> ChatLimits:
        """Those that the rules of chats go by."""
        return ChatLimits(self.text_bytes, self.chat_events)


class StorageConfig(Section, frozen=True):
    """How durable durable is."""

    durability: Annotated[
        Literal["full", "relaxed"],
        says("`relaxed` loses the last moments in a power cut; `/readyz` says so."),
    ] = "full"


class ShipConfig(Section, frozen=True):
    """Where to all that is committed goes a moment later."""

    to: (
        Annotated[
            str, Meta(min_length=1), says("Folder, on another disk, that is there.")
        ]
        | None
    ) = None
    keep_h: Annotated[
        float,
        Meta(ge=0, le=8760),
        says("Hours back to which any moment can be restored of it."),
    ] = 24.0


class LogConfig(Section, frozen=True):
    """What is logged."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], says("The least that is logged.")
    ] = "info"
    access: Annotated[bool, says("Whether each HTTP request is logged.")] = False
    slow_turn_ms: Annotated[
        int,
        Meta(ge=1, le=60_000),
        says("Milliseconds of a turn, in which everybody waits, that are logged."),
    ] = 250
    slow_actor_ms: Annotated[
        int,
        Meta(ge=1, le=60_000),
        says("Milliseconds of one actor with one message that are logged."),
    ] = 100


class OtelConfig(Section, frozen=True):
    """Whether messages are traced; where to, OpenTelemetry's own variables say."""

    enabled: Annotated[
        bool, says("Whether the way of each message is traced; needs `shopwire[otel]`.")
    ] = False


class MetricsConfig(Section, frozen=True):
    """Who may read `/metrics`, beside this machine and `trusted_networks`."""

    token: (
        Annotated[
            str,
            Meta(min_length=16, max_length=256, extra={"secret": True}),
            says("Bearer token that may read `/metrics`."),
        ]
        | None
    ) = None

    def __repr__(self) -> str:
        """Show no token."""
        return "MetricsConfig(...)"


class ClusterConfig(Section, frozen=True):
    """What several machines that serve one shop stand on."""

    nats: (
        Annotated[
            str,
            Meta(pattern=r"^(nats|tls)://[^\s]+$(?!\n)", extra={"secret": True}),
            says("NATS servers as `nats://user:password@host:port`, with commas."),
        ]
        | None
    ) = None
    nats_ca: (
        Annotated[str, says("PEM file of who vouches for the servers; means TLS.")]
        | None
    ) = None
    nats_cert: (
        Annotated[str, says("PEM file of the certificate that a node shows them.")]
        | None
    ) = None
    nats_key: (
        Annotated[str, says("PEM file of its key, without a password.")] | None
    ) = None
    nats_credentials: (
        Annotated[str, says("File of a user's JWT and NKey (`.creds`), or of a seed.")]
        | None
    ) = None
    name: Annotated[
        str,
        Meta(pattern=r"^[a-z0-9-]{1,32}$(?!\n)"),
        says("The cluster's, in NATS: two may share the servers."),
    ] = "shopwire"
    node: (
        Annotated[
            str,
            Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)"),
            says("This node's name, if not the machine's with the port."),
        ]
        | None
    ) = None
    address: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9.:\[\]-]{1,255}:[0-9]{1,5}$(?!\n)"),
        says("Where the other nodes reach this one, and nobody else can."),
    ] = "127.0.0.1:8090"
    networks: Annotated[
        tuple[str, ...],
        says("CIDR list that the nodes' addresses are in: they ask for others."),
    ] = ("127.0.0.0/8",)
    replicas: Annotated[
        int, Meta(ge=1, le=5), says("NATS servers that keep each entry; 1 to try it.")
    ] = 3
    workers: Annotated[
        int,
        Meta(ge=1, le=32),
        says("Nodes of this machine at one port; without `nats`, on one of theirs."),
    ] = 1

    def __repr__(self) -> str:
        """Show no password."""
        return f"ClusterConfig({self.name!r}, ...)"


class Config(Section, frozen=True):
    """The whole of it."""

    server: ServerConfig = ServerConfig()
    limits: LimitsConfig = LimitsConfig()
    storage: StorageConfig = StorageConfig()
    ship: ShipConfig = ShipConfig()
    log: LogConfig = LogConfig()
    metrics: MetricsConfig = MetricsConfig()
    otel: OtelConfig = OtelConfig()
    sms: SmsConfig = SmsConfig()
    shopify: ShopifyConfig = ShopifyConfig()
    mail: MailConfig = MailConfig()
    ai: AiConfig = AiConfig()
    outward: OutwardConfig = OutwardConfig()
    cluster: ClusterConfig = ClusterConfig()


class ConfigError(Exception):
    """A configuration that cannot be used; the text names place, key and fix."""
