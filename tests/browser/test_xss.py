"""Whatever is written anywhere is shown as text: nothing runs, nothing is fetched."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.desk import Desk
from tests.browser.people import shopping, signed_in
from tests.browser.store import Store
from tests.browser.widget import Widget
from tests.browser.xss import corpus

AT_ONCE = 20
"""Texts in one message: each is shown, and few messages are sent."""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    size: ViewportSize = {"width": 1440, "height": 900}
    with browser.new_context(locale="en-GB", viewport=size) as fresh:
        yield fresh


class Watch:
    """Notes what must not happen on a page."""

    def __init__(self, context: BrowserContext) -> None:
        self.harm: list[str] = []
        context.expose_function("pwned", lambda: self.harm.append("ran"))
        context.on("page", self._watch)

    def _watch(self, page: Page) -> None:
        page.on("dialog", lambda dialog: self.harm.append(dialog.message))
        page.on(
            "request",
            lambda asked: (
                self.harm.append(asked.url) if "evil.test" in asked.url else None
            ),
        )


def batches() -> list[str]:
    texts = corpus()
    return [
        "\n".join(texts[start : start + AT_ONCE])
        for start in range(0, len(texts), AT_ONCE)
    ]


def test_there_are_more_than_two_hundred() -> None:
    assert len(set(corpus())) >= 200


def test_messages_and_notes_are_text_in_both_clients(
    store: Store, context: BrowserContext
) -> None:
    watch = Watch(context)
    token = store.token("shopper", "<img src=x onerror=pwned()>")
    widget = Widget(store.visit(context, boot=f"{{token: '{token}'}}"))
    widget.begin("Is this safe?")
    with signed_in(store.url, store.token("agent", "ben")) as ben:
        chat = ben.chat_of("Is this safe?")
        for text in batches():
            ben.say(chat, text)
            ben.ask(op="note.add", chat=chat, text=text)
        ben.say(chat, "all said")
    expect(widget.bubble("all said")).to_be_visible()
    desk = Desk(store, context)
    desk.open("all said")
    # Up to the first: what is out of sight may not have been drawn.
    for _ in range(12):
        desk.thread.evaluate("log => log.scrollBy(0, -2000)")
        desk.page.wait_for_timeout(50)
    expect(desk.thread.get_by_text("onerror=pwned()").first).to_be_attached()
    links = "() => [...document.querySelectorAll('a')].map(a => a.protocol)"
    assert "javascript:" not in desk.page.evaluate(links)
    assert watch.harm == []


def test_names_questions_macros_and_facts_are_text(
    store: Store, context: BrowserContext
) -> None:
    watch = Watch(context)
    hostile = '"><img src=x onerror=pwned()><script>pwned()</script>'
    store.put(
        "faq", [{"id": "x", "question": hostile, "answer": "\n".join(corpus()[:60])}]
    )
    store.put("macros", [{"id": "x", "name": hostile, "text": hostile}])
    path = "/v1/sites/default/profiles/mallory"
    store.call("PUT", path, {"name": hostile, "place": hostile, "tags": ["<b>x</b>"]})
    event = {
        "id": "1",
        "kind": "ordered",
        "at": 1_700_000_000_000,
        "data": {"order": hostile},
    }
    store.call("POST", f"{path}/events", event)
    token = store.token("shopper", "mallory")
    with shopping(store.url, token) as mallory:
        mallory.start("Look at me")
    desk = Desk(store, context)
    desk.open("Look at me")
    desk.reply.press_sequentially("/")
    expect(desk.page.get_by_text(hostile).first).to_be_attached()
    widget = Widget(store.visit(context)).open()
    widget.panel.get_by_role("button").filter(has_text="onerror").first.click()
    expect(widget.panel.get_by_text("pwned()").first).to_be_visible()
    assert watch.harm == []
