"""SDMX-CSV: the observations of a result, read again as they were, and by an independent reader where there is one."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from xinzhi.core import flags
from xinzhi.core.errors import UsageError
from xinzhi.report.export import codes, concept, observations, status

# SDMX cross-domain code list CL_OBS_STATUS 2.2, the codes that xinzhi gives
CL_OBS_STATUS = {"A", "B", "D", "E", "I", "P"}


@pytest.fixture(scope="module")
def path(tmp_path_factory, measurement):
    return xinzhi.write(measurement, tmp_path_factory.mktemp("sdmx") / "growth.sdmx.csv")


def test_the_file_has_the_columns_of_the_field_guide_in_their_order(path):
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith(
        "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,TIME_PERIOD,INDICATOR,OBS_VALUE,UNIT_MEASURE,OBS_STATUS"
    )
    assert path.read_bytes()[:3] != b"\xef\xbb\xbf"


def test_every_figure_is_one_observation_and_comes_back(path, measurement):
    read = pl.read_csv(path, schema_overrides={"REF_AREA": pl.String})
    assert set(read["STRUCTURE"]) == {"dataflow"}
    assert set(read["STRUCTURE_ID"]) == {"XINZHI:MEASURE(0.1.0)"}
    assert set(read["ACTION"]) == {"I"}
    assert not read.select("REF_AREA", "TIME_PERIOD", "INDICATOR").is_duplicated().any()
    wide = read.pivot("INDICATOR", index=["REF_AREA", "TIME_PERIOD"], values="OBS_VALUE")
    frame = measurement.frame.sort("region", "year")
    wide = wide.sort("REF_AREA", "TIME_PERIOD")
    for name in ("output_growth", "tfp_growth", "labour_share", "tfp_level"):
        assert wide[name.upper()].to_list() == frame[name].to_list()


def test_flags_are_the_status_of_observations_and_are_told_in_words(path):
    read = pl.read_csv(path, schema_overrides={"REF_AREA": pl.String})
    assert set(read["OBS_STATUS"]) <= CL_OBS_STATUS
    late = read.filter(pl.col("TIME_PERIOD") > 2008)
    assert set(late["OBS_STATUS"]) == {"E"}
    assert "extrapolated: gross fixed capital formation" in late["COMMENT_OBS"][0]
    assert read.filter(pl.col("INDICATOR") == "TFP_GROWTH")["UNIT_MEASURE"][0].startswith(
        "% per year, stored as a fraction"
    )


def test_codes_are_those_of_the_list_and_agree_with_the_marks():
    assert set(codes().values()) <= CL_OBS_STATUS
    assert all(flags.mark(kind).upper() == code for kind, code in codes().items())
    assert status("break:employment;extrapolated:investment") == "E"
    assert status("spliced:output") == status(None) == status("") == "A"


def test_unknown_figures_are_no_observations(measurement):
    holed = measurement.frame.with_columns(tfp_level=pl.lit(None, pl.Float64), labour_share=pl.lit(float("nan")))
    held = observations(_with(measurement, holed))
    assert not {"TFP_LEVEL", "LABOUR_SHARE"} & set(held["INDICATOR"])


def _with(result, frame):
    return replace(result, frame=frame)


def test_the_end_of_a_period_is_its_time_and_a_column_of_that_name_keeps_it(measurement, monkeypatch):
    periods = measurement.periods.select("region", "start", "end", "tfp_growth", "flags").with_columns(
        indicator=pl.lit("a")
    )
    shown = _with(measurement, periods)
    monkeypatch.setattr(type(shown), "key", ("region", "start", "end"))
    held = observations(shown)
    assert held.columns[3:8] == ["REF_AREA", "START", "TIME_PERIOD", "MEASURE", "OBS_VALUE"]
    assert set(held["INDICATOR"]) == {"a"}


def test_names_of_concepts():
    assert [concept(one, "year") for one in ("region", "year", "tfp_growth", "a b")] == [
        "REF_AREA",
        "TIME_PERIOD",
        "TFP_GROWTH",
        "A_B",
    ]


def test_a_result_without_figures_is_refused(measurement, tmp_path):
    bare = _with(measurement, measurement.frame.select("region", "year", "flags"))
    with pytest.raises(UsageError, match="no observations"):
        xinzhi.write(bare, tmp_path / "x.sdmx.csv")
    assert not list(tmp_path.iterdir())


def test_pysdmx_reads_the_same_figures(path, measurement):
    io = pytest.importorskip("pysdmx.io")
    pytest.importorskip("pandas")
    (held,) = io.read_sdmx(path, validate=False).data
    assert held.short_urn == "Dataflow=XINZHI:MEASURE(0.1.0)"
    growth = held.data[held.data["INDICATOR"] == "TFP_GROWTH"].sort_values(["REF_AREA", "TIME_PERIOD"])
    expected = measurement.frame.sort("region", "year")["tfp_growth"].to_list()
    assert [float(one) for one in growth["OBS_VALUE"]] == pytest.approx(expected, rel=1e-15)
