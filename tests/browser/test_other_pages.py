"""The widget on pages that build themselves, and on those of more than one site."""

import json
import random
import time
from collections.abc import Iterator
from functools import partial

import pytest
import trio
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from actors.ids import Millis
from broker import founding
from broker.founding import SETTINGS
from broker.server import Broker
from storage import documents
from storage.documents import Document
from tests.browser.store import ADDRESS, Store
from tests.browser.test_hostile_pages import RESET, boot_of
from tests.browser.widget import Widget
from tests.faults.processes import ROOT

PREACT = ROOT / "clients/web/node_modules/preact"
MODULES = {
    "preact.mjs": PREACT / "dist/preact.mjs",
    "hooks.mjs": PREACT / "hooks/dist/hooks.mjs",
}
APP = """<!doctype html><html lang="en"><head><title>Shop</title>{head}
<script type="importmap">{{"imports": {{"preact": "/preact.mjs"}}}}</script>
<script async src="{broker}/widget.js" data-site="default"></script>
<script>
  window.Shopwire = window.Shopwire || function () {{
    (Shopwire.q = Shopwire.q || []).push(arguments);
  }};
  Shopwire("boot", {boot});
</script></head><body><p>Server's words</p>
<script type="module">
  import {{ h, render }} from "preact";
  import {{ useState, useEffect }} from "/hooks.mjs";
  function App() {{
    const [n, count] = useState(0);
    useEffect(() => {{
      const timer = setInterval(() => count((n) => n + 1), 50);
      return () => clearInterval(timer);
    }}, []);
    return h("main", null, h("h1", null, "A lamp"), h("output", null, n));
  }}
  // As React does with what it is given as its root.
  window.build = () => {{
    document.body.textContent = "";
    render(h(App), document.body);
  }};
</script></body></html>"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB") as fresh:
        yield fresh


def built(store: Store, context: BrowserContext, sub: str) -> Page:
    """A page that a framework draws, with a reset's styles."""
    page = context.new_page()
    html = APP.format(broker=store.url, boot=boot_of(store, sub), head=RESET)

    def answer(route: Route) -> None:
        module = MODULES.get(route.request.url.rpartition("/")[2])
        if module is None:
            route.fulfill(content_type="text/html", body=html)
        else:
            route.fulfill(content_type="text/javascript", body=module.read_text())

    page.route(f"{ADDRESS}/**", answer)
    page.goto(f"{ADDRESS}/app")
    return page


def test_a_framework_that_owns_the_page_leaves_the_widget_alone(
    store: Store, context: BrowserContext
) -> None:
    page = built(store, context, "framework")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    widget = Widget(page)
    widget.launcher.wait_for()
    page.evaluate("() => build()")
    expect(page.get_by_text("Server's words")).to_have_count(0)
    expect(page.locator("shop-wire")).to_have_count(1)
    widget.begin("Beside a framework")
    counted = int(page.locator("output").inner_text())
    page.wait_for_function(f"() => document.querySelector('output').value > {counted}")
    widget.say("and still there")
    expect(widget.bubble("and still there")).to_be_visible()
    assert errors == []


def test_a_page_that_puts_another_body_in_keeps_the_widget(
    store: Store, context: BrowserContext
) -> None:
    page = store.visit(context, boot=boot_of(store, "body"))
    widget = Widget(page)
    widget.begin("Before the other body")
    for _ in range(2):
        page.evaluate(
            """() => {
              const body = document.createElement('body');
              body.innerHTML = '<main><h1>A mug</h1></main>';
              document.documentElement.replaceChild(body, document.body);
            }"""
        )
        expect(page.locator("shop-wire")).to_have_count(1)
    page.evaluate("() => document.body.replaceChildren()")
    expect(widget.bubble("Before the other body")).to_be_visible()
    widget.say("and after")
    expect(widget.bubble("and after")).to_be_visible()
    page.evaluate("() => Shopwire('destroy')")
    page.evaluate("() => document.body.append('x')")
    expect(page.locator("shop-wire")).to_have_count(0)


@pytest.fixture(scope="module")
def outlet(store: Store) -> Store:
    """The same broker with a second site, whose chat has another name."""
    port = int(store.url.rpartition(":")[2])
    store.kill()
    trio.run(found_outlet, store)
    store.start(port)
    return store


async def found_outlet(store: Store) -> None:
    chance = random.Random()  # of a key that signs nothing
    chat = {"allowed_origins": [ADDRESS], "theme": {"name": "Outlet"}}
    settings = json.dumps({"chat": chat})
    row = Document("outlet", SETTINGS, 1, 0, "agent:root", settings)
    async with Broker.open(store.folder) as broker:
        add = partial(founding.add_site, site="outlet", name="Outlet", chance=chance)
        await broker.change(partial(add, now=Millis(int(time.time() * 1000))))
        await broker.change(partial(documents.put, new=row))


def snippet(store: Store, site: str) -> str:
    return f'<script async src="{store.url}/widget.js" data-site="{site}"></script>'


def heading(widget: Widget, name: str) -> Locator:
    return widget.panel.get_by_role("heading", name=name)


def test_each_page_has_the_widget_of_its_own_site(
    outlet: Store, context: BrowserContext
) -> None:
    page = outlet.visit(context, boot="{site: 'outlet'}")
    expect(
        Widget(page).open().panel.get_by_role("heading", name="Outlet")
    ).to_be_visible()
    other = outlet.visit(context, boot=boot_of(outlet, "of both"))
    expect(
        Widget(other).open().panel.get_by_role("heading", name="Shop")
    ).to_be_visible()
    # What is kept of one is not the other's.
    kept = "() => Object.keys(sessionStorage).sort()"
    assert page.evaluate(kept) == ["shopwire:outlet"]
    assert other.evaluate(kept) == ["shopwire:default"]


def test_of_the_snippets_of_two_sites_the_first_counts(
    outlet: Store, context: BrowserContext
) -> None:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    scripts = snippet(outlet, "outlet").replace("async ", "")
    scripts += snippet(outlet, "default").replace("async ", "")
    html = f"<!doctype html><title>Two</title><h1>A lamp</h1>{scripts}"
    page.route(
        f"{ADDRESS}/**",
        lambda route: route.fulfill(content_type="text/html", body=html),
    )
    page.goto(f"{ADDRESS}/two")
    widget = Widget(page).open()
    expect(heading(widget, "Outlet")).to_be_visible()
    expect(page.locator("shop-wire")).to_have_count(1)
    assert errors == []


def test_a_page_may_change_from_one_site_to_another(
    outlet: Store, context: BrowserContext
) -> None:
    page = outlet.visit(context, boot=boot_of(outlet, "moves"))
    Widget(page).begin("In the shop")
    page.evaluate("() => { Shopwire('destroy'); Shopwire('boot', {site: 'outlet'}) }")
    expect(page.locator("shop-wire")).to_have_count(1)
    widget = Widget(page).open()
    expect(heading(widget, "Outlet")).to_be_visible()
    expect(page.get_by_text("In the shop")).to_have_count(0)
