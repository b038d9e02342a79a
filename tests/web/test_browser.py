"""The pages in a browser: no error, no request elsewhere, nothing wider than the screen, no barrier that axe finds."""

from __future__ import annotations

import shutil
import threading
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from xinzhi.core.text import percent, words
from xinzhi.report.pages.yardstick.assessment import topics
from xinzhi.web import pages
from xinzhi.web.pages.home import QUESTIONS

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; make test-web installs it")
ASKED = {  # pages that show more when something is asked of them
    "compare": "?a=110000&b=520000&c=440000",
    "claim": "?region=520000&start=2017&end=2023&growth=1.8",
    "audit": "?region=520000",
}
SAMPLES = {"region": ("520000",), "topic": ("sources", "risks")}  # where one page is not like another
KEYS = {"figures": "capital.years-log", "explain": "520000.2012-2017", "category": "ai", "protocol": "zhang-2004"}
PAGES = [
    f"{name}{f'/{key}' if key else ''}.html{ASKED.get(name, '')}"
    for name, entry in pages.ROUTES.items()
    for key in (SAMPLES.get(name) or (KEYS[name] if entry.keys else "",))
]
VIEWS = {"zh": ((1280, "light"), (360, "dark")), "en": ((1280, "dark"), (360, "light"))}
DRAWN = """[...document.querySelectorAll(".drawn svg, .small svg")].filter(one => one.getClientRects().length)
.map(one => ({name: one.getAttribute("aria-labelledby"), wide: one.getBoundingClientRect().width,
own: one.viewBox.baseVal.width}))"""
LABELS = """key => [...document.querySelectorAll("#" + key + " .wide [aria-label]")]
.map(mark => mark.getAttribute("aria-label"))"""
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
    with sync_playwright() as made:
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
@pytest.mark.parametrize("language", VIEWS)
def test_a_page_opens_without_an_error_and_fits_and_has_no_barrier(tab, language, name):
    axe = Axe()
    page = tab(f"{language}/{name}", *VIEWS[language][0])
    for width, scheme in VIEWS[language]:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width < 640:  # a phone shows the whole of every chart, drawn for it
            assert [one for one in page.evaluate(DRAWN) if one["wide"] > 332 or one["own"] > 380] == []
        asked = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
        found = axe.run(page, options=asked).response["violations"]
        assert [(width, one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == []
    page.set_viewport_size({"width": 1024, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert page.wrong == []


def answered(store, topic):
    """Return the first sentence of the section of a topic of the assessment."""
    return next(one for one in topics(store.study("assess", briefs=True)) if one.key == topic).answer[0]


def claimed(store):
    study = store.study("claim", region="520000", start=2017, end=2023, growth="3.5%")
    return store.section(study).answer[-1]


ANSWERS = {  # what is typed, what is clicked after the question, and the sentence or figure that answers
    "lower": ({"#region": "520000", "#growth": "3.5"}, ["form.claim button"], claimed),
    "own": ({"select[name=b]": "520000"}, [], lambda store: store.names.region("520000")),
    "sure": ({}, [], lambda _: words("web.measure.band")),
    "ruler": ({}, [], lambda store: store.section(store.study("audit")).answer[0]),
    "from": ({}, [], lambda store: answered(store, "sources")),
    "several": ({}, [], lambda store: answered(store, "spans")),
    "scope": ({}, [], lambda store: answered(store, "scope")),
    "risks": ({}, [], lambda store: answered(store, "risks")),
    "herd": ({}, [], lambda store: store.section(store.study("able")).answer[0]),
    "projects": ({}, [], lambda _: words("web.projects.title")),
    "protocol": ({}, [".choose a[href*='zhang-2004']"], lambda store: store.protocol("zhang-2004").description),
    "data": ({}, [], lambda _: words("web.data.tables")),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_in_three_clicks(tab, store, name):
    typed, clicks, answer = ANSWERS[name]
    language = ("zh", "en")[list(QUESTIONS).index(name) % 2]
    page = tab(f"{language}/index.html")
    page.get_by_role("link", name=words(f"web.question.{name}").lang(language)).click()
    for field, value in typed.items():
        held = page.locator(field)
        fill = held.select_option if held.evaluate("one => one.tagName") == "SELECT" else held.fill
        fill(value)
    for button in clicks:
        page.locator(button).first.click()
    assert len(clicks) < 3
    page.wait_for_load_state()
    said = " ".join(page.locator("main").text_content().split())
    assert " ".join(answer(store).lang(language).split()) in said
    assert page.wrong == []


def test_the_search_finds_a_region_by_its_pinyin(tab):
    page = tab("zh/index.html")
    page.keyboard.press("/")
    page.keyboard.type("guizh")
    expect(page.locator("#found li")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/zh/region/520000.html")
    assert page.wrong == []


def test_a_chart_answers_the_pointer_and_its_table_is_sorted_by_a_click(tab):
    page = tab("en/index.html")
    page.locator("#growth-groups .wide [aria-label]").first.hover()
    assert "1996 = 100" in page.locator(".tip").inner_text()
    page.locator("#growth-groups .wide svg").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("1996")
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_be_hidden()
    assert page.evaluate("document.querySelectorAll('style').length") == 0
    page.locator("#ranking thead button").first.click()
    assert page.locator("#ranking tbody th").first.inner_text() == "Anhui"
    assert page.locator("#ranking thead th").first.get_attribute("aria-sort") == "ascending"
    assert page.wrong == []


@pytest.mark.parametrize("name", ["en/index.html", "zh/audit.html"])
def test_every_chart_says_what_its_marks_are(tab, name):
    page = tab(name)
    keys = page.evaluate("[...document.querySelectorAll('.figure')].map(one => one.id)")
    said = {key: page.evaluate(LABELS, key) for key in keys}
    assert {key for key in keys if not any("\n" in one for one in said[key])} <= {"audit-curves"}
    every = [line for lines in said.values() for one in lines for line in one.split("\n")]
    assert not [line for line in every if "undefined" in line or "NaN" in line]
    if name.startswith("zh"):
        assert any("\n全要素生产率增长，%/年：" in one for one in said["audit-curve"])
    else:
        assert any("1996 = 100" in one and "\nEast: " in one for one in said["growth-groups"])
    assert page.wrong == []


def test_drawings_of_a_region_and_of_a_comparison_say_what_the_pointer_is_on(tab, store):
    frame = store.study("measure").results["measurement"].frame.filter(region="520000")
    last = frame.sort("year").row(-1, named=True)
    page = tab("en/region/520000.html")
    told = page.locator(".tip")
    growth = percent(last["output_growth"], 2)
    expected = {
        f"#by-year .wide rect[aria-label^='{last['year']}']": f"{last['year']}\nOutput growth: {growth}",
        "#parts rect[aria-label]": "Guizhou · 2017–2023\nCapital: ",
        "#company tr.self svg.range": "Guizhou\n",
    }
    for mark, said in expected.items():
        page.locator(mark).first.hover()
        assert told.inner_text().startswith(said), mark
    page.locator("h1").hover()
    expect(told).to_be_hidden()
    page = tab("en/compare.html?a=520000&b=220000")
    page.locator("#levels > svg").scroll_into_view_if_needed()
    x, y = page.evaluate("""() => {
      const line = document.querySelector("polyline[data-figures][data-code='520000']"), to = line.getScreenCTM();
      const point = line.points.getItem(line.points.length - 1);
      return [to.a * point.x + to.e - 2, to.d * point.y + to.f + 1];
    }""")
    page.mouse.move(x, y)
    assert page.locator(".tip").inner_text() == f"Guizhou\n{last['year']}: {last['tfp_level']:.2f}"
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
