"""The process dies between a mail that was taken and the note that it was."""

import random
import re
import sys
from email import message_from_string
from email.policy import SMTP
from pathlib import Path

import pytest
import trio

from actors.settings.document import Settings
from actors.settings.outward import EmailSettings
from broker.office.settings import put_settings
from broker.server import Broker
from tests.broker.outward.mail.stub import mail_server
from tests.system.client import Client
from tests.system.process import CONFIG, Process, furnish

KILLS = 3


@pytest.mark.slow
async def test_each_ticket_is_mailed_whenever_the_process_dies(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown if the test fails
    chance = random.Random(seed)
    keys = await furnish(tmp_path, "ann")
    async with Broker.open(tmp_path) as broker:
        email = EmailSettings(("team@shop.example",), 1000)
        settings = Settings(email=email)
        assert await put_settings(broker, "default", 0, settings, by="agent:ann") == 1
    begun: list[str] = []
    urls: set[str] = set()
    async with mail_server() as stub:
        mail = f'[mail]\nhost = "127.0.0.1"\nport = {stub.port}\ntls = "none"\n'
        (tmp_path / "shopwire.toml").write_text(f"{CONFIG}\n{mail}")
        with Process(tmp_path) as process:
            for number in range(KILLS):
                await process.start()
                urls.add(process.url)
                async with trio.open_nursery() as nursery:
                    clients: list[Client] = []
                    for each in "ab":
                        sub = f"s{number}{each}"
                        client = await process.connect(nursery)
                        clients.append(client)
                        await client.hello(token=keys.token("shopper", sub))
                        said = await client.ask("chat.start", text=sub)
                        assert said["t"] == "ok"
                        begun.append(said["chat"])
                    # About half a second later mails leave.
                    await trio.sleep(chance.uniform(0.3, 1.0))
                    await process.kill()
                    for client in clients:
                        await client.cut()
                    nursery.cancel_scope.cancel()
            await process.start()
            urls.add(process.url)
            with trio.fail_after(60):
                while {chat_of(taken.text) for taken in stub.taken} < {*begun}:  # noqa: ASYNC110  # for want of a notice
                    await trio.sleep(0.05)
            await process.kill()
    names = {(chat_of(taken.text), name_of(taken.text)) for taken in stub.taken}
    assert len(names) == len(begun), "a repeat has the name of the first"
    # A port that was free is known to those who are sent there, too.
    assert {desk_of(taken.text) for taken in stub.taken} <= urls


def chat_of(mail: str) -> str:
    """Return the chat that a mail is about."""
    return link_in(mail)[2]


def desk_of(mail: str) -> str:
    """Return where its link leads to."""
    return link_in(mail)[1]


def link_in(mail: str) -> re.Match[str]:
    body = message_from_string(mail, policy=SMTP).get_body(("plain",))
    text = "" if body is None else body.get_content()
    found = re.search(r"(http://\S+)/desk/#/all/open/(\w+)", text)
    assert found is not None, mail
    return found


def name_of(mail: str) -> str:
    """Return what a mail is known by."""
    found = re.search(r"Message-ID: (<.*>)", mail)
    assert found is not None, mail
    return found[1]
