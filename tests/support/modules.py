"""A page that holds modules of the page's script and nothing else: what they export stands on `window`."""

from pathlib import Path

from playwright.sync_api import Browser, Page, Route

CLIENT = Path(__file__).parents[2] / "demo" / "client"
ORIGIN = "http://client.test/"


def module_page(browser: Browser, *modules: str, content: str = "", **options) -> Page:
    """A new page, `content` in its body, after importing `modules`, paths within demo/client."""
    page = browser.new_page(**options)
    page.route(f"{ORIGIN}**", _answer)
    page.goto(ORIGIN)
    if content:
        page.set_content(content)
    for name in modules:
        page.evaluate("async (address) => { Object.assign(window, await import(address)); }", ORIGIN + name)
    return page


def _answer(route: Route) -> None:
    name = route.request.url.removeprefix(ORIGIN)
    if name:
        route.fulfill(path=CLIENT / name, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><title>modules</title>", content_type="text/html")
