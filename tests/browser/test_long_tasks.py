"""Ten thousand messages and five thousand tickets: nothing holds the page up.

What is measured is the processor's time of each task on the page's own thread, so that
a busy machine finds nothing wrong. It takes minutes: `SHOPWIRE_LONG=1`.
"""

import json
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.desk import Desk
from tests.browser.people import shopping, signed_in
from tests.browser.store import Store
from tests.browser.widget import Widget
from tests.long import LONG

pytestmark = [
    pytest.mark.skipif(not LONG, reason="takes minutes: SHOPWIRE_LONG=1"),
    pytest.mark.timeout(600),
]
MESSAGES = 9_800
"""A chat takes 10,000 events, some of which are no messages."""
TICKETS = 5_000
MOST_MS = 50
"""Of a task: what takes longer is felt."""
AT_ONCE = 200
STEPS = 40
STEP_PX = 700
NEWEST = re.compile("new message|Newest")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    size: ViewportSize = {"width": 1440, "height": 900}
    with browser.new_context(locale="en-GB", viewport=size) as fresh:
        yield fresh


class Tasks:
    """Milliseconds of processor that tasks of a page took, the longest first."""

    def __init__(self) -> None:
        self.took: list[float] = []


@contextmanager
def traced(browser: Browser, page: Page) -> Generator[Tasks]:
    """Watch the page's own thread meanwhile."""
    tasks = Tasks()
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    yield tasks
    events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks.took = sorted(
        (
            event["tdur"] / 1000
            for event in events
            if "tdur" in event and (event["pid"], event["tid"]) in threads
        ),
        reverse=True,
    )
    assert tasks.took, "nothing was traced"


def scroll(page: Page, step: int) -> None:
    for _ in range(STEPS):
        page.mouse.wheel(0, step)
        page.wait_for_timeout(50)


def begun(store: Store) -> str:
    """Return a chat of nearly as many messages as one can have."""
    with shopping(store.url, store.token("shopper", "talker")) as talker:
        chat = talker.start("the first of many")
        for first in range(0, MESSAGES, AT_ONCE):
            talker.say_all(
                chat,
                (
                    f"line {number} " + "words " * (number % 40)
                    for number in range(first, min(MESSAGES, first + AT_ONCE))
                ),
            )
    return chat


def test_a_thread_of_ten_thousand_messages(
    browser: Browser, store: Store, context: BrowserContext
) -> None:
    chat = begun(store)
    desk = Desk(store, context)
    boot = f"{{token: '{store.token('shopper', 'talker')}'}}"
    widget = Widget(store.visit(context, boot=boot)).open()
    with signed_in(store.url, store.token("agent", "ben")) as ben:
        # Not the first row: others may have come before.
        desk.page.evaluate(f"location.hash = '#/all/open/{chat}'")
        for page, log, name in (
            (desk.page, desk.thread, "desk"),
            (widget.page, widget.log, "widget"),
        ):
            page.bring_to_front()
            expect(log.get_by_text("line 9799").first).to_be_visible(timeout=60_000)
            log.hover()
            with traced(browser, page) as tasks:
                scroll(page, -STEP_PX)
                for number in range(20):
                    ben.say(chat, f"{name} {number}")
                scroll(page, STEP_PX)
                page.get_by_role("button", name=NEWEST).click()
                expect(log.get_by_text(f"{name} 19", exact=True)).to_be_visible()
            assert tasks.took[0] < MOST_MS


def test_an_inbox_of_five_thousand_tickets(
    browser: Browser, store: Store, context: BrowserContext
) -> None:
    for number in range(TICKETS):
        with shopping(store.url, store.token("shopper", f"many-{number}")) as one:
            one.start(f"question {number}")
    desk = Desk(store, context)
    expect(desk.row("question 0").first).to_be_visible()
    desk.inbox.hover()
    with (
        shopping(store.url, store.token("shopper", "one-more")) as more,
        traced(browser, desk.page) as tasks,
    ):
        scroll(desk.page, 8 * STEP_PX)
        chat = more.start("and one more")
        for number in range(20):
            more.say(chat, f"again {number}")
        scroll(desk.page, -8 * STEP_PX)
        expect(desk.row("question 0").first).to_be_visible()
    assert tasks.took[0] < MOST_MS
