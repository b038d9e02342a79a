"""Results and studies in notebooks: sentence, chart and table, in both languages, without a network."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest

import xinzhi
from xinzhi.report.notebook import ROWS, NotebookView


@pytest.fixture(scope="module", params=["zh", "en"])
def shown(request, measurement):
    return xinzhi.show(measurement, request.param)


def test_html_has_sentence_chart_and_first_rows_and_counts_the_rest(shown, measurement):
    html = shown._repr_html_()
    assert html.startswith(f'<div lang="{shown.language}">')
    assert shown.sentences()[0] in html.replace("&#x27;", "'").replace("&amp;", "&")
    assert html.count("<svg") == 1
    assert html.count("<tr>") == 1 + ROWS
    assert html.count("<th ") == measurement.frame.width
    assert {"zh": f"共{measurement.frame.height}行", "en": f"of {measurement.frame.height} rows"}[
        shown.language
    ] in html
    assert measurement.provenance.protocol_fingerprint[:12] in html


def test_titles_and_names_are_those_of_the_catalogue(shown):
    html = shown._repr_html_()
    assert {"zh": "全要素生产率增长（每年%）", "en": "TFP growth (% per year)"}[shown.language] in html
    assert {"zh": "北京", "en": "Beijing"}[shown.language] in html


def test_nothing_is_loaded_from_a_network_and_nothing_runs(shown):
    html = shown._repr_html_()
    assert not re.findall(r'(?:src|href)="(?!#)', html)
    assert "<script" not in html
    assert set(re.findall(r"https?://[^\"'<> ]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert len(html) < 200_000


def test_the_bundle_is_plain_text_and_html(measurement):
    bundle = measurement._repr_mimebundle_()
    assert bundle["text/plain"] == measurement.summary()
    assert bundle["text/html"] == measurement._repr_html_()


def test_the_language_is_that_of_the_variable_where_none_is_asked_for(measurement, monkeypatch):
    monkeypatch.setenv("XINZHI_LANG", "zh_CN")
    assert xinzhi.show(measurement).language == "zh"
    assert 'lang="zh"' in measurement._repr_html_()
    assert xinzhi.show(measurement, "en").language == "en"
    monkeypatch.delenv("XINZHI_LANG")
    assert xinzhi.show(measurement).language == "en"


def test_jupyter_gets_the_chart_for_its_own_vega_lite_with_svg_beside_it(measurement, monkeypatch):
    told = []
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace())
    monkeypatch.setitem(
        sys.modules, "IPython.display", SimpleNamespace(display=lambda bundle, raw: told.append((bundle, raw)))
    )
    measurement._ipython_display_()
    assert all(raw for _, raw in told)
    words, chart, table = (bundle for bundle, _ in told)
    (mime,) = [name for name in chart if name.startswith("application/vnd.vegalite.v")]
    assert chart[mime]["$schema"].startswith("https://vega.github.io/schema/vega-lite/v")
    assert chart["image/svg+xml"].startswith("<svg")
    assert "<p>" in words["text/html"]
    assert "<table" in table["text/html"]


def test_marimo_gets_a_chart_between_words_and_table(measurement, monkeypatch):
    marimo = SimpleNamespace(Html=lambda text: ("html", text), vstack=list)
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    words, chart, table = measurement._display_()
    assert words[0] == table[0] == chart[0] == "html"
    assert chart[1].startswith("<svg")


def test_a_study_is_led_by_its_first_result_and_names_the_others():
    made = xinzhi.study("scope", "china-provinces", as_of=2024)
    html = made._repr_html_()
    first, *others = made.results
    assert NotebookView(made.results[first], "en").sentences()[0] in html.replace("&#x27;", "'")
    assert all(name in html for name in others)
    assert all(
        note.en in html.replace("&#x27;", "'").replace("&amp;", "&").replace("&quot;", '"') for note in made.notes
    )


def test_a_brief_is_shown_of_its_region():
    made = xinzhi.study("brief", "china-provinces", region="吉林")
    shown = NotebookView(made, "zh")
    assert "吉林" in "".join(shown.sentences()[:3])
    assert set(shown.frame["region"]) == {"220000"}
    assert "吉林" in str(shown.plot().to_dict())


def test_words_are_escaped(measurement):
    bad = replace(measurement, frame=measurement.frame.with_columns(region=pl.lit("<script>alert(1)</script>")))
    assert "<script" not in NotebookView(bad, "en")._repr_html_()


@pytest.mark.parametrize("name", ["countries", "tiny", "indices", "ragged"])
def test_odd_results_are_shown(name, request):
    assert "<table" in xinzhi.show(request.getfixturevalue(name), "zh")._repr_html_()


def test_two_charts_on_one_page_share_no_id(measurement):
    first, second = (measurement.plot("map", language) for language in ("zh", "en"))
    ids = [set(re.findall(r'\bid="([^"]+)"', plot._repr_html_())) for plot in (first, second)]
    assert all(ids)
    assert not ids[0] & ids[1]
    assert first._repr_html_() == first._repr_svg_()
