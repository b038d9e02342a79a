from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import fastexcel
import openpyxl
import polars as pl
import pytest

from xinzhi.core.errors import UsageError
from xinzhi.core.files import whole
from xinzhi.report import write_assessment, writing
from xinzhi.report.pages.yardstick.assessment import NAMES
from xinzhi.report.workbook import SHEETS
from xinzhi.studies.internal import input_units

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.measurement import Measurement


@pytest.fixture(scope="module")
def out(
    tmp_path_factory: pytest.TempPathFactory, measurement: Measurement, protocol: Protocol, package: Package
) -> Path:
    folder = tmp_path_factory.mktemp("assessment") / "made"
    assert [path.name for path in write_assessment(measurement, protocol, package, folder)] == list(NAMES)
    return folder


def test_nothing_but_these_files_is_left(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES)


def test_the_csv_files_hold_the_frames_at_full_precision(out: Path, measurement: Measurement) -> None:
    codes = {"region": pl.String, "leader": pl.String}
    growth = pl.read_csv(out / "growth.csv", schema_overrides=codes).with_columns(pl.col("flags").fill_null(""))
    levels = pl.read_csv(out / "levels.csv", schema_overrides=codes)
    assert growth.equals(measurement.frame)
    assert levels.equals(measurement.levels)


def test_the_document_holds_provenance_findings_and_periods(out: Path, measurement: Measurement) -> None:
    document = json.loads((out / "assessment.json").read_text(encoding="utf-8"))
    assert document["provenance"]["protocol_fingerprint"] == measurement.protocol.fingerprint
    assert document["findings"][0]["rule"] == "text-in-number"
    assert document["leading_period"] == [2004, 2008]
    assert document["identity_gap"] == measurement.identity_gap
    assert len(document["periods"]) == measurement.periods.height
    assert document["coverage"][1]["last_official_year"] == 2008
    assert document["answer"].keys() == {"zh", "en"}


def sheet(path: Path, name: str) -> pl.DataFrame:
    """Return the cells of a sheet without those above its table; a column of numbers and marks is text."""
    return fastexcel.read_excel(path).load_sheet(name, header_row=5, dtypes="string").to_polars()


def test_numbers_in_the_workbook_are_numbers(out: Path, measurement: Measurement) -> None:
    cells = openpyxl.load_workbook(out / "assessment.xlsx")["5 Growth"]
    rows = list(cells.iter_rows(min_row=7, values_only=True))
    assert len(rows) == measurement.frame.height
    assert all(isinstance(cell, str) for row in rows for cell in row[:2])
    growth = [row[3] for row in rows]
    assert growth == pytest.approx((100 * measurement.frame["output_growth"]).to_list(), abs=1e-12)


def test_the_workbook_for_a_person_comes_first_and_all_tables_stand_in_one_of_the_two(out: Path) -> None:
    first, data = (fastexcel.read_excel(out / name).sheet_names for name in ("assessment.xlsx", "assessment-data.xlsx"))
    assert first[:5] == ["Cover", "Contents", "Notes", "1 Regions", "2 Ranking"]
    assert len(first) == SHEETS
    assert data[3:] == ["1 National by year", "2 Inputs", "3 Left out", "4 Protocol", "5 Findings"]


def test_headers_hold_the_unit_and_flags_are_letters(out: Path) -> None:
    rows = sheet(out / "assessment-data.xlsx", "2 Inputs")
    assert rows.columns[:4] == ["Code", "Region", "Year", "Output (100 million yuan at 2000 prices)"]
    flags = sheet(out / "assessment.xlsx", "5 Growth")["Flags"].to_list()
    assert {"[a]", "[b]", "[e] [i]"} <= set(flags)


def test_the_language_is_that_of_the_whole_workbook(
    tmp_path: Path, measurement: Measurement, protocol: Protocol, package: Package
) -> None:
    write_assessment(measurement, protocol, package, tmp_path, language="zh")
    book = openpyxl.load_workbook(tmp_path / "assessment.xlsx")
    assert book.sheetnames[:5] == ["封面", "目录", "说明", "1 地区一览", "2 排名"]
    head = [cell.value for cell in book["2 排名"][6]]
    assert head[:2] == ["位次", "地区"]


def test_the_same_inputs_give_the_same_bytes(
    out: Path, tmp_path: Path, measurement: Measurement, protocol: Protocol, package: Package
) -> None:
    write_assessment(measurement, protocol, package, tmp_path)
    for name in NAMES:
        digests = {hashlib.sha256((folder / name).read_bytes()).hexdigest() for folder in (out, tmp_path)}
        assert len(digests) == 1, name


def test_a_failure_in_the_middle_leaves_the_old_files(
    tmp_path: Path,
    measurement: Measurement,
    protocol: Protocol,
    package: Package,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in NAMES:
        (tmp_path / name).write_text("old", encoding="utf-8")

    def fail(*_: object) -> dict[str, object]:
        raise RuntimeError

    monkeypatch.setattr(writing, "dump", fail)
    with pytest.raises(RuntimeError):
        write_assessment(measurement, protocol, package, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    assert {path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {"old"}


def test_a_file_where_the_folder_should_be_is_a_usage_error(
    tmp_path: Path, measurement: Measurement, protocol: Protocol, package: Package
) -> None:
    place = tmp_path / "taken"
    place.write_text("a file", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write into"):
        write_assessment(measurement, protocol, package, place)


@pytest.mark.parametrize("name", ["countries", "tiny", "indices", "ragged"])
def test_odd_measurements_are_written(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, protocol: Protocol, package: Package
) -> None:
    odd: Measurement = request.getfixturevalue(name)
    paths = write_assessment(odd, protocol, replace(package, findings=(), units={}), tmp_path)
    assert all(path.stat().st_size > 0 for path in paths)
    books = [fastexcel.read_excel(tmp_path / f"assessment{more}.xlsx").sheet_names for more in ("", "-data")]
    assert any(name.endswith(" Ranking") for names in books for name in names)


def test_units_of_capital_come_from_the_price_index(protocol: Protocol, package: Package) -> None:
    assert input_units(protocol, package) == {
        "output": "1e8 CNY at 2000 prices",
        "capital": "1e8 CNY at 2000 prices",
        "labour": "1e4 persons",
    }
    assert input_units(protocol, replace(package, units={})) == {}


def test_temporary_names_never_survive(tmp_path: Path) -> None:
    def fail() -> None:
        with whole(tmp_path, ["a", "b"]) as (first, _):
            first.write_text("half", encoding="utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_csv_with_chinese_names_opens_in_excel(tmp_path: Path) -> None:
    from xinzhi.report.export import write_csv

    frame = pl.DataFrame({"name": ["吉林"], "value": [0.1]})
    write_csv(frame, tmp_path / "zh.csv")
    write_csv(frame.with_columns(name=pl.lit("Jilin")), tmp_path / "en.csv")
    assert (tmp_path / "zh.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert not (tmp_path / "en.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert pl.read_csv(io.BytesIO((tmp_path / "zh.csv").read_bytes())).equals(frame)


def test_the_page_of_eight_hundred_regions_shows_the_ends_of_the_ranking_and_says_so(
    make: Callable[..., Measurement], protocol: Protocol, package: Package, tmp_path: Path
) -> None:
    many = make({f"{at:06d}": (f"县{at}", f"County {at}", None, None, None) for at in range(800)})
    file = write_assessment(many, protocol, package, tmp_path)[0]
    page = file.read_text(encoding="utf-8")
    assert file.stat().st_size < 5_000_000
    anchors = set(re.findall(r' id="([^"]+)"', page))
    assert set(re.findall(r' href="#([^"]+)"', page)) <= anchors
    last = many.periods.filter(start=2004, end=2008).sort("rank")["region"].to_list()
    assert {name[2:] for name in anchors if name.startswith("r-")} == {*last[:20], *last[-20:]}
    assert "Of 800 regions the first and the last 20 of the ranking of 2004–2008 are shown one by one" in page
    assert "共800个，此处只逐一列出2004—2008年排名前后各20个" in page


def test_the_page_of_few_regions_shows_all_and_says_nothing(out: Path, measurement: Measurement) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count('class="region"') == measurement.regions.height
    assert "shown one by one" not in page
