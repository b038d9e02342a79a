from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import fastexcel
import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.core.text import same
from xinzhi.protocol import load
from xinzhi.report import plot, write_audit, writing
from xinzhi.report.page import page
from xinzhi.report.pages.yardstick import audit as pages
from xinzhi.report.pages.yardstick import audit_pictures
from xinzhi.report.pages.yardstick import audit_tables as tables
from xinzhi.report.pages.yardstick.tables import COLUMNS
from xinzhi.report.writing import report_of
from xinzhi.yardstick.internal import LISTED, AuditView, level_text

KINDS = ["room", "ranks", "curve", "variance", "reversals"]
NAMES = ("audit.html", "audit.xlsx", "audit.json", "audit-data.xlsx", "audit.csv")
NAMES += ("audit.csv-metadata.json", "audit.datapackage.json")

if TYPE_CHECKING:
    from xinzhi.core.text import Language, Text
    from xinzhi.report.document import Document
    from xinzhi.yardstick import Audit

ROOT = Path(__file__).resolve().parents[3]
VOID = {"meta", "input", "br", "img", "hr", "link", "path", "rect", "circle", "line", "stop", "polygon", "polyline"}
SHEETS = ["Cover", "Contents", "Notes"]
SHEETS += ["1 Regions", "2 Choices", "3 Variance", "4 Variance by region", "5 Reversals", "6 Misreports"]
SHEETS += ["7 Protocols"]
DATA = [*SHEETS[:3], "1 Alternatives left out", "2 Protocol"]
TEXT = "{zh: 少数做法, en: a few ways}"
FEW = {
    "capital": ("measure", ("given_stock", "given_services")),
    "labour": ("unit", ("persons", "hours")),
    "shares": ("rule", ("observed_regional", "constant")),
}


@pytest.fixture(scope="module")
def provinces() -> Audit:
    return xinzhi.audit("china-provinces", "xinzhi-cn-2026")


@pytest.fixture(scope="module")
def view(provinces: Audit) -> AuditView:
    return AuditView(provinces)


@pytest.fixture(scope="module")
def html(provinces: Audit) -> str:
    return page(drawn(provinces), "en")


def drawn(result: Audit) -> Document:
    return report_of([result], name="audit", source=same("china-provinces"))


def small(folder: Path, regions: int, shares: tuple[float, ...] = (0.5, 0.6, 0.4, 0.65, 0.55, 0.45)) -> Audit:
    """Audit a synthetic panel of a few regions under 2 x 2 x 2 x (1 + 6) = 56 protocols."""
    lines = []
    for group, (name, values) in FEW.items():
        others = ", ".join(f"{{value: {value}}}" for value in values[1:])
        lines.append(f"  {group}:\n    {name}: {{value: {values[0]}, alternatives: [{others}]}}")
    lines[1] += "\n    quality: {value: none, alternatives: [{value: given}]}"
    others = ", ".join(f"{{value: {value}}}" for value in shares[1:])
    lines[2] += f"\n    constant: {{value: {shares[0]}, alternatives: [{others}]}}"
    path = folder / f"few-{regions}.yaml"
    path.write_text(
        f'id: few\nversion: "1"\ntitle: {TEXT}\nstatus: proposed\nauthority: {TEXT}\ndescription: {TEXT}\n'
        f"extends: pwt-10.01\nparameters:\n" + "\n".join(lines) + "\n  reporting:\n"
        "    periods: {value: [[2000, 2006]]}\n",
        encoding="utf-8",
    )
    place, time = 6 * np.arange(regions)[:, None] / regions, np.arange(7)[None, :]
    series = {
        "output_real": 100 * np.exp((0.05 + 0.01 * place) * time),
        "capital": 300 * np.exp((0.08 - 0.01 * place) * time),
        "capital_services": 300 * np.exp((0.09 - 0.015 * place) * time),
        "employment": 10 * np.exp((0.01 + 0.002 * place) * time),
        "hours": 2000 * np.exp((-0.004 + 0.001 * place) * time),
        "human_capital": 2 * np.exp((0.01 + 0.003 * place) * time),
        "labour_share": np.broadcast_to(0.5 + 0.02 * place, (regions, 7)) + 0.001 * time,
    }
    keys = {"region": np.repeat([f"R{i}" for i in range(regions)], 7), "year": np.tile(np.arange(2000, 2007), regions)}
    accounts = pl.DataFrame({**keys, **{name: np.ravel(values) for name, values in series.items()}})
    package = xinzhi.load({"accounts": accounts}, units={"accounts": {"hours": "hours per person"}})
    return xinzhi.audit(package, load(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("few")


@pytest.fixture(scope="module")
def few(folder: Path) -> Audit:
    return small(folder, 4)


@pytest.fixture(scope="module")
def alone(folder: Path) -> Audit:
    return small(folder, 1)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory, provinces: Audit) -> Path:
    made = tmp_path_factory.mktemp("audit") / "made"
    assert write_audit(provinces, made) == [made / name for name in NAMES]
    return made


def headline(view: AuditView, kind: str) -> Text:
    return next(one.headline for one in pages.audit(view.audit).pictures if one.kind == kind)


class Reader(HTMLParser):
    """Check that tags nest, and collect links and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [str(found["id"])] if found.get("id") else []
        self.links += [str(found[name]) for name in ("src", "href", "xlink:href") if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.faults.append(f"</{tag}> at {self.getpos()}")


def test_the_page_is_well_formed_and_fetches_nothing(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert (reader.faults, reader.open) == ([], [])
    assert len(set(reader.ids)) == len(reader.ids)
    assert all(link.startswith("#") and link[1:] in reader.ids for link in reader.links)
    assert len(reader.links) > 5
    assert not re.search(r"@import|@font-face|url\((?!#)|<img|<link|<iframe", html)
    addresses = set(re.findall(r"https?://[^\s\"'<]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_everything_said_is_said_in_both_languages(html: str) -> None:
    spans = re.findall(r'<span class="(zh|en)" lang="([\w-]+)">', html)
    assert spans[::2] == [("zh", "zh-CN")] * (len(spans) // 2)
    assert spans[1::2] == [("en", "en")] * (len(spans) // 2)
    boxes = re.findall(r'<div class="(zh|en)" lang="[\w-]+"><svg', html)
    assert boxes.count("zh") == boxes.count("en") > 4


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_opens_in_the_language_asked_for(few: Audit, language: Language) -> None:
    made = page(drawn(few), language)
    assert f'id="lang-{language}" class="switch" checked' in made
    assert made.count(" checked>") == 1


def test_the_answer_leads_and_the_warning_follows(html: str, view: AuditView) -> None:
    first, ranked = view.rows.filter(pl.col("best_rank") == 1).height, view.ranked.height
    said = f"{first} of the {ranked} regions could rank first in TFP growth"
    assert html.index(said) < html.index("must not be searched for a better answer") < html.index("<nav")
    assert "不可从中挑选更好看的结果" in html


def test_the_answer_is_made_of_the_numbers(view: AuditView, provinces: Audit) -> None:
    sentences = " ".join(text.en for text in (*pages.audit(view.audit).answer, *pages.reach(view)))
    row = view.row(str(view.furthest))
    assert f"from rank {row['reference_rank']} to {row['best_rank']}" in sentences
    assert f"{provinces.protocols.height:,} protocols are admissible" in sentences
    name, part = next(iter(view.shares.items()))
    assert name == "shares.rule"
    assert f"The share rule alone makes {100 * part:.0f}\u00a0% of the spread" in sentences


def test_every_picture_has_headline_table_and_foot(html: str, view: AuditView) -> None:
    found = pages.audit(view.audit).figures()
    assert [one.key for one in found] == [f"audit-{kind}" for kind in (*KINDS, "curves")]
    for one in found:
        assert f'id="{one.key}-title"' in html
        assert one.picture.twin.rows
        assert one.picture.how.zh
        assert one.picture.how.en
    assert html.count(view.audit.provenance.foot()) > len(found)
    assert str(view.audit.provenance.protocol_fingerprint) in html


def test_the_worst_rank_is_what_a_search_finds(view: AuditView, provinces: Audit) -> None:
    at = provinces.spans.index(provinces.official_span)
    ranked = provinces.regions["region"].is_in(view.ranked["region"].implode()).to_numpy()
    values, barred = provinces.estimates[:, :, at][:, ranked], provinces.admission.of_span(at)[:, ranked]
    codes = provinces.regions["region"].filter(pl.Series(ranked)).to_list()
    for code, worst, best in view.ranked.select("region", "worst_rank", "best_rank").rows():
        here = codes.index(code)
        ranks = 1 + (np.delete(values[0], here)[None] > values[:, [here]]).sum(axis=1)
        assert (worst, best) == (ranks.max(), ranks[~barred[:, here]].min())


def test_regions_that_fail_admission_are_shown_and_not_ranked(view: AuditView, html: str) -> None:
    failed = view.rows.filter(pl.col("grade") == "D")
    assert failed.height == view.rows.height - view.ranked.height == 2
    assert failed["reference_rank"].null_count() == failed["worst_rank"].null_count() == 2
    assert {row["name"].en for row in audit_pictures.headroom(view)}.isdisjoint(
        view.name(code).en for code in failed["region"]
    )
    assert view.curve(failed["region"][0]).first == 0.0
    assert "fail admission in 2012–2017" in html


@pytest.mark.parametrize("code", ["640000", "370000", None])
def test_the_curve_is_sorted_and_holds_the_official_protocol(view: AuditView, code: str | None) -> None:
    found = view.curve(code)
    assert (np.diff(found.values) >= 0).all()
    assert found.reference == view.row(found.code)["reference"]
    assert found.values[round(found.place * len(found.values))] == found.reference
    assert (found.first > 0) == (view.row(found.code)["best_rank"] == 1)


def test_strips_of_a_choice_add_up_to_all_protocols_at_every_place(provinces: Audit) -> None:
    view = AuditView(provinces)
    found = view.curve("640000")
    rows = [row for row in audit_pictures.layout(view, "640000") if row.level is not None]
    for axis in range(len(view.choices)):
        cells = [cell for row in rows if row.choice == axis for cell in audit_pictures.strip(found, row)]
        for place in range(audit_pictures.STRIPS):
            at = 100 * (place + 0.5) / audit_pictures.STRIPS
            total = sum(cell["value"] for cell in cells if cell["x"] < at < cell["x2"])
            assert total == pytest.approx(1, abs=0.01)


def test_neighbouring_cells_of_a_strip_are_not_alike(provinces: Audit) -> None:
    view = AuditView(provinces)
    for row in audit_pictures.layout(view, "640000"):
        if row.level is not None:
            cells = audit_pictures.strip(view.curve("640000"), row)
            assert all(left["x2"] < right["x"] or left["value"] != right["value"] for left, right in pairwise(cells))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_draws_in_both_languages(few: Audit, kind: str, language: Language) -> None:
    spec = plot(few, kind, language).to_dict()
    assert spec["title"]["subtitle"] == few.provenance.foot(language)
    assert "".join(spec["title"]["text"]).replace(" ", "") == headline(AuditView(few), kind).lang(language).replace(
        " ", ""
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_of_the_provinces_is_valid_and_bilingual(provinces: Audit, view: AuditView, kind: str) -> None:
    plot(provinces, kind).to_dict()
    drawn = next(one for one in pages.audit(view.audit).pictures if one.kind == kind).figure("audit").svg
    root = ET.fromstring(f"<p>{drawn}</p>")  # noqa: S314 - our own picture
    assert [box.get("lang") for box in root] == ["zh-CN", "en"]
    assert all(len(list(box.iter("{http://www.w3.org/2000/svg}text"))) > 10 for box in root)
    assert "…" not in drawn


def test_the_default_is_the_room_and_an_unknown_kind_lists_the_kinds(provinces: Audit) -> None:
    assert "could rank first" in "".join(plot(provinces).to_dict()["title"]["text"])
    with pytest.raises(UsageError, match="room, ranks, curve, variance and reversals"):
        plot(provinces, "map")
    with pytest.raises(UsageError, match="'999999'"):
        plot(provinces, "curve", region="999999")


def test_the_curve_of_a_named_region_is_drawn(provinces: Audit) -> None:
    assert "Yunnan" in "".join(plot(provinces, "curve", region="530000").to_dict()["title"]["text"])


def test_the_small_curves_show_every_region_once(view: AuditView) -> None:
    data = audit_pictures.small_curves(view).spec("en")["datasets"]
    assert len(data["names"]) == len(data["dots"]) == len({row["cell"] for row in data["lines"]}) == 31


def test_choices_are_told_in_short_words_of_both_languages(view: AuditView) -> None:
    for choice in view.choices:
        shown = [level_text(choice, at) for at in range(len(choice.levels))]
        assert len({text.en for text in shown}) == len({text.zh for text in shown}) == len(shown)
        for text in shown:
            assert not re.search(r"[\u4e00-\u9fff]|_", text.en)
            assert text.en


def test_departures_are_told_in_words(view: AuditView) -> None:
    assert view.departures(0).en == ""
    row = view.row("370000")
    assert view.departures(int(str(row["best_protocol"]))).en == "share rule: factor cost"
    assert view.single("labour.breaks=flag").zh == "就业断点：只标记"


def test_nothing_but_these_files_is_left(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES)


def sheet(path: Path, name: str) -> pl.DataFrame:
    return fastexcel.read_excel(path).load_sheet(name, header_row=5).to_polars()


def test_numbers_in_the_workbook_are_numbers(out: Path, provinces: Audit) -> None:
    path = out / "audit.xlsx"
    assert fastexcel.read_excel(path).sheet_names == SHEETS
    assert fastexcel.read_excel(out / "audit-data.xlsx").sheet_names == DATA
    rows = sheet(path, "1 Regions")
    assert rows.height == provinces.frame.height
    found = rows.to_series(COLUMNS["audit_regions"].index("reference"))
    assert found.dtype == pl.Float64
    assert found.to_list() == pytest.approx((100 * provinces.frame["reference"]).to_list(), abs=1e-12)
    matrix = sheet(path, "5 Reversals")
    assert matrix.shape == (29, 30)  # two of 31 fail admission
    shares = sheet(path, "3 Variance").to_series(2)
    assert shares.sum() == pytest.approx(100)


def test_a_large_set_lists_the_protocols_that_matter(out: Path, view: AuditView) -> None:
    rows = sheet(out / "audit.xlsx", "7 Protocols")
    numbers = set(rows.to_series(0).to_list())
    assert 0 in numbers
    assert set(view.audit.frame["best_protocol"].drop_nulls().to_list()) <= numbers
    assert rows.height < LISTED < view.protocols


def test_csv_and_document_hold_full_precision(out: Path, provinces: Audit, view: AuditView) -> None:
    frame = pl.read_csv(out / "audit.csv", schema_overrides={"region": pl.String})
    assert frame["reference"].equals(provinces.frame["reference"])
    document = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    assert document["provenance"]["protocol_fingerprint"] == provinces.provenance.protocol_fingerprint
    assert document["leading_period"] == list(provinces.official_span)
    assert [row["reference"] for row in document["regions"]] == provinces.frame["reference"].to_list()
    assert document["shares"] == view.shares
    assert "must not be searched" in document["warning"]["en"]


def test_the_same_audit_gives_the_same_bytes(few: Audit, tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        paths = write_audit(few, tmp_path / name, language="zh")
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert digests[0] == digests[1]
    assert fastexcel.read_excel(tmp_path / "one" / "audit.xlsx").sheet_names[:4] == ["封面", "目录", "说明", "1 地区"]


def test_a_failure_in_the_middle_leaves_the_old_files(
    few: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        (tmp_path / name).write_text("old", encoding="utf-8")

    def fail(*_: object) -> dict[str, object]:
        raise RuntimeError

    monkeypatch.setattr(writing, "dump", fail)
    with pytest.raises(RuntimeError):
        write_audit(few, tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == dict.fromkeys(NAMES, "old")


def test_a_file_where_the_folder_should_be_is_a_usage_error(few: Audit, tmp_path: Path) -> None:
    place = tmp_path / "taken"
    place.write_text("a file", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write into"):
        write_audit(few, place)


def test_a_set_of_56_protocols_is_listed_whole(few: Audit, tmp_path: Path) -> None:
    assert few.protocols.height == 56
    write_audit(few, tmp_path)
    assert sheet(tmp_path / "audit.xlsx", "6 Protocols").height == 56


def test_headlines_say_so_when_the_ruler_changes_no_rank(few: Audit) -> None:
    view = AuditView(few)
    assert view.rows["rank_gain"].max() == 0
    assert "No region could improve its rank" in headline(view, "room").en
    assert "keep their rank under every protocol" in headline(view, "ranks").en
    assert "No protocol changes the order" in headline(view, "reversals").en


def test_one_region_has_a_curve_but_no_ranks(alone: Audit, tmp_path: Path) -> None:
    view = AuditView(alone)
    assert [one.kind for one in pages.audit(view.audit).pictures] == ["curve", "variance"]
    said = " ".join(text.en for text in (*pages.audit(view.audit).answer, *pages.reach(view)))
    assert "% a year under the reference protocol" in said
    assert "rank" not in said
    assert view.curve(None).needed is None
    with pytest.raises(UsageError, match="no chart 'room'"):
        plot(alone, "room")
    assert all(path.stat().st_size > 0 for path in write_audit(alone, tmp_path))
    books = [fastexcel.read_excel(path).sheet_names for path in tmp_path.glob("*.xlsx")]
    assert not [name for names in books for name in names if "Reversals" in name]


def test_of_many_regions_the_ends_are_drawn(folder: Path) -> None:
    view = AuditView(small(folder, 60, shares=(0.5, 0.6)))
    for one in pages.audit(view.audit).figures():
        if one.key != "audit-curve":
            assert "the first and the last 20 are drawn" in one.picture.how.en, one.key
            assert view.codes[30] not in one.svg
    assert tables.regions(view, "room").rows[30][0].en == view.codes[30]


def test_the_picture_and_the_sentence_of_the_readme_are_what_the_audit_finds(provinces: Audit, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "make_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    files = module.draw(provinces, tmp_path, module.OF_THE_AUDIT)
    ranks = {f"audit-ranks{tail}.{kind}" for tail in ("", "-zh") for kind in ("svg", "png")}
    assert {path.name for path in files} == ranks | {"audit-variance.svg", "audit-reversals.svg"}
    assert all(path.stat().st_size > 10_000 for path in files)
    first, ranked = (
        AuditView(provinces).rows.filter(pl.col("best_rank") == 1).height,
        AuditView(provinces).ranked.height,
    )
    count = f"{provinces.protocols.height:,}"
    for name, said in (
        ("README.md", f"{first} of the {ranked} provinces"),
        ("README.zh.md", f"{ranked}个省（区、市）中有{first}个"),
    ):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert said in text
        assert count in text
        assert (ROOT / re.search(r"!\[[^\]]+\]\(([^)]+audit-ranks[^)]*)\)", text)[1]).is_file()  # type: ignore[index] # fails if missing
