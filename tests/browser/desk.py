"""The desk as its agent has it: by what things are called, and by keys."""

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.store import Store


class Desk:
    """The desk on one page, in English, signed in."""

    def __init__(
        self, store: Store, context: BrowserContext, sub: str = "anna"
    ) -> None:
        page = context.new_page()
        role = "admin" if sub == "root" else "agent"
        page.goto(f"{store.url}/desk/#token={store.token(role, sub)}")
        self._be(page)

    @classmethod
    def on(cls, page: Page) -> "Desk":
        """Return the desk of a page that has signed in by itself."""
        desk = cls.__new__(cls)
        desk._be(page)
        return desk

    def _be(self, page: Page) -> None:
        self.page: Page = page
        self.inbox = self.page.get_by_role("list", name="Conversations")
        self.thread = self.page.get_by_role("log", name="Messages")
        self.reply = self.page.get_by_role("textbox", name="Reply")
        self.note = self.page.get_by_role("textbox", name="Note")
        expect(self.page.get_by_role("navigation", name="Views")).to_be_visible()

    def row(self, text: str) -> Locator:
        """Return the row whose preview is `text`."""
        return self.inbox.get_by_role("button").filter(has_text=text)

    def open(self, text: str) -> "Desk":
        """Open the conversation whose preview is `text`."""
        self.row(text).click()
        expect(self.bubble(text)).to_be_visible()
        return self

    def bubble(self, text: str) -> Locator:
        """Return a message of the open conversation."""
        return self.thread.get_by_text(text, exact=True)

    def button(self, name: str) -> Locator:
        """Return what is pressed."""
        return self.page.get_by_role("button", name=name, exact=True)

    def say(self, text: str) -> None:
        """Answer, and see it in the thread."""
        self.reply.fill(text)
        self.reply.press("Enter")
        expect(self.bubble(text)).to_be_visible()

    def keys(self, *keys: str) -> None:
        """Press keys where nothing is being typed."""
        self.page.evaluate("() => document.activeElement.blur()")
        for key in keys:
            self.page.keyboard.press(key)
