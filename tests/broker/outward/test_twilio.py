"""The way out by Twilio, and what it does when that fails."""

import base64
from collections.abc import AsyncGenerator

import pytest

from broker.outward import twilio
from broker.outward.delivery import Failed, Sent
from broker.outward.providers import Outbound
from broker.outward.twilio import Twilio
from broker.services import SmsConfig
from tests.broker.outward.provider import FakeProvider, How, provider

TOKEN = "0123456789abcdef"
MESSAGE = Outbound("7-4", "default", "+48220000001", "+48600100200", "zażółć 👋 & =")


@pytest.fixture
async def fake() -> AsyncGenerator[FakeProvider]:
    async with provider() as made:
        yield made


async def send(url: str, public_url: str | None = None) -> Sent | Failed:
    config = SmsConfig(account_sid="AC1", auth_token=TOKEN, base_url=url)
    client = Twilio(config, public_url)
    try:
        return await client.send(MESSAGE)
    finally:
        await client.close()


@pytest.mark.slow
async def test_a_message_is_a_form_with_the_accounts_password(
    fake: FakeProvider,
) -> None:
    assert await send(fake.url, "https://chat.example") == Sent()
    (request,) = fake.requests
    assert request.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert request.form == {
        "To": ["+48600100200"],
        "From": ["+48220000001"],
        "Body": ["zażółć 👋 & ="],
        "StatusCallback": ["https://chat.example/v1/sites/default/sms/status?of=7-4"],
    }
    password = base64.b64encode(f"AC1:{TOKEN}".encode()).decode()
    assert request.headers["authorization"] == f"Basic {password}"
    assert request.key == "7-4"
    await send(fake.url)
    assert "StatusCallback" not in fake.requests[1].form


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "final", "reason"),
    [
        (400, True, "the provider refused it: error 21211"),
        (404, True, "the provider refused it: error 21211"),
        (401, False, "the provider refused it: error 21211"),
        (429, False, "the provider refused it: error 21211"),
        (500, False, "the provider refused it: error 21211"),
        (503, False, "the provider refused it: error 21211"),
        (302, False, "the provider refused it: error 21211"),
        ("drop", False, "the provider cannot be reached (RemoteProtocolError)"),
        ("babble", False, "the provider cannot be reached (RemoteProtocolError)"),
        ("hang", False, "the provider did not answer in time"),
    ],
)
async def test_what_goes_wrong_is_final_or_it_is_not(
    fake: FakeProvider,
    how: How,
    *,
    final: bool,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(twilio, "ANSWER_S", 0.2)
    fake.how = how
    fake.body = b'{"code": 21211, "message": "+48600100200 is no number"}'
    assert await send(fake.url) == Failed(reason, final)


@pytest.mark.slow
@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b'{"code": "x"}', b"[]"])
async def test_a_refusal_in_other_words_is_one_too(
    fake: FakeProvider, body: bytes
) -> None:
    fake.how, fake.body = 400, body
    assert await send(fake.url) == Failed("the provider refused it: status 400", True)  # noqa: FBT003  # final


@pytest.mark.slow
async def test_of_a_long_refusal_only_the_beginning_is_kept(fake: FakeProvider) -> None:
    fake.how, fake.body = 400, b"x" * 5_000_000
    assert isinstance(await send(fake.url), Failed)


@pytest.mark.slow
async def test_where_nobody_listens_is_tried_again() -> None:
    outcome = await send("http://127.0.0.1:9")
    assert outcome == Failed("the provider cannot be reached (ConnectError)")


def test_neither_a_token_nor_a_person_shows_in_a_log() -> None:
    config = SmsConfig(account_sid="AC1", auth_token=TOKEN)
    assert TOKEN not in repr(config)
    assert "48600" not in repr(MESSAGE)
    assert "żółć" not in repr(MESSAGE)
