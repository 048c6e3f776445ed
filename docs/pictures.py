"""Takes the pictures of the README anew: `python docs/pictures.py`, with a Chromium.

Of the demo shop, as somebody sees it who tries it: a real broker, a real chat. Few
colours are enough for a screen, and keep each picture within a hundred kilobytes.
"""

import io
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.people import signed_in

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
COLOURS = 256
CALM_MS = 800
"""For what moves to come to rest."""


@contextmanager
def demo() -> Generator[tuple[str, list[str]]]:
    """Serve the demo; give its address, and its agents' tokens."""
    words = [sys.executable, "-m", "broker", "demo", "--port", "0"]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        said = ""
        assert process.stdout is not None
        while "Ctrl-C" not in said:
            said += process.stdout.readline()
        url = re.findall(r"served at (\S+)", said)[0]
        yield url, re.findall(r"/desk/#token=(\S+)", said)
        process.terminate()


def keep(page: Page, name: str) -> None:
    """Write what the page shows to `name`, in few colours."""
    page.wait_for_timeout(CALM_MS)
    picture = Image.open(io.BytesIO(page.screenshot()))
    # Octrees keep what is small and of a colour of its own: a dot that says "online".
    small = picture.convert("RGB").quantize(
        COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    PICTURES.mkdir(exist_ok=True)
    small.save(PICTURES / f"{name}.png", optimize=True)


def widget(browser: Browser, url: str, agent: str) -> None:
    """A shopper asks, and is answered."""
    context = browser.new_context(
        viewport={"width": 960, "height": 760}, locale="en-GB"
    )
    page = context.new_page()
    page.goto(f"{url}/demo/lamp/")
    expect(page.locator("#who option")).to_have_count(4)
    page.select_option("#who", "lena")
    page.get_by_role("button", name="Ask about it").click()
    page.get_by_role("button", name="Write to us").click()
    box = page.get_by_role("textbox", name="Write a message")
    box.fill("Hi! Does the lamp also come in green?")
    box.press("Enter")
    with signed_in(url, agent) as ann:
        chat = ann.chat_of("Hi! Does the lamp")
        ann.ask(op="control.take", chat=chat)
        ann.say(chat, "Hello Lena! It does: the shade in moss green is in stock.")
        ann.say(chat, "Shall I put one aside for you?")
        page.get_by_text("Shall I put one aside for you?").last.wait_for()
        box.fill("Yes please 😊")
        box.press("Enter")
        ann.tell(op="typing", chat=chat, on=True)
        page.get_by_text("is typing").first.wait_for()
        keep(page, "widget")
    context.close()


def desk(browser: Browser, url: str, agent: str) -> None:
    """The same, from the other side of the counter."""
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 1440, "height": 860},
            locale="en-GB",
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        page.goto(f"{url}/desk/#token={agent}")
        page.get_by_role("list", name="Conversations").get_by_role("button").filter(
            has_text="Sara"
        ).click()
        page.get_by_role("textbox", name="Reply").wait_for()
        keep(page, "desk" if scheme == "light" else "desk-dark")
        context.close()


def main() -> None:
    """Take them all."""
    path = chromium.found()
    if path is None:
        sys.exit("there is no Chromium: apt-get install chromium")
    with demo() as (url, agents), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(chromium.ARGUMENTS)
        )
        widget(browser, url, agents[0])
        desk(browser, url, agents[0])
        browser.close()


if __name__ == "__main__":
    main()
