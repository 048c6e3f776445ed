"""What admins do on the desk's settings and reports, against a real broker."""

import re
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.desk import Desk
from tests.browser.people import shopping
from tests.browser.store import Store
from tests.browser.widget import Widget


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB") as fresh:
        fresh.set_default_timeout(10_000)
        yield fresh


class Office:
    """The desk of an admin, at its settings."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def at(self, place: str) -> "Office":
        """Go to a page, as by a link."""
        self.page.evaluate("place => { location.hash = `#/${place}`; }", place)
        return self

    def save(self) -> None:
        """Save, and wait until nothing is left to be saved."""
        self.page.get_by_role("button", name="Save", exact=True).click()
        expect(self.page.get_by_label("Changes that are not saved yet")).to_be_hidden()

    def click(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def office(store: Store, context: BrowserContext) -> Iterator[Office]:
    page = context.new_page()
    page.goto(f"{store.url}/desk/#token={store.admin}")
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    yield Office(page)
    page.close(run_before_unload=False)


def test_a_saved_welcome_reaches_a_shopper_s_page(
    store: Store, context: BrowserContext, office: Office
) -> None:
    office.at("settings/chat")
    office.page.get_by_label("Welcome", exact=True).fill("Good day to you!")
    preview = office.page.get_by_label("Preview")
    expect(preview.get_by_text("Good day to you!")).to_be_visible()
    expect(office.page.get_by_text("1 change")).to_be_visible()
    office.save()
    token = store.token("shopper", "reached")
    widget = Widget(store.visit(context, boot=f"{{token: '{token}'}}"))
    widget.open().write_to_us()
    expect(widget.panel.get_by_text("Good day to you!")).to_be_visible()


def test_what_the_broker_refuses_stands_beside_its_field(office: Office) -> None:
    office.at("settings/check-ins")
    # Each is within its bounds; together they make no sense.
    office.page.get_by_label("Remind after").fill("900")
    office.at("settings/legal")
    office.page.get_by_label("Terms of service").fill("not an address")
    office.click("Save")
    field = office.page.locator("[aria-invalid=true]")
    expect(field).to_be_focused()
    described = field.get_attribute("aria-describedby") or ""
    wrong = office.page.locator(f"[id='{described.split()[-1]}']")
    expect(wrong).not_to_be_empty()
    office.click("Discard")
    expect(office.page.locator("[aria-invalid=true]")).to_have_count(0)


def test_edits_of_two_admins_come_together(store: Store, office: Office) -> None:
    office.at("settings/legal")
    office.page.get_by_label("Terms of service").fill("https://shop.test/terms")
    settings = store.call("GET", "/v1/sites/default/settings")["settings"]
    settings["rating"]["ask"] = True
    store.put("settings", settings)
    office.click("Save")
    told = office.page.get_by_role("alert")
    expect(told.get_by_text("Ask how it was")).to_be_visible()
    office.click("Reload and keep my changes")
    office.save()
    kept = store.call("GET", "/v1/sites/default/settings")["settings"]
    assert kept["rating"]["ask"]
    assert kept["legal"]["terms_url"] == "https://shop.test/terms"


def test_questions_are_added_moved_and_taken_back(store: Store, office: Office) -> None:
    office.at("settings/faq")
    for question in ("When does it come?", "May I send it back?"):
        office.click("Add a question")
        office.page.get_by_label("Question", exact=True).fill(question)
        office.page.get_by_label("Answer", exact=True).fill("Yes, soon.")
    office.click("Move May I send it back? up")
    office.page.get_by_role("switch", name="Published").uncheck()
    office.save()
    items = store.call("GET", "/v1/sites/default/faq")["items"]
    told = [(item["question"], item["published"]) for item in items]
    assert told == [("May I send it back?", False), ("When does it come?", True)]


def test_hours_are_written_as_people_write_them(store: Store, office: Office) -> None:
    office.at("settings/hours")
    page = office.page
    page.get_by_role("switch", name="Always open").uncheck()
    page.get_by_label("Monday, from").fill("8")
    page.get_by_label("Monday, until").fill("16:30")
    page.get_by_role("button", name="Tuesday to Friday as on Monday").click()
    office.click("Add a day")
    page.get_by_label("Date").fill("2026-12-25")
    office.save()
    hours = store.call("GET", "/v1/sites/default/settings")["settings"]["hours"]
    assert hours["weekly"]["fri"] == [["08:00", "16:30"]]
    assert hours["holidays"] == [{"date": "2026-12-25", "windows": []}]


def test_the_snippet_is_copied_and_a_key_is_told_once(
    store: Store, office: Office, context: BrowserContext
) -> None:
    office.at("settings/install")
    line = office.page.get_by_label("One line for your pages")
    expect(line).to_contain_text(f'src="{store.url}/widget.js" data-site="default"')
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    office.page.get_by_role("button", name="Copy").click()
    copied = office.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == line.inner_text()
    office.click("Make a key")
    expect(office.page.get_by_label("Secret")).to_be_visible()
    office.at("settings/chat").at("settings/install")
    expect(line).to_be_visible()
    expect(office.page.get_by_label("Secret")).to_have_count(0)


def test_reports_are_drawn_and_taken_along(office: Office) -> None:
    office.at("reports")
    question = "How long do people wait for the first answer?"
    expect(office.page.get_by_role("heading", name=question)).to_be_visible()
    with office.page.expect_download() as waiting:
        office.click(f"Download as CSV: {question}")
    assert waiting.value.suggested_filename == "waiting.csv"
    assert waiting.value.path().read_text().startswith("scope,who,answer")


def test_what_is_not_saved_is_kept_while_one_looks_elsewhere(office: Office) -> None:
    office.at("settings/chat")
    office.page.get_by_label("Welcome", exact=True).fill("Half a thou")
    office.at("all/open")
    office.click("Go back")
    expect(office.page.get_by_label("Welcome", exact=True)).to_have_value("Half a thou")


def kept(page: Page) -> str:
    """Return all that a page has put into the browser."""
    stored = "() => JSON.stringify([{...localStorage}, {...sessionStorage}])"
    return str(page.evaluate(stored))


def test_an_erased_person_s_words_go_from_every_page(
    browser: Browser, store: Store, context: BrowserContext
) -> None:
    boot = f"{{token: '{store.token('shopper', 'gone')}'}}"
    facts = {"name": "Olga of Elm Street"}
    store.call("PUT", "/v1/sites/default/profiles/gone", facts)
    with browser.new_context(locale="en-GB") as home, browser.new_context() as desks:
        widget = Widget(store.visit(home, boot=boot))
        widget.begin("I live in Elm Street")
        widget.box.fill("Elm Street 7")
        anna = Desk(store, desks).open("I live in Elm Street")
        anna.reply.fill("So, Elm Street")
        expect(anna.page.get_by_text("Previous conversations")).to_be_visible()
        expect(anna.button("Erase this person …")).to_have_count(0)
        root = Desk(store, context, "root").open("I live in Elm Street")
        root.button("Erase this person …").click()
        asked = root.page.get_by_role("dialog", name=re.compile("^Erase .* for good"))
        expect(asked.get_by_text("Their open conversation ends")).to_be_visible()
        expect(root.button("Erase for good")).to_be_disabled()
        asked.get_by_role("checkbox").check()
        root.button("Erase for good").click()
        expect(
            widget.panel.get_by_text("messages of this chat were del")
        ).to_be_visible()
        for page in (widget.page, anna.page, root.page):
            expect(page.get_by_text("Elm Street")).to_have_count(0)
            assert "Elm" not in kept(page)
        for desk in (anna, root):
            expect(desk.thread.get_by_text("This was erased.")).to_be_visible()
        root.page.close()
        widget.button("Start a new chat").click()
        widget.write_to_us().say("Hello, I am new here")
        expect(anna.row("Hello, I am new here")).to_be_visible()


def test_what_is_kept_of_a_person_is_handed_out(
    store: Store, context: BrowserContext
) -> None:
    with shopping(store.url, store.token("shopper", "curious")) as curious:
        curious.start("What do you know of me?")
        desk = Desk(store, context, "root").open("What do you know of me?")
        with desk.page.expect_download() as waiting:
            desk.button("Export all that is kept").click()
        assert waiting.value.suggested_filename.endswith(".zip")
        with zipfile.ZipFile(waiting.value.path()) as archive:
            assert "person.json" in archive.namelist()
        desk.page.close()
