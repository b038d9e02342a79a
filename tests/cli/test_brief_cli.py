"""`xinzhi brief`: a region by any of its names, files and JSON, and what it says of a region that is not there."""

from __future__ import annotations

import json
import sys

import pytest

from xinzhi.cli import main


@pytest.fixture
def call(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["xinzhi", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        told = capsys.readouterr()
        return stop.value.code, told.out, told.err

    return run


def test_a_region_is_enough(call, tmp_path):
    code, out, _ = call("brief", "吉林", "--lang", "zh", "--out", tmp_path)
    assert code == 0
    assert out.startswith("吉林：增长与目标简报")
    assert {path.name for path in tmp_path.iterdir()} == {"brief-220000.html", "brief-220000.json"}


def test_json_is_the_document_alone(call):
    code, out, _ = call("brief", "22", "china-provinces", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["region"] == "220000"
    assert found["files"] == []


def test_an_unknown_region_is_misuse_with_a_suggestion(call):
    code, out, err = call("brief", "Jlin", "--lang", "en")
    assert (code, out) == (2, "")
    assert "Did you mean Jilin" in err


def test_without_a_region_it_says_which_argument_is_missing(call):
    code, _, err = call("brief")
    assert code == 2
    assert "REGION" in err
