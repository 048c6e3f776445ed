"""Mails as bytes: whatever people are called and write, a mail stays one mail."""

from email import message_from_bytes
from email.policy import SMTP, SMTPUTF8
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.ids import Millis
from broker.outward.delivery import Sent
from broker.outward.mail import senders
from broker.outward.mail.compose import Head, announcement, answer
from broker.outward.mail.find import Case
from broker.outward.mail.letters import Content, Envelope, Letter, Saying, written
from broker.outward.mail.senders import Files
from broker.outward.mail.words import ENGLISH, LANGUAGES, words_of
from storage.mailing import Word

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
]
HEAD = Head("Shop", ENGLISH, hidden=False, desk="https://x/desk/", page="", names={})
nasty = st.text() | st.sampled_from(
    [
        "a\r\nBcc: all@example.com",
        "a\nBcc: x",
        "a\r\n\r\n<script>",
        "\x85Bcc: x",
        "\u2028Bcc: x",
        "\r\n.\r\nMAIL FROM:<x>",
        "=?utf-8?q?=0D=0ABcc:_x?=",
        "=??Q?=0D",
        "{name}{0}{",
        "<b>&\"'",
        "\ud800",
        '"x" <y@z>, ',
    ]
)


def made(
    subject: str, text: str = "", name: str = "", *, shop: str = "Shop", key: str = "k"
) -> Letter:
    envelope = Envelope(
        key=key,
        at=Millis(1_800_000_000_000),
        sender="no-reply@shop.example",
        shop=shop,
        to="team@shop.example",
    )
    saying = Saying(name, text)
    return written(envelope, Content(subject=subject, sayings=(saying,), why="Why."))


@settings(max_examples=60)
@given(subject=nasty, text=nasty, name=nasty, shop=nasty)
def test_no_name_and_no_text_makes_a_header_or_markup(
    subject: str, text: str, name: str, shop: str
) -> None:
    letter = made(subject, text, name, shop=shop)
    for policy in (SMTP, SMTPUTF8):
        raw = letter.message.as_bytes(policy=policy)
        assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
        read = message_from_bytes(raw, policy=policy)
        assert read.keys() == HEADERS
        assert read["From"].addresses[0].addr_spec == "no-reply@shop.example"
        assert [to.addr_spec for to in read["To"].addresses] == ["team@shop.example"]
        html = read.get_body(("html",))
        assert html is not None
        assert "<script" not in html.get_content()
        plain = read.get_body(("plain",))
        assert plain is not None


@given(name=nasty, text=nasty)
def test_what_people_are_called_is_never_read_as_a_template(
    name: str, text: str
) -> None:
    case = Case(
        chat="C",
        site="s",
        profile="p",
        assignee=None,
        name=name or None,
        email=None,
        locale=None,
        consents=False,
        shopper_said=0,
    )
    content = announcement(HEAD, [(case, text)], 1)
    assert content.subject == f"{name or 'Visitor'} is waiting for an answer"
    assert answer(HEAD, case, [Word(1, 1, "agent:x", text)]).sayings[0].text == text


def test_the_same_mail_is_the_same_to_the_last_byte() -> None:
    first, again = made("s", "t"), made("s", "t")
    assert first.message.as_bytes() == again.message.as_bytes()
    assert first.message["Message-ID"] != made("s", "t", key="l").message["Message-ID"]


def test_a_long_text_is_cut_and_polish_stays_polish() -> None:
    letter = made("Zażółć gęślą jaźń " * 20, "ź" * 10_000)
    read = message_from_bytes(letter.message.as_bytes(), policy=SMTP)
    assert read["Subject"].startswith("Zażółć gęślą jaźń")
    assert len(read["Subject"]) == 150
    plain = read.get_body(("plain",))
    assert plain is not None
    assert 3000 < plain.get_content().count("ź") < 5000
    lines = letter.message.as_bytes().split(b"\r\n")
    assert max(map(len, lines)) <= 998


def test_every_language_says_everything_and_others_hear_english() -> None:
    for words in LANGUAGES.values():
        for name in words.__struct_fields__:
            text: str = getattr(words, name)
            assert text
            said = text.format(name="N", shop="S", number=3)
            assert said.count("{") == 0
    assert words_of("pl-PL") is LANGUAGES["pl"]
    assert words_of("de") is words_of(None) is ENGLISH


async def test_files_keep_the_newest_and_a_repeat_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "MOST_FILES", 2)
    folder = tmp_path / "mail"
    files = Files(folder)
    for key in ("a", "b", "b", "c"):
        assert isinstance(await files.send(made("s", key=key)), Sent)
    kept = list(folder.iterdir())
    assert {file.suffix for file in kept} == {".eml"}
    assert len(kept) == 2
    assert {oct(file.stat().st_mode)[-3:] for file in kept} == {"600"}
    assert b"Message-ID" in kept[0].read_bytes()
