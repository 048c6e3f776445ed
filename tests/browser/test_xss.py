"""Whatever is written anywhere is shown as text: nothing runs, nothing is fetched."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Page,
    ViewportSize,
    expect,
)

from tests.browser.desk import Desk
from tests.browser.people import shopping, signed_in
from tests.browser.store import Store
from tests.browser.widget import PICTURE, Widget
from tests.browser.xss import corpus, packed

MOST_FILES = 10
"""With one message."""
TAGS = 70
"""Of one person: a profile takes a hundred."""
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


def test_questions_macros_and_file_names_are_text(
    store: Store, context: BrowserContext
) -> None:
    watch = Watch(context)
    halves = ["\n".join(corpus()[::2]), "\n".join(corpus()[1::2])]
    store.put(
        "faq",
        [
            {"id": str(place), "question": line, "answer": halves[place % 2]}
            for place, line in enumerate(packed(300))
        ],
    )
    macros = packed(100)
    store.put(
        "macros",
        [
            {"id": str(place), "name": line, "text": line.replace("{{", "{ {")}
            for place, line in enumerate(macros)
        ],
    )
    files = [named(line) for line in packed(1000)]
    assert len(files) <= MOST_FILES
    boot = f"{{token: '{store.token('shopper', 'trudy')}'}}"
    widget = Widget(store.visit(context, boot=boot)).open()
    questions = widget.panel.get_by_role("listitem").get_by_role("button")
    expect(questions).to_have_count(len(packed(300)))
    for place in range(2):
        questions.nth(place).click()
        expect(widget.panel.get_by_text("pwned()").nth(1)).to_be_visible()
        widget.button("Other questions").click()
    widget.write_to_us().say("Look at my files")
    widget.page.locator("input[type=file]").set_input_files(files)
    expect(widget.button("Remove")).to_have_count(len(files))
    desk = Desk(store, context).open("Look at my files")
    desk.page.locator("input[type=file]").set_input_files(files)
    expect(desk.page.get_by_role("button", name="Remove")).to_have_count(len(files))
    desk.reply.press_sequentially("/")
    expect(desk.page.get_by_text(macros[0]).first).to_be_attached()
    for _ in macros:
        desk.reply.press("ArrowDown")
    assert watch.harm == []


def test_names_facts_and_events_are_text(store: Store, context: BrowserContext) -> None:
    watch = Watch(context)
    desk = Desk(store, context)
    texts, names = [text.replace("\n", " ") for text in corpus()], packed(300)
    people = "/v1/sites/default/profiles"
    for part in range(0, len(texts), TAGS):
        sub = f"mallory-{part}"
        path = f"{people}/{sub}"
        shown = texts[part : part + TAGS]
        tags = [text[:64].strip() for text in shown]
        store.call("PUT", path, {"name": names[0], "place": names[-1], "tags": tags})
        store.call("POST", f"{path}/events", [*map(happening, range(TAGS), shown)])
        with shopping(store.url, store.token("shopper", sub)) as mallory:
            mallory.start(f"I am {sub}")
        desk.open(f"I am {sub}")
        expect(desk.page.get_by_text(tags[-1], exact=True).first).to_be_attached()
        # Three pages of thirty. A press while one is on its way asks for nothing more.
        more = desk.button("Show more")
        for _ in range(100):
            if not more.count():
                break
            more.click()
            desk.page.wait_for_timeout(100)
        expect(more).to_have_count(0)
        expect(desk.page.get_by_text(shown[0]).first).to_be_attached()
    for name in names:
        store.call("PUT", f"{people}/mallory-0", {"name": name, "place": name})
    expect(desk.page.get_by_text(names[-1]).first).to_be_attached()
    assert watch.harm == []


def named(name: str) -> FilePayload:
    return {**PICTURE, "name": name}


def happening(number: int, text: str) -> dict[str, object]:
    at = 1_700_000_000_000 + number
    return {"id": str(number), "kind": "ordered", "at": at, "data": {"order": text}}
