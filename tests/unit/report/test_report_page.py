from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from xinzhi.report.page import page
from xinzhi.report.pages.yardstick.assessment import document

if TYPE_CHECKING:
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.measurement import Measurement

VOID = {"meta", "input", "br", "img", "hr", "link", "path", "rect", "circle", "line", "stop"}


class Reader(HTMLParser):
    """Check that tags nest, and collect what the tests ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [str(found[name]) for name in ("src", "href", "xlink:href") if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def html(measurement: Measurement, protocol: Protocol, package: Package) -> str:
    return page(document(measurement, protocol, package), "en")


def test_the_page_is_well_formed(html: str) -> None:
    reader = read(html)
    assert reader.faults == []
    assert reader.open == []
    assert len(set(reader.ids)) == len(reader.ids)


def test_nothing_is_fetched_from_elsewhere(html: str) -> None:
    reader = read(html)
    assert reader.links
    assert all(link.startswith("#") for link in reader.links)
    assert all(link[1:] in reader.ids for link in reader.links)
    assert not {tag for tag, _ in reader.tags} & {"link", "img", "iframe", "object", "embed"}
    assert not re.search(r"@import|@font-face|url\((?!#)", html)


def test_everything_said_is_said_in_both_languages(html: str) -> None:
    spans = re.findall(r'<span class="(zh|en)" lang="([\w-]+)">', html)
    assert spans[::2] == [("zh", "zh-CN")] * (len(spans) // 2)
    assert spans[1::2] == [("en", "en")] * (len(spans) // 2)
    texts = re.findall(r'<text [^>]*class="(zh|en)"', html)
    assert texts.count("zh") == texts.count("en") > 0


def test_no_chinese_stands_outside_a_chinese_element(html: str) -> None:
    body = html[html.index("<main>") : html.index("</main>")]
    chosen = re.sub(r'<(span|text|div)[^>]*class="zh"[^>]*>.*?</\1>', "", body, flags=re.DOTALL)
    references = re.sub(r'<p class="source">.*?</p>', "", chosen, flags=re.DOTALL)  # titles stay as printed
    assert re.findall(r"[\u4e00-\u9fff]+", references) == []


def test_every_chart_has_headline_twin_how_unit_source_and_fingerprint(html: str, measurement: Measurement) -> None:
    figures = re.findall(r"<section class=\"finding\".*?</section>", html, flags=re.DOTALL)
    assert len(figures) == 5
    for one in figures:
        name = re.search(r'id="([\w-]+)"', one)
        assert name is not None
        assert f'<h2 id="{name[1]}-title">' in one
        assert f'aria-labelledby="{name[1]}-title"' in one
        assert '<details class="twin">' in one
        assert "<table" in one
        assert "How to read" in one
        assert "Unit: " in one
        assert "Synthetic data 1" in one
        assert measurement.provenance.foot() in one


def test_every_region_has_a_page(html: str, measurement: Measurement) -> None:
    pages = re.findall(r'<section class="region".*?</section>', html, flags=re.DOTALL)
    assert len(pages) == 6
    for one in pages:
        assert one.count("<table") == 2
        assert "<svg" in one
        assert measurement.provenance.foot() in one


def test_flags_are_spelled_out(html: str) -> None:
    assert "gross fixed capital formation: extrapolated, 2009–2010." in html
    assert "就业人员：序列异动，2001年。" in html
    assert "no official figure exists" in html


def test_tables_have_captions_and_scopes(html: str) -> None:
    tables = re.findall(r"<table.*?</table>", html, flags=re.DOTALL)
    assert tables
    assert all("<caption>" in one and 'scope="col"' in one and 'scope="row"' in one for one in tables)


def test_every_parameter_of_the_yardstick_is_listed(html: str, protocol: Protocol) -> None:
    assert all(f"<code>{path}</code>" in html for path in protocol.parameters)
    assert protocol.fingerprint in html


def test_what_the_data_say_is_escaped(html: str) -> None:
    assert "n/a &lt;x&gt;" in html
    assert "n/a <x>" not in html


def test_the_page_opens_in_the_language_asked_for(
    measurement: Measurement, protocol: Protocol, package: Package
) -> None:
    chinese = page(document(measurement, protocol, package), "zh")
    assert '<html lang="zh-CN">' in chinese
    assert re.search(r'id="lang-zh"[^>]* checked', chinese)
    assert not re.search(r'id="lang-en"[^>]* checked', chinese)


def test_without_script_the_switch_still_works(html: str) -> None:
    assert "#lang-zh:checked ~ * .en" in html
    assert '<label for="lang-zh"' in html


def test_it_leads_with_the_answer(html: str) -> None:
    body = html[html.index("<main>") :]
    assert body.index('class="answer"') < body.index("<nav") < body.index("<svg")


@pytest.mark.parametrize("name", ["countries", "tiny", "indices", "ragged"])
def test_odd_measurements_make_a_page(
    name: str, request: pytest.FixtureRequest, protocol: Protocol, package: Package
) -> None:
    odd = page(document(request.getfixturevalue(name), protocol, package), "en")
    reader = read(odd)
    assert reader.faults == []
    assert all(link[1:] in reader.ids for link in reader.links)
    assert ("growth-map" in reader.ids) == (name == "indices")
    assert not re.search(r"\b(nan|None)\b", odd)


def test_names_that_are_markup_do_no_harm(make, protocol: Protocol, package: Package) -> None:
    hostile = make({"X<1": ("<b>甲</b>", "<script>alert(1)</script>", "X", "组&", "G&H"), "X2": (None,) * 5})
    odd = page(document(hostile, protocol, package), "en")
    assert "<script>alert" not in odd
    assert "<b>甲" not in odd
    assert read(odd).faults == []
