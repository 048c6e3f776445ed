"""Visitors who talk to the bot, and what admins do for them, against a real broker."""

import zipfile

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.desk import Desk
from tests.browser.store import ADDRESS, Store
from tests.browser.widget import Widget

SCRIPT = {"lines": [{"when": "hello", "say": "What can I do for you?"}]}
SETTINGS = {
    "chat": {"allowed_origins": [ADDRESS]},
    "ai": {"enabled": True, "responder": "script", "script": SCRIPT},
}
SAID = "hello from Elm Street"


@pytest.fixture
def shop(store: Store) -> Store:
    store.put("settings", SETTINGS)
    return store


def secret_of(widget: Widget) -> str:
    """Return what the browser keeps of who it is."""
    read = "() => JSON.parse(localStorage.getItem('shopwire:default') ?? '{}').anon"
    return str(widget.page.evaluate(read))


def looked_at_by_an_admin(shop: Store, context: BrowserContext) -> Desk:
    """Return the desk with the visitor's chat, which is among the bot's."""
    root = Desk(shop, context, "root")
    root.page.evaluate("() => { location.hash = '#/bot/open'; }")
    return root.open(SAID)


def test_a_visitor_s_words_are_handed_out_and_go(browser: Browser, shop: Store) -> None:
    with browser.new_context(locale="en-GB") as home, browser.new_context() as desks:
        widget = Widget(shop.visit(home)).begin(SAID)
        expect(widget.bubble("What can I do for you?")).to_be_visible()
        before = secret_of(widget)
        root = looked_at_by_an_admin(shop, desks)
        with root.page.expect_download() as waiting:
            root.button("Export all that is kept").click()
        with zipfile.ZipFile(waiting.value.path()) as archive:
            assert "person.json" in archive.namelist()
        root.button("Erase this person …").click()
        asked = root.page.get_by_role("dialog")
        expect(asked.get_by_text("Their open conversation ends")).to_be_visible()
        asked.get_by_role("checkbox").check()
        root.button("Erase for good").click()
        gone = widget.panel.get_by_text("messages of this chat were del")
        expect(gone).to_be_visible()
        for page in (widget.page, root.page):
            expect(page.get_by_text("Elm Street")).to_have_count(0)
        widget.button("Start a new chat").click()
        widget.write_to_us().say("hello again")
        expect(widget.bubble("What can I do for you?")).to_be_visible()
        assert secret_of(widget) not in {before, "None"}


def test_who_was_away_meanwhile_comes_back_as_a_stranger(
    browser: Browser, shop: Store
) -> None:
    with browser.new_context(locale="en-GB") as home:
        widget = Widget(shop.visit(home)).begin("hello from Oak Street")
        before = secret_of(widget)
        chat = widget.page.evaluate(
            "() => JSON.parse(sessionStorage.getItem('shopwire:default')).chat"
        )
        widget.page.goto("about:blank")
        shop.call("DELETE", f"/v1/sites/default/profiles/{chat}")
        widget.page.goto(f"{ADDRESS}/lamp")
        # It was open when its page was left.
        widget.write_to_us()
        expect(widget.page.get_by_text("Oak Street")).to_have_count(0)
        assert secret_of(widget) not in {before, "None"}
        widget.say("hello once more")
        expect(widget.bubble("What can I do for you?")).to_be_visible()
