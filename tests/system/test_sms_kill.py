"""The process dies between what was promised and what has left."""

import base64
import hashlib
import hmac
import random
import signal
import sys
from pathlib import Path
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
import trio

from actors.settings.document import Settings
from actors.settings.outward import SmsSettings
from broker.office.settings import put_settings
from broker.server import Broker
from tests.broker.commands.typed import printed
from tests.broker.outward.provider import FakeProvider, How, provider
from tests.long import times
from tests.system.client import Client
from tests.system.process import CONFIG, Keys, Process, furnish
from tests.system.test_drain import WITHIN_S

KILLS = times(6, short=3)
OURS, HERS = "+48220000001", "+48600100200"
TOKEN = "0123456789abcdef"
WAYS: tuple[How, ...] = ("hang", "drop", 500, 201)


async def open_shop(folder: Path, fake: FakeProvider) -> Keys:
    """Found a shop that texts by `fake`."""
    keys = await furnish(folder, "ann")
    async with Broker.open(folder) as broker:
        settings = Settings(sms=SmsSettings("twilio", OURS))
        assert await put_settings(broker, "default", 0, settings, by="agent:ann") == 1
    account = f'account_sid = "AC1"\nauth_token = "{TOKEN}"\nbase_url = "{fake.url}"\n'
    (folder / "shopwire.toml").write_text(f"{CONFIG}\n[sms]\n{account}")
    return keys


async def text_in(process: Process, id_: str, text: str) -> int:
    """Tell the broker of a message; return the status of its answer."""
    url = f"{process.url}/v1/sites/default/sms/inbound"
    form = {"Body": text, "From": HERS, "MessageSid": id_, "To": OURS}
    joined = url + "".join(name + value for name, value in form.items())
    made = hmac.new(TOKEN.encode(), joined.encode(), hashlib.sha1).digest()
    headers = {
        "X-Twilio-Signature": base64.b64encode(made).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    async with httpx.AsyncClient(timeout=20) as client:
        body = urlencode(form).encode()
        return (await client.post(url, content=body, headers=headers)).status_code


async def ticket(ann: Client) -> str:
    """Return the one ticket there is."""
    listed = await ann.ask("inbox.open", view="all", status="open", limit=10)
    (row,) = listed["rows"]
    assert row["icon"] == "envelope"
    chat: str = row["chat"]
    return chat


@pytest.mark.slow
async def test_what_was_acknowledged_leaves_in_order_whenever_the_process_dies(
    tmp_path: Path,
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown if the test fails
    chance = random.Random(seed)
    acked: list[str] = []
    async with provider() as fake:
        keys = await open_shop(tmp_path, fake)
        with Process(tmp_path) as process:
            for number in range(KILLS):
                await process.start()
                fake.how = chance.choice(WAYS)
                assert await text_in(process, "SM1", "hello") == 200
                async with trio.open_nursery() as nursery:
                    ann = await process.connect(nursery)
                    await ann.hello(token=keys.token("agent", "ann"))
                    chat = await ticket(ann)
                    for text in (f"{number}a", f"{number}b"):
                        said = await ann.ask("msg.send", chat=chat, text=text)
                        assert said["t"] == "ok"
                        acked.append(text)
                    await trio.sleep(chance.uniform(0, 0.1))
                    await process.kill()
                    await ann.cut()
                    nursery.cancel_scope.cancel()
            fake.how = 201
            await process.start()
            async with trio.open_nursery() as nursery:
                ann = await process.connect(nursery)
                await ann.hello(token=keys.token("agent", "ann"))
                chat = await ticket(ann)
                with trio.fail_after(60):
                    await everything_is_sent(ann, chat, len(acked))
                await ann.cut()
                nursery.cancel_scope.cancel()
            await process.kill()
    texts = [request.text for request in fake.requests]
    assert [*dict.fromkeys(texts)] == acked, "nothing is lost, and first comes first"
    by_text = {request.text: request.key for request in fake.requests}
    assert all(by_text[request.text] == request.key for request in fake.requests)
    assert len(set(by_text.values())) == len(acked)
    log = (tmp_path / "log").read_text()
    for secret in (TOKEN, HERS, "hello", "AC1/"):
        assert secret not in log


@pytest.mark.slow
async def test_a_provider_that_hangs_does_not_hold_up_a_stop(tmp_path: Path) -> None:
    async with provider() as fake:
        keys = await open_shop(tmp_path, fake)
        fake.how = "hang"
        with Process(tmp_path) as process:
            await process.start()
            await text_in(process, "SM1", "hello")
            async with trio.open_nursery() as nursery:
                ann = await process.connect(nursery)
                await ann.hello(token=keys.token("agent", "ann"))
                chat = await ticket(ann)
                await ann.ask("msg.send", chat=chat, text="late")
                await fake.until(1)
                began = trio.current_time()
                process.send(signal.SIGTERM)
                assert await process.end() == 0
                assert trio.current_time() - began < WITHIN_S
                await ann.cut()
                nursery.cancel_scope.cancel()
        (line,) = printed(tmp_path, "outgoing").splitlines()
        assert msgspec.json.decode(line)["state"] == "pending"
        assert "late" not in line
        assert HERS not in line


async def everything_is_sent(ann: Client, chat: str, number: int) -> None:
    """Return once each message is said to have been sent, and said once."""
    await ann.ask("chat.open", chat=chat)
    of: list[int] = []
    while len(of) < number:
        event = await ann.until(t="ev", kind="sms")
        assert event["body"]["state"] == "sent"
        of.append(event["body"]["of"])
    assert len(set(of)) == number
