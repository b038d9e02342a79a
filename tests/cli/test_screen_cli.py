"""`xinzhi screen` as a user meets it: exit codes, what is printed, what is written, and bad input by name."""

from __future__ import annotations

import json

import polars as pl
import pytest
from called import answering, main_files


@pytest.fixture
def screen(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "screen")


@pytest.fixture
def tables(screen, tmp_path):
    code, out, _ = screen("--example", tmp_path / "try")
    assert code == 0
    assert "no project of these exists" in out
    return tmp_path / "try/projects.csv", tmp_path / "try/archive.csv"


def test_main_job_runs_from_the_example_to_the_page(screen, tables, tmp_path):
    projects, archive = tables
    labels = projects.with_name("labels.csv")
    code, out, err = screen(projects, "--archive", archive, "--labels", labels, "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "19 projects against 48 archived ones" in out
    assert "synthetic" in out
    truth = dict(pl.read_csv(labels).filter(label="repackaged").select("id", "archive_id").rows())
    lines = [line.split() for line in out.splitlines() if " repackaged " in line and line.startswith(" p")]
    assert len(lines) >= 5
    right = sum(source in line for line in lines for source in [truth.get(line[0], "")])
    assert right >= len(lines) - 1
    assert main_files(tmp_path / "out") == {f"screen.{s}" for s in ("html", "xlsx", "json", "csv")}
    page = (tmp_path / "out/screen.html").read_text(encoding="utf-8")
    assert page.count('<article class="ledger"') >= 5
    assert 'id="screen-calibration"' in page


def test_the_ledger_of_one_project_in_chinese_and_json(screen, tables):
    projects, archive = tables
    code, out, _ = screen(projects, "-a", archive, "--id", "p0", "--lang", "zh")
    assert code == 0
    assert "旧项目新包装的概率" in out
    assert "权重合计" in out  # the candidates after the closest
    assert pl.read_csv(projects).filter(id="p0")["title"][0] in out
    code, out, _ = screen(projects, "-a", archive, "--id", "p0", "--prior", 0.01, "--json")
    found = json.loads(out)
    assert code == 0
    assert {row["id"] for row in found["ledger"]} == {"p0"}
    assert found["results"][0]["provenance"]["options"]["prior"] == 0.01
    assert len(found["explanation"]) == len({row["archive_id"] for row in found["ledger"]})


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "tsv", "gb18030", "package"])
def test_every_kind_of_table_gives_the_same(screen, tables, tmp_path, kind):
    projects, archive = tables
    whole = json.loads(screen(projects, "-a", archive, "--json")[1])["results"][0]["frame"]
    frame = pl.read_csv(archive)
    more = ()
    if kind == "gb18030":
        place = tmp_path / "gb.csv"
        place.write_bytes(archive.read_text(encoding="utf-8").encode("gb18030"))
        code, out, err = screen(projects, "-a", place)
        assert (code, out) == (3, "")
        assert "gb.csv, line 2" in err
        assert "--encoding gb18030" in err
        gb = tmp_path / "projects-gb.csv"
        gb.write_bytes(projects.read_text(encoding="utf-8").encode("gb18030"))
        projects, more = gb, ("--encoding", "gb18030")
    elif kind == "package":
        place = tmp_path / "both.xlsx"
        from xlsxwriter import Workbook

        with Workbook(place) as book:
            pl.read_csv(projects).write_excel(book, worksheet="projects")
            frame.write_excel(book, worksheet="archive")
    else:
        place = tmp_path / f"archive.{kind}"
        {"parquet": frame.write_parquet, "xlsx": frame.write_excel}.get(
            kind, lambda path: frame.write_csv(path, separator="\t")
        )(place)
    call = (place,) if kind == "package" else (projects, "-a", place)
    code, out, _ = screen(*call, *more, "--json")
    assert code == 0
    assert json.loads(out)["results"][0]["frame"] == whole


def test_odd_rows_are_named_and_nothing_is_lost(screen, tables, tmp_path):
    odd = tmp_path / "odd.csv"
    odd.write_text(
        "id,title,text,region\nq1,,,340123\nq2,水厂,肥西县总投资1.2亿元,999999\nq2,水厂,肥西县总投资1.3亿元,340123\n",
        encoding="utf-8",
    )
    code, out, err = screen(odd, "-a", tables[1])
    assert code == 0
    assert "3 projects" in out
    assert "odd.csv, line 2, column 'text' (q1)" in err
    assert "odd.csv, line 4, column 'id' (q2): the key q2 occurs again; it stands first in line 3" in err
    assert "999999" in err


def test_a_table_alone_is_held_against_the_public_lists(screen, tables):
    code, out, _ = screen(tables[0])
    assert code == 0
    first, counts = out.splitlines()[:2]
    assert first.startswith("No archive was given (--archive)")
    assert "413 projects of 2008–2025 in 8 provinces" in first
    assert "not found there does not mean new" in first
    assert counts.startswith("19 projects against 413 archived ones")
    assert "not found in this archive" in counts
    assert "prior=" not in out


def test_what_cannot_be_used_is_named(screen, tables, tmp_path):
    projects, archive = tables
    bad = tmp_path / "bad.csv"
    bad.write_text("ID,titel,txt\n1,a,b\n", encoding="utf-8")
    code, out, err = screen(projects, "-a", bad)
    assert (code, out) == (3, "")
    assert "bad.csv has no column 'title' or 'text'; it has ID, titel and txt. 'titel' looks like title." in err
    assert screen(tmp_path / "no.csv", "-a", archive)[0::2] == (
        3,
        f"xinzhi: {tmp_path / 'no.csv'}: there is no such file. Check the path and the name.\n",
    )
    kept, other = tmp_path / "kept", tmp_path / "other"
    other.mkdir()
    assert screen("-a", archive, "--keep", kept)[0] == 0
    for arguments, status, message in (
        (
            ("-a", archive, "--keep", other, "--id", "p0", "--prior", 0.3, "--out", other),
            2,
            "--id, --prior and --out need",
        ),
        (("-a", archive, "--keep", other, "--labels", archive, "--lang", "zh"), 2, "--labels须与项目表同用"),
        ((projects, "-a", other), 3, "an index that --keep wrote"),
        ((projects, "-a", other, "--lang", "zh"), 3, "不是--keep写成的索引"),
        ((kept, "-a", archive), 2, f"Write xinzhi screen PROJECTS --archive {kept}"),
        ((kept, "-a", archive, "--lang", "zh"), 2, "应由--archive给出"),
        ((), 2, "--example DIR"),
        (("china-provinces",), 3, "--archive china-provinces"),
        ((projects, "-a", archive, "--id", "zz"), 2, "no project 'zz'"),
        ((projects, "-a", archive, "--prior", 2), 2, "between 0 and 1"),
        ((projects, "-a", archive, "--labels", archive), 3, "label is not among"),
        ((projects, "-a", archive, "--lang", "fr"), 2, "zh or en"),
    ):
        code, out, err = screen(*arguments)
        assert (code, out) == (status, ""), arguments
        assert message in err


def test_an_archive_is_indexed_once_and_asked_again(screen, tables, tmp_path):
    projects, archive = tables
    whole = json.loads(screen(projects, "-a", archive, "--json")[1])["results"][0]["frame"]
    kept = tmp_path / "kept"
    code, out, err = screen("-a", archive, "--keep", kept, "--lang", "zh")
    assert (code, err) == (0, "")
    assert "已为48条记录建立索引" in out
    assert f"--archive {kept}" in out
    code, out, _ = screen(projects, "-a", kept, "--json")
    assert code == 0
    assert json.loads(out)["results"][0]["frame"] == whole
    # parquet is read in parts; a table without identifiers is numbered throughout; projects may be screened at once
    frame = pl.read_csv(archive, infer_schema=False)
    frame.drop("id").rename({"title": "项目名称"}).write_parquet(tmp_path / "archive.parquet")
    code, out, _ = screen(projects, "-a", tmp_path / "archive.parquet", "--keep", kept, "--json")
    found = json.loads(out)
    assert code == 0
    assert [row["verdict"] for row in found["results"][0]["frame"]] == [row["verdict"] for row in whole]
    assert [one["rule"] for one in found["findings"]].count("rows-numbered") == 1
    assert json.loads(screen(projects, "-a", kept, "--json")[1])["results"][0]["frame"] == found["results"][0]["frame"]
    document = json.loads(screen("-a", archive, "--keep", kept, "--json")[1])
    assert (document["records"], document["findings"]) == (48, [])


def test_an_index_takes_the_place_of_an_index_and_of_nothing_else(screen, tables, tmp_path):
    _, archive = tables
    mine, kept = tmp_path / "mydata", tmp_path / "kept"
    (mine / "sub").mkdir(parents=True)
    (mine / "archive.json").write_text("{}", encoding="utf-8")
    for strange in ("archive.json", "sub", "thesis.docx"):
        if strange == "thesis.docx":
            (mine / "sub").rmdir()
            (mine / strange).write_bytes(b"years of work")
        code, out, err = screen("-a", archive, "--keep", mine)
        assert (code, out) == (2, "")
        assert ("sub" if strange == "archive.json" else strange) in err
    assert {path.name for path in mine.iterdir()} == {"archive.json", "thesis.docx"}
    (mine / "thesis.docx").unlink()
    assert "(archive.json)" in screen("-a", archive, "--keep", mine)[2]
    assert screen("-a", archive, "--keep", kept)[0] == 0
    for name in ("mine.csv", "table_title.txt"):  # the second is a name of the index, but the table itself
        source = kept / name
        source.write_bytes(archive.read_bytes())
        code, _, err = screen("-a", source, "--keep", kept)
        assert (code, source.read_bytes()) == (2, archive.read_bytes())
        assert name in err
        if name == "mine.csv":
            source.unlink()
    assert screen("-a", archive, "--keep", kept)[0] == 0


def test_a_bad_archive_leaves_no_index_behind(screen, tables, tmp_path):
    projects, archive = tables
    kept = tmp_path / "kept"
    for language, said in (("en", "--keep indexes a table"), ("zh", "--keep需要--archive")):
        code, out, err = screen(projects, "--keep", kept, "--lang", language)
        assert (code, out) == (2, "")
        assert said in err
    (tmp_path / "broken.parquet").write_bytes(b"no table")
    code, out, err = screen("-a", tmp_path / "broken.parquet", "--keep", kept)
    assert (code, out) == (3, "")
    assert "broken.parquet" in err
    pl.DataFrame({"id": ["a"], "money": [1.0]}).write_parquet(tmp_path / "other.parquet")
    code, out, err = screen("-a", tmp_path / "other.parquet", "--keep", kept)
    assert (code, out) == (3, "")
    assert "money" in err
    assert not kept.exists()
    assert not [*tmp_path.glob(".xinzhi*")]
    code, out, err = screen("-a", archive, "--keep", projects.parent)
    assert (code, out) == (2, "")
    assert "holds something else" in err
    assert "projects.csv" in err
    assert projects.exists()
    assert screen("-a", archive, "--keep", kept)[0] == 0
    assert screen("-a", kept, "--keep", tmp_path / "again")[0] == 2
    (kept / "archive.json").write_text("{", encoding="utf-8")
    code, out, err = screen(projects, "-a", kept)
    assert (code, out) == (3, "")
    assert "archive.json is not as it was written" in err


def test_an_index_says_what_it_is_and_whether_it_is_as_it_was_written(screen, tables, tmp_path, monkeypatch):
    from xinzhi.risks.projects import disk

    projects, archive = tables
    twice, kept = tmp_path / "twice.csv", tmp_path / "kept"
    lines = archive.read_text(encoding="utf-8").splitlines()
    twice.write_text("\n".join([*lines, lines[-1]]), encoding="utf-8")
    _, _, told = screen("-a", twice, "--keep", kept)
    assert "occurs again" in told
    code, out, err = screen(projects, "-a", kept)
    says = json.loads((kept / "archive.json").read_text(encoding="utf-8"))
    assert code == 0
    assert out.startswith(f"Archive: 49 records, indexed on {says['indexed']} from twice.csv.")
    assert "occurs again" in err
    whole = {path: path.read_bytes() for path in kept.iterdir()}

    def damage(name, change):
        (kept / name).write_bytes(change(whole[kept / name]))
        answers = [screen(projects, "-a", kept, "--lang", language)[::2] for language in ("en", "zh")]
        (kept / name).write_bytes(whole[kept / name])
        assert [code for code, _ in answers] == [3, 3]
        return [said for _, said in answers]

    title = pl.read_csv(archive)["title"][0]
    for small in (True, False):  # where a table is large, its cells have sums
        if not small:
            monkeypatch.setattr(disk, "_SMALL", 0)
            says["files"] = {name: [size, None] for name, (size, _) in says["files"].items()}
            whole[kept / "archive.json"] = json.dumps(says).encode()
            (kept / "archive.json").write_bytes(whole[kept / "archive.json"])
        for change in (lambda old: old[:-7], lambda old: old.replace(title.encode(), b"x" * len(title.encode()))):
            for name in ("table_title.txt", "table_text.txt"):
                said = damage(name, change)
                assert f"is damaged: {name} is not as it was written" in said[0]
                assert f"{name}与建立时不符" in said[1]
    for part in ("xinzhi", "polars", "lists"):
        said = damage("archive.json", lambda _, part=part: json.dumps(says | {part: "0.0.9"}).encode())
        assert "made by xinzhi" in said[0]
        assert "0.0.9" in said[0].split("; this is")[0]
        assert "0.0.9" in said[1].split("，现为")[0]
    assert screen(projects, "-a", kept)[0] == 0
