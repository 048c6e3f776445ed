"""What axe finds wrong with the pages, light and dark: nothing (WCAG 2.2 AA)."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.desk import Desk
from tests.browser.people import shopping, signed_in
from tests.browser.store import Store
from tests.browser.widget import Widget
from tests.faults.processes import ROOT

AXE = ROOT / "clients/web/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BUT = {
    # An experiment of axe's: it takes an initial that is drawn as a picture for text.
    "label-content-name-mismatch": {"enabled": False},
}
Scheme = Literal["light", "dark"]


@pytest.fixture(params=["light", "dark"])
def context(
    browser: Browser, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    scheme: Scheme = request.param
    size: ViewportSize = {"width": 1280, "height": 860}
    with browser.new_context(
        locale="en-GB", viewport=size, color_scheme=scheme, reduced_motion="reduce"
    ) as fresh:
        yield fresh


def wrong(page: Page) -> list[str]:
    """Return what axe finds, in words."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "([runOnly, rules]) => axe.run(document, { runOnly, rules })", [RULES, BUT]
    )
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def lines(found: dict[str, list[str]]) -> list[str]:
    return [f"{state}: {one}" for state, each in found.items() for one in each]


def test_every_state_of_the_widget(store: Store, context: BrowserContext) -> None:
    sub = "axe-shopper"
    store.put("faq", [{"id": "q", "question": "When?", "answer": "Soon."}])
    boot = f"{{token: '{store.token('shopper', sub)}'}}"
    page = store.visit(context, boot=boot)
    widget = Widget(page)
    widget.launcher.wait_for()
    found = {"closed": wrong(page)}
    widget.open()
    if widget.button("When?").is_visible():
        found["questions"] = wrong(page)
        widget.button("When?").click()
        found["answer"] = wrong(page)
        widget.button("No").click()
    widget.write_to_us()
    found["welcome"] = wrong(page)
    text = f"Is it easy to read? {page.evaluate('() => Date.now()')}"
    widget.say(text)
    expect(widget.bubble(text)).to_be_visible()
    with signed_in(store.url, store.token("agent", "anna")) as anna:
        chat = anna.chat_of(text)
        anna.say(chat, "It should be.")
        anna.tell(op="typing", chat=chat, on=True)
        expect(widget.bubble("It should be.")).to_be_visible()
        found["talking"] = wrong(page)
        widget.button("More").click()
        found["menu"] = wrong(page)
        page.keyboard.press("Escape")
        widget.button("Emoji").click()
        page.get_by_role("combobox").wait_for()
        found["emoji"] = wrong(page)
        widget.button("Close emoji").click()
        anna.ask(op="chat.end", chat=chat)
    expect(widget.panel.get_by_text("The chat has ended.")).to_be_visible()
    found["ended"] = wrong(page)
    visitor = store.visit(context)
    Widget(visitor).open()
    found["visitor"] = wrong(visitor)
    store.put("faq", [])
    assert lines(found) == []


def test_every_state_of_the_desk(store: Store, context: BrowserContext) -> None:
    page = context.new_page()
    asked = f"Can you read this? {page.evaluate('() => Date.now()')}"
    with shopping(store.url, store.token("shopper", f"axe {asked[-6:]}")) as shopper:
        shopper.start(asked)
    page.goto(f"{store.url}/desk/")
    page.get_by_label("E-mail").wait_for()
    found = {"login": wrong(page)}
    desk = Desk(store, context)
    page = desk.page
    found["list"] = wrong(page)
    desk.open(asked).say("Clearly.")
    desk.button("Note").click()
    desk.note.fill("A note")
    desk.note.press("Enter")
    expect(desk.bubble("A note")).to_be_visible()
    found["thread"] = wrong(page)
    for key, name in (("s", "snooze"), ("a", "assign"), ("?", "keys")):
        desk.keys(key)
        page.wait_for_timeout(200)
        found[name] = wrong(page)
        page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_label("Find chats, people, macros, settings").wait_for()
    found["palette"] = wrong(page)
    assert lines(found) == []


def test_every_page_of_the_settings_and_the_reports(
    store: Store, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{store.url}/desk/#token={store.admin}")
    page.get_by_role("navigation", name="Views").wait_for()
    found: dict[str, list[str]] = {}
    page.evaluate("() => { location.hash = '#/settings/' }")
    page.get_by_role("heading", level=1).wait_for()
    links = """() => [...document.querySelectorAll("a[href^='#/settings/']")]
      .map(link => link.hash)"""
    for address in [*sorted(set(page.evaluate(links))), "#/reports"]:
        page.evaluate("address => { location.hash = address }", address)
        page.wait_for_load_state("networkidle")
        found[address] = wrong(page)
    assert len(found) > 10
    assert lines(found) == []
