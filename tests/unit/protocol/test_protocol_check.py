from __future__ import annotations

import pytest

from xinzhi import protocol
from xinzhi.core.errors import ProtocolError


def blanks(findings):
    return [finding for finding in findings if finding.rule == "blank"]


def test_a_variant_with_nothing_changed_is_clean(write):
    assert not protocol.check(write("extends: xinzhi-cn-2026\n"))


@pytest.mark.parametrize(
    ("body", "line", "cure"),
    [
        ("extend: xinzhi-cn-2026\n", 7, "'extends'"),
        ("parameters:\n  capital:\n    depreciation: {valeu: 0.1}\n", 9, "'value'"),
        ("reference:\n- {title: a, wher: b}\n", 8, "'where'"),
        ("exclude:\n- {whem: {}, reason: {zh: a, en: b}}\n", 8, "'when'"),
        (
            "parameters:\n  capital:\n    timing: {value: mid_year, alternatives: [{value: x, usedby: [a]}]}\n",
            9,
            "'used_by'",
        ),
        (
            "parameters:\n  capital:\n    depreciation:\n      value: 0.1\n      description: {zh: a, eng: b}\n",
            11,
            "'en'",
        ),
    ],
)
def test_an_unknown_key_names_line_and_nearest(write, body, line, cure):
    path = write(body)
    finding = next(finding for finding in protocol.check(path) if finding.rule == "unknown-key")
    assert finding.line == line
    assert cure in finding.hint.en
    assert cure.strip("'") in finding.hint.zh
    with pytest.raises(ProtocolError, match=f"line {line}.*{cure}"):
        protocol.load(path)


@pytest.mark.parametrize(
    ("body", "key", "line", "cure"),
    [
        ("capital:\n    deprecation: {value: 0.1}\n", "capital.deprecation", 9, "'depreciation'"),
        ("capitol:\n    depreciation: {value: 0.1}\n", "capitol", 8, "'capital'"),
    ],
)
def test_an_unknown_parameter_names_the_nearest(write, only, body, key, line, cure):
    finding = only(protocol.check(write(f"parameters:\n  {body}")), "unknown-parameter")
    assert (finding.key, finding.line) == (key, line)
    assert cure in finding.hint.en


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("labour.unit", "person", "not-allowed"),
        ("labour.unit", "1", "not-allowed"),
        ("labour.unit", "no", "not-allowed"),
        ("capital.depreciation", "1.5", "out-of-bounds"),
        ("capital.depreciation", "-0.001", "out-of-bounds"),
        ("capital.depreciation", '"0.1"', "wrong-type"),
        ("capital.depreciation", "9.6 %", "wrong-type"),
        ("capital.depreciation", "0,096", "wrong-type"),
        ("capital.depreciation", "true", "wrong-type"),
        ("capital.depreciation", ".nan", "wrong-type"),
        ("capital.depreciation", "[0.1]", "wrong-type"),
        ("capital.initial_ratio", "0", "out-of-bounds"),
        ("capital.initial_year", "1952.0", "wrong-type"),
        ("capital.initial_year", "1492", "out-of-bounds"),
        ("capital.initial_year", "true", "wrong-type"),
        ("capital.asset_depreciation", "0.1", "wrong-type"),
        ("capital.asset_depreciation", "{}", "wrong-type"),
        ("capital.asset_depreciation", "{IT: 1.2}", "out-of-bounds"),
        ("capital.service_life", "{buildings: 0}", "out-of-bounds"),
        ("labour.returns_to_schooling", "[]", "wrong-type"),
        ("labour.returns_to_schooling", "[[4, 0.134]]", "wrong-type"),
        ("labour.returns_to_schooling", "[[8, 0.1], [4, 0.1], [null, 0.1]]", "out-of-order"),
        ("labour.returns_to_schooling", "[[0, 0.1], [null, 0.1]]", "out-of-order"),
        ("labour.returns_to_schooling", "[[4, 1.34], [null, 0.1]]", "out-of-bounds"),
        ("labour.returns_to_schooling", "[[null, 0.1], [null, 0.1]]", "wrong-type"),
        ("reporting.periods", "[[2000, 1996]]", "out-of-order"),
        ("reporting.periods", "[[2000, 2000]]", "out-of-order"),
        ("reporting.periods", "[2000, 2007]", "wrong-type"),
        ("reporting.periods", "2000-2007", "wrong-type"),
        ("reporting.periods", "[[2000.0, 2007]]", "wrong-type"),
        ("capital.initial_table", "{}", "wrong-type"),
        ("capital.initial_table", "[1]", "wrong-type"),
        ("capital.initial_table", "[{region: 1, year: 1996, value: 3}]", "missing-key"),
        ("capital.initial_table", "[{region: 1, year: 1996, value: 3, reference: a, unit: b}]", "unknown-key"),
        ("capital.initial_table", "[{region: 1, year: 1996, value: 0, reference: a}]", "out-of-bounds"),
        ("capital.initial_table", "[{region: 1, year: 96, value: 3, reference: a}]", "wrong-type"),
    ],
)
def test_a_bad_value_is_found_in_its_place(write, only, path, value, rule):
    group, name = path.split(".")
    file = write(f"extends: xinzhi-cn-2026\nparameters:\n  {group}:\n    {name}:\n      value: {value}\n")
    finding = only(protocol.check(file), rule)
    assert finding.line == 11
    assert finding.key.startswith(path)
    assert finding.hint.en
    with pytest.raises(ProtocolError, match="line 11"):
        protocol.load(file)


def test_the_same_region_twice(write, only):
    row = "{region: '500000', year: 1996, value: 3, reference: a}"
    body = f"parameters:\n  capital:\n    initial_table:\n      value:\n      - {row}\n      - {row}\n"
    assert only(protocol.check(write(body)), "duplicate-key").line == 12


def test_a_duplicate_key_is_an_error(write, only):
    body = "parameters:\n  capital:\n    depreciation: {value: 0.1}\n    depreciation: {value: 0.2}\n"
    finding = only(protocol.check(write(body)), "duplicate-key")
    assert (finding.line, finding.key) == (10, "parameters.capital.depreciation")


def test_a_wrong_unit(write, only):
    body = "parameters:\n  capital:\n    depreciation:\n      value: 0.096\n      unit: percent\n"
    finding = only(protocol.check(write(body)), "wrong-unit")
    assert finding.line == 11
    assert "'ratio'" in finding.hint.en


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ("{unit: ratio}", "missing-key"),
        ("{value: 0.1, values: {1952: 0.1}}", "two-values"),
        ("{values: {early: 0.1}}", "no-such-date"),
        ("{values: {}}", "no-such-date"),
        ("{values: {1952: 0.1, 1952-01-01: 0.2}}", "no-such-date"),
        ("{values: {99999999999: 0.1}}", "no-such-date"),
        ("{values: {1952: 0.1, 1990: null}}", "blank"),
        ("{values: {1952: 0.1, 1990: 3}}", "out-of-bounds"),
        ("{value: 0.1, alternatives: [{value: 2}]}", "out-of-bounds"),
        ("{value: 0.1, alternatives: [{value: null}]}", "blank"),
        ("{value: 0.1, alternatives: [{used_by: [a]}]}", "missing-key"),
        ("0.1", "wrong-type"),
    ],
)
def test_a_malformed_entry(write, only, entry, rule):
    file = write(f"extends: xinzhi-cn-2026\nparameters:\n  capital:\n    depreciation: {entry}\n")
    assert only(protocol.check(file), rule).line == 10


def test_a_parameter_that_cannot_change_with_time(write, only):
    body = "parameters:\n  reporting:\n    decimals: {values: {1952: 1}}\n"
    assert only(protocol.check(write(body)), "not-dated").key == "reporting.decimals.values"


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ('id: Mine!\nversion: "1"\n', "bad-id"),
        ("id: mine\nversion: 2026.1\n", "wrong-type"),
        ('id: mine\nversion: ""\n', "empty-text"),
    ],
)
def test_a_bad_head(write, only, head, rule):
    rest = "title: {zh: a, en: b}\nstatus: proposed\nauthority: {zh: a, en: b}\ndescription: {zh: a, en: b}\n"
    only(protocol.check(write("extends: xinzhi-cn-2026\n", head=head + rest)), rule)


def test_a_bad_status_and_a_missing_language(write):
    head = 'id: mine\nversion: "1"\ntitle: {zh: a}\nstatus: propose\nauthority: {zh: a, en: b}\n'
    found = {finding.rule: finding for finding in protocol.check(write(head=head))}
    assert found["not-allowed"].hint.en == "Did you mean 'proposed'?"
    keys = {finding.key for finding in protocol.check(write(head=head)) if finding.rule == "missing-key"}
    assert keys == {"title.en", "description"}


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "42\n"])
def test_a_file_that_is_no_mapping(write, only, text):
    assert only(protocol.check(write(head=text)), "wrong-type").line == 1


def test_every_fault_is_listed_in_one_pass(write):
    body = """\
    extends: xinzhi-cn-2026
    parameters:
      capital:
        depreciation: {value: 7}
        timing: {value: noon}
      labour:
        unit: {value: heads}
        color: {value: red}
    exclude:
    - {when: {capital.timing: noon, no.where: 1}, reason: {zh: a, en: b}}
    """
    rules = sorted(finding.rule for finding in protocol.check(write(body)) if finding.severity == "error")
    assert rules == ["not-allowed"] * 3 + ["out-of-bounds"] + ["unknown-parameter"] * 2


def test_a_blank_loads_and_refuses_by_name(write, only):
    file = write("extends: xinzhi-cn-2026\nparameters:\n  shares:\n    rule: {value: null}\n")
    finding = only(protocol.check(file), "blank")
    assert (finding.key, finding.line) == ("shares.rule", 10)
    rules = protocol.load(file)
    with pytest.raises(ProtocolError, match=r"mine leaves blank .*shares\.rule \(share rule\)"):
        rules.require()
    with pytest.raises(ProtocolError, match=r"shares\.rule .* is blank"):
        rules.value("shares.rule")


def test_a_file_that_extends_nothing_names_all_that_is_missing(write):
    found = blanks(protocol.check(write()))
    assert {finding.key for finding in found} >= {"output.concept", "labour.unit", "shares.rule", "index.formula"}


def test_a_blank_that_is_not_needed_is_no_error(write):
    file = write("extends: xinzhi-cn-2026\nparameters:\n  shares:\n    constant: {value: null}\n")
    assert not [finding for finding in protocol.check(file) if finding.severity == "error"]
    protocol.load(file).require()


def test_unverified_refuses(write, only):
    head = 'id: mine\nversion: "1"\ntitle: {zh: a, en: b}\nstatus: unverified\n'
    head += "authority: {zh: a, en: b}\ndescription: {zh: a, en: b}\nextends: xinzhi-cn-2026\n"
    file = write(head=head)
    assert only(protocol.check(file), "unverified").line == 4
    with pytest.raises(ProtocolError, match="mine is unverified"):
        protocol.load(file).require(["labour.unit"])


def test_what_extends_an_unverified_protocol_is_unverified(write):
    head = 'id: base\nversion: "1"\ntitle: {zh: a, en: b}\nstatus: unverified\n'
    head += "authority: {zh: a, en: b}\ndescription: {zh: a, en: b}\nextends: xinzhi-cn-2026\n"
    write(head=head, name="base.yaml")
    rules = protocol.load(write("extends: base.yaml\n"))
    assert rules.status == "unverified"
    with pytest.raises(ProtocolError, match="unverified"):
        rules.require()


def test_values_without_argument_or_source_are_warned_of(write):
    body = """\
    extends: xinzhi-cn-2026
    parameters:
      capital:
        depreciation:
          value: 0.1
          alternatives:
          - {value: 0.1, used_by: [zhang-2004]}
          - {value: 0.2}
    """
    found = protocol.check(write(body))
    assert {finding.severity for finding in found} == {"warning"}
    assert [(finding.rule, finding.line) for finding in found] == [
        ("no-description", 10),
        ("no-reference", 10),
        ("same-value", 13),
        ("no-source", 14),
    ]


def test_a_protocol_that_excludes_itself_is_warned_of(write):
    body = """\
    extends: xinzhi-cn-2026
    parameters:
      index:
        formula: {value: fisher, description: {zh: a, en: b}, reference: [{title: a, where: b}]}
      shares:
        averaging: {value: current, description: {zh: a, en: b}, reference: [{title: a, where: b}]}
    """
    (finding,) = protocol.check(write(body))
    assert finding.rule == "excluded"
    assert "index.formula" in finding.key


def test_every_message_speaks_both_languages(write):
    body = "extends: nobody\nparameters: {capital: {depreciation: {valeu: 1}, timing: {value: noon}}}\n"
    for finding in protocol.check(write(body)):
        assert finding.sentence("zh") != finding.sentence("en")
        assert finding.to_dict()["message_zh"]
