"""The widget on pages that mean it no good, or know no better."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.people import signed_in
from tests.browser.store import ADDRESS, Store
from tests.browser.widget import Widget

RESET = """<style>
* { all: unset !important; display: block !important; font: 40px/1 fantasy !important;
    color: red !important; background: lime !important; position: static !important; }
shop-wire { display: none; opacity: 0; visibility: hidden }
button { width: 1px !important; height: 1px !important }
</style>"""
NONCE = "c2hvcA"
STRICT = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'self'; "
    "connect-src {broker} {socket}; img-src blob:"
)
POLLUTED = """<script>
Object.prototype.hacked = "yes";
Array.prototype.toJSON = function () { return "polluted" };
Array.prototype.extra = function () {};
String.prototype.trimmed = 1;
Function.prototype.q = [];
window.name = "<img src=x onerror=alert(1)>";
</script>"""
BLOCKED = """<script>
for (const name of ["localStorage", "sessionStorage"]) {
  const get = () => { throw new DOMException("no", "SecurityError") };
  Object.defineProperty(window, name, { get });
}
delete window.BroadcastChannel;
</script>"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB") as fresh:
        yield fresh


def boot_of(store: Store, sub: str) -> str:
    return f"{{token: '{store.token('shopper', sub)}'}}"


def works(widget: Widget, text: str) -> None:
    """The widget opens, and takes a message."""
    widget.begin(text)


def test_a_reset_with_important_changes_nothing_inside(
    store: Store, context: BrowserContext
) -> None:
    widget = Widget(store.visit(context, boot=boot_of(store, "reset"), head=RESET))
    works(widget, "Under a reset")
    style = widget.box.evaluate(
        "box => [getComputedStyle(box).fontSize, getComputedStyle(box).color]"
    )
    assert style[0] in {"14px", "16px"}
    assert style[1] != "rgb(255, 0, 0)"
    box = widget.button("Send").or_(widget.button("Emoji")).first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24


def test_a_strict_policy_is_kept_to(store: Store, context: BrowserContext) -> None:
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    socket = store.url.replace("http", "ws", 1)
    html = f"""<!doctype html><html lang="en"><head><title>Shop</title></head><body>
    <script async nonce="{NONCE}" src="{store.url}/widget.js"></script>
    <script nonce="{NONCE}">
      window.Shopwire = function () {{
        (Shopwire.q = Shopwire.q || []).push(arguments);
      }};
      Shopwire("boot", {boot_of(store, "strict")});
    </script></body></html>"""

    def answer(route: Route) -> None:
        policy = STRICT.format(broker=store.url, socket=socket)
        route.fulfill(
            content_type="text/html",
            body=html,
            headers={"Content-Security-Policy": policy},
        )

    page.route(f"{ADDRESS}/**", answer)
    page.goto(f"{ADDRESS}/strict")
    widget = Widget(page)
    works(widget, "Under a strict policy")
    widget.button("Emoji").click()
    expect(page.get_by_role("combobox")).to_be_visible()
    assert [said for said in complaints if "Security Policy" in said] == []


def test_polluted_prototypes_do_not_get_in(
    store: Store, context: BrowserContext
) -> None:
    page = store.visit(context, boot=boot_of(store, "polluted"), head=POLLUTED)
    works(Widget(page), "On a polluted page")


def test_a_page_without_storage_has_a_widget(
    store: Store, context: BrowserContext
) -> None:
    page = store.visit(context, boot=boot_of(store, "blocked"), head=BLOCKED)
    works(Widget(page), "Without storage")


def test_the_snippet_twice_makes_one_widget(
    store: Store, context: BrowserContext
) -> None:
    again = f'<script async src="{store.url}/widget.js" data-site="default"></script>'
    page = store.visit(context, boot=boot_of(store, "twice"), head=again)
    works(Widget(page), "Twice")
    expect(page.locator("shop-wire")).to_have_count(1)


def test_a_page_that_changes_without_loading_keeps_it(
    store: Store, context: BrowserContext
) -> None:
    page = store.visit(context, boot=boot_of(store, "single"))
    widget = Widget(page)
    works(widget, "On one page")
    page.evaluate(
        """() => {
          history.pushState({}, '', '/other');
          document.querySelector('main').innerHTML = '<h1>Other</h1>';
        }"""
    )
    widget.say("and on the next")
    expect(widget.bubble("and on the next")).to_be_visible()


def test_coming_back_by_the_history_finds_the_thread(
    store: Store, context: BrowserContext
) -> None:
    page = store.visit(context, boot=boot_of(store, "back"))
    widget = Widget(page)
    works(widget, "Before leaving")
    widget.box.fill("half a thou")
    page.evaluate("() => addEventListener('pageshow', (e) => { thawed = e.persisted })")
    page.goto(f"{ADDRESS}/elsewhere")
    with signed_in(store.url, store.token("agent", "anna")) as anna:
        anna.say(anna.chat_of("Before leaving"), "While you were away")
    page.go_back(wait_until="commit")
    expect(widget.bubble("While you were away")).to_have_count(1)
    # The page was not loaded again: it slept meanwhile.
    assert page.evaluate("() => thawed")
    expect(widget.box).to_have_value("half a thou")
    widget.say("After coming back")
    expect(widget.bubble("After coming back")).to_have_count(1)


def test_a_sandboxed_frame_does_no_harm_to_its_page(
    store: Store, context: BrowserContext
) -> None:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    frame = f"<script async src='{store.url}/widget.js' data-site='default'></script>"
    html = f"""<!doctype html><title>Frame</title>
    <iframe sandbox="allow-scripts" srcdoc="{frame}"></iframe>"""
    page.route(
        f"{ADDRESS}/**",
        lambda route: route.fulfill(content_type="text/html", body=html),
    )
    page.goto(f"{ADDRESS}/framed")
    page.wait_for_load_state("networkidle")
    assert errors == []


def requests_of(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def test_nobody_else_is_asked_for_anything(
    store: Store, context: BrowserContext
) -> None:
    page = store.visit(context, boot=boot_of(store, "alone"))
    asked = requests_of(page)
    widget = Widget(page)
    works(widget, "Whom do you ask?")
    widget.button("Emoji").click()
    expect(page.get_by_role("combobox")).to_be_visible()
    page.reload()
    widget.bubble("Whom do you ask?").wait_for()
    ours = (store.url, store.url.replace("http", "ws", 1), ADDRESS, "blob:", "data:")
    assert [url for url in asked if not url.startswith(ours)] == []
