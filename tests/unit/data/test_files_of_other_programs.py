"""Stata, SPSS, Arrow, SDMX-ML and old Excel files: one reader, the same figures; all files here are generated."""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Field, connect, read_file, tidy

FRAME = pl.DataFrame({"region": ["110000", "120000"], "year": [2023, 2023], "debt": [1.5, None]})
FIELDS = [Field("region", "code"), Field("year", "year"), Field("debt", sign="non-negative")]
OBS = '<Obs REF_AREA="{}" TIME_PERIOD="{}" OBS_VALUE="{}"/>'
NAMED = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
FLOW = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=OECD:DF_X(1.0)"
MESSAGE = (
    '<?xml version="1.0" encoding="utf-8"?>{doctype}'
    '<mes:StructureSpecificData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    f' xmlns:mes="{NAMED}/message" xmlns:ss="{NAMED}/data/structurespecific" xmlns:com="{NAMED}/common"'
    f' xmlns:ns1="{FLOW}:ObsLevelDim:AllDimensions"><mes:Header><mes:ID>x</mes:ID><mes:Test>false</mes:Test>'
    '<mes:Prepared>2026-01-01T00:00:00</mes:Prepared><mes:Sender id="X"/>'
    f'<mes:Structure structureID="DF_X" namespace="{FLOW}" dimensionAtObservation="AllDimensions">'
    '<com:StructureUsage><Ref agencyID="OECD" id="DF_X" version="1.0" class="Dataflow"/></com:StructureUsage>'
    '</mes:Structure></mes:Header><mes:DataSet ss:structureRef="DF_X" xsi:type="ns1:DataSetType"'
    ' ss:dataScope="DataStructure" action="Replace">{rows}</mes:DataSet></mes:StructureSpecificData>'
)


def write(frame, path):
    match path.suffix:
        case ".parquet":
            frame.write_parquet(path)
        case ".arrow":
            frame.write_ipc(path)
        case ".feather":
            frame.write_ipc(path, compression="zstd")
        case ".dta":
            pytest.importorskip("pyreadstat").write_dta(frame, str(path))
        case ".sav":
            pytest.importorskip("pyreadstat").write_sav(frame, str(path))
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather", ".dta", ".sav"])
def test_every_kind_of_file_gives_the_same_table(tmp_path, suffix):
    read = tidy(write(FRAME, tmp_path / f"debt{suffix}"), FIELDS, key=["region", "year"])
    assert read.frame.equals(FRAME)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather", ".dta", ".sav"])
@pytest.mark.parametrize("data", [b"", b"hello", None], ids=["empty", "text", "cut"])
def test_a_damaged_file_is_said_to_be_one(tmp_path, suffix, data):
    path = write(FRAME, tmp_path / f"debt{suffix}")
    path.write_bytes(path.read_bytes()[:150] if data is None else data)
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_file(path, "debt")
    assert "无法读取" in caught.value.lang("zh")


@pytest.mark.parametrize(("suffix", "extra"), [(".dta", "io"), (".sav", "io"), (".xml", "sdmx")])
def test_without_the_extra_the_cure_is_named(tmp_path, suffix, extra, monkeypatch):
    (tmp_path / f"x{suffix}").write_bytes(b"x")
    monkeypatch.setattr("xinzhi.data.frames.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=rf"xinzhi\[{extra}\]"):
        read_file(tmp_path / f"x{suffix}", "x")


@pytest.mark.parametrize("suffix", [".dta", ".arrow"])
def test_a_resource_of_a_package_may_be_such_a_file(tmp_path, suffix):
    write(FRAME.rename({"debt": "debt_total"}), tmp_path / f"debt{suffix}")
    (tmp_path / "datapackage.yaml").write_text(
        f"resources: [{{name: debt, path: debt{suffix}, fields: [{{name: debt_total, unit: 1e4 CNY}}]}}]", "utf-8"
    )
    assert xinzhi.load(tmp_path).tables["debt"]["debt_total"].to_list() == [1.5e-4, None]


def test_observations_of_an_sdmx_message(tmp_path):
    pytest.importorskip("pysdmx", reason="the extra sdmx is not installed")
    rows = OBS.format("AUT", 2000, 213.6) + OBS.format("AUT", 2001, "")
    (tmp_path / "x.xml").write_text(MESSAGE.format(doctype="", rows=rows), "utf-8")
    read = read_file(tmp_path / "x.xml", "x")
    assert read.cells.rows() == [("AUT", "2000", "213.6"), ("AUT", "2001", None)]


def test_an_sdmx_message_of_the_oecd_is_a_package(tmp_path):
    pytest.importorskip("pysdmx", reason="the extra sdmx is not installed")
    about = 'REF_AREA="AUT" TRANSACTION="B1GQ" PRICE_BASE="V" UNIT_MEASURE="XDC" UNIT_MULT="6"'
    rows = f'<Obs {about} TIME_PERIOD="2020" OBS_VALUE="380888.5"/>'
    (tmp_path / "x.xml").write_text(MESSAGE.format(doctype="", rows=rows), "utf-8")
    assert connect("oecd", tmp_path / "x.xml").tables["accounts"].rows() == [("AUT", 2020, 3808.885)]


@pytest.mark.parametrize("text", ["", "<a/>", "hello", "cut", "entities"])
def test_what_is_no_sdmx_message_is_refused(tmp_path, text):
    pytest.importorskip("pysdmx", reason="the extra sdmx is not installed")
    entity = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///no/such/file">]>'
    rows = OBS.format("&a;" if text == "entities" else "AUT", 2000, 1)
    whole = MESSAGE.format(doctype=entity if text == "entities" else "", rows=rows)
    (tmp_path / "x.xml").write_text({"cut": whole[:500], "entities": whole}.get(text, text), "utf-8")
    with pytest.raises(InputError, match="no SDMX-ML message"):
        read_file(tmp_path / "x.xml", "x")
