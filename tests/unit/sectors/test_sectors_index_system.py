from __future__ import annotations

import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.sectors import check_system, load_system, systems

GOOD = """\
id: mine
title: {zh: 我的, en: mine}
sectors:
  s: {name: {zh: 甲, en: first}, weight: 0.4}
  t: {weight: 0.6}
indicators:
  - {indicator: a, sector: s, direction: 1, unit: percent, denominator: total, weight: 0.5}
  - {indicator: b, sector: s, direction: -1, unit: percent, denominator: output, weight: 0.5}
  - {indicator: c, sector: t, dimension: d, direction: 1, unit: persons, denominator: head, weight: 1}
"""


def rules(findings):
    return [found.rule for found in findings]


@pytest.fixture
def write(tmp_path):
    def one(text):
        path = tmp_path / "system.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return one


def test_a_system_is_read_and_nests(write):
    made = load_system(write(GOOD))
    assert made.codes == ["a", "b", "c"]
    assert made.equal().tolist() == [0.25, 0.25, 0.5]
    assert {code: rows.tolist() for code, rows in made.groups().items()} == {"s": [0, 1], "t": [2], "d": [2]}
    assert made.findings == ()


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ("direction: 1, unit: percent", "unit: percent", "no-direction", 7),
        ("direction: -1", "direction: 0", "bad-direction", 8),
        ("direction: -1", "direction: true", "bad-direction", 8),
        ("indicator: b", "indicator: a", "duplicate-indicator", 8),
        ("indicator: b", "indicator: rank", "duplicate-name", 6),
        ("denominator: head", "denominator: people", "bad-denominator", 9),
        ("sector: t, dim", "dim", "missing-key", 9),
        ("unit: persons", "units: persons", "unknown-key", 9),
        ("weight: 0.6", "weight: 0.5", "weights-do-not-add-up", None),
        ("denominator: output, weight: 0.5", "denominator: output", "weight-missing", None),
        ("weight: 0.4", "weight: -1", "not-a-number", 4),
        ("indicators:", "indicatrs:", "no-indicators", 1),
        ("id: mine", "id: mine\nid: other", "duplicate-key", 2),
        ("denominator: head,", "denominator: head, from: {numerator: 'a b'},", "bad-source", 9),
        ("id: mine", "comparisons: {s: [[1, 2], [1, 1]]}\nid: mine", "bad-comparisons", 1),
        ("id: mine", "comparisons: 3\nid: mine", "not-a-mapping", 1),
        ("denominator: head,", "denominator: head, from: 3,", "not-a-mapping", 9),
        ("denominator: head,", "denominator: head, from: {denominator: 'accounts.output_real'},", "missing-key", 9),
        ("indicators:", "indicators:\n  - 3", "not-a-mapping", None),
        (GOOD, "[1, 2]", "not-a-mapping", None),
    ],
)
def test_what_is_wrong_is_named_with_its_line(write, old, new, rule, line):
    assert old in GOOD
    made, findings = check_system(write(GOOD.replace(old, new, 1)))
    assert made is None
    found = next(found for found in findings if found.rule == rule)
    assert found.severity == "error"
    if line is not None:
        assert found.line == line
        assert found.file == "system.yaml"
    assert found.message.zh
    assert found.hint.en


def test_raw_size_is_a_warning_and_not_an_error(write):
    made, findings = check_system(write(GOOD.replace("denominator: head", "denominator: none")))
    assert made is not None
    assert rules(findings) == ["raw-size"]
    assert findings[0].severity == "warning"
    assert rules(made.findings) == ["raw-size"]


def test_errors_stop_the_loading_and_are_carried(write):
    with pytest.raises(InputError, match="has no direction") as caught:
        load_system(write(GOOD.replace("direction: 1, unit: percent", "unit: percent", 1)))
    assert caught.value.findings[0].line == 7


def test_unknown_id_and_unreadable_file(tmp_path):
    with pytest.raises(UsageError, match="xinzhi-sectors"):
        load_system("nothing-of-the-kind")
    with pytest.raises(InputError):
        load_system(tmp_path / "none.yaml")


def test_within_names_what_is_missing_and_rescales_given_weights(write):
    made = load_system(write(GOOD)).within(["a", "c"])
    assert made.codes == ["a", "c"]
    assert [item.code for item in made.missing] == ["b"]
    assert rules(made.findings) == ["rescaled-weights"]
    assert [item.weight for item in made.indicators] == [1.0, 1.0]
    assert made.sectors["s"].weight == pytest.approx(0.4)
    assert load_system(write(GOOD)).within(["a", "b", "c"]).missing == ()


def test_within_can_take_out_a_whole_sector(write):
    made = load_system(write(GOOD)).within(["a", "b"])
    assert made.sectors["s"].weight == 1.0
    assert [item.weight for item in made.indicators] == [0.5, 0.5]


def test_those_that_ship_are_whole_and_the_own_one_uses_ratios_alone():
    found = {system.id: system for system in systems()}
    assert {"xinzhi-sectors", "nqpf-dofile-25", "nqpf-script-25", "nqpf-pinggu-8"} <= set(found)
    assert [len(found[name].codes) for name in ("nqpf-dofile-25", "nqpf-script-25", "nqpf-pinggu-8")] == [25, 25, 8]
    assert sum(item.direction for item in found["nqpf-dofile-25"].indicators) == 22 - 3
    own = found["xinzhi-sectors"]
    assert own.findings == ()
    assert all(item.denominator != "none" and item.numerator for item in own.indicators)
    sizes = [item for item in found["nqpf-dofile-25"].indicators if item.denominator == "none"]
    assert rules(found["nqpf-dofile-25"].findings) == ["raw-size"] * len(sizes)


def test_a_system_may_be_text_with_directions_in_words():
    plain = load_system(GOOD)
    assert plain.codes == ["a", "b", "c"]
    for more, less in (("+", "-"), ("positive", "negative"), ("正向", "逆向"), ("1", "-1")):
        worded = GOOD.replace("direction: -1", f"direction: '{less}'").replace("direction: 1", f"direction: '{more}'")
        assert load_system(worded).directions.tolist() == plain.directions.tolist() == [1.0, -1.0, 1.0]
    with pytest.raises(InputError, match="the indicator system mine cannot be used"):
        load_system({"id": "mine", "indicators": [{"indicator": "a", "sector": "s", "direction": "up"}]})
    with pytest.raises(InputError, match="no valid YAML"):
        load_system("id: [\nindicators:\n")
