"""The pages of docs/examples, as a shop that has copied them."""

import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.broker.http.test_shopify import SECRET, SHOP, signed
from tests.browser.people import signed_in
from tests.browser.store import ADDRESS, Store
from tests.browser.widget import Widget
from tests.faults.processes import ROOT

EXAMPLES = ROOT / "docs" / "examples"
CLIENT = ROOT / "clients" / "web" / "dist" / "client" / "index.js"
SHOPIFY = f'\n[shopify]\nsecret = "{SECRET}"\nshops = ["default={SHOP}"]\n'


def serve(page: Page, held: dict[str, str | Path]) -> None:
    """Serve these at the shop's address: texts, or files of theirs."""

    def answer(route: Route) -> None:
        given = held.get(urlsplit(route.request.url).path)
        if isinstance(given, Path):
            route.fulfill(path=given)
        elif given is not None:
            route.fulfill(content_type="text/html", body=given)
        else:
            route.fulfill(status=404)

    page.route(f"{ADDRESS}/**", answer)


def test_a_widget_of_one_s_own_talks_and_goes_on_after_a_reload(
    browser: Browser, store: Store
) -> None:
    page = browser.new_page()
    files = ("own-widget.html", "own-widget.js")
    held: dict[str, str | Path] = {f"/{name}": EXAMPLES / name for name in files}
    token = store.token("shopper", "olga")
    serve(page, held | {"/shopwire.js": CLIENT, "/token": token})
    socket = store.url.replace("http", "ws", 1) + "/ws"
    page.add_init_script(
        f"window.SHOP = {json.dumps({'url': socket, 'token': '/token'})}"
    )
    page.goto(f"{ADDRESS}/own-widget.html")
    expect(page.get_by_role("status")).to_have_text("connected")
    page.get_by_role("textbox", name="Message").fill("<b>Is it bright?</b>")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("You: <b>Is it bright?</b>")).to_be_visible()
    with signed_in(store.url, store.token("agent", "anna")) as anna:
        anna.say(anna.chat_of("<b>Is it"), "As the day.")
    expect(page.get_by_text("The shop: As the day.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("The shop: As the day.")).to_have_count(1)
    page.get_by_role("textbox", name="Message").fill("Thank you")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("You: Thank you")).to_have_count(1)


@pytest.fixture(scope="module")
def proxied(store: Store) -> Store:
    """The store, as the broker of an app at Shopify."""
    with (store.folder / "shopwire.toml").open("a") as config:
        config.write(SHOPIFY)
    store.kill()
    store.start()
    return store


@pytest.mark.parametrize(("customer", "role"), [("17", "shopper"), ("", "visitor")])
def test_a_shopify_theme_signs_in_who_is_signed_in(
    browser: Browser, proxied: Store, customer: str, role: str
) -> None:
    page = browser.new_page()
    theme = (EXAMPLES / "shopify.html").read_text()
    theme = theme.replace("https://chat.shop.example", proxied.url)
    heard = "<script>Shopwire('on', 'ready', (of) => document.title = of.role)</script>"
    serve(page, {"/lamp": f"<!doctype html><html lang=en><body>{theme}{heard}"})

    def proxy(route: Route) -> None:
        # What Shopify adds, before it asks the address that the app has named.
        fields = {"shop": SHOP, "logged_in_customer_id": customer}
        moment = {"path_prefix": "/apps/chat", "timestamp": str(int(time.time()))}
        query = signed([*(fields | moment).items()])
        asked = f"{proxied.url}/v1/sites/default/shopify/token?{query}"
        answer = httpx.get(asked)
        route.fulfill(status=answer.status_code, body=answer.content)

    page.route(f"{ADDRESS}/apps/chat/token", proxy)
    page.goto(f"{ADDRESS}/lamp")
    expect(page).to_have_title(role)
    expect(Widget(page).launcher).to_be_visible()
