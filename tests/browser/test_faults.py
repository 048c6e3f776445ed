"""The widget and the desk when the broker dies and the network comes and goes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.desk import Desk
from tests.browser.people import signed_in
from tests.browser.store import Store
from tests.browser.widget import Widget

FLAPS = 20
PATIENCE_MS = 45_000
"""For a client to be back: its pauses grow to half a minute."""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB") as fresh:
        yield fresh


def open_widget(store: Store, context: BrowserContext, sub: str) -> Widget:
    boot = f"{{token: '{store.token('shopper', sub)}'}}"
    return Widget(store.visit(context, boot=boot))


def said(store: Store, chat: str) -> list[str]:
    with signed_in(store.url, store.token("agent", "anna")) as anna:
        past = anna.ask(op="chat.history", chat=chat, before=10_000, limit=200)
        return [
            event["body"]["text"]
            for event in past["events"]
            if event["kind"] == "msg" and event["by"] != "system"
        ]


def test_twenty_flaps_lose_and_double_nothing(
    store: Store, context: BrowserContext
) -> None:
    widget = open_widget(store, context, "flapper")
    widget.begin("flap 0")
    with signed_in(store.url, store.token("agent", "anna")) as anna:
        chat = anna.chat_of("flap 0")
        for number in range(1, FLAPS + 1):
            context.set_offline(True)
            widget.say(f"flap {number}")
            anna.say(chat, f"answer {number}")
            context.set_offline(False)
            widget.page.evaluate("() => dispatchEvent(new Event('online'))")
        expect(widget.bubble(f"answer {FLAPS}")).to_be_visible(timeout=PATIENCE_MS)
        expect(widget.log.get_by_text("Sending")).to_have_count(0, timeout=PATIENCE_MS)
    for number in range(1, FLAPS + 1):
        expect(widget.bubble(f"flap {number}")).to_have_count(1)
        expect(widget.bubble(f"answer {number}")).to_have_count(1)
    texts = said(store, chat)
    own = [text for text in texts if text.startswith("flap")]
    assert own == [f"flap {number}" for number in range(FLAPS + 1)]


def test_a_broker_killed_in_mid_word_costs_nothing(
    store: Store, context: BrowserContext
) -> None:
    widget = open_widget(store, context, "survivor")
    widget.begin("before the end")
    desk_context = context.browser
    assert desk_context is not None
    port = int(store.url.rpartition(":")[2])
    with desk_context.new_context(viewport={"width": 1440, "height": 900}) as office:
        desk = Desk(store, office)
        desk.open("before the end")
        desk.reply.fill("half an ans")
        widget.box.fill("half a ques")
        store.kill()
        widget.box.fill("said while nobody was there")
        widget.box.press("Enter")
        widget.box.fill("half a ques")
        expect(widget.panel.get_by_text("No connection.")).to_be_visible(
            timeout=PATIENCE_MS
        )
        store.start(port)
        expect(desk.row("said while nobody was there")).to_be_visible(
            timeout=PATIENCE_MS
        )
        expect(desk.reply).to_have_value("half an ans")
        desk.say("and answered afterwards")
        expect(widget.bubble("and answered afterwards")).to_be_visible(
            timeout=PATIENCE_MS
        )
        expect(widget.bubble("said while nobody was there")).to_have_count(1)
        expect(widget.box).to_have_value("half a ques")
        chat = str(desk.page.evaluate("() => location.hash")).rpartition("/")[2]
    texts = said(store, chat)
    assert texts == [
        "before the end",
        "said while nobody was there",
        "and answered afterwards",
    ]
