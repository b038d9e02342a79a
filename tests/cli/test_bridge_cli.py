"""`xinzhi bridge` as a user meets it."""

from __future__ import annotations

import json

import pytest
from called import answering, main_files


@pytest.fixture
def run(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "bridge")


@pytest.mark.parametrize(("lang", "word"), [("en", "output series"), ("zh", "产出序列")])
def test_it_prints_both_figures_and_the_steps(run, tmp_path, lang, word):
    code, out, _ = run("china-provinces", "--lang", lang, "--out", tmp_path)
    assert code == 0
    assert "1.77" in out
    assert word in out
    assert main_files(tmp_path) == {f"bridge.{one}" for one in ("html", "xlsx", "json", "csv")}


def test_json_adds_up(run):
    code, out, _ = run("china-provinces", "--to", "cip-4.0", "--period", "2007-2012", "--json")
    frame = json.loads(out)["results"][0]["frame"]
    assert code == 0
    assert frame[-1]["step"] == "remains"
    first = frame[0]["after"] - frame[0]["ordered"]
    assert abs(first + sum(row["ordered"] for row in frame) - frame[-1]["after"]) < 1e-9


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--to", "elsewhere"), "pwt-10.01"),
        (("--period", "lately"), "write it as 2012-2017"),
        (("--period", "1900-1910"), "1978"),
        (("--to", "cip-4.0", "--period", "2000-2010"), "2012-2017"),
    ],
)
def test_misuse_says_what_is_wrong(run, arguments, word):
    code, out, err = run("china-provinces", *arguments)
    assert (code, out) == (2, "")
    assert word in err
    assert "Traceback" not in err
