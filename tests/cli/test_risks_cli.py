"""`xinzhi risks` as a user meets it: the page, the parts, what is said of a region, every way to hand in evidence."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml
from called import answering, main_files

import xinzhi

OLD = "合肥市肥西县上派镇污水处理厂，鑫辉水务公司，投资1.83亿元，占地62.5亩，管网12.7公里，日处理污水4.5万吨"
NEW = "肥西县上派镇智慧水务中心：鑫辉水务公司，投资18300万元，用地62.5亩，管网12.7公里，日处理污水4.5万吨"
BANDS = """name: mine
dated: 2026
source: our own
numerator: [explicit]
denominator: output
grades:
  - {name: low, from: 0}
  - {name: high, from: 0.5}
"""


@pytest.fixture
def risks(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "risks")


@pytest.fixture
def files(tmp_path):
    """Return a folder with projects, an archive, and what debt bands need."""
    projects = {"id": ["p1", "p2", "p3"], "region": ["340100", "吉林", "999999"], "text": [NEW, "量子实验室", "光伏"]}
    pl.DataFrame(projects).write_csv(tmp_path / "projects.csv")
    pl.DataFrame({"id": ["a1"], "text": [OLD]}).write_csv(tmp_path / "archive.csv")
    regions = xinzhi.load("china-provinces").tables["debt"].filter(year=2024)["region"].to_list()
    for name, amount in (("hidden", 3000.0), ("resources", 9000.0)):
        pl.DataFrame({"region": regions, "year": 2024, name: amount}).write_csv(tmp_path / f"{name}.csv")
    years = {"firm": ["007"] * 4, "year": range(2020, 2024), "profit": [1.0, -1.0, -2.0, -3.0]}
    pl.DataFrame(years).write_csv(tmp_path / "firms.csv")
    (tmp_path / "bands.yaml").write_text(BANDS, encoding="utf-8")
    return tmp_path


def test_main_job_runs_end_to_end(risks, files):
    given = ("--projects", files / "projects.csv", "--archive", files / "archive.csv")
    code, out, err = risks("china-provinces", "--draws", 100, *given)
    assert code == 0
    assert "of 31 regions are flagged" in out
    assert "1 repackaged" in out
    assert re.search(r"series (is|are) explosive", out)
    table = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    # old wine is the last column: bubbles, clear everywhere, have none
    assert table["Anhui"].split()[-1] == "!!"
    assert table["Beijing"].split()[-1] == "–"  # no project was screened there
    assert "1 project is in no region of the package (p3)" in err
    order = [out.index(part) for part in ("are flagged", "of capacity", "explicit debt", "repackaged, 0", "explosive")]
    assert order == sorted(order)


def test_a_region_is_explained_in_its_own_language(risks, tmp_path):
    code, out, err = risks(
        "china-provinces", "--only", "register", "--region", "Jilin", "--draws", 100, "--lang", "zh", "--out", tmp_path
    )
    assert code == 0
    assert "吉林：" in out
    assert "未检查" in out
    assert err == ""
    names = main_files(tmp_path)
    assert names == {"risks.html", "risks.xlsx", "risks.json", "risks.csv"}
    page = (tmp_path / "risks.html").read_text(encoding="utf-8")
    assert "risks-register-ledger" in page
    assert "债务扇形图" not in page


def test_json_is_one_document_with_the_matrix(risks):
    code, out, _ = risks("china-provinces", "--only", "register", "--draws", 100, "--json")
    found = json.loads(out)
    assert code == 0
    assert [one["provenance"]["verb"] for one in found["results"]] == ["register"]
    assert len(found["matrix"]) == 31 * 7
    assert {row["status"] for row in found["matrix"]} == {"flagged", "clear", "not checked"}


def test_without_plans_there_is_debt_and_a_reason(risks, tmp_path):
    shipped = Path(xinzhi.__file__).parent / "data" / "packages" / "china-provinces"
    described = yaml.safe_load((shipped / "datapackage.yaml").read_text(encoding="utf-8"))
    described["resources"] = [
        one for one in described["resources"] if one["name"] in {"debt", "fiscal", "accounts", "regions"}
    ]
    (tmp_path / "datapackage.yaml").write_text(yaml.safe_dump(described, allow_unicode=True), encoding="utf-8")
    for one in described["resources"]:
        shutil.copy(shipped / one["path"], tmp_path / one["path"])
    code, out, err = risks(tmp_path)
    assert code == 0
    assert "explicit debt" in out
    assert "left out: the register: register needs the table 'plans'" in err
    assert "left out: bubbles" in err


def test_bands_colour_only_what_they_are_made_for(risks, files):
    debt = ("china-provinces", "--only", "debt", "--draws", 100)
    assert "No region is graded or coloured by Ministry of Finance" in risks(*debt)[1]
    given = ("--hidden", files / "hidden.csv", "--resources", files / "resources.csv")
    assert "(2019), in 2024:" in risks(*debt, *given)[1]
    assert "By mine (2026), in 2024: 9 high" in risks(*debt, "--bands", files / "bands.yaml")[1]


def test_firms_keep_their_codes_and_are_judged(risks, files):
    code, out, _ = risks("china-provinces", "--only", "capacity", "--firms", files / "firms.csv", "--json")
    frames = {one["provenance"]["verb"]: one["frame"] for one in json.loads(out)["results"]}
    assert code == 0
    assert {row["firm"] for row in frames["zombies"]} == {"007"}
    assert [row["zombie"] for row in frames["zombies"] if row["year"] == 2023] == [True]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--only", "fit"), 2, "there is no part 'fit'; there are register, capacity, debt, screen and bubbles"),
        (("--only", "debt", "--rates", "x.csv"), 2, "--rates belongs to the part 'capacity'"),
        (("--only", "debt", "--region", "Atlantis"), 2, "no region 'Atlantis'"),
        (("--only", "debt", "--bands", "none"), 2, "there is no set 'none'"),
        (("--only", "debt", "--bands", "none.yaml"), 3, "none.yaml: there is no such file"),
        (("--only", "debt", "--vehicles", "none.csv"), 3, "none.csv: there is no such file"),
        (("--only", "register", "--year", "1999"), 2, "1999"),
        (("--only", "screen"), 3, "no projects and archive (projects, archive)"),
    ],
)
def test_misuse_is_named(risks, arguments, code, message):
    left, _, err = risks("china-provinces", *arguments)
    assert left == code
    assert message in err


def test_a_wrong_column_is_named_with_its_file(risks, files):
    code, _, err = risks("china-provinces", "--only", "debt", "--vehicles", files / "hidden.csv")
    assert code == 3
    assert "hidden.csv: --vehicles needs the columns region, year and vehicles; 'vehicles' is not there" in err
    code, _, err = risks("china-provinces", "--only", "screen", "--archive", files / "archive.csv")
    assert code == 2
    assert "--projects and --archive belong together" in err
