"""The main job and the small verbs, run as a user runs them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import polars as pl
import pytest
from called import called

import xinzhi
from bench_report import CHARTS_LIMIT, PAGES_LIMIT, browser, charts, pages
from xinzhi.report.pages.yardstick.outline import outline

FILES = ["report.html", "assessment.xlsx", "assessment-data.xlsx", "growth.csv", "levels.csv", "assessment.json"]
FILES += ["growth.csv-metadata.json", "levels.csv-metadata.json", "assessment.datapackage.json"]
FILES += ["certificate.json", "prov.json", "ro-crate-metadata.json"]


def run(*words):
    done = called(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assess(out, threads):
    """Assess China's provinces into a folder, in a process of its own, and return the document that is printed."""
    words = [sys.executable, "-m", "xinzhi", "assess", "china-provinces", "--out", str(out), "--json"]
    environment = os.environ | dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True, env=environment).stdout)


@pytest.fixture(scope="module")
def assessed(tmp_path_factory):
    """Return the document of an assessment, and the folder of its files."""
    out = tmp_path_factory.mktemp("assessed") / "out"
    return assess(out, "1"), out


def test_assess_writes_everything_and_says_so_in_one_document(assessed):
    document, out = assessed
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert document["protocol"]["id"] == "xinzhi-cn-2026"
    assert document["identity_gap"] < 1e-12
    growth = pl.read_csv(out / "growth.csv", schema_overrides={"region": pl.String})
    expected = xinzhi.measure("china-provinces").frame
    assert (growth["tfp_growth"] - expected["tfp_growth"]).abs().max() < 1e-15


def test_the_files_are_the_same_over_threads(assessed, tmp_path):
    assess(tmp_path, "8")
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (assessed[1], tmp_path)
    ]
    assert digests[0] == digests[1]


def test_the_report_is_short_and_keeps_its_annex_closed(assessed):
    html = (assessed[1] / "report.html").read_text("utf-8")
    assert 0 < charts(html) <= CHARTS_LIMIT
    main, annex = html.split('<details id="annex">')
    assert main.count('<section class="finding"') < charts(html)
    assert 'class="region"' not in main
    assert annex.count('<section class="region"') == 31
    for topic, excerpt in outline().topics.items():
        for kind in excerpt.pictures[:1]:
            assert f'id="{topic}-{kind}"' in main
        for key in excerpt.tables:
            assert f'<table class="{key}">' in main
    head = main[main.index('<table class="overview">') :].partition("</tr>")[0]
    assert head.count("<th scope") == len(outline().overview) + 2  # the region, and growth in two periods
    assert {f">A.{n}<" in annex and f">A.{n}<" in main for n in range(1, 13)} == {True}  # in the contents too


@pytest.mark.skipif(browser() is None, reason="prints with a Chromium, of which there is none on the path")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_main_part_prints_on_few_pages(assessed, language):
    assert 8 <= pages(browser(), assessed[1] / "report.html", language) <= PAGES_LIMIT


def test_the_terminal_says_three_sentences(tmp_path):
    told = run("assess", "china-provinces", "--only", "none", "--out", tmp_path / "out", "--lang", "en").splitlines()
    assert [line.split()[0] for line in told[:4]] == ["TFP", "After", "Ranks", "xinzhi"]
    assert all(line.endswith(".") for line in told[:3])
    assert sum(len(line.split()) for line in told[:3]) <= 60


def test_a_changed_parameter_changes_the_fingerprint(assessed, tmp_path):
    plain, _ = assessed
    other = json.loads(
        run(
            *("assess", "china-provinces", "--only", "none", "--json"),
            *("--set", "capital.depreciation=1.096e-1", "--out", tmp_path / "b"),
        )
    )
    assert plain["protocol"]["fingerprint"] != other["protocol"]["fingerprint"]


def test_an_exported_package_gives_the_same_assessment(tmp_path):
    run("data", "export", "china-provinces", tmp_path / "mine")
    mine = xinzhi.measure(tmp_path / "mine").frame
    assert mine.equals(xinzhi.measure("china-provinces").frame)


def test_audit_prints_one_document():
    document = json.loads(run("audit", "china-provinces", "--json"))
    assert document["protocols"] > 10_000
    assert len(document["official_span"]) == 2


def test_protocol_list_and_diff_speak_chinese():
    assert "中国省级" in run("protocol", "list", "--lang", "zh")
    assert "capital.depreciation" in run("protocol", "diff", "xinzhi-cn-2026", "pwt-10.01", "--lang", "zh")
    assert json.loads(run("protocol", "show", "zhang-2004", "--json"))["id"] == "zhang-2004"


def test_data_list_names_the_shipped_package():
    assert json.loads(run("data", "list", "--json"))[0]["name"] == "china-provinces"
