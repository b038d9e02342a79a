"""The pages: the folder is what the server answers, links lead somewhere, figures are those of the study."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from copy import copy
from html import unescape
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest
from web.figures import Figures, frames_of, numbers
from web.reading import Reader

from xinzhi.core.text import message, percent, words
from xinzhi.web import pages, render
from xinzhi.web.page import Address, Page
from xinzhi.web.pages import forms
from xinzhi.web.pages.home import QUESTIONS
from xinzhi.yardstick.internal import View

FIRST = (
    "zh/index.html",
    "en/index.html",
    "zh/region/520000.html",
    "en/region/220000.html",
    "zh/compare.html",
    "en/measure.html",
    "zh/figures/tfp_growth.1996-2023.html",
    "en/figures/capital.years-log.html",
    "zh/explain/520000.2012-2017.html",
    "en/topic/sources.html",
    "zh/protocol/zhang-2004.html",
    "en/data.html",
    "en/audit.html",
    "zh/projects.html",
    "en/categories.html",
    "zh/category/ai.html",
    "zh/claim.html",
    "zh/methods.html",
    "en/glossary.html",
    "en/downloads.html",
)


@pytest.mark.parametrize("path", FIRST)
def test_the_folder_holds_what_the_server_answers(client, folder, path):
    assert client.get(f"/{path}").content == (folder / path).read_bytes()


def test_every_address_is_a_file(store, folder):
    found = {address.path for address in pages.addresses(store)}
    assert found == {str(path.relative_to(folder)) for path in folder.glob("*/**/*.html")}
    assert all(Address.parse(path).path == path for path in found)


def test_every_link_leads_to_a_file_and_a_place(folder, read):
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    for name, page in read.items():
        for link in page.links:
            parts = urlsplit(link)
            assert not parts.scheme, link
            assert not parts.netloc, link
            there = (
                posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
            )
            assert there in files, f"{name} links {link}"
            assert not parts.fragment or parts.fragment in read[there].ids, f"{name} links {link}"


def test_no_page_holds_a_script_or_a_style_and_no_id_twice(read):
    for path, page in read.items():
        assert not page.inline, path
        assert not page.scripts, path
        assert len(page.ids) == len(set(page.ids)), path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_ranking_of_the_first_page_is_that_of_the_study(store, folder, language):
    study = store.study("assess", briefs=True)
    view = View(study.measurement)
    newest = view.spans[-1]
    rows = study.ranking.in_period(newest.start, newest.end).rows(named=True)
    page = Reader((folder / language / "index.html").read_text("utf-8"))
    shown = next(table for table in page.tables if table["id"] == "ranking")["rows"][1:]
    assert len(shown) == len(rows)
    for cells, row in zip(shown, rows, strict=True):
        ranks = "–" if row["rank_low"] is None else f"{row['rank_low']}–{row['rank_high']}"
        assert cells[0].strip() == view.name(row["region"]).lang(language)
        assert cells[1].strip() == percent(row["tfp_growth"])
        assert cells[3].strip() == ranks
        assert cells[5].strip() == (row["grade"] or "")
    for line in study.ranking.summary(language).splitlines()[:1]:
        assert line.replace("\u00a0", " ") in page.words.replace("\u00a0", " ")


def test_every_figure_of_every_table_is_one_of_the_studies(store, written):
    """Each number that the site shows is in a frame of a study: of its region and column, else of its column.

    Columns that are made for a page, such as a year of an explanation, are looked for among all figures.
    """
    frames = [frame for one in written[2] for frame in frames_of(one)]
    known = Figures([*frames, *store.package.tables.values()], lambda code: store.names.region(code).en)
    found, lost, cells = Counter(), Counter(), {"zh": [], "en": []}
    for table, language, html in written[1]:
        shown = list(numbers(table, html))
        cells[language].append((table.key, [text for text, *_ in shown]))
        if language == "en":
            told = [(known.has(*one), one[1]) for one in shown]
            found.update(how for how, _ in told)
            lost.update((table.key, column) for how, column in told if not how)
    assert not lost
    assert sum(found.values()) > 10_000
    assert found["any"] < 0.25 * sum(found.values())
    assert cells["zh"] == cells["en"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_region_says_every_sentence_of_its_brief_and_every_figure_of_its_peers(store, folder, language):
    for made in store.study("assess", briefs=True).briefs:
        page = Reader((folder / language / "region" / f"{made.region}.html").read_text("utf-8"))
        text = page.words
        for part in made.parts:
            for line in made.sentences(part):
                assert " ".join(line.lang(language).split()) in text, (made.region, part)
        shown = next(table for table in page.tables if table["class"] == "ranges")["rows"][1:]
        rows = [row for row in made.more["company"].rows(named=True) if row["growth"] is not None]
        assert [cells[2].strip() for cells in shown] == [percent(row["growth"]) for row in rows]


def test_another_protocol_is_computed_anew_and_an_unknown_one_is_refused(client):
    plain = client.get("/en/region/520000.html").text
    other = client.get("/en/region/520000.html?protocol=zhang-2004")
    assert other.status_code == 200
    assert other.text != plain
    assert "zhang-2004@" in other.text
    assert 'href="../index.html?protocol=zhang-2004"' in other.text
    assert client.get("/en/index.html?protocol=nix").status_code == 422
    assert client.get("/en/index.html?junk=1").text == client.get("/en/index.html").text


def test_a_protocol_is_offered_where_the_data_are_enough_and_refused_with_the_reason(client, store):
    page = client.get("/en/index.html").text
    offered = re.findall(r'<option value="([^"]+)"', page)
    assert set(offered) | set(store.refusals()) == {one.id for one in store.protocols()}
    assert not set(offered) & set(store.refusals())
    for one in offered:
        assert client.get(f"/en/measure.html?protocol={one}").status_code == 200
    for one, why in store.refusals().items():
        assert why.en in unescape(page)
        assert client.get(f"/en/measure.html?protocol={one}").status_code == 422


def test_every_question_of_the_first_page_leads_to_a_page(store):
    assert all(pages.exists(store, Address("en", *there)) for there in QUESTIONS.values())


def test_the_server_speaks_the_language_of_the_browser(client):
    asked = {"zh-CN,zh;q=0.9,en;q=0.8": "/zh/index.html", "en-GB": "/en/index.html", "": "/en/index.html"}
    for accepted, there in asked.items():
        answer = client.get("/", headers={"accept-language": accepted}, follow_redirects=False)
        assert answer.headers["location"] == there


def test_a_page_that_is_there_already_is_not_sent_again(client):
    first = client.get("/zh/index.html")
    again = client.get("/zh/index.html", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/zh/nix.html", "/zh/region/999999.html", "/../etc/passwd", "/assets/../app.py", "/fr/"]
)
def test_what_is_not_there_says_so(client, path):
    assert client.get(path).status_code == 404


def test_figures_of_an_indicator_are_those_of_the_measurement(store, folder):
    view = View(store.study("assess", briefs=True).measurement)
    for span in (view.spans[0], view.spans[-1]):
        name = f"capital_contribution.{span.start}-{span.end}"
        page = Reader((folder / "en" / "figures" / f"{name}.html").read_text("utf-8"))
        shown = {row[0].strip(): row[1].strip() for row in page.tables[0]["rows"][1:]}
        rows = view.regions_in(span).drop_nulls("capital_contribution").rows(named=True)
        assert shown == {view.name(row["region"]).en: percent(row["capital_contribution"]) for row in rows}


@pytest.mark.parametrize(
    ("name", "topic", "result", "column"),
    [
        ("capital", "measure", "measurement", "capital"),
        ("tfp_level", "measure", "measurement", "tfp_level"),
        ("education", "sectors", "sectors", "education"),
        ("to_output", "risks", "debt", "to_output"),
    ],
)
def test_figures_over_the_years_are_those_of_the_study(store, client, name, topic, result, column):
    made = store.study(topic, **({"only": ("debt",)} if topic == "risks" else {})).results[result]
    frame = {"capital": "inputs", "tfp_level": "levels"}.get(name, "frame")
    held = getattr(made, frame).select("region", "year", column).fill_nan(None).drop_nulls()
    last = held["year"].max()
    factor = 100 if name == "to_output" else 1
    said = {store.names.region(code).en: value * factor for code, year, value in held.rows() if year == last}
    for form in ("years", "years-log")[: 1 + (held[column].min() > 0)]:
        page = Reader(client.get(f"/en/figures/{name}.{form}.html").text)
        shown = {row[0].strip(): float(row[1].replace(",", "").replace("−", "-")) for row in page.tables[0]["rows"][1:]}
        assert shown == pytest.approx(said, abs=0.51 if name == "capital" else 0.051)
        assert len(page.tables[1]["rows"]) == 1 + held["year"].n_unique()


def test_a_parameter_is_changed_by_the_address_and_the_page_says_so(store, client):
    rules = store.protocol().replace({"capital.depreciation": 0.05})
    view = View(store.study("measure", rules).results["measurement"])
    answer = client.get("/en/measure.html?set=&set=capital.depreciation=0.05&set=")
    assert str(answer.url).endswith("/en/measure.html?set=capital.depreciation%3D0.05")
    page = Reader(answer.text)
    shown = {row[0].strip(): row[1].strip() for row in page.tables[0]["rows"][1:]}
    rows = view.regions_in(view.spans[-1]).drop_nulls("tfp_growth").rows(named=True)
    assert shown == {view.name(row["region"]).en: percent(row["tfp_growth"]) for row in rows}
    assert f"with changes: depreciation rate 5%; fingerprint {rules.fingerprint[:12]}" in page.words
    assert f"xinzhi-cn-2026+capital.depreciation@{rules.fingerprint[:12]}" in page.words
    assert "figures/capital.years.html?set=capital.depreciation%3D0.05" in page.links
    assert not [link for link in page.links if "audit.html" in link and "set=" in link]
    assert 'value="capital.depreciation=0.05" selected' in answer.text
    assert "--set capital.depreciation=0.05" in page.words
    assert "../files/measure/measurement.csv?set=capital.depreciation%3D0.05" in page.links
    held = client.get("/files/measure/measurement.csv?set=capital.depreciation%3D0.05").text
    assert held != client.get("/files/measure/measurement.csv").text
    why = client.get("/en/explain/520000.2012-2017.html?set=capital.depreciation%3D0.05").text
    assert f"capital.depreciation@{rules.fingerprint[:12]}" in why
    assert client.get("/en/measure.html?set=capital.depreciation=7").status_code == 422
    assert client.get("/en/measure.html?set=nonsense=7").status_code == 422


def test_the_curve_shows_the_protocols_that_have_one_level_alone(store, client):
    from xinzhi.yardstick.internal import AuditView

    view = AuditView(store.study("audit").results["audit"])
    choice = next(one for one in view.choices if one.name == "labour.breaks")
    axis = view.choices.index(choice)
    every, found = view.curve("520000"), view.curve("520000", (choice.name, 1))
    kept = every.values[every.levels[:, axis] == 1]
    assert len(found.values) == len(kept) < len(every.values)
    assert sorted(found.values) == pytest.approx(sorted(kept))
    assert found.reference == every.reference
    page = Reader(client.get("/en/audit.html?region=520000&hold=labour.breaks:1").text)
    assert (
        f"{len(kept):,} protocols give it TFP growth from {percent(kept.min())} to {percent(kept.max())} %"
        in page.words
    )


def test_regions_side_by_side_are_those_of_the_ranking(store, client):
    study = store.study("assess", briefs=True)
    view = View(study.measurement)
    newest = view.spans[-1]
    ranked = {row["region"]: row for row in study.ranking.in_period(newest.start, newest.end).rows(named=True)}
    page = Reader(client.get("/en/compare.html?a=Guizhou&b=22").text)
    cells = page.tables[0]["rows"][1:]
    assert [cell.strip() for cell in cells[0][1:]] == [percent(ranked[code]["tfp_growth"]) for code in view.codes]
    assert [cell.strip() for cell in cells[2][1:]] == [
        f"{ranked[code]['rank_low']}–{ranked[code]['rank_high']}" for code in view.codes
    ]
    html = client.get("/en/compare.html?a=Guizhou&b=22").text
    assert '<option value="520000" selected>' in html
    assert '<option value="220000" selected>' in html
    assert client.get("/en/compare.html?a=Atlantis").status_code == 422


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_topic_says_what_its_section_says(store, folder, language):
    from xinzhi.report.pages.yardstick.assessment import topics

    for section in topics(store.study("assess", briefs=True)):
        text = Reader((folder / language / "topic" / f"{section.key}.html").read_text("utf-8")).words
        for line in section.answer:
            assert " ".join(line.lang(language).split()) in text


def test_a_claim_is_judged_as_the_study_judges_it(client, store):
    asked = {"region": "520000", "start": 2017, "end": 2023, "growth": "1.8"}
    page = client.get("/en/claim.html", params=asked).text
    study = store.study("claim", region="520000", start=2017, end=2023, growth="1.8%")
    verdict = study.results["claim"].frame["verdict"][0]
    assert f": {verdict}. " in page
    assert all(line.en in unescape(page) for line in store.section(study).answer)
    assert 'value="2017"' in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"region": "520000", "start": 2017}, "A claim needs"),
        ({"region": "520000", "start": "soon", "end": 2023, "growth": 1}, "A claim needs"),
        ({"region": "<b>", "start": 2017, "end": 2023, "growth": 1}, "&lt;b&gt;"),
        ({"region": "520000", "start": 2017, "end": 2023, "growth": "much"}, "cannot be read"),
    ],
)
def test_a_claim_that_cannot_be_read_is_refused_with_the_cure(client, asked, said):
    answer = client.get("/en/claim.html", params=asked)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'href="index.html"' in answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"region": "贵州", "start": "2010", "end": "2020", "growth": "abc"}, {"growth"}),
        ({"region": "520000", "start": "2020", "end": "2010", "growth": "1.8"}, {"start", "end"}),
        ({"region": "Atlantis", "start": "2012", "end": "2017", "growth": "1.8%"}, {"region"}),
        ({"region": "520000", "start": "soon", "growth": "2"}, {"start", "end"}),
    ],
)
def test_a_claim_that_cannot_be_read_keeps_its_form(client, language, typed, wrong):
    answer = client.get(f"/{language}/claim.html", params=typed)
    assert answer.status_code == 422
    form = answer.text[answer.text.index("<form") : answer.text.index("</form>")]
    fields = {name: re.search(rf'<(?:input|select) id="{name}"[^>]*>', form)[0] for name in forms.ASKS}
    assert {name for name, tag in fields.items() if "aria-invalid" in tag} == wrong
    assert all('aria-describedby="claim-error"' in fields[name] for name in wrong)
    assert re.search(r'id="claim-error" role="alert">[^<]{8,}<', form)
    for name in ("start", "end", "growth"):
        assert f'value="{typed.get(name, "")}"' in fields[name]
    chosen = "520000" if typed["region"] == "贵州" else typed["region"]
    assert re.findall(r'<option value="([^"]*)" selected>', form) == [chosen]


def test_departures_of_a_protocol_are_those_of_the_difference(client):
    from xinzhi.protocol import diff

    page = client.get("/en/protocol/zhang-2004.html", params={"against": "shan-2008"}).text
    for row in diff("zhang-2004", "shan-2008"):
        assert row.title.en in page


def test_an_industry_has_those_who_plan_it_and_those_who_can(client, store):
    plans, frame = store.package.tables["plans"], store.study("able").results["able"].frame
    named = set(plans.filter((pl.col("year") == plans["year"].max()) & (pl.col("named") == 1), category="ai")["region"])
    have = set(frame.filter(pl.col("able").is_in(["able", "by proxy"]), category="ai")["region"])
    page = client.get("/en/category/ai.html").text
    assert f"{len(named)} regions name it" in page
    assert f"of which {len(named & have)} show" in page
    for code in sorted(named - have):
        assert store.names.region(code).en in page


def test_a_protocol_is_carried_to_the_pages_that_are_computed_under_it_and_no_other(client):
    for path in ("index", "region/520000", "measure"):
        page = Reader(client.get(f"/en/{path}.html?protocol=zhang-2004").text)
        carried = {link for link in page.links if "protocol=zhang-2004" in link}
        assert carried
        for link in page.links:
            parts = urlsplit(link)
            if not parts.path.endswith(".html"):
                continue
            there = Address.parse(posixpath.normpath(posixpath.join("en", posixpath.dirname(path), parts.path)))
            assert ("protocol" in pages.query_names(there)) == (link in carried), link
    for path in ("/en/audit.html", "/en/data.html", "/en/topic/risks.html"):
        answer = client.get(f"{path}?protocol=zhang-2004", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, path)
    answer = client.get("/en/audit.html?protocol=nix&region=520000", follow_redirects=False)
    assert answer.headers["location"] == "/en/audit.html?region=520000"


@pytest.mark.parametrize(
    "path", ["/zh/region/999999.html", "/en/region/520000.html?protocol=nix", "/nix.html", "/en/a%2Fb.html", "/a/b/c/d"]
)
def test_a_page_that_says_why_there_is_none_is_as_whole_as_any(client, path):
    answer = client.get(path)
    assert answer.status_code in {404, 422}
    base = posixpath.dirname(path.partition("?")[0])
    heads = re.findall(r'<(?:link rel="stylesheet"|script|link rel="icon") (?:href|src)="([^"]+)"', answer.text)
    assert len(heads) == 5
    links = re.findall(r'<li><a href="([^"]+)"', answer.text)
    assert len(links) > 5
    for link in [*heads, *links]:
        assert client.get(posixpath.normpath(posixpath.join(base, link))).status_code == 200, link


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_browser_that_is_refused_gets_a_page_in_its_language(store, language):
    from fastapi.testclient import TestClient

    from xinzhi.web.app import safe

    form = {"accept": "text/html", "accept-language": language}
    with TestClient(safe(store), base_url="http://localhost") as visit:
        for what, answer in {
            "method": visit.put(f"/{language}/claim.html", headers=form),
            "too-large": visit.post(f"/{language}/projects.html", headers=form, content=bytes(store.limits.body + 1)),
            "host": visit.get(f"/{language}/claim.html", headers=form | {"host": "evil.example"}),
        }.items():
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            page = Reader(answer.text)
            why = message(f"web.{what}", size=store.limits.body // 1_000_000).lang(language)
            assert why in page.words
            assert bool(page.links) == (what != "host")  # one who may see nothing gets the words alone
        assert visit.post(f"/{language}/claim.html", headers=form).status_code == 405
        assert visit.post("/nix/projects.html", headers=form).status_code == 404
    made = TestClient(safe(store, "a-word-of-some-length")).get("/", headers=form)
    assert message("web.token").lang(language) in made.text


def test_a_site_says_whether_it_sets_a_cookie(store):
    made = Page(title=words("web.error.missing"))
    for guarded in (False, True):
        site = copy(store)
        site.guarded = guarded
        text = render.page_html(site, Address("en"), made)
        assert ("This site sets no cookies" in text) != guarded
        assert ("sets one cookie, which says for 12 hours" in text) == guarded


def test_what_a_browser_likes_best_is_weighed(client):
    answer = client.get("/", headers={"accept-language": "en;q=0.1, zh;q=0.9"}, follow_redirects=False)
    assert answer.headers["location"] == "/zh/index.html"
    for accepted, packed in (("gzip;q=0", None), ("br, gzip;q=0.5", "gzip"), ("", None)):
        sent = client.get("/zh/index.html", headers={"accept-encoding": accepted})
        assert sent.headers.get("content-encoding") == packed


def test_what_only_a_screen_needs_is_not_printed(folder):
    print_ = (folder / "assets" / "site.css").read_text("utf-8").partition("@media print")[2]
    hidden = print_[: print_.index("display: none")].rpartition("}")[2]
    assert {".ruler", ".refused", ".calls"} <= set(re.findall(r"\.[a-z]+", hidden))
