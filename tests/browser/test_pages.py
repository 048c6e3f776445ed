from playwright.sync_api import Browser

from tests.browser.store import Store


def test_the_desk_opens_without_a_word_of_complaint(
    browser: Browser, store: Store
) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{store.url}/desk/")
    page.wait_for_load_state("networkidle")
    assert page.title()
    assert complaints == []


def test_a_shop_s_page_carries_the_widget(browser: Browser, store: Store) -> None:
    page = store.visit(browser)
    page.wait_for_function("() => typeof window.Shopwire === 'function'")
    assert page.evaluate("() => Object.keys(window).includes('Shopwire')")
