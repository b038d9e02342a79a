"""`xinzhi claim` as a user meets it: exit codes, what is printed, what is written."""

from __future__ import annotations

import json

import polars as pl
import pytest
from called import answering, main_files

ONE = ["--region", "220000", "--from", "2012", "--to", "2017"]


@pytest.fixture
def xinzhi_claim(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "claim")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "claims.csv"
    rows = {"region": ["220000", "410000"], "start": [2012, 2015], "end": [2017, 2022], "growth": ["2.6", "2.21%"]}
    pl.DataFrame(rows).write_csv(path)
    return path


def test_a_supported_claim_exits_with_0(xinzhi_claim):
    code, out, err = xinzhi_claim("china-provinces", *ONE, "--growth", "2.6%")
    assert (code, err) == (0, "")
    assert out.startswith("Jilin 2012–2017, claimed 2.6% a year (±0.05 pp): supported.")


def test_a_claim_that_is_not_supported_exits_with_1(xinzhi_claim):
    code, out, _ = xinzhi_claim("china-provinces", *ONE, "--growth", "3.0%", "--lang", "zh")
    assert code == 1
    assert "吉林" in out
    assert "换协议可得" in out


def test_a_wider_rounding_and_another_protocol_may_support_it(xinzhi_claim):
    assert xinzhi_claim("china-provinces", *ONE, "--growth", "3.0%", "--rounding", "0.5pp")[0] == 0
    changed = ["--set", "labour.quality=none", "--set", "shares.rule=constant"]
    assert xinzhi_claim("china-provinces", *ONE, "--growth", "3.0%", *changed)[0] == 0


def test_a_negative_claim_is_no_option(xinzhi_claim):
    code, out, _ = xinzhi_claim("china-provinces", *ONE, "--growth", "-9.0%")
    assert code == 1
    assert "unreachable" in out


def test_json_is_one_document_and_nothing_else(xinzhi_claim):
    code, out, _ = xinzhi_claim("china-provinces", *ONE, "--growth", "3.0%", "--json")
    document = json.loads(out)
    assert code == 1
    assert document["supported"] is False
    assert document["results"][0]["frame"][0]["verdict"] == "reachable"
    assert document["departures"][0]["parameter"] == "labour.quality"
    assert document["results"][0]["provenance"]["protocol"] == "xinzhi-cn-2026"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_table_becomes_a_report_to_hand_over(lang, xinzhi_claim, table, tmp_path):
    out = tmp_path / "report"
    code, said, _ = xinzhi_claim("china-provinces", "--claims", table, "--out", out, "--lang", lang)
    assert code == 1
    files = ["claim-protocols.csv", *(f"claim.{suffix}" for suffix in ("csv", "html", "json", "md", "xlsx"))]
    assert sorted(main_files(out)) == files
    assert str(out / "claim.md") in said
    rows = pl.read_csv(out / "claim.csv", schema_overrides={"region": pl.String})
    assert rows["verdict"].to_list() == ["supported", "reachable"]
    listed = pl.read_csv(out / "claim-protocols.csv")
    assert listed.height == rows["giving"].sum()
    document = json.loads((out / "claim.json").read_text("utf-8"))
    assert [claim["verdict"] for claim in document["claims"]] == rows["verdict"].to_list()
    text = (out / "claim.md").read_text("utf-8")
    assert ("河南" if lang == "zh" else "Henan") in text


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ([*ONE], 2, "missing: --growth"),
        (["--growth", "2.1%"], 2, "missing: --region, --from and --to"),
        (["--rounding", "0.05pp"], 2, "missing: --region"),
        ([*ONE, "--growth", "fast"], 2, "growth 'fast' cannot be read"),
        ([*ONE, "--growth", "0.034"], 2, "'0.034%' or '3.4%'"),
        ([*ONE, "--growth", "2.1%", "--rounding", "0.05"], 2, "rounding 0.05 is 5"),
        (["--region", "9", "--from", "2012", "--to", "2017", "--growth", "1%"], 2, "there is no region '9'"),
        (["--region", "220000", "--from", "2012", "--to", "2030", "--growth", "1%"], 2, "2024–2030"),
        (["--region", "220000", "--from", "2017", "--to", "2012", "--growth", "1%"], 2, "start < end"),
        ([*ONE, "--growth", "2.1%", "--set", "capital.depreciation=fast"], 2, "capital.depreciation"),
        ([], 3, "claim needs the table 'claims'"),
        (["--claims", "nowhere.csv"], 3, "nowhere.csv"),
    ],
)
def test_misuse_says_what_is_wrong(arguments, code, word, xinzhi_claim):
    found, out, err = xinzhi_claim("china-provinces", *arguments)
    assert found == code
    assert word in err
    assert "Traceback" not in err
    assert out == ""


def test_a_table_and_one_claim_at_once_are_refused(xinzhi_claim, table):
    code, _, err = xinzhi_claim("china-provinces", "--claims", table, *ONE)
    assert code == 2
    assert "--claims names a table" in err


def test_a_bad_row_leaves_no_report(xinzhi_claim, tmp_path):
    path, out = tmp_path / "claims.csv", tmp_path / "report"
    path.write_text("region,start,end,growth\n220000,2012,2017,fast\n", encoding="utf-8")
    code, _, err = xinzhi_claim("china-provinces", "--claims", path, "--out", out)
    assert code == 3
    assert "row 1: growth 'fast'" in err
    assert not out.exists()
