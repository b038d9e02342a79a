from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import Text
from xinzhi.report import plot
from xinzhi.report.charts.chart import Canvas
from xinzhi.report.charts.tree import finish, tidy
from xinzhi.report.pages import section
from xinzhi.report.pages.yardstick import regions as sketch
from xinzhi.report.pages.yardstick.measurement import available
from xinzhi.report.plots import Plot
from xinzhi.yardstick.internal import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.core.text import Language
    from xinzhi.yardstick.measurement import Measurement

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("ranking", "map", "sources", "contributions", "groups", "region")


def drawn(measurement: Measurement, kind: str) -> str:
    """Return a picture as the page shows it."""
    picture = next(one for one in section(measurement).pictures if one.kind == kind)
    return str(picture.figure("growth").svg)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_draws_in_both_languages(measurement: Measurement, kind: str, language: Language) -> None:
    spec = plot(measurement, kind, language, region="220000").to_dict()
    assert measurement.provenance.foot() == spec["title"]["subtitle"]
    assert spec["title"]["text"]


def test_the_default_kind_is_the_ranking(measurement: Measurement) -> None:
    chart = plot(measurement)
    assert isinstance(chart, Plot)
    assert "ranks first" in "".join(chart.to_dict()["title"]["text"])


def test_unknown_kind_lists_the_kinds(measurement: Measurement) -> None:
    with pytest.raises(UsageError, match="ranking, map, sources, contributions and groups"):
        plot(measurement, "pie")


def test_a_region_must_be_named_and_measured(measurement: Measurement) -> None:
    with pytest.raises(UsageError, match="region="):
        plot(measurement, "region")
    with pytest.raises(UsageError, match="'999999'"):
        plot(measurement, "region", region="999999")
    assert "Jilin" in "".join(plot(measurement, "region", region="Jilin").to_dict()["title"]["text"])


def test_other_regions_have_no_map(countries: Measurement) -> None:
    assert "map" not in available(View(countries))
    with pytest.raises(UsageError, match="no chart 'map'"):
        plot(countries, "map")


def test_of_many_regions_the_ends_are_drawn(make: Callable[..., Measurement]) -> None:
    many = make({f"R{i:03}": (f"地{i:03}", f"Place {i:03}", None, None, None) for i in range(60)})
    picture = drawn(many, "ranking")
    assert picture.count('class="en"') < 2 * 50
    assert "Place 000" in picture
    assert "Place 059" in picture
    assert "Place 030" not in picture
    assert "the first and the last 20 are drawn" in section(many).pictures[0].how.en


def test_another_result_has_no_picture() -> None:
    other = Result(frame=pl.DataFrame(), provenance=Provenance(verb="other", version="0"))
    with pytest.raises(UsageError, match="no picture of a Result"):
        plot(other)


@pytest.mark.parametrize("name", ["countries", "tiny", "indices", "ragged"])
def test_odd_measurements_draw_what_they_have(name: str, request: pytest.FixtureRequest) -> None:
    odd = request.getfixturevalue(name)
    for kind in available(View(odd)):
        ET.fromstring(f"<p>{drawn(odd, kind)}</p>")  # noqa: S314 - our own picture


@pytest.mark.parametrize("kind", ["ranking", "map", "sources", "contributions", "groups"])
def test_a_page_has_every_picture_in_each_language_with_labels_at_its_marks(
    measurement: Measurement, kind: str
) -> None:
    root = ET.fromstring(f"<p>{drawn(measurement, kind)}</p>")  # noqa: S314 - our own picture
    boxes = {box.get("class"): box for box in root}
    assert [box.get("lang") for box in root] == ["zh-CN", "en"]
    marks = {name: [mark.get("aria-label") for mark in box.findall(".//*[@aria-label]")] for name, box in boxes.items()}
    assert len(marks["zh"]) == len(marks["en"]) > 0
    assert all(marks["zh"])
    texts = {name: "".join(text.text or "" for text in box.iter(f"{SVG}text")) for name, box in boxes.items()}
    assert any("\u4e00" <= sign <= "\u9fff" for sign in texts["zh"])
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in texts["en"])


def test_pictures_name_no_font_and_no_address(measurement: Measurement) -> None:
    picture = drawn(measurement, "map").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "font-family" not in picture
    assert "http" not in picture.replace('xmlns:xlink="http://www.w3.org/1999/xlink"', "")


def svg(inside: str) -> ET.Element:
    return ET.fromstring(f'<svg xmlns="{SVG[1:-1]}" width="2" height="1">{inside}</svg>')  # noqa: S314 - our own


def test_the_ids_of_two_pictures_differ() -> None:
    root = finish(svg('<g clip-path="url(#clip0)"><text>a</text></g><clipPath id="clip0"/>'), "map", "map-title")
    written = ET.tostring(root, encoding="unicode")
    assert "url(#map-0)" in written
    assert 'id="map-0"' in written
    assert root.get("aria-labelledby") == "map-title"


@pytest.mark.parametrize("phone", [True, False])
def test_names_that_read_alike_in_one_language_are_told_apart(phone: bool) -> None:  # noqa: FBT001 - a parameter
    canvas, names = Canvas("en", 300, phone=phone), [Text(zh=zh, en="Shanxi") for zh in ("山西", "陕西", "陕溪")]
    written = [canvas.cell(name, "name") for name in names]
    assert len(set(map(str, written))) == 3
    assert written == [canvas.cell(name, "name") for name in names]


def test_a_chart_can_be_saved_in_every_kind_of_file(measurement: Measurement, tmp_path: Path) -> None:
    chart = measurement.plot("map", "zh")
    starts = {"svg": b"<svg", "png": b"\x89PNG", "html": b"<!DOCTYPE", "json": b"{"}
    for kind, start in starts.items():
        path = chart.save(tmp_path / f"map.{kind}")
        assert path.read_bytes().startswith(start)
    assert "aria-label" in (tmp_path / "map.html").read_text("utf-8")
    assert chart._repr_svg_() == chart._repr_html_() != chart.svg  # in a notebook its ids are its own
    with pytest.raises(UsageError, match="pdf"):
        chart.save(tmp_path / "map.pdf")


@pytest.mark.parametrize("name", ["measurement", "countries", "tiny", "indices"])
def test_small_pictures_are_well_formed_and_share_their_scales(name: str, request: pytest.FixtureRequest) -> None:
    measured: Measurement = request.getfixturevalue(name)
    view = View(measured)
    scales = sketch.frame_of(view)
    for code in view.codes:
        rows = measured.frame.filter(pl.col("region") == code).sort("year")
        root = ET.fromstring(sketch.picture(scales, rows, f"r{code}"))  # noqa: S314 - our own picture
        assert root.get("aria-labelledby") == f"r{code}-title"
        assert len(root.findall(f"{SVG}path")) >= 5
    assert scales.growth[0] < 0 < scales.growth[1]
    assert scales.level[0] < 1 < scales.level[1]


def test_a_break_is_marked_in_the_small_picture(measurement: Measurement) -> None:
    scales = sketch.frame_of(View(measurement))
    drawn = {
        code: sketch.picture(scales, measurement.frame.filter(pl.col("region") == code), "r")
        for code in ("110000", "220000")
    }
    assert ">b</text>" in drawn["110000"]
    assert ">b</text>" not in drawn["220000"]
    assert "含外推数据" in drawn["220000"]


def test_the_pictures_of_the_documentation_are_drawn(measurement: Measurement, tmp_path: Path) -> None:
    script = Path(__file__).parents[3] / "docs" / "make_pictures.py"
    spec = importlib.util.spec_from_file_location("make_pictures", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    files = module.draw(measurement, tmp_path)
    assert {path.name for path in files} >= {"first-look.svg", "first-look.png"}
    assert all(path.stat().st_size > 2_000 for path in files)


def test_a_tree_says_once_what_marks_share_and_rounds_places() -> None:
    root = svg(
        '<g class="mark"><g><path d="M553.4122218,-0.00001h1.5" fill="red" opacity="1"/>'
        '<path fill="red" transform="translate(1.23456,2)" d="M2,0A2,2,0,1,1,-2,0A2,2,0,1,1,2,0" '
        'aria-label="a"/></g></g>'
    )
    tidy(root)
    written = ET.tostring(root, encoding="unicode").replace(" />", "/>").replace("ns0:", "")
    assert (
        '<g fill="red"><path d="M553.41,0h1.5"/><circle aria-label="a" role="img" cx="1.23" cy="2" r="2"/></g>'
        in written
    )
