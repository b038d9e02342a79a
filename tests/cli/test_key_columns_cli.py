"""A key column that is missing is a finding of `check`, and no verb ends in a traceback."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest
from golden.made_up import provinces

from xinzhi.cli.app import run

DAMAGES = [
    *(("investment", column, new) for column in ("region", "year") for new in (None, "", "REGION", "Year", "regio")),
    *(("vintages", column, None) for column in ("region", "year", "vintage")),
    ("accounts", "region", "x"),
    ("accounts", "year", ""),
    ("regions", "region", None),
    ("indicators", "indicator", "x"),
    ("activity", "industry", "x"),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return provinces(tmp_path_factory.mktemp("package") / "provinces")  # a small one: every verb runs on it


@pytest.fixture
def damaged(package, request):
    table, column, new = request.param
    path = package / f"{table}.csv"
    before = path.read_text("utf-8")
    rows = [line.split(",") for line in before.splitlines()]
    at = rows[0].index(column)
    if new is None:
        rows = [row[:at] + row[at + 1 :] for row in rows]
    else:
        rows[0][at] = new
    path.write_text("\n".join(map(",".join, rows)) + "\n", "utf-8")
    yield package, table, column
    path.write_text(before, "utf-8")


def call(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["xinzhi", *map(str, words)])
    said, wrong = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(wrong), pytest.raises(SystemExit) as ended:
        run()
    return ended.value.code, said.getvalue(), wrong.getvalue()


@pytest.mark.parametrize("damaged", DAMAGES, indirect=True, ids=lambda one: "-".join(map(str, one)))
def test_check_lists_the_missing_column(monkeypatch, damaged):
    folder, table, column = damaged
    code, said, _ = call(monkeypatch, "check", folder)
    assert code == 1
    assert f"[missing-column] {table}.csv, line 1, column '{column}'" in said


@pytest.mark.parametrize(
    ("damaged", "verbs"),
    [
        (("investment", "year", None), ["sources", "bubbles", "claim"]),
        (("vintages", "year", None), ["audit"]),
        (("regions", "region", None), ["sectors", "paths"]),
        (("indicators", "indicator", "x"), ["sectors", "risks"]),
        (("activity", "industry", "x"), ["paths", "scope"]),
    ],
    indirect=["damaged"],
    ids=lambda one: "-".join(map(str, one)),
)
def test_no_verb_ends_in_a_traceback(monkeypatch, damaged, verbs, tmp_path):
    folder, table, *_ = damaged
    more = {"claim": ["--region", "320000", "--from", "2012", "--to", "2017", "--growth", "2"], "audit": ["--vintages"]}
    for verb in verbs:
        call(monkeypatch, verb, folder, *more.get(verb, []))
    plain = "scope,sources,sectors,paths,frontier,risks"
    code, *_ = call(monkeypatch, "assess", folder, "--out", tmp_path / "out", "--skip", plain)
    assert code == (3 if table in {"investment", "regions", "vintages"} else 1)  # the growth accounts read these


def test_an_empty_path_is_no_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for words in (
        ("assess", "china-provinces", "--out", ""),
        ("assess", "china-provinces", "--out", " "),
        ("check", ""),
    ):
        code, _, said = call(monkeypatch, *words)
        assert code == 2
        assert "needs a value" in said
    assert not list(tmp_path.iterdir())
