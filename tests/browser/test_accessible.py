"""What axe finds wrong with the pages, light and dark: nothing (WCAG 2.2 AA).

Each state is looked at twice. By night only colours are other ones, and only the rules
of colours are asked again.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    WebSocketRoute,
    expect,
)

from tests.browser.desk import Desk
from tests.browser.people import Agent, shopping, signed_in
from tests.browser.store import Store
from tests.browser.widget import PICTURE, Widget
from tests.faults.processes import ROOT

AXE = ROOT / "clients/web/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BUT = {
    # An experiment of axe's: it takes an initial that is drawn as a picture for text.
    "label-content-name-mismatch": {"enabled": False},
}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that look at colours."""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    size: ViewportSize = {"width": 1280, "height": 860}
    with browser.new_context(
        locale="en-GB", viewport=size, color_scheme="light", reduced_motion="reduce"
    ) as fresh:
        yield fresh


def wrong(page: Page) -> list[str]:
    """Return what axe finds by day and by night, in words."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    by_day = broken(page, {"runOnly": RULES, "rules": BUT})
    page.emulate_media(color_scheme="dark")
    by_night = broken(page, {"runOnly": {"type": "rule", "values": COLOURS}})
    page.emulate_media(color_scheme="light")
    return by_day + [f"dark: {one}" for one in by_night]


def broken(page: Page, options: dict[str, Any]) -> list[str]:
    found: dict[str, Any] = page.evaluate(
        "options => axe.run(document, options)", options
    )
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def lines(found: dict[str, list[str]]) -> list[str]:
    return [f"{state}: {one}" for state, each in found.items() for one in each]


@pytest.fixture
def busy(store: Store) -> Iterator[None]:
    """A shop that has all there is to show: it is closed now, and has an assistant."""
    before = store.call("GET", "/v1/sites/default/settings")["settings"]
    legal = {
        "terms_url": "https://shop.example/t",
        "privacy_url": "https://shop.example/p",
    }
    weekly: dict[str, list[str]] = {day: [] for day in DAYS}
    more = {"ai": {"enabled": True, "name": "Aspen"}, "rating": {"ask": True}}
    more |= {"legal": legal | {"ack_required": True}, "hours": {"weekly": weekly}}
    store.put("settings", before | more)
    store.put("faq", [{"id": "q", "question": "When?", "answer": "Soon."}])
    yield
    store.put("faq", [])
    store.put("settings", before)


@pytest.mark.usefixtures("busy")
def test_every_state_of_the_widget(store: Store, context: BrowserContext) -> None:
    boot = f"{{token: '{store.token('shopper', 'axe-shopper')}'}}"
    widget = Widget(store.visit(context, boot=boot))
    widget.launcher.wait_for()
    found = before_a_chat(widget)
    widget.panel.get_by_role("checkbox").check()
    widget.say("Is it easy to read?")
    expect(widget.log.get_by_text("Aspen").first).to_be_visible()
    found["assistant"] = wrong(widget.page)
    with signed_in(store.url, store.token("agent", "anna")) as anna:
        found |= in_a_chat(widget, anna)
    expect(widget.panel.get_by_text("The chat has ended.")).to_be_visible()
    widget.panel.get_by_role("radio", name="Good", exact=True).check(force=True)
    found["ended"] = wrong(widget.page)
    visitor = Widget(store.visit(context)).open()
    found["visitor"] = wrong(visitor.page)
    assert lines(found) == []


def before_a_chat(widget: Widget) -> dict[str, list[str]]:
    page = widget.page
    found = {"closed": wrong(page)}
    widget.open()
    found["questions"] = wrong(page)
    widget.button("When?").click()
    found["answer"] = wrong(page)
    widget.button("No").click()
    widget.write_to_us()
    found["welcome"] = wrong(page)
    widget.say("Without having accepted")
    expect(widget.panel.get_by_role("alert")).to_be_visible()
    found["accept first"] = wrong(page)
    return found


def in_a_chat(widget: Widget, anna: Agent) -> dict[str, list[str]]:
    page = widget.page
    found: dict[str, list[str]] = {}
    # The assistant has it: it is in no list of hers.
    chat = page.evaluate("() => JSON.parse(sessionStorage['shopwire:default']).chat")
    anna.ask(op="control.take", chat=chat)
    anna.say(chat, "It should be.")
    anna.tell(op="typing", chat=chat, on=True)
    expect(widget.bubble("It should be.")).to_be_visible()
    page.locator("input[type=file]").set_input_files(PICTURE)
    expect(widget.button("Remove lamp.png")).to_be_visible()
    found["talking"] = wrong(page)
    widget.button("More").click()
    found["menu"] = wrong(page)
    page.get_by_role("menuitem", name="End chat").click()
    found["end?"] = wrong(page)
    page.keyboard.press("Escape")
    widget.button("Emoji").click()
    page.get_by_role("combobox").wait_for()
    found["emoji"] = wrong(page)
    widget.button("Close emoji").click()
    page.context.set_offline(True)
    widget.say("While nobody hears")
    expect(widget.panel.get_by_text("No connection.")).to_be_visible()
    found["offline"] = wrong(page)
    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(widget.log.get_by_text("Sending")).to_have_count(0)
    page.keyboard.press("Escape")
    anna.say(chat, "Look at me")
    expect(page.get_by_role("button", name="Look at me")).to_be_visible()
    found["preview"] = wrong(page)
    widget.open()
    anna.ask(op="chat.end", chat=chat)
    return found


class Rare:
    """The socket of a page, on which happens what a test has no time to wait for."""

    def __init__(self, context: BrowserContext) -> None:
        self._page: WebSocketRoute
        context.route_web_socket("**/ws", self._carry)

    def _carry(self, page: WebSocketRoute) -> None:
        broker = page.connect_to_server()
        self._page = page

        def asked(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame.get("text") == "Refuse me":
                self.tell(t="err", re=frame["id"], code="too_big", retry=False)
            else:
                broker.send(message)

        page.on_message(asked)

    def tell(self, **frame: object) -> None:
        """Have the page hear this from the broker."""
        self._page.send(json.dumps(frame))


@pytest.fixture
def handing_over(store: Store) -> Iterator[None]:
    """A shop whose assistant offers a person to those who complain."""
    before = store.call("GET", "/v1/sites/default/settings")["settings"]
    script = {"lines": [{"when": "complaint", "hand_over": True}]}
    ai = {"enabled": True, "responder": "script", "script": script}
    store.put("settings", before | {"ai": ai})
    yield
    store.put("settings", before)


def test_waiting_in_the_queue_and_a_message_that_was_refused(
    store: Store, context: BrowserContext
) -> None:
    rare = Rare(context)
    boot = f"{{token: '{store.token('shopper', 'axe-waits')}'}}"
    widget = Widget(store.visit(context, boot=boot)).begin("How long will it take?")
    page = widget.page
    expect(widget.log.get_by_text("We have your message")).to_be_visible()
    found = {"waiting": wrong(page)}
    chat = page.evaluate("() => JSON.parse(sessionStorage['shopwire:default']).chat")
    rare.tell(t="push", kind="queue", chat=chat, position=3, ahead=2)
    expect(widget.log.get_by_text("2 people are before you.")).to_be_visible()
    found["third"] = wrong(page)
    rare.tell(t="push", kind="queue", chat=chat, position=1, ahead=0)
    expect(widget.log.get_by_text("re next.")).to_be_visible()
    found["next"] = wrong(page)
    widget.say("Refuse me")
    expect(widget.button("Try again")).to_be_visible()
    found["refused"] = wrong(page)
    assert lines(found) == []
    # What was focused is gone, and the keyboard is where one writes on.
    widget.button("Discard").press("Enter")
    expect(widget.panel.or_(widget.box).and_(page.locator(":focus"))).to_be_visible()


@pytest.mark.usefixtures("handing_over")
def test_the_question_whether_a_person_is_wanted(
    store: Store, context: BrowserContext
) -> None:
    boot = f"{{token: '{store.token('shopper', 'axe-complains')}'}}"
    widget = Widget(store.visit(context, boot=boot)).begin("I have a complaint")
    expect(widget.button("Yes, connect me")).to_be_visible()
    assert wrong(widget.page) == []
    widget.button("Yes, connect me").press("Enter")
    expect(widget.log.get_by_text("re being connected")).to_be_visible()
    assert wrong(widget.page) == []


def test_the_desk_s_rarer_states(store: Store, context: BrowserContext) -> None:
    asked = "Is it there while the line is cut?"
    with shopping(store.url, store.token("shopper", "axe-cut")) as shopper:
        shopper.start(asked)
    lines_cut: list[WebSocketRoute] = []

    def carry(page: WebSocketRoute) -> None:
        if not lines_cut:
            page.connect_to_server()
        lines_cut.append(page)

    context.route_web_socket("**/ws", carry)
    desk = Desk(store, context, "root").open(asked)
    page = desk.page
    desk.keys("s")
    page.get_by_text("Pick a time").click()
    page.get_by_label("Pick a time").fill("2001-01-01T10:00")
    page.get_by_role("button", name="Snooze").last.press("Enter")
    found = {"time": wrong(page)}
    page.keyboard.press("Escape")
    lines_cut[0].close(code=1001)
    expect(page.get_by_text("No connection.")).to_be_visible()
    found["offline"] = wrong(page)
    desk.reply.fill("Kept until later")
    desk.reply.press("Enter")
    found["kept"] = wrong(page)
    page.reload()
    expect(page.locator(".desk-coming .skeleton")).to_be_visible()
    found["coming"] = wrong(page)
    assert lines(found) == []


def test_every_state_of_the_desk(store: Store, context: BrowserContext) -> None:
    page = context.new_page()
    asked = f"Can you read this? {page.evaluate('() => Date.now()')}"
    with shopping(store.url, store.token("shopper", f"axe {asked[-6:]}")) as shopper:
        shopper.start(asked)
    page.goto(f"{store.url}/desk/")
    page.get_by_label("E-mail").wait_for()
    found = {"login": wrong(page)}
    desk = Desk(store, context, "root")
    page = desk.page
    found["list"] = wrong(page)
    desk.open(asked).say("Clearly.")
    desk.button("Note").click()
    desk.note.fill("A note")
    desk.note.press("Enter")
    expect(desk.bubble("A note")).to_be_visible()
    found["thread"] = wrong(page)
    for key, name in (
        ("s", "snooze"),
        ("a", "assign"),
        ("e", "close"),
        ("l", "tags"),
        ("?", "keys"),
    ):
        desk.keys(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        found[name] = wrong(page)
        page.keyboard.press("Escape")
    desk.button("Erase this person …").click()
    found["erase"] = wrong(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_label("Find chats, people, macros, settings").fill("s")
    found["palette"] = wrong(page)
    page.keyboard.press("Escape")
    desk.button("Reply").click()
    desk.reply.fill("Too late")
    with signed_in(store.url, store.token("agent", "ben")) as ben:
        ben.say(page.url.rpartition("/")[2], "Ben was faster")
    desk.reply.press("Enter")
    expect(page.get_by_role("button", name="Send anyway")).to_be_visible()
    found["guard"] = wrong(page)
    page.get_by_role("button", name=re.compile("You, ")).click()
    found["me"] = wrong(page)
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    found["search"] = wrong(page)
    context.set_offline(True)
    desk.button("Keep editing").click()
    desk.reply.press("Enter")
    expect(desk.thread.get_by_text("Sending")).to_be_visible()
    found["pending"] = wrong(page)
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
