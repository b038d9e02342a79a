from __future__ import annotations

import pytest
from hypothesis.errors import DeadlineExceeded

import mutants
import mutations

BEFORE = """
def share(part: float, whole: float) -> float:
    \"\"\"Return a share.\"\"\"
    rest: float = whole - part.total(axis="year")
    return part / (part + rest) if whole > 0 else 0.5
"""
AFTER = """
class Accounts:
    def quotient(self, numerator: Number, denominator: Number) -> Number:
        other: Number = denominator - numerator.amount(along="time")
        return numerator / (numerator + other) if denominator > 0 else 0.5
"""


def names(tmp_path, path, text):
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    return [mutant.name for mutant in mutations.mutants([tmp_path / path], tmp_path)]


def test_a_mutant_keeps_its_name_when_its_formula_moves_and_is_renamed(tmp_path):
    before = names(tmp_path, "core/shares.py", BEFORE)
    assert len(set(before)) == len(before) >= 6
    assert names(tmp_path, "core/accounts.py", AFTER) == before
    assert not set(names(tmp_path, "core/shares.py", BEFORE.replace("whole -", "whole *"))) & set(before)
    assert not set(names(tmp_path, "risks/shares.py", BEFORE)) & set(before)


def test_functions_of_the_same_shape_have_mutants_of_different_names(tmp_path):
    two = names(tmp_path, "core/shares.py", BEFORE + BEFORE.replace("share(", "quota("))
    assert len(set(two)) == len(two)


@pytest.mark.parametrize("error", [ImportError(), MemoryError(), TimeoutError(), DeadlineExceeded])
def test_what_was_wanting_judges_no_formula(error):
    assert not mutants.judges(error.__new__(error) if isinstance(error, type) else error)


def test_a_wrong_figure_and_a_formula_that_breaks_judge_it():
    assert mutants.judges(AssertionError())
    assert mutants.judges(ZeroDivisionError())


def test_what_was_not_run_is_an_error(monkeypatch, capsys):
    plan = {"packages": {"core": 2}, "equivalent": {}, "bound": 0.5, "equivalents": 0.05}
    entry = {"file": "core/shares.py", "function": "share", "line": 1, "change": "-", "result": "caught"}
    monkeypatch.setattr(mutants, "current", lambda _plan: {"core": {"a": entry, "b": entry}})
    assert mutants.show(plan) == 0
    monkeypatch.setattr(
        mutants, "current", lambda _plan: {"core": {"a": entry, "b": entry | {"result": "not counted"}}}
    )
    assert mutants.show(plan) == 1
    assert "1 of 2 mutants not counted" in capsys.readouterr().out


def test_what_ended_in_any_other_way_survived():
    results = [{"result": result} for result in ("signal 11", "untested", "control caught", "survived", "timed out")]
    counts = mutants.table({"core": {str(at): entry for at, entry in enumerate(results)}})["core"]
    assert (counts["survived"], counts["timed out"], counts["caught"]) == (4, 1, 0)


def test_another_seed_draws_another_sample_and_leaves_the_record_alone():
    usual, other = mutants.plan_of(None), mutants.plan_of(7)
    assert other["packages"] == {name: -(-size // 2) for name, size in usual["packages"].items()}
    assert usual["record"] == "tools/mutants.json" != other["record"]
    names = [{mutant.name for mutant in mutants.sample_of("sectors", plan)} for plan in (usual, other)]
    assert len(names[0] & names[1]) <= 3
