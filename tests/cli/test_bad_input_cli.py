"""Bad input on the command line: a clear message and an exit code, no traceback, nothing half-written."""

from __future__ import annotations

import json
import shutil

import pytest
from called import called

import xinzhi.data


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package") / "provinces"
    xinzhi.data.export(xinzhi.load("china-provinces"), folder)
    return folder


@pytest.fixture
def copy(package, tmp_path):
    return shutil.copytree(package, tmp_path / "copy")


def run(*words):
    done = called(*words)
    assert "Traceback" not in done.stderr
    return done


def edit(path, change):
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def test_truncated_workbook(tmp_path):
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04" + b"\x00" * 40)
    done = run("assess", broken, "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "broken.xlsx" in done.stderr
    assert not (tmp_path / "out").exists()


def test_folder_without_descriptor(tmp_path):
    done = run("check", tmp_path)
    assert done.returncode == 3
    assert "datapackage" in done.stderr


def test_byte_order_mark_and_mixed_line_ends_are_read_and_noted(copy):
    accounts = copy / "accounts.csv"
    lines = accounts.read_bytes().split(b"\n")
    accounts.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines[:50]) + b"\r\n" + b"\n".join(lines[50:]))
    done = run("check", copy, "--json")
    assert done.returncode == 0
    rules = {finding["rule"] for finding in json.loads(done.stdout)}
    assert {"byte-order-mark", "mixed-line-ends"} <= rules


def test_text_in_a_number_is_found_at_its_cell_and_stops_the_assessment(copy, tmp_path):
    edit(copy / "accounts.csv", lambda text: text.replace(",660.2,", ",about 660,", 1))
    done = run("check", copy, "--json")
    assert done.returncode == 1
    finding = next(item for item in json.loads(done.stdout) if item["rule"] == "text-in-number")
    assert (finding["line"], finding["column"], finding["key"]) == (2, "employment", "110000/1996")
    assert finding["message_zh"]
    assert finding["message_en"]
    stopped = run("assess", copy, "--out", tmp_path / "out")
    assert stopped.returncode == 3
    assert "line 2" in stopped.stderr
    assert not (tmp_path / "out").exists()


def test_package_without_the_price_index(copy, tmp_path):
    def drop(text):
        rows = [line.split(",") for line in text.splitlines()]
        at = rows[0].index("investment_price")
        return "\n".join(",".join(row[:at] + row[at + 1 :]) for row in rows) + "\n"

    edit(copy / "investment.csv", drop)
    done = run("assess", copy, "--out", tmp_path / "out")
    assert done.returncode in {1, 3}
    assert "investment_price" in done.stderr
    assert not (tmp_path / "out").exists()


def test_gb18030_is_named_and_read_when_asked(copy):
    regions = copy / "regions.csv"
    regions.write_bytes(regions.read_text(encoding="utf-8").encode("gb18030"))
    done = run("check", copy, "--lang", "zh")
    assert done.returncode in {1, 3}
    assert "GB18030" in (done.stdout + done.stderr).upper()
    assert run("check", copy, "--encoding", "gb18030").returncode == 0


def test_protocol_with_an_unknown_key(tmp_path):
    file = tmp_path / "mine.yaml"
    assert run("protocol", "new", file).returncode == 0
    edit(file, lambda text: text + "\ndepreciaton: 0.1\n")
    done = run("protocol", "check", file)
    assert done.returncode == 1
    assert "depreciaton" in done.stdout
    assert run("assess", "china-provinces", "--protocol", file, "--out", tmp_path / "out").returncode == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (("assess", "china-provinces", "--protocol", "nobody-1999"), 2, "nobody-1999"),
        (("assess", "china-provinces", "--set", "capital.depreciaton=0.1"), 2, "capital.depreciation"),
        (("assess", "china-provinces", "--set", "capital.depreciation=9.6"), 2, "capital.depreciation"),
        (("assess", "china-provinces", "--set", "capital.depreciation"), 2, "PATH=VALUE"),
        (("assess", "china-provinces", "--protocol", "shan-2008"), 3, "capital.initial_rule"),
        (("assess", "nowhere"), 3, "nowhere"),
        (("assess", "china-provinces", "--lang", "fr"), 2, "fr"),
        (("audit", "china-provinces", "--group", "nobody"), 2, "nobody"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_misuse(words, code, word, tmp_path):
    out = ("--out", tmp_path / "out") if words[0] == "assess" else ()
    done = run(*words, *out)
    assert done.returncode == code
    assert word in done.stderr
    assert not (tmp_path / "out").exists()


def test_json_is_one_document_also_when_it_fails():
    document = json.loads(run("assess", "nowhere", "--json").stdout)
    assert document["error"] == "InputError"
    assert "nowhere" in document["message"]


def test_out_that_is_a_file_is_refused(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine", encoding="utf-8")
    done = run("assess", "china-provinces", "--only", "none", "--out", taken)
    assert done.returncode in {2, 3}
    assert taken.read_text(encoding="utf-8") == "mine"
