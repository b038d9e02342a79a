"""The page of a brief: self-contained, in both languages, two sheets of A4 when it is printed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from forgeries import three_provinces

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.report.document import brief_document as document
from xinzhi.report.pages.brief import gaps, page
from xinzhi.studies.brief import of_region
from xinzhi.studies.brief_facts import read

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
SICHUAN = "510000"  # three moves, three flags, ten peers and neighbours: the longest


@pytest.fixture(scope="module")
def shared():
    return read(xinzhi.load("china-provinces"), "xinzhi-cn-2026")


def printed(folder, html):
    """Return how many pages a browser prints, and their size in points."""
    source, target = folder / "brief.html", folder / "brief.pdf"
    source.write_text(html, encoding="utf-8")
    subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={folder / 'profile'}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    content = target.read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", content)
    return len(re.findall(rb"/Type\s*/Page\b", content)), {tuple(round(float(one)) for one in box) for box in boxes}


@pytest.mark.skipif(BROWSER is None, reason="no chromium to print with")
@pytest.mark.parametrize(("code", "language"), [(SICHUAN, "en"), (SICHUAN, "zh"), ("220000", "zh"), ("110000", "en")])
def test_it_prints_on_two_sheets_of_a4(shared, code, language, tmp_path):
    pages, sizes = printed(tmp_path, page(of_region(shared, code), language))
    assert pages == 2
    assert all(abs(width - 595) < 2 and abs(height - 842) < 2 for width, height in sizes)


DIGITS = re.compile(r"\d[\d,.]*")
NOT = {"zh": re.compile("不|没有|未|无|缺乏"), "en": re.compile(r"\b(?:no|not|none|never|without|nor|neither)\b")}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_brief_keeps_to_its_bounds(shared, language):
    """All 31 regions: letters, figures and negations of the two sheets; a requirement and an answer in each."""
    for code in shared.measured.regions["region"].to_list():
        brief = of_region(shared, code)
        lines = [line.lang(language) for lines in brief.sheet.values() for line in lines]
        text = "".join(lines) if language == "zh" else " ".join(lines)
        size = len(text) if language == "zh" else len(text.split())
        assert size <= (1300 if language == "zh" else 700), (code, size)
        years = re.compile(r"(?:19|20)\d\d")
        assert len(DIGITS.findall(years.sub("", text))) <= 40, code
        assert len(NOT[language].findall(text)) <= 8, code
        assert len(brief.sheet["answer"]) == 3
        assert ("全要素生产率须" in text) if language == "zh" else ("TFP must grow" in text)
        assert brief.sheet["advice"]


def test_the_parts_of_the_picture_add_up(shared):
    for code in ("340000", "140000", "540000"):
        for row in of_region(shared, code).more["bars"].iter_rows(named=True):
            parts = row["capital"] + row["labour"] + row["human_capital"] + row["tfp"]
            assert parts == pytest.approx(row["growth"], abs=1e-12)


def test_no_sentence_stands_in_most_briefs(shared):
    """What is equal everywhere belongs to the foot, once."""
    counts: dict[str, int] = {}
    codes = shared.measured.regions["region"].to_list()
    for code in codes:
        for line in {line.zh for lines in of_region(shared, code).sheet.values() for line in lines}:
            counts[line] = counts.get(line, 0) + 1
    assert {line for line, n in counts.items() if n > len(codes) / 2} == set()


def test_where_labour_falls_or_mining_is_large_the_residual_is_explained(shared):
    told = {
        code
        for code in shared.measured.regions["region"].to_list()
        if any("余值" in line.zh for line in of_region(shared, code).sheet["growth"])
    }
    assert {"220000", "230000", "140000"} <= told
    assert not told & {"110000", "330000", "440000"}


def test_the_band_of_a_gap_reads_alike_in_the_sentence_and_in_its_table_and_is_no_narrower(shared):
    seen = 0
    for code in shared.gaps.frame["region"].unique(maintain_order=True).to_list()[:12]:
        made = of_region(shared, code)
        table, said = gaps(made), " ".join(one.en for one in made.sentences("gaps"))
        bands = {row[0]: row[4].en for row in table.rows}
        for row in (one for one in made.parts["gaps"].get("gaps.one", []) if one["banded"]):
            low, high = bands[row["factor"]].split(" … ")
            assert f"band {low} to {high}" in said
            ends = [float(end.replace("−", "-")) for end in (low, high)]
            assert ends[0] <= 100 * row["low"] < ends[0] + 0.0101
            assert ends[1] - 0.0101 < 100 * row["high"] <= ends[1]
            seen += 1
    assert seen >= 8


def test_the_page_needs_nothing_from_elsewhere(shared):
    html = page(of_region(shared, "220000"), "zh")
    assert not re.search(r"(src|href)=", html)
    assert "<script" not in html
    assert 'id="lang-zh" class="switch" checked' in html


def test_names_of_the_data_are_escaped(shared):
    from dataclasses import replace

    from xinzhi.core.text import same

    html = page(replace(of_region(shared, "220000"), about=same("<b>&")), "en")
    assert "<b>&" not in html
    assert "&lt;b&gt;&amp;" in html


def test_the_document_has_every_sentence_in_both_languages(shared):
    made = of_region(shared, "520000")
    found = json.loads(json.dumps(document(made), default=str, allow_nan=False))
    assert list(found["parts"]) == list(made.parts)
    assert all(line["zh"] and line["en"] for lines in found["parts"].values() for line in lines)


def test_a_study_writes_page_and_document(shared, tmp_path):
    files = of_region(shared, "520000").write(tmp_path, "zh")
    assert [path.name for path in files] == ["brief-520000.html", "brief-520000.json"]


def test_an_assessment_links_the_briefs_that_were_asked_for(tmp_path):
    made = xinzhi.study("assess", "china-provinces", only=("none",), briefs=True)
    files = made.write(tmp_path)
    assert files[-1].name == "briefs"
    report = (tmp_path / "report.html").read_text("utf-8")
    linked = re.findall(r'href="(briefs/brief-\d{6}\.html)"', report)
    assert len(linked) == 31
    assert all((tmp_path / one).is_file() for one in linked)
    plain = xinzhi.study("assess", "china-provinces", only=("none",))
    plain.write(tmp_path / "plain")
    assert "briefs/" not in (tmp_path / "plain" / "report.html").read_text("utf-8")


def test_briefs_are_of_the_set_of_their_report(tmp_path):
    package = three_provinces(tmp_path / "data")
    tmp_path /= "out"
    made = xinzhi.study("assess", package, only=("none",), briefs=True)
    made.write(tmp_path)
    old = sorted(path.name for path in (tmp_path / "briefs").iterdir())
    (tmp_path / "briefs" / "brief-990000.html").write_text("of another run")
    replace(made, briefs=made.briefs[:2]).write(tmp_path)
    new = sorted(path.name for path in (tmp_path / "briefs").iterdir())
    assert len(new) == 4
    assert {*new} < {*old}
    listed = json.loads((tmp_path / "certificate.json").read_text("utf-8"))["report"]["files"]
    assert [name for name in listed if "/" in name] == [f"briefs/{name}" for name in new]
    (tmp_path / "briefs" / "mine.txt").write_text("mine")
    before = (tmp_path / "report.html").read_bytes()
    with pytest.raises(UsageError, match=r"has not written \(mine\.txt\)"):
        made.write(tmp_path)
    assert (tmp_path / "report.html").read_bytes() == before
    (tmp_path / "briefs" / "mine.txt").unlink()
    replace(made, briefs=()).write(tmp_path)
    assert not (tmp_path / "briefs").exists()
