from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import altair as alt
import polars as pl
import pytest

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import Text
from xinzhi.report import plot, svg
from xinzhi.report.charts.style import Words
from xinzhi.report.pages import section
from xinzhi.report.pages.yardstick import regions as sketch
from xinzhi.report.pages.yardstick.measurement import available
from xinzhi.yardstick import View

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
    assert isinstance(chart, alt.HConcatChart)
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
        ET.fromstring(drawn(odd, kind))  # noqa: S314 - our own picture


@pytest.mark.parametrize("kind", ["ranking", "map", "sources", "contributions", "groups"])
def test_every_word_of_a_picture_is_in_both_languages(measurement: Measurement, kind: str) -> None:
    root = ET.fromstring(drawn(measurement, kind))  # noqa: S314 - our own picture
    texts = root.findall(f".//{SVG}text")
    worded = [one for one in texts if any(sign.isalpha() for sign in one.text or "")]
    classes = [one.get("class") for one in worded if one.get("class")]
    assert classes
    assert classes.count("zh") == classes.count("en")
    assert all(
        one.get("lang") == {"zh": "zh-CN", "en": "en"}[one.get("class", "")] for one in worded if one.get("class")
    )
    marks = {one.text for one in worded if not one.get("class")}
    assert all(len(text or "") <= 5 for text in marks)  # letters of flags alone


def test_pictures_name_no_font_and_no_address(measurement: Measurement) -> None:
    picture = drawn(measurement, "map").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "font-family" not in picture
    assert "http" not in picture.replace('xmlns:xlink="http://www.w3.org/1999/xlink"', "")


def test_the_ids_of_two_pictures_differ() -> None:
    source = '<svg width="1" height="1"><g clip-path="url(#clip0)"/><clipPath id="clip0"/></svg>'
    drawn = svg.bilingual(source, {}, name="map")
    assert "url(#map-0)" in drawn
    assert 'id="map-0"' in drawn
    assert svg.bilingual(source.replace("clip0", "clip7"), {}, name="map") == drawn


def test_a_figure_without_a_twin_stands_as_it_is() -> None:
    drawn = "<svg><text>2e+304</text></svg>"
    assert svg.bilingual(drawn, {}, name="map") == drawn


def test_markup_in_a_name_is_escaped() -> None:
    out = svg.bilingual("<svg><text>A&amp;B</text></svg>", {"A&B": Text(zh="<甲>", en="A&B")}, name="x")
    assert "&lt;甲&gt;" in out
    assert "A&amp;B" in out


def test_words_make_room_for_the_longer_language() -> None:
    w = Words("en", roomy=True)
    shown = w(Text(zh="全要素生产率", en="TFP"))
    assert shown.startswith("TFP·")
    assert w.pairs[shown].en == "TFP"


@pytest.mark.parametrize("roomy", [True, False])
def test_names_that_read_alike_in_one_language_are_told_apart(roomy: bool) -> None:  # noqa: FBT001 - a parameter
    w, names = Words("en", roomy=roomy), [Text(zh=zh, en="Shanxi") for zh in ("山西", "陕西", "陕溪")]
    shown = [w(name) for name in names]
    assert len(set(shown)) == 3
    assert shown == [w(name) for name in names]
    assert [w.pairs[one] for one in shown] == names


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
    assert all(path.stat().st_size > 5_000 for path in files)


def test_coordinates_have_three_decimals_and_words_keep_theirs() -> None:
    source = (
        '<svg><path d="M553.4122218037817,-0.00001h1.5" transform="translate(1.23456,1e-7) scale(0.123456)"/>'
        '<text transform="translate(557.41222,2)">0.123456</text></svg>'
    )
    drawn = svg.bilingual(source, {}, name="map")
    assert 'd="M553.412,0h1.5"' in drawn
    assert "scale(0.123456)" in drawn
    assert '<text transform="translate(557.412,2)">0.123456</text>' in drawn
