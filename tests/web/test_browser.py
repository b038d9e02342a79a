"""The pages in a browser: no error, no request elsewhere, nothing wider than the screen, no barrier that axe finds."""

from __future__ import annotations

import shutil
import threading
import time

import pytest

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; make test-web installs it")
PAGES = (
    "index.html",
    "region/520000.html",
    "compare.html?a=110000&b=520000&c=440000",
    "measure.html",
    "topic/risks.html",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def address(store):
    """The server on a free port of this machine."""
    import uvicorn

    from xinzhi.web.app import safe

    server = uvicorn.Server(uvicorn.Config(safe(store), port=0, log_level="error"))
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    running.join()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as made:
        opened = made.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def tab(browser, address):
    """Open a tab that remembers what went wrong in it."""
    opened = []

    def open_(path, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB")
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.wrong = []
        page.on("console", lambda one: page.wrong.append(one.text) if one.type in {"error", "warning"} else None)
        page.on("pageerror", lambda one: page.wrong.append(str(one)))
        page.on(
            "request",
            lambda one: None if one.url.startswith((address, "blob:", "data:")) else page.wrong.append(one.url),
        )
        page.goto(f"{address}/{path}")
        opened.append(context)
        return page

    yield open_
    for context in opened:
        context.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_opens_without_an_error_and_fits(tab, language, name):
    for width, scheme in ((1280, "light"), (360, "dark")):
        page = tab(f"{language}/{name}", width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_barrier(tab, name):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for width, scheme, language in ((1280, "light", "zh"), (360, "dark", "en")):
        page = tab(f"{language}/{name}", width, scheme)
        found = axe.run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == []


def test_the_search_finds_a_region_by_its_pinyin(tab):
    page = tab("zh/index.html")
    page.keyboard.press("/")
    page.keyboard.type("guizh")
    page.wait_for_function("document.querySelectorAll('#found li').length === 1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/zh/region/520000.html")
    assert page.wrong == []


def test_a_chart_answers_the_pointer_and_its_table_is_sorted_by_a_click(tab):
    page = tab("en/index.html")
    page.locator("#growth-groups .drawn").hover()
    page.wait_for_selector("#growth-groups canvas")
    assert page.evaluate("document.querySelectorAll('style').length") == 0
    page.locator("#ranking thead button").first.click()
    assert page.locator("#ranking tbody th").first.inner_text() == "Anhui"
    assert page.locator("#ranking thead th").first.get_attribute("aria-sort") == "ascending"
    assert page.wrong == []


def test_regions_are_chosen_and_the_address_says_which(tab):
    page = tab("en/compare.html")
    page.locator("select[name=c]").select_option("520000")
    assert page.locator("th[data-code='520000']").is_visible()
    assert "c=520000" in page.url
    page.reload()
    assert page.locator("th[data-code='520000']").is_visible()


def test_every_file_that_a_page_offers_is_there(tab):
    for path in ("en/index.html", "zh/topic/risks.html"):
        page = tab(path)
        links = page.evaluate("[...document.querySelectorAll('.save a')].map(one => one.href)")
        assert links
        assert [page.request.get(link).status for link in links] == [200] * len(links)


def test_the_folder_works_without_a_server(browser, folder):
    page = browser.new_context(locale="zh-CN").new_page()
    wrong = []
    page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    page.goto(f"file://{folder}/index.html")
    page.wait_for_url("**/zh/index.html")
    assert not page.locator("form.ruler").is_visible()
    page.locator(".tiles a").first.click()
    page.wait_for_url("**/region/*.html")
    page.goto(f"file://{folder}/en/compare.html?a=520000&b=220000")
    assert page.locator("th[data-code='520000']").is_visible()
    assert wrong == []
