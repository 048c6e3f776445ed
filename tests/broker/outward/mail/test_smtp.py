"""Mail servers that behave, and that do not."""

import ssl
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import trio

from broker.outward.delivery import Failed, Sent
from broker.outward.mail import smtp
from broker.outward.mail.letters import Letter
from broker.outward.mail.smtp import Smtp
from broker.services import MailConfig
from tests.broker.outward.mail.stub import Mail, Stub, mail_server
from tests.broker.outward.mail.test_letters import made
from tests.edge.certificates import certified


def at(stub: Stub, tls: str = "none", **more: str) -> MailConfig:
    fields = {"host": "127.0.0.1", "port": stub.port, "tls": tls}
    return msgspec.convert(fields | more, MailConfig)


def answering(verb: str, said: str) -> Callable[[str], str | None]:
    return lambda line: said if line.upper().startswith(verb) else None


async def sent(stub: Stub, letter: Letter | None = None) -> Sent | Failed:
    sender = Smtp(at(stub))
    try:
        return await sender.send(letter or made("Hello", "one\n.\n..two"))
    finally:
        await sender.close()


async def test_a_mail_is_taken_whole() -> None:
    async with mail_server() as stub:
        assert await sent(stub) == Sent()
        (mail,) = stub.taken
        assert mail[:2] == ("no-reply@shop.example", "team@shop.example")
        assert "> one\n> .\n> ..two\n" in mail.text
        assert stub.commands[-1] == "QUIT"


async def test_what_is_sent_together_goes_over_one_connection() -> None:
    async with mail_server() as stub:
        sender = Smtp(at(stub))
        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(sender.send, made("s", key=str(number)))
        assert len(stub.taken) == 5
        assert stub.connections == sender.connections == 1
        # At the end of the batch it is let go.
        assert stub.commands.count("QUIT") == 1
        await sender.send(made("s"))
        assert stub.connections == 2


@pytest.mark.parametrize(
    ("verb", "said", "final"),
    [
        ("MAIL", "550 not you", False),
        ("MAIL", "451 later", False),
        ("RCPT", "550 nobody of that name", True),
        ("RCPT", "450 greylisted", False),
        ("DATA", "554 no", True),
        ("END OF DATA", "552 too much", True),
        ("END OF DATA", "451 later", False),
        ("MAIL", "421 closing", False),
        ("EHLO", "550 go away", False),
    ],
)
async def test_a_refusal_is_final_only_if_it_is_about_this_mail(
    verb: str,
    said: str,
    final: bool,  # noqa: FBT001  # a column of the table
) -> None:
    async with mail_server() as stub:
        stub.says = answering(verb, said)
        outcome = await sent(stub)
        assert isinstance(outcome, Failed)
        assert outcome.final == final
        assert "of that name" not in outcome.reason


async def test_after_a_refusal_the_next_mail_goes_over_the_same_connection() -> None:
    async with mail_server() as stub:
        refused = iter(["550 no"])
        stub.says = lambda line: next(refused, None) if "RCPT" in line else None
        sender = Smtp(at(stub))
        outcomes: list[Sent | Failed] = []

        async def send(key: str) -> None:
            outcomes.append(await sender.send(made("s", key=key)))

        async with trio.open_nursery() as nursery:
            for key in "ab":
                nursery.start_soon(send, key)
        assert sorted(map(type, outcomes), key=str) == [Failed, Sent]
        assert stub.connections == 1


@pytest.mark.parametrize(
    "greets", ["", "SSH-2.0-x", "554 not now", "220" + "x" * 100_000, "250-a\r\n220 b"]
)
async def test_who_greets_oddly_is_no_mail_server(
    greets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "ANSWER_S", 0.2)
    async with mail_server() as stub:
        stub.greets = greets
        outcome = await sent(stub)
        assert isinstance(outcome, Failed)
        assert not outcome.final


@pytest.mark.parametrize("what", ["hang", "drop"])
@pytest.mark.parametrize("verb", ["EHLO", "RCPT", "END OF DATA"])
async def test_who_falls_silent_is_tried_again_later(
    verb: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "ANSWER_S", 0.1)
    async with mail_server() as stub:
        stub.says = answering(verb, what)
        outcome = await sent(stub)
        assert isinstance(outcome, Failed)
        assert not outcome.final


async def test_of_a_server_that_is_down_those_who_wait_hear_at_once() -> None:
    async with mail_server() as stub:
        config = at(stub)
    sender = Smtp(config)
    outcomes: list[Sent | Failed] = []

    async def send(key: str) -> None:
        outcomes.append(await sender.send(made("s", key=key)))

    async with trio.open_nursery() as nursery:
        for key in "abc":
            nursery.start_soon(send, key)
    assert [type(outcome) for outcome in outcomes] == [Failed] * 3
    assert isinstance(outcomes[0], Failed)
    assert "reached" in outcomes[0].reason


async def test_we_log_in_by_what_is_offered() -> None:
    for offer in ("PLAIN LOGIN", "LOGIN"):
        async with mail_server() as stub:
            stub.offers.append(f"AUTH {offer}")
            sender = Smtp(at(stub, username="shop", password="right"))
            assert await sender.send(made("s")) == Sent()
            assert stub.logins == ["shop:right"]


@pytest.mark.parametrize(("offer", "why"), [("AUTH PLAIN", "535"), ("X", "no login")])
async def test_a_wrong_password_is_nothing_final_and_is_not_told(
    offer: str, why: str
) -> None:
    async with mail_server() as stub:
        stub.offers.append(offer)
        sender = Smtp(at(stub, username="shop", password="wrong"))
        outcome = await sender.send(made("s"))
        assert isinstance(outcome, Failed)
        assert not outcome.final
        assert why in outcome.reason
        assert "wrong" not in outcome.reason
        assert "wrong" not in repr(at(stub, password="wrong"))


@pytest.mark.slow
async def test_a_secret_connection_is_secret_or_none(tmp_path: Path) -> None:
    pair = certified(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.cert, pair.key)
    trusted = pair.trusted()
    async with mail_server(secret=context) as stub:
        assert await Smtp(at(stub, "tls"), trusted).send(made("s")) == Sent()
        # The certificate is nobody's whom this machine trusts.
        outcome = await Smtp(at(stub, "tls")).send(made("s"))
        assert isinstance(outcome, Failed)
        assert "trusted" in outcome.reason
        assert len(stub.taken) == 1
    async with mail_server() as stub:
        stub.tls = context
        config = at(stub, "starttls")
        outcome = await Smtp(config, trusted).send(made("s"))
        # Taken out by somebody between us: nothing is said in the open.
        assert outcome == Failed("the mail server offers no STARTTLS")
        stub.offers.insert(0, "STARTTLS")
        assert await Smtp(config, trusted).send(made("s")) == Sent()
        stub.says = answering("STARTTLS", "220 go on\r\n250 said in the open")
        outcome = await Smtp(config, trusted).send(made("s"))
        assert outcome == Failed("the mail server spoke out of turn")


async def test_other_alphabets_go_where_they_are_known() -> None:
    letter = made("s")
    abroad = Letter("żółw@shop.example", letter.sender, letter.name, letter.message)
    async with mail_server() as stub:
        assert await sent(stub, abroad) == Sent()
        assert stub.taken[0].to == "żółw@shop.example"
        stub.offers.remove("SMTPUTF8")
        outcome = await sent(stub, abroad)
        assert isinstance(outcome, Failed)
        assert outcome.final
    assert isinstance(stub.taken[0], Mail)
