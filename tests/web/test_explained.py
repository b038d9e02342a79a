"""What a figure is made of, results as files, and what the search finds."""

from __future__ import annotations

import io
import re
import shlex
from html import unescape

import polars as pl
import pytest
from web.reading import Reader

from xinzhi import studies
from xinzhi.cli import app
from xinzhi.core.text import percent, words
from xinzhi.web.pages import category, reference
from xinzhi.web.static import index
from xinzhi.yardstick.internal import View


def test_every_growth_figure_leads_to_what_it_is_made_of(store, folder):
    measured = store.study("measure")
    figures = {
        "region/520000": r'explain/520000\.\d{4}-\d{4}\.html#(\w+)"',
        "index": r'explain/\d{6}\.2017-2023\.html#(tfp)"',
        "compare": r'explain/\d{6}\.\d{4}-\d{4}\.html#(\w+)"',
        "figures/capital_contribution.2012-2017": r'explain/\d{6}\.2012-2017\.html#(capital)"',
    }
    for page, link in figures.items():
        found = re.findall(link, (folder / "en" / f"{page}.html").read_text("utf-8"))
        assert len(found) >= 30, page
    one = studies.explain(measured, "520000", start=2012, end=2017)
    for language in ("zh", "en"):
        html = (folder / language / "explain" / "520000.2012-2017.html").read_text("utf-8")
        text, account = Reader(html).words, one.figures["account"]
        assert all(" ".join(line.split()) in text for line in one.text.lang(language).splitlines()[:1])
        assert [row["parameter"] for row in account["parameters"]] == re.findall(r"#([a-z_.]+)\"><code>", html)
        assert all(row["reference"] in unescape(html) for row in account["parameters"])
        shown = {f"{row['value']:,.6g}" for row in account["sources"] if not row["column"].endswith("break")}
        assert all(f">{one}" in html for one in shown)
        assert all(f">{percent(row['tfp'], 2)}<" in html for row in account["years"])


def test_what_a_figure_is_made_of_is_computed_under_the_protocol_asked_for(client, store):
    other = client.get("/en/explain/520000.2012-2017.html?protocol=zhang-2004")
    account = studies.explain(store.study("measure", "zhang-2004"), "520000", start=2012, end=2017).text.en
    assert " ".join(account.splitlines()[0].split()) in Reader(other.text).words
    assert "zhang-2004@" in other.text
    assert client.get("/en/explain/520000.2012-2018.html").status_code == 404


def test_a_file_holds_the_result_and_is_the_same_on_the_server(client, folder, store):
    held = {str(path.relative_to(folder)): path for path in (folder / "files").rglob("*.*")}
    assert {path.rpartition("/")[2].partition(".")[2] for path in held} >= {"csv", "xlsx", "parquet", "sdmx.csv"}
    for name in ("measure/measurement", "assess/ranking", "paths/clubs"):
        path = f"files/{name}.parquet"
        assert client.get(f"/{path}").content == held[path].read_bytes()
    frame = pl.read_parquet(held["files/measure/measurement.parquet"])
    assert frame.equals(store.study("measure").results["measurement"].frame)
    other = client.get("/files/measure/measurement.parquet?protocol=zhang-2004").content
    assert pl.read_parquet(io.BytesIO(other)).height == frame.height
    assert b"zhang-2004" in other
    assert b"zhang-2004" not in held["files/measure/measurement.parquet"].read_bytes()
    for path in ("files/measure/nix.csv", "files/nix/measurement.csv", "files/measure/measurement.exe"):
        assert client.get(f"/{path}").status_code == 400


@pytest.mark.parametrize(
    ("typed", "file"),
    [
        ("nmg", "region/150000.html"),
        ("qinghai", "region/630000.html"),
        ("氢能", "category/hydrogen.html"),
        ("hydrogen", "category/hydrogen.html"),
        ("GDP", "figures/output_growth.2017-2023.html"),
        ("折旧", "protocol/xinzhi-cn-2026.html#capital.depreciation"),
        ("债务", "topic/risks.html"),
        ("zhang-2004", "protocol/zhang-2004.html"),
        ("永续盘存", "glossary.html#perpetual-inventory-method-pim"),
        ("Törnqvist", "glossary.html#tornqvist-index"),
        ("cytg", "glossary.html#structural-isomorphism"),
        ("区位商", "glossary.html#revealed-comparative-advantage-location-quotient"),
    ],
)
def test_the_search_finds_what_people_type(store, typed, file):
    wish = typed.lower()
    found = {row["file"] for row in index(store) for one in (row["zh"], row["en"], *row["also"]) if wish in one.lower()}
    assert file in found


def test_everything_that_the_search_finds_is_there(store, read):
    rows = index(store)
    assert len(rows) > 150
    for row in rows:
        path, _, place = row["file"].partition("#")
        assert row["zh"]
        assert row["en"]
        assert not place or place in read[f"en/{path}"].ids
    names = {"region", "figures", "topic", "category", "protocol"}
    assert {row["file"].partition("/")[0] for row in rows if "/" in row["file"]} == names


def test_a_region_leads_to_its_industries_its_risks_and_what_can_be_asked_of_it(store, folder):
    html = (folder / "en" / "region" / "520000.html").read_text("utf-8")
    named = set(category.named_categories(store).categories_of("520000")) & set(category.keys(store))
    assert named
    assert all(f'href="../category/{code}.html"' in html for code in named)
    for link in (
        "../topic/risks.html",
        "../topic/sources.html",
        "../audit.html?region=520000",
        "../claim.html?region=520000",
        "../compare.html?a=520000",
    ):
        assert f'href="{link}' in html, link
    page = Reader(html)
    periods = next(table for table in page.tables if table["class"] == "region_periods")
    assert "rank" not in " ".join(periods["rows"][0])  # no rank without its range


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_ranking_says_how_good_its_data_are(store, read, language):
    study = store.study("assess", briefs=True)
    newest = View(study.measurement).spans[-1]
    held = study.ranking.in_period(newest.start, newest.end)["grade"].to_list()
    grades = [words("web.home.grade", grade=one, n=held.count(one)) for one in sorted(set(held) - {None})]
    line = words("web.home.grades", span=newest.label, counts=grades).lang(language)
    assert " ".join(line.split()) in read[f"{language}/index.html"].words


def test_every_page_names_the_period_of_its_figures(store, read):
    lead = View(store.study("assess", briefs=True).measurement).lead
    text = read["en/audit.html"].words
    assert f"{lead.label.en}, the last period on published figures" in text
    assert all(lead.label.en in line.en for line in store.section(store.study("audit")).answer[:1])
    assert "newest period" not in text


def test_every_result_on_the_page_of_downloads_has_as_many_rows_as_it_says(store, folder, read):
    rows = reference.downloadable_results(store)
    assert len({row[:2] for row in rows}) == len(rows) > 25
    shown = read["zh/downloads.html"].tables[0]["rows"][1:]
    assert [cells[1] for cells in shown] == [str(row[3]) for row in rows]
    for topic, name, _, n in rows:
        assert pl.read_parquet(folder / "files" / topic / f"{name}.parquet").height == n


def test_every_reference_of_the_protocol_is_on_the_page_of_methods(store, read):
    works = {one.title for parameter in store.rules.parameters.values() for one in parameter.reference}
    text = read["zh/methods.html"].words
    assert all(" ".join(one.split()) in text for one in works)


def test_the_lines_of_a_protocol_run(client):
    for page in ("protocols.html", "protocol/zhang-2004.html?against=shan-2008"):
        html = client.get(f"/en/{page}").text
        [line] = [unescape(one) for one in re.findall(r"<dt>Python</dt><dd><code>(.*?)</code>", html)]
        exec(line)  # noqa: S102 - the line under test
        [command] = [unescape(one) for one in re.findall(r"<dt>Command line</dt><dd><code>(.*?)</code>", html)]
        assert not app.application("en").main(shlex.split(command)[1:], standalone_mode=False)
