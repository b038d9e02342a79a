from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import fastexcel
import polars as pl
import pytest

from xinzhi.core.errors import UsageError
from xinzhi.data import read_file
from xinzhi.report import export, write

if TYPE_CHECKING:
    from pathlib import Path

    from xinzhi.yardstick.measurement import Measurement


def test_csv_and_parquet_give_the_frame_back(tmp_path: Path, measurement: Measurement) -> None:
    text = pl.read_csv(
        write(measurement, tmp_path / "growth.csv"),
        schema_overrides={"region": pl.String},
    ).with_columns(pl.col("flags").fill_null(""))
    assert text.equals(measurement.frame)
    assert pl.read_parquet(write(measurement, tmp_path / "growth.parquet")).equals(measurement.frame)


def test_parquet_carries_the_fingerprint(tmp_path: Path, measurement: Measurement) -> None:
    marks = pl.read_parquet_metadata(write(measurement, tmp_path / "growth.parquet"))
    assert marks["fingerprint"] == measurement.provenance.protocol_fingerprint


def test_xlsx_holds_numbers_and_codes(tmp_path: Path, measurement: Measurement) -> None:
    book = fastexcel.read_excel(write(measurement, tmp_path / "GROWTH.XLSX"))
    assert book.sheet_names == ["measurement", "provenance"]
    frame = book.load_sheet(0).to_polars()
    assert frame["region"].dtype == pl.String
    assert frame["tfp_growth"].to_list() == pytest.approx(measurement.frame["tfp_growth"].to_list(), abs=1e-15)


def test_stata_gets_labels(tmp_path: Path, measurement: Measurement) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    frame, about = pyreadstat.read_dta(write(measurement, tmp_path / "growth.dta"))
    assert frame.shape == measurement.frame.shape
    assert about.column_names_to_labels["tfp_growth"] == "TFP growth"
    assert about.file_label == measurement.provenance.foot()


def test_stata_is_read_back_as_it_was(tmp_path: Path, measurement: Measurement) -> None:
    pytest.importorskip("pyreadstat")
    cells = read_file(write(measurement, tmp_path / "growth.dta"), "growth").cells
    assert cells["tfp_growth"].equals(measurement.frame["tfp_growth"])
    assert cells["region"].equals(measurement.frame["region"])


def test_sdmx_csv_is_read_by_a_tool_of_the_field(tmp_path: Path, measurement: Measurement) -> None:
    path = write(measurement, tmp_path / "growth.sdmx.csv")
    growth = read_file(path, "growth").cells.filter(pl.col("INDICATOR").str.to_lowercase() == "tfp_growth")
    rows = growth.select("REF_AREA", pl.col("TIME_PERIOD").cast(pl.Int64), pl.col("OBS_VALUE").cast(pl.Float64))
    theirs = measurement.frame.select("region", "year", "tfp_growth").drop_nulls()
    assert rows.sort("REF_AREA", "TIME_PERIOD").rows() == theirs.sort("region", "year").rows()
    message = pytest.importorskip("pysdmx.io", reason="the extra sdmx is not installed").read_sdmx(path)
    [data] = message.data
    assert str(data.structure).startswith("Dataflow=XINZHI:")
    assert {"REF_AREA", "INDICATOR", "TIME_PERIOD", "OBS_VALUE"} <= set(data.data.columns)
    assert len(data.data) == read_file(path, "growth").cells.height


def test_without_pyreadstat_the_cure_is_named(
    tmp_path: Path, measurement: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec

    def absent(name: str, *rest: Any) -> Any:
        return None if name == "pyreadstat" else found(name, *rest)

    monkeypatch.setattr(export.importlib.util, "find_spec", absent)
    with pytest.raises(UsageError, match=r"xinzhi\[io\]"):
        write(measurement, tmp_path / "growth.dta")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["growth.doc", "growth"])
def test_unknown_suffix_names_the_known_ones(tmp_path: Path, measurement: Measurement, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.csv, \.sdmx\.csv, \.parquet, \.xlsx and \.dta"):
        write(measurement, tmp_path / name)


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, measurement: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "growth.csv"
    target.write_text("old", encoding="utf-8")

    def half(frame: pl.DataFrame, path: Path) -> None:
        path.write_text(str(frame.width), encoding="utf-8")
        raise RuntimeError

    monkeypatch.setattr(export, "write_csv", half)
    with pytest.raises(RuntimeError):
        write(measurement, target)
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["old"]
