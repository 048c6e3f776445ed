"""Pictures of both clients to be looked at: `python -m tests.browser.gallery FOLDER`.

Each state at 320, 768 and 1280 pixels, in English, Polish and Arabic (the desk speaks
the first two), light and dark. Nothing is compared: people look.
"""

import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import chromium
from tests.browser.people import shopping, signed_in
from tests.browser.store import Store

WIDTHS = (320, 768, 1280)
LANGUAGES = ("en", "pl", "ar")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FAQ = [{"id": "q", "question": "When does it come?", "answer": "In two days."}]
CALM_MS = 500


class Gallery:
    """Where the pictures of one width, language and scheme go."""

    def __init__(self, folder: Path, label: str) -> None:
        self._folder = folder
        self._label = label

    def hang(self, page: Page, state: str) -> None:
        """Keep what the page shows now."""
        page.wait_for_timeout(CALM_MS)
        page.screenshot(path=self._folder / f"{state}-{self._label}.png")


def widget(
    store: Store, context: BrowserContext, gallery: Gallery, language: str
) -> None:
    """From the closed button to the end of a chat."""
    visitor = store.visit(context, boot=f"{{locale: '{language}'}}")
    visitor.evaluate("() => Shopwire('show')")
    gallery.hang(visitor, "widget-visitor")
    sub = f"gallery-{id(context)}"
    boot = f"{{token: '{store.token('shopper', sub)}', locale: '{language}'}}"
    page = store.visit(context, boot=boot)
    gallery.hang(page, "widget-closed")
    page.evaluate("() => Shopwire('show')")
    gallery.hang(page, "widget-questions")
    root = page.locator("shop-wire")
    root.locator("button", has_text="When does it come?").click()
    gallery.hang(page, "widget-answer")
    root.locator(".page button").last.click()
    page.wait_for_timeout(CALM_MS)
    if not root.locator("textarea").is_visible():
        root.locator(".page button").last.click()
    gallery.hang(page, "widget-welcome")
    text = f"Is it easy to read? {id(context)}"
    root.locator("textarea").fill(text)
    page.keyboard.press("Enter")
    gallery.hang(page, "widget-waiting")
    with signed_in(store.url, store.token("agent", "anna")) as anna:
        chat = anna.chat_of(text)
        anna.say(chat, "It should be 🙂")
        anna.tell(op="typing", chat=chat, on=True)
        gallery.hang(page, "widget-talking")
        context.set_offline(True)
        gallery.hang(page, "widget-offline")
        context.set_offline(False)
        anna.ask(op="chat.end", chat=chat)
    gallery.hang(page, "widget-ended")


def desk(store: Store, context: BrowserContext, gallery: Gallery) -> None:
    """The list, a conversation, settings and reports."""
    page = context.new_page()
    token = store.token("shopper", f"desk {id(context)}")
    with shopping(store.url, token) as shopper:
        shopper.start("Is there one in green?")
    page.goto(f"{store.url}/desk/")
    gallery.hang(page, "desk-login")
    page.goto(f"{store.url}/desk/#token={store.admin}")
    page.reload()
    gallery.hang(page, "desk-list")
    page.keyboard.press("j")
    gallery.hang(page, "desk-thread")
    for address in ("settings/hours", "reports"):
        page.evaluate("address => { location.hash = address }", f"#/{address}")
        gallery.hang(page, f"desk-{address.replace('/', '-')}")


def take(browser: Browser, store: Store, folder: Path) -> None:
    """Take them all."""
    store.put("faq", FAQ)
    for width, language, scheme in product(WIDTHS, LANGUAGES, SCHEMES):
        with browser.new_context(
            viewport={"width": width, "height": 720},
            locale=language,
            color_scheme=scheme,
        ) as context:
            gallery = Gallery(folder, f"{width}-{language}-{scheme}")
            widget(store, context, gallery, language)
            if language != "ar":
                desk(store, context, gallery)


def main() -> None:
    """Take the pictures into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    path = chromium.found()
    if path is None:
        sys.exit("there is no Chromium: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory() as place,
        Store(Path(place)) as store,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=path, args=list(chromium.ARGUMENTS)
        )
        take(browser, store, folder)
        browser.close()


if __name__ == "__main__":
    main()
