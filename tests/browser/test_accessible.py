"""Each state of both clients: axe finds nothing wrong with it, light and dark."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ViewportSize,
    WebSocketRoute,
    expect,
)

from tests.browser.desk import Desk
from tests.browser.people import Agent, shopping, signed_in
from tests.browser.states import States
from tests.browser.store import Store
from tests.browser.widget import PICTURE, Widget

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    size: ViewportSize = {"width": 1280, "height": 860}
    with browser.new_context(
        locale="en-GB", viewport=size, color_scheme="light", reduced_motion="reduce"
    ) as fresh:
        yield fresh


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
    found = States("widget")
    before_a_chat(widget, found)
    widget.panel.get_by_role("checkbox").check()
    widget.say("Is it easy to read?")
    expect(widget.log.get_by_text("Aspen").first).to_be_visible()
    found.look("assistant", widget.page)
    with signed_in(store.url, store.token("agent", "anna")) as anna:
        in_a_chat(widget, anna, found)
    expect(widget.panel.get_by_text("The chat has ended.")).to_be_visible()
    widget.panel.get_by_role("radio", name="Good", exact=True).check(force=True)
    found.look("ended", widget.page)
    visitor = Widget(store.visit(context)).open()
    found.look("visitor", visitor.page)
    assert found.wrong == []


def before_a_chat(widget: Widget, found: States) -> None:
    page = widget.page
    found.look("closed", page)
    widget.open()
    found.look("questions", page)
    widget.button("When?").click()
    found.look("answer", page)
    widget.button("No").click()
    widget.write_to_us()
    found.look("welcome", page)
    widget.say("Without having accepted")
    expect(widget.panel.get_by_role("alert")).to_be_visible()
    found.look("accept first", page)


def in_a_chat(widget: Widget, anna: Agent, found: States) -> None:
    page = widget.page
    # The assistant has it: it is in no list of hers.
    chat = page.evaluate("() => JSON.parse(sessionStorage['shopwire:default']).chat")
    anna.ask(op="control.take", chat=chat)
    anna.say(chat, "It should be.")
    anna.tell(op="typing", chat=chat, on=True)
    expect(widget.bubble("It should be.")).to_be_visible()
    page.locator("input[type=file]").set_input_files(PICTURE)
    expect(widget.button("Remove lamp.png")).to_be_visible()
    found.look("talking", page)
    widget.button("More").click()
    found.look("menu", page)
    page.get_by_role("menuitem", name="End chat").click()
    found.look("end?", page)
    page.keyboard.press("Escape")
    widget.button("Emoji").click()
    page.get_by_role("combobox").wait_for()
    found.look("emoji", page)
    widget.button("Close emoji").click()
    page.context.set_offline(True)
    widget.say("While nobody hears")
    expect(widget.panel.get_by_text("No connection.")).to_be_visible()
    found.look("offline", page)
    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(widget.log.get_by_text("Sending")).to_have_count(0)
    page.keyboard.press("Escape")
    anna.say(chat, "Look at me")
    expect(page.get_by_role("button", name="Look at me")).to_be_visible()
    found.look("preview", page)
    widget.open()
    anna.ask(op="chat.end", chat=chat)


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
    found = States("widget")
    found.look("waiting", page)
    chat = page.evaluate("() => JSON.parse(sessionStorage['shopwire:default']).chat")
    rare.tell(t="push", kind="queue", chat=chat, position=3, ahead=2)
    expect(widget.log.get_by_text("2 people are before you.")).to_be_visible()
    found.look("third", page)
    rare.tell(t="push", kind="queue", chat=chat, position=1, ahead=0)
    expect(widget.log.get_by_text("re next.")).to_be_visible()
    found.look("next", page)
    widget.say("Refuse me")
    expect(widget.button("Try again")).to_be_visible()
    found.look("refused", page)
    assert found.wrong == []
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
    found = States("widget")
    found.look("a person?", widget.page)
    widget.button("Yes, connect me").press("Enter")
    expect(widget.log.get_by_text("re being connected")).to_be_visible()
    found.look("handed over", widget.page)
    assert found.wrong == []


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
    found = States("desk")
    found.look("time", page)
    page.keyboard.press("Escape")
    lines_cut[0].close(code=1001)
    expect(page.get_by_text("No connection.")).to_be_visible()
    found.look("offline", page)
    desk.reply.fill("Kept until later")
    desk.reply.press("Enter")
    found.look("kept", page)
    page.reload()
    expect(page.locator(".desk-coming .skeleton")).to_be_visible()
    found.look("coming", page)
    assert found.wrong == []


def test_every_state_of_the_desk(store: Store, context: BrowserContext) -> None:
    page = context.new_page()
    asked = f"Can you read this? {page.evaluate('() => Date.now()')}"
    with shopping(store.url, store.token("shopper", f"axe {asked[-6:]}")) as shopper:
        shopper.start(asked)
    page.goto(f"{store.url}/desk/")
    page.get_by_label("E-mail").wait_for()
    found = States("desk")
    found.look("login", page)
    desk = Desk(store, context, "root")
    page = desk.page
    found.look("list", page)
    desk.open(asked).say("Clearly.")
    desk.button("Note").click()
    desk.note.fill("A note")
    desk.note.press("Enter")
    expect(desk.bubble("A note")).to_be_visible()
    found.look("thread", page)
    for key, name in (
        ("s", "snooze"),
        ("a", "assign"),
        ("e", "close"),
        ("l", "tags"),
        ("?", "keys"),
    ):
        desk.keys(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        found.look(name, page)
        page.keyboard.press("Escape")
    desk.button("Erase this person …").click()
    found.look("erase", page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_label("Find chats, people, macros, settings").fill("s")
    found.look("palette", page)
    page.keyboard.press("Escape")
    desk.button("Reply").click()
    desk.reply.fill("Too late")
    with signed_in(store.url, store.token("agent", "ben")) as ben:
        ben.say(page.url.rpartition("/")[2], "Ben was faster")
    desk.reply.press("Enter")
    expect(page.get_by_role("button", name="Send anyway")).to_be_visible()
    found.look("guard", page)
    page.get_by_role("button", name=re.compile("You, ")).click()
    found.look("me", page)
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    found.look("search", page)
    context.set_offline(True)
    desk.button("Keep editing").click()
    desk.reply.press("Enter")
    expect(desk.thread.get_by_text("Sending")).to_be_visible()
    found.look("pending", page)
    assert found.wrong == []


def test_every_page_of_the_settings_and_the_reports(
    store: Store, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{store.url}/desk/#token={store.admin}")
    page.get_by_role("navigation", name="Views").wait_for()
    found = States("desk")
    page.evaluate("() => { location.hash = '#/settings/' }")
    page.get_by_role("heading", level=1).wait_for()
    links = """() => [...document.querySelectorAll("a[href^='#/settings/']")]
      .map(link => link.hash)"""
    for address in [*sorted(set(page.evaluate(links))), "#/reports"]:
        page.evaluate("address => { location.hash = address }", address)
        page.wait_for_load_state("networkidle")
        found.look(address, page)
    assert len(found.seen) > 10
    assert found.wrong == []
