"""The widget as its user has it: by what things are called, and by keys."""

import re

from playwright.sync_api import FilePayload, Locator, Page, expect

PICTURE: FilePayload = {
    "name": "lamp.png",
    "mimeType": "image/png",
    # One pixel.
    "buffer": bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944"
        "415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
    ),
}
OPEN = re.compile("^Open chat")


class Widget:
    """The widget on one page, in English."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.launcher = page.get_by_role("button", name=OPEN)
        self.panel = page.get_by_role("dialog").first
        self.box = page.get_by_role("textbox", name="Write a message")
        self.log = page.get_by_role("log")

    def open(self) -> "Widget":
        """Open the panel by the button."""
        self.launcher.click()
        expect(self.panel).to_be_visible()
        return self

    def button(self, name: str) -> Locator:
        """Return what is pressed."""
        return self.panel.get_by_role("button", name=name)

    def write_to_us(self) -> "Widget":
        """Go past the questions, where there are some."""
        expect(self.box.or_(self.button("Write to us"))).to_be_visible()
        if self.button("Write to us").is_visible():
            self.button("Write to us").click()
        expect(self.box).to_be_visible()
        return self

    def say(self, text: str) -> None:
        """Write and send."""
        self.box.fill(text)
        self.box.press("Enter")

    def bubble(self, text: str) -> Locator:
        """Return a message in the thread."""
        return self.log.get_by_text(text, exact=True)

    def begin(self, text: str) -> "Widget":
        """Open, and start a chat with `text`, which has arrived then."""
        self.open().write_to_us().say(text)
        expect(self.bubble(text)).to_be_visible()
        expect(
            self.log.get_by_text("Sent").or_(self.log.get_by_text("Delivered"))
        ).to_be_visible()
        return self

    def menu(self, item: str) -> None:
        """Choose from the menu in the head."""
        self.button("More").click()
        self.page.get_by_role("menuitem", name=item).click()
