"""What shoppers do with the widget, against a real broker and a real agent."""

import re
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.people import Agent, signed_in
from tests.browser.store import ADDRESS, Store
from tests.browser.widget import PICTURE, Widget

NUMBER = count(1)
FAQ = [
    {"id": "when", "question": "When does it come?", "answer": "In two days."},
    {"id": "back", "question": "May I send it back?", "answer": "Within 30 days."},
]


@pytest.fixture
def sub() -> str:
    """A shopper nobody has seen before."""
    return f"shopper-{next(NUMBER)}"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB") as fresh:
        fresh.set_default_timeout(10_000)
        yield fresh


@pytest.fixture
def widget(store: Store, context: BrowserContext, sub: str) -> Widget:
    """The widget on the page of a signed-in shopper."""
    return Widget(
        store.visit(context, boot=f"{{token: '{store.token('shopper', sub)}'}}")
    )


@pytest.fixture
def anna(store: Store) -> Iterator[Agent]:
    with signed_in(store.url, store.token("agent", "anna")) as agent:
        yield agent


def test_a_shopper_asks_and_an_agent_answers_in_the_same_thread(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Where is my order, {sub}?")
    chat = anna.chat_of(f"Where is my order, {sub}?")
    anna.say(chat, "It is on its way.")
    expect(widget.bubble("It is on its way.")).to_be_visible()


def test_the_welcome_comes_before_the_first_message(widget: Widget) -> None:
    widget.open().write_to_us()
    expect(widget.panel.get_by_text("Hi! How can we help?")).to_be_visible()


def test_the_welcome_is_in_the_thread_once(widget: Widget) -> None:
    widget.begin("Hello")
    expect(widget.log.get_by_text("Hi! How can we help?")).to_have_count(1)
    widget.page.reload()
    expect(widget.log.get_by_text("Hi! How can we help?")).to_have_count(1)


def test_several_messages_in_a_row_keep_their_order(widget: Widget) -> None:
    widget.begin("one")
    for text in ("two", "three", "four"):
        widget.say(text)
    expect(widget.bubble("four")).to_be_visible()
    said = widget.log.inner_text()
    assert [said.index(word) for word in ("one", "two", "three", "four")] == sorted(
        said.index(word) for word in ("one", "two", "three", "four")
    )


def test_a_message_sent_by_the_button_is_sent_once(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.open().write_to_us()
    widget.box.fill(f"By the button, {sub}")
    widget.button("Send").dblclick()
    expect(widget.bubble(f"By the button, {sub}")).to_have_count(1)
    chat = anna.chat_of(f"By the button, {sub}")
    history = anna.ask(op="chat.history", chat=chat, before=1000, limit=50)
    said = [e for e in history["events"] if e["kind"] == "msg" and e["by"] != "system"]
    assert len(said) == 1


def test_shift_and_enter_begin_a_new_line(widget: Widget) -> None:
    widget.open().write_to_us()
    widget.box.fill("first")
    widget.box.press("Shift+Enter")
    widget.box.press_sequentially("second")
    expect(widget.box).to_have_value("first\nsecond")


def test_white_space_is_no_message(widget: Widget) -> None:
    widget.open().write_to_us()
    widget.box.fill("   ")
    expect(widget.button("Send")).to_have_count(0)
    widget.box.press("Enter")
    expect(widget.log).to_have_count(0)


def test_ticks_tell_what_has_become_of_a_message(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Ticks, {sub}")
    chat = anna.chat_of(f"Ticks, {sub}")
    head = anna.ask(op="chat.open", chat=chat)["head"]
    anna.ask(op="got", chat=chat, seq=head)
    # Agents' reading is theirs, unless the shop shows it.
    anna.ask(op="read", chat=chat, seq=head)
    expect(widget.log.get_by_text("Sent")).to_be_visible()
    expect(widget.log.get_by_text("Seen")).to_have_count(0)


def test_an_agent_s_message_is_seen_once_it_was_in_view(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Seen, {sub}")
    chat = anna.chat_of(f"Seen, {sub}")
    seq = anna.say(chat, "Look here")["seq"]
    anna.cursor(chat, "read", seq)


def test_a_closed_widget_has_read_nothing(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Closed, {sub}")
    widget.button("Close chat").first.click()
    chat = anna.chat_of(f"Closed, {sub}")
    seq = anna.say(chat, "You cannot see this")["seq"]
    anna.cursor(chat, "got", seq)
    expect(
        widget.page.get_by_role("button", name="Open chat, 1 new message")
    ).to_be_visible()
    assert "(1)" in widget.page.title()
    anna.tell(op="typing", chat=chat, on=True)
    widget.open()
    anna.cursor(chat, "read", seq)
    expect(widget.page).not_to_have_title(re.compile(r"\(1\)"))


def test_a_closed_widget_shows_what_has_been_said(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Preview, {sub}")
    widget.button("Close chat").first.click()
    chat = anna.chat_of(f"Preview, {sub}")
    anna.say(chat, "A short answer")
    preview = widget.page.get_by_role("button", name="A short answer")
    expect(preview).to_be_visible()
    preview.click()
    expect(widget.bubble("A short answer")).to_be_visible()


def test_typing_is_seen_on_both_sides(widget: Widget, anna: Agent, sub: str) -> None:
    widget.begin(f"Typing, {sub}")
    chat = anna.chat_of(f"Typing, {sub}")
    anna.tell(op="typing", chat=chat, on=True)
    expect(widget.panel.get_by_text(re.compile("is typing"))).to_have_count(1)
    anna.tell(op="typing", chat=chat, on=False)
    expect(widget.panel.get_by_text(re.compile("is typing"))).to_have_count(0)
    widget.box.press_sequentially("I am")
    sign = anna.hear(lambda f: f["t"] == "eph" and f["chat"] == chat and f["on"])
    assert sign["what"] == "typing"


def test_an_image_goes_to_the_agent(widget: Widget, anna: Agent, sub: str) -> None:
    widget.begin(f"Image, {sub}")
    widget.page.locator("input[type=file]").set_input_files(PICTURE)
    expect(widget.panel.get_by_role("progressbar")).to_have_count(0)
    widget.button("Send").click()
    chat = anna.chat_of("[image]")
    assert chat
    expect(widget.log.get_by_role("img")).not_to_have_count(0)


def test_what_is_no_image_is_refused_with_a_word(widget: Widget, sub: str) -> None:
    widget.begin(f"No image, {sub}")
    widget.page.locator("input[type=file]").set_input_files(
        {"name": "x.txt", "mimeType": "text/plain", "buffer": b"text"}
    )
    expect(widget.panel.get_by_role("alert")).to_contain_text("x.txt")


def test_an_emoji_is_picked_and_stays_whole(widget: Widget, sub: str) -> None:
    widget.begin(f"Emoji, {sub}")
    widget.button("Emoji").click()
    search = widget.page.get_by_role("combobox")
    search.fill("thumbs up")
    widget.page.get_by_role("option", name=re.compile("thumbs up")).first.click()
    # With the mark that asks for a picture, as the data has it.
    expect(widget.box).to_have_value("👍️")
    widget.say("👍👩‍🚀🇵🇱")
    expect(widget.bubble("👍👩‍🚀🇵🇱")).to_be_visible()


def test_a_chat_is_ended_after_a_question_and_a_new_one_begins(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Ending, {sub}")
    chat = anna.chat_of(f"Ending, {sub}")
    widget.menu("End chat")
    widget.page.get_by_role("button", name="Keep chatting").click()
    expect(widget.box).to_be_visible()
    widget.menu("End chat")
    widget.page.get_by_role("alertdialog").get_by_role(
        "button", name="End chat"
    ).click()
    assert anna.event(chat, "closed")["body"]["reason"] == "shopper"
    expect(widget.panel.get_by_text("You ended the chat.")).to_be_visible()
    widget.button("Start a new chat").click()
    widget.write_to_us().say("Another thing")
    expect(widget.bubble("Another thing")).to_be_visible()


def test_an_agent_s_end_is_told(widget: Widget, anna: Agent, sub: str) -> None:
    widget.begin(f"Agent ends, {sub}")
    chat = anna.chat_of(f"Agent ends, {sub}")
    anna.ask(op="chat.end", chat=chat)
    expect(widget.panel.get_by_text("The chat has ended.")).to_be_visible()
    expect(widget.box).to_have_count(0)


def test_two_tabs_are_in_step(
    store: Store, context: BrowserContext, widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Tabs, {sub}")
    boot = f"{{token: '{store.token('shopper', sub)}'}}"
    other = Widget(store.visit(context, boot=boot))
    expect(other.bubble(f"Tabs, {sub}").or_(other.launcher)).to_be_visible()
    if other.launcher.is_visible():
        other.open()
    expect(other.bubble(f"Tabs, {sub}")).to_be_visible()
    other.say("From the other tab")
    expect(widget.bubble("From the other tab")).to_have_count(1)
    chat = anna.chat_of("From the other tab")
    anna.say(chat, "To both")
    for tab in (widget, other):
        expect(tab.bubble("To both")).to_have_count(1)


def test_the_thread_and_the_draft_survive_navigation(widget: Widget, sub: str) -> None:
    widget.begin(f"Stays, {sub}")
    widget.box.fill("half a thou")
    widget.page.goto(f"{ADDRESS}/other")
    expect(widget.bubble(f"Stays, {sub}")).to_be_visible()
    expect(widget.box).to_have_value("half a thou")


def test_logging_out_leaves_nothing(widget: Widget, sub: str) -> None:
    widget.begin(f"Secret, {sub}")
    widget.box.fill("a secret draft")
    widget.page.evaluate("() => Shopwire('logout')")
    expect(widget.page.get_by_text(f"Secret, {sub}")).to_have_count(0)
    kept = widget.page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}])"
    )
    assert "secret" not in kept.lower()


def test_a_visitor_is_asked_to_sign_in(store: Store, context: BrowserContext) -> None:
    visitor = Widget(store.visit(context)).open()
    expect(visitor.panel.get_by_text("Sign in to chat with us")).to_be_visible()
    expect(visitor.box).to_have_count(0)


def test_signing_in_while_the_chat_is_open_lets_one_write(
    store: Store, context: BrowserContext, sub: str
) -> None:
    visitor = Widget(store.visit(context)).open()
    expect(visitor.panel.get_by_text("Sign in to chat with us")).to_be_visible()
    token = store.token("shopper", sub)
    visitor.page.evaluate(
        "token => Shopwire('identify', () => Promise.resolve(token))", token
    )
    visitor.write_to_us().say("Now it is me")
    expect(visitor.bubble("Now it is me")).to_be_visible()


def test_calls_before_the_widget_has_loaded_are_carried_out(
    store: Store, context: BrowserContext
) -> None:
    page = store.visit(
        context,
        head="""<script>
      window.Shopwire = function () { (Shopwire.q = Shopwire.q || []).push(arguments) };
      window.heard = [];
      Shopwire("on", "ready", () => heard.push("ready"));
      Shopwire("show");
    </script>""",
    )
    expect(Widget(page).panel).to_be_visible()
    page.wait_for_function("() => heard.includes('ready')")


def test_there_is_one_global(store: Store, context: BrowserContext) -> None:
    page = store.visit(context)
    Widget(page).launcher.wait_for()
    plain = context.new_page()
    plain.goto("about:blank")
    names = "() => Object.getOwnPropertyNames(window)"
    extra = set(page.evaluate(names)) - set(plain.evaluate(names))
    assert {name for name in extra if not name.isdigit()} == {"Shopwire"}


def test_destroying_leaves_the_page_as_it_was(widget: Widget) -> None:
    complaints: list[str] = []
    widget.page.on("pageerror", lambda error: complaints.append(str(error)))
    widget.launcher.wait_for()
    widget.page.evaluate("() => Shopwire('destroy')")
    expect(widget.page.locator("shop-wire")).to_have_count(0)
    assert complaints == []


def test_events_are_told_to_the_page(widget: Widget, anna: Agent, sub: str) -> None:
    widget.launcher.wait_for()
    widget.page.evaluate(
        """() => { window.heard = [];
        for (const what of ['open', 'close', 'unread', 'message', 'status'])
          Shopwire('on', what, () => heard.push(what)); }"""
    )
    widget.begin(f"Events, {sub}")
    widget.button("Close chat").first.click()
    anna.say(anna.chat_of(f"Events, {sub}"), "Hello")
    for what in ("open", "close", "unread", "message"):
        widget.page.wait_for_function(f"() => heard.includes('{what}')")


def test_the_keyboard_is_enough(widget: Widget, sub: str) -> None:
    widget.launcher.focus()
    widget.page.keyboard.press("Enter")
    expect(widget.panel).to_be_visible()
    widget.write_to_us()
    widget.box.focus()
    widget.page.keyboard.type(f"Keys, {sub}")
    widget.page.keyboard.press("Enter")
    expect(widget.bubble(f"Keys, {sub}")).to_be_visible()
    widget.page.keyboard.press("Escape")
    expect(widget.panel).to_have_count(0)
    expect(widget.launcher).to_be_focused()


def test_the_panel_fits_a_small_screen(widget: Widget) -> None:
    widget.page.set_viewport_size({"width": 320, "height": 560})
    widget.open()
    box = widget.panel.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["width"] <= 320
    wide = "() => document.documentElement.scrollWidth"
    assert widget.page.evaluate(wide) <= 320


def test_new_messages_do_not_move_one_who_reads_above(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Scroll, {sub}")
    chat = anna.chat_of(f"Scroll, {sub}")
    for number in range(30):
        anna.say(chat, f"line {number}")
    expect(widget.bubble("line 29")).to_be_visible()
    widget.log.evaluate("log => log.scrollTo(0, 0)")
    expect(widget.bubble(f"Scroll, {sub}")).to_be_in_viewport()
    anna.say(chat, "the newest")
    expect(widget.button("1 new message")).to_be_visible()
    expect(widget.bubble(f"Scroll, {sub}")).to_be_in_viewport()
    widget.button("1 new message").click()
    expect(widget.bubble("the newest")).to_be_in_viewport()


def test_a_long_past_is_drawn_as_one_scrolls_to_it(
    widget: Widget, anna: Agent, sub: str
) -> None:
    widget.begin(f"Long ago, {sub}")
    chat = anna.chat_of(f"Long ago, {sub}")
    for number in range(120):
        anna.say(chat, f"line {number}")
    widget.page.reload()
    expect(widget.bubble("line 119")).to_be_in_viewport()
    expect(widget.bubble("line 10")).to_have_count(0)
    top = widget.log.get_by_text("line 22", exact=True)
    widget.log.evaluate("log => log.scrollTo(0, 100)")
    expect(widget.bubble("line 10")).to_have_count(1)
    # What one was reading is where it was.
    expect(top).to_be_in_viewport()
    widget.log.evaluate("log => log.scrollTo(0, 0)")
    expect(widget.bubble(f"Long ago, {sub}")).to_be_in_viewport()


@pytest.fixture
def with_faq(store: Store) -> Iterator[None]:
    store.put("faq", FAQ)
    yield
    store.put("faq", [])


@pytest.mark.usefixtures("with_faq")
def test_questions_come_first_and_are_answered_at_once(widget: Widget) -> None:
    widget.open()
    widget.button("When does it come?").click()
    expect(widget.panel.get_by_text("In two days.")).to_be_visible()
    expect(widget.panel.get_by_text("Did this help?")).to_be_visible()


@pytest.mark.usefixtures("with_faq")
def test_who_was_not_helped_is_welcomed_and_the_agent_sees_what_they_read(
    widget: Widget, anna: Agent, sub: str
) -> None:
    welcome = widget.panel.get_by_text("Hi! How can we help?")
    widget.open().button("May I send it back?").click()
    expect(welcome).to_have_count(0)
    widget.button("No").click()
    expect(welcome).to_be_visible()
    widget.write_to_us().say(f"Not helped, {sub}")
    chat = anna.chat_of(f"Not helped, {sub}")
    history = anna.ask(op="chat.history", chat=chat, before=1000, limit=50)
    read = [e["body"]["answer"] for e in history["events"] if e["kind"] == "faq"]
    assert read == ["Within 30 days."]


@pytest.mark.usefixtures("with_faq")
def test_who_was_helped_is_left_alone(widget: Widget) -> None:
    widget.open()
    widget.button("When does it come?").click()
    widget.button("Yes").click()
    expect(widget.panel.get_by_text("Glad to hear it.")).to_be_visible()


def test_the_legal_links_stand_above_the_first_message(
    store: Store, widget: Widget
) -> None:
    legal = {
        "terms_url": "https://shop.example/t",
        "privacy_url": "https://shop.example/p",
    }
    before = store.call("GET", "/v1/sites/default/settings")["settings"]
    store.put("settings", before | {"legal": {**legal, "ack_required": True}})
    try:
        widget.open().write_to_us()
        expect(widget.panel.get_by_role("link", name="Terms")).to_be_visible()
        expect(widget.panel.get_by_role("link", name="Privacy")).to_be_visible()
        widget.say("Without having accepted")
        expect(widget.panel.get_by_role("alert")).to_be_visible()
        widget.panel.get_by_role("checkbox").check()
        widget.box.press("Enter")
        expect(widget.bubble("Without having accepted")).to_be_visible()
        expect(widget.panel.get_by_role("link", name="Terms")).to_have_count(0)
    finally:
        store.put("settings", before)


def test_a_change_of_settings_reaches_an_open_page(
    store: Store, widget: Widget
) -> None:
    widget.launcher.wait_for()
    before = store.call("GET", "/v1/sites/default/settings")["settings"]
    store.put("settings", before | {"chat": before["chat"] | {"enabled": False}})
    try:
        expect(widget.launcher).to_have_count(0)
    finally:
        store.put("settings", before)
    expect(widget.launcher).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "direction", "launcher"),
    [("pl", "ltr", "Otwórz czat"), ("de", "ltr", "Chat öffnen"), ("ar", "rtl", None)],
)
def test_it_speaks_the_language_it_is_told(
    store: Store,
    context: BrowserContext,
    locale: str,
    direction: str,
    launcher: str | None,
) -> None:
    page: Page = store.visit(context, boot=f"{{locale: '{locale}'}}")
    root = page.locator("shop-wire .root")
    expect(root).to_have_attribute("lang", locale)
    expect(root).to_have_attribute("dir", direction)
    if launcher:
        expect(page.get_by_role("button", name=launcher)).to_be_visible()
