"""`xinzhi digital` as a user meets it."""

from __future__ import annotations

import json

import pytest
from called import answering, main_files


@pytest.fixture
def run(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "digital", "china-provinces")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("add 0.70 points", "0.45 to 0.86", "After 2020 it is not known", "other equipment")),
        ("zh", ("0.70个百分点", "0.45—0.86", "2020年以后尚不知", "其他设备")),
    ],
)
def test_it_prints_the_account_and_writes_the_page(run, tmp_path, lang, words):
    code, out, _ = run("--lang", lang, "--out", tmp_path)
    assert code == 0
    for word in words:
        assert word in out
    assert main_files(tmp_path) == {f"digital.{one}" for one in ("html", "xlsx", "json", "csv")}
    page = (tmp_path / "digital.html").read_text("utf-8")
    assert ("no figures for provinces" if lang == "en" else "没有分省数字") in page


def test_another_choice_is_another_figure(run):
    code, out, _ = run("--choose", "hardware_price=-0.06", "--choose", "rate_of_return=0.1", "--json")
    document = json.loads(out)["results"][0]
    options = document["provenance"]["options"]
    assert code == 0
    assert (options["hardware_price"], options["rate_of_return"]) == (-0.06, 0.1)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--region", "吉林"), "no investment by product of provinces"),
        (("--choose", "hardware_prize=0"), "hardware_price"),
        (("--choose", "rate_of_return"), "rate_of_return=0.1"),
        (("--choose", "hardware_depreciation=2"), "between 0 and 1"),
        (("--protocol", "pwt-10.01"), "capital.measure"),
    ],
)
def test_misuse_says_what_is_wrong(run, arguments, word):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert word in err
    assert "Traceback" not in err
