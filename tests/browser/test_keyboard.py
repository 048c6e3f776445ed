"""Whole days at the desk and whole chats without a mouse."""

from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

from tests.browser.desk import Desk
from tests.browser.keyboard import Keyboard
from tests.browser.people import Agent, Person, shopping, signed_in
from tests.browser.store import Store
from tests.browser.widget import Widget

NUMBER = count(1)
PASSWORD = "by keys alone, all day"  # of an account of this test
QUESTIONS = [{"id": "q", "question": "When does it come?", "answer": "In two days."}]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    size: ViewportSize = {"width": 1440, "height": 900}
    with browser.new_context(locale="en-GB", viewport=size) as fresh:
        fresh.set_default_timeout(10_000)
        yield fresh


@pytest.fixture
def sara(store: Store) -> Iterator[Person]:
    with shopping(store.url, store.token("shopper", f"keys-{next(NUMBER)}")) as shopper:
        yield shopper


@pytest.fixture(scope="module")
def kim(store: Store) -> str:
    """The address that an agent with a password signs in with."""
    email = "kim@shop.example"
    kim = {"id": "kim", "name": "Kim", "email": email, "password": PASSWORD}
    store.call("POST", "/v1/sites/default/agents", kim)
    settings = store.call("GET", "/v1/sites/default/settings")["settings"]
    store.put("settings", settings | {"rating": {"ask": True}})
    return email


def test_a_day_at_the_desk_needs_no_mouse(
    store: Store, context: BrowserContext, sara: Person, kim: str
) -> None:
    chat = sara.start("Is this done without a mouse?")
    sara.ask(op="chat.open", chat=chat)
    page = context.new_page()
    page.goto(f"{store.url}/desk/")
    keys = Keyboard(page)
    keys.to("E-mail")
    keys.type(kim)
    keys.to("Password")
    keys.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    desk = Desk.on(page)
    expect(desk.row("Is this done without a mouse?")).to_be_visible()
    keys.settle("signing in")
    keys.to("Is this done without a mouse?")
    keys.press("Enter")
    expect(desk.bubble("Is this done without a mouse?")).to_be_visible()
    answers(keys, desk, sara, chat)
    hands_on(keys, desk)
    ends(keys, desk, sara, chat)


def answers(keys: Keyboard, desk: Desk, sara: Person, chat: str) -> None:
    keys.press("r")
    keys.type("It is.")
    keys.press("Enter")
    expect(desk.bubble("It is.")).to_be_visible()
    sara.event(chat, "msg", by="agent:kim")
    keys.settle("answering")
    keys.press("Escape", "n")
    keys.type("She has no mouse")
    keys.press("Enter")
    expect(desk.bubble("She has no mouse")).to_be_visible()
    sara.say(chat, "And then?")
    expect(desk.bubble("And then?")).to_be_visible()
    keys.press("Escape", "r")
    keys.press("Alt+h")
    held = sara.event(chat, "msg", by="agent:kim")
    assert held["body"]["hold"]
    keys.press("Escape")


def hands_on(keys: Keyboard, desk: Desk) -> None:
    keys.press("s", "ArrowDown", "Enter")
    expect(desk.page.get_by_text("Snoozed until")).to_be_visible()
    keys.press("z")
    expect(desk.page.get_by_text("Snoozed until")).to_have_count(0)
    keys.press("s", "Escape")
    keys.press("a")
    keys.type("anna")
    keys.press("Enter")
    expect(desk.page.get_by_text("Assigned to anna")).to_be_visible()
    keys.press("z")
    keys.press("?", "Escape")
    keys.press("Control+k")
    keys.type("prefer")
    keys.press("Escape")


def ends(keys: Keyboard, desk: Desk, sara: Person, chat: str) -> None:
    keys.press("e")
    keys.to("Ask", key="Shift+Tab")
    keys.press("Space")
    expect(desk.page.get_by_role("checkbox")).not_to_be_checked()
    keys.to("Close conversation")
    keys.press("Enter")
    expect(desk.page.get_by_role("status").get_by_text("Closed")).to_be_visible()
    # The last chance to take it back is over.
    sara.event(chat, "closed")
    expect(desk.row("And then?")).to_have_count(0)
    keys.settle("the row has gone")


@pytest.mark.parametrize("width", [320, 768])
def test_small_screens_have_the_whole_desk(
    store: Store, context: BrowserContext, sara: Person, width: int
) -> None:
    sara.start(f"Do you fit into {width}?")
    desk = Desk(store, context)
    page = desk.page
    page.set_viewport_size({"width": width, "height": 640})
    desk.open(f"Do you fit into {width}?")
    keys = Keyboard(page)
    for key in ("?", "Control+k", "s", "a", "e", "l"):
        keys.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        keys.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    for name in ("Send", "Still looking", "Snooze", "Assign", "Close", "Person"):
        expect(desk.button(name)).to_be_in_viewport(ratio=1)
    assert page.evaluate("() => document.documentElement.scrollWidth") == width


@pytest.fixture
def questions(store: Store) -> Iterator[None]:
    store.put("faq", QUESTIONS)
    yield
    store.put("faq", [])


@pytest.fixture
def anna(store: Store) -> Iterator[Agent]:
    with signed_in(store.url, store.token("agent", "anna")) as agent:
        yield agent


@pytest.mark.usefixtures("questions", "kim")
def test_a_whole_chat_needs_no_mouse(
    store: Store, context: BrowserContext, anna: Agent
) -> None:
    boot = f"{{token: '{store.token('shopper', f'keys-{next(NUMBER)}')}'}}"
    page = store.visit(context, boot=boot)
    widget, keys = Widget(page), Keyboard(page)
    widget.launcher.wait_for()
    keys.to("Open chat")
    keys.press("Enter")
    expect(widget.panel).to_be_visible()
    reads(keys, widget)
    writes(keys, widget, anna)
    rates(keys, widget)


def reads(keys: Keyboard, widget: Widget) -> None:
    page = widget.page
    keys.to("When does it come?")
    keys.press("Enter")
    expect(widget.panel.get_by_text("In two days.")).to_be_visible()
    keys.settle("the answer")
    keys.to("Other questions", key="Shift+Tab")
    keys.press("Enter")
    keys.to("When does it come?")
    keys.press("Enter")
    expect(widget.panel.get_by_text("In two days.")).to_be_visible()
    keys.to("Yes")
    keys.press("Enter")
    expect(widget.panel.get_by_text("Glad to hear it.")).to_be_visible()
    keys.settle("saying yes")
    keys.to("Write to us")
    page.keyboard.press("Enter")
    expect(widget.box).to_be_focused()


def writes(keys: Keyboard, widget: Widget, anna: Agent) -> None:
    page = widget.page
    keys.type("By keys ")
    keys.to("Emoji")
    keys.press("Enter")
    page.get_by_role("combobox").wait_for()
    expect(page.get_by_role("combobox")).to_be_focused()
    keys.type("rocket")
    page.get_by_role("option", name="🚀, rocket", exact=True).wait_for()
    keys.press("ArrowUp", "Enter")
    expect(widget.box).to_have_value("By keys 🚀")
    page.keyboard.press("Escape")
    expect(widget.box).to_be_focused()
    keys.press("Enter")
    expect(widget.bubble("By keys 🚀")).to_be_visible()
    expect(widget.box).to_be_focused()
    anna.say(anna.chat_of("By keys"), "Read without a mouse")
    expect(widget.bubble("Read without a mouse")).to_be_visible()


def rates(keys: Keyboard, widget: Widget) -> None:
    keys.to("More", key="Shift+Tab")
    keys.press("Enter", "ArrowDown")
    assert "End chat" in keys.at
    keys.press("Enter")
    keys.to("End chat")
    keys.press("Enter")
    expect(widget.panel.get_by_text("You ended the chat.")).to_be_visible()
    keys.settle("the end")
    keys.to("Very bad")
    keys.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert "Good" in keys.at
    keys.to("Anything to add?")
    keys.type("No mouse needed")
    keys.to("Send rating")
    keys.press("Enter")
    expect(widget.panel.get_by_text("Thank you for telling us.")).to_be_visible()
    keys.settle("rating")
    keys.to("Start a new chat")
    keys.press("Enter")
    expect(widget.button("When does it come?")).to_be_visible()
    keys.settle("a new chat")
    keys.press("Escape")
    expect(widget.panel).to_have_count(0)
    expect(widget.launcher).to_be_focused()
