"""The configuration of what others run for us: mail, text messages, models, shops."""

from typing import Annotated, Literal

from msgspec import Meta

from broker.section import Section, says


class SmsConfig(Section, frozen=True):
    """The account at Twilio that sends and receives text messages for all sites."""

    account_sid: (
        Annotated[
            str,
            Meta(pattern=r"^[A-Za-z0-9]{1,64}$(?!\n)"),
            says("Account at Twilio; a site uses it if its `sms.provider` says so."),
        ]
        | None
    ) = None
    auth_token: (
        Annotated[
            str,
            Meta(min_length=8, max_length=256, extra={"secret": True}),
            says("Its auth token: signs what comes in, and lets messages out."),
        ]
        | None
    ) = None
    base_url: Annotated[
        str,
        Meta(pattern=r"^https?://[^/\s]+$(?!\n)"),
        says("Where Twilio's API is, or what speaks like it."),
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
            says("SMTP server; if there is none, mail is written into `DIR/mail`."),
        ]
        | None
    ) = None
    port: (
        Annotated[
            int,
            Meta(ge=1, le=65_535),
            says(
                "Its port, if not 465 for `tls`, 587 for `starttls` and 25 for `none`."
            ),
        ]
        | None
    ) = None
    tls: Annotated[
        Literal["none", "starttls", "tls"],
        says("Whether the connection is secret: at once, before anything, or never."),
    ] = "starttls"
    username: Annotated[str, says("Who we are to it, if it asks.")] | None = None
    password: (
        Annotated[
            str,
            Meta(min_length=1, max_length=1024, extra={"secret": True}),
            says("And how we prove it."),
        ]
        | None
    ) = None
    sender: Annotated[
        str,
        Meta(
            pattern=r"^[^\s@,;:<>()\x00-\x1f\x7f]+@[^\s@,;:<>()\x00-\x1f\x7f]+$(?!\n)"
        ),
        says("The address that mail comes from."),
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
        Annotated[Secret, says("Key of the model's API; a site names the model.")]
        | None
    ) = None
    openai_host: Annotated[Host, says(_ONLY)] = "api.openai.com"
    webhook_secret: (
        Annotated[Secret, says("Signs what is posted to shops' own programs.")] | None
    ) = None
    zendesk_token: (
        Annotated[Secret, says("API token at Zendesk; a site names the account.")]
        | None
    ) = None
    zendesk_host: Annotated[Host, says(_ONLY)] = ".zendesk.com"
    gorgias_key: (
        Annotated[Secret, says("API key at Gorgias; a site names the account.")] | None
    ) = None
    gorgias_host: Annotated[Host, says(_ONLY)] = ".gorgias.com"

    def __repr__(self) -> str:
        """Show no key."""
        return "AiConfig(...)"


class OutwardConfig(Section, frozen=True):
    """Where what leaves the process may go."""

    private: Annotated[
        tuple[str, ...],
        says(
            "CIDR list: networks that URLs in settings may name though they are not"
            " public."
        ),
    ] = ()


class ShopifyConfig(Section, frozen=True):
    """The app at Shopify through whose proxy signed-in customers get their tokens."""

    secret: Annotated[
        Annotated[str, Meta(min_length=8, max_length=256, extra={"secret": True})]
        | None,
        says("Its API secret key, with which the app proxy signs."),
    ] = None
    shops: Annotated[
        tuple[
            Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,64}=[a-z0-9.-]{1,255}$(?!\n)")],
            ...,
        ],
        says("Which shop each site is, as `default=my-shop.myshopify.com`."),
    ] = ()

    def __repr__(self) -> str:
        """Show no secret."""
        return "ShopifyConfig(...)"
