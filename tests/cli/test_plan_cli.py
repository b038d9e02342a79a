"""`xinzhi plan` as a user meets it: exit codes, what is printed, what is written."""

from __future__ import annotations

import json

import pytest
from called import answering, main_files


@pytest.fixture
def plan(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "plan")


def test_main_job_says_the_test_and_then_what_evidence_shows(plan, tmp_path):
    code, out, err = plan("china-provinces", "--region", "Jilin", "--sensitivity", "--out", tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith("Nothing can be recommended from this: on entries of 2011")
    assert "(average precision 0.230 against 0.313" in out.splitlines()[0]
    assert "26 can be weighed (jobs and value added)" in out
    assert "286 choices without sufficient evidence and 2" in out
    assert "Able, not named (a fact, not advice): Steel" in out
    assert not [word for word in ("optimal", "herd", "apparel", "toys", "Leather", "furniture") if word in out]
    assert "no plan keeps all limits under these caps" in out
    assert main_files(tmp_path) == {"plan.html", "plan.xlsx", "plan.json", "plan.csv"}


def test_json_keeps_the_limits_that_were_asked_for(plan):
    code, out, _ = plan("china-provinces", "--industries", 2, "--cap", 5, "--floor", 0, "--json")
    found = json.loads(out)
    assert code == 0
    assert all(row["coordinated"] <= row["cap"] == 5 for row in found["candidates"])
    assert max(row["size"] for row in found["regions"]) == 2
    herd = next(row for row in found["comparison"] if row["kind"] == "herd")
    ours = next(row for row in found["comparison"] if row["kind"] == "coordinated")
    assert ours["gain_realised"] > herd["gain_realised"]


def test_chinese(plan):
    code, out, _ = plan("china-provinces", "--lang", "zh", "--region", "220000")
    assert code == 0
    assert out.startswith("不能据此推荐任何产业")
    assert "具备条件而未提出（事实，不是建议）：钢铁/冶金" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--industries", 0), 2, "choose 1 or more"),
        (("--cap", -1), 2, "caps are 0 or more"),
        (("--floor", 2), 2, "between 0 and 1"),
        (("--region", "Mars"), 2, "no region 'Mars'"),
        (("--cap", 1), 3, "plan"),
    ],
)
def test_bad_options_say_what_is_right(plan, arguments, code, message):
    found, out, err = plan("china-provinces", *arguments)
    assert (found, out) == (code, "")
    assert message in err
