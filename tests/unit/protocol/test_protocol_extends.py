from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xinzhi import protocol
from xinzhi.core.errors import ProtocolError
from xinzhi.protocol.reading import registry_files


def head(name, extends):
    return (
        f'id: {name}\nversion: "1"\ntitle: {{zh: a, en: b}}\nstatus: proposed\n'
        f"authority: {{zh: a, en: b}}\ndescription: {{zh: a, en: b}}\nextends: {extends}\n"
    )


def test_a_parameter_is_overridden_and_the_rest_inherited(write):
    rules = protocol.load(write("extends: xinzhi-cn-2026\nparameters: {capital: {depreciation: {value: 0.08}}}\n"))
    ours = protocol.load("xinzhi-cn-2026")
    assert [item.path for item in protocol.diff(ours, rules)] == ["capital.depreciation"]
    assert rules.parameters["capital.timing"] == ours.parameters["capital.timing"]
    assert rules.parameters["capital.depreciation"].origin == "mine"
    assert rules.parameters["capital.timing"].origin == "xinzhi-cn-2026"
    assert rules.exclude == ours.exclude


def test_an_override_drops_the_argument_for_the_other_value(write):
    rules = protocol.load(write("extends: zhang-2004\nparameters: {capital: {depreciation: {value: 0.08}}}\n"))
    item = rules.parameters["capital.depreciation"]
    assert item.description == protocol.catalogue()["capital.depreciation"].description
    assert item.reference == ()


def test_the_value_departed_from_becomes_an_alternative(write):
    rules = protocol.load(write("extends: xinzhi-cn-2026\nparameters: {capital: {depreciation: {value: 0.08}}}\n"))
    others = rules.parameters["capital.depreciation"].alternatives
    assert others[0].value == 0.096
    assert others[0].used_by == ("xinzhi-cn-2026",)
    inherited = protocol.load("xinzhi-cn-2026").parameters["capital.depreciation"].alternatives
    assert [item.value for item in others] == [0.096, *(item.value for item in inherited if item.value != 0.08)]


def test_own_alternatives_replace_the_inherited_ones(write):
    body = "extends: xinzhi-cn-2026\nparameters: {capital: {depreciation: {value: 0.08, alternatives: []}}}\n"
    assert protocol.load(write(body)).parameters["capital.depreciation"].alternatives == ()


def test_exclusions_add_up(write):
    body = """\
    extends: xinzhi-cn-2026
    exclude:
    - {when: {labour.unit: hours}, reason: {zh: 无, en: no hours}}
    """
    rules = protocol.load(write(body))
    assert len(rules.exclude) == len(protocol.load("xinzhi-cn-2026").exclude) + 1
    assert (
        rules.replace({"labour.unit": "hours", "labour.missing_hours": "refuse"}).excluded_combination().reason.en
        == "no hours"
    )


def test_extends_a_file_beside_it(write):
    write("extends: xinzhi-cn-2026\nparameters: {capital: {depreciation: {value: 0.07}}}\n", name="base.yaml")
    rules = protocol.load(write(head=head("top", "base.yaml")))
    assert rules.value("capital.depreciation") == 0.07
    assert rules.value("labour.unit") == "persons"


def test_a_chain_in_the_registry():
    rules = protocol.load("chenpu-2021")
    origins = {path: item.origin for path, item in rules.parameters.items()}
    assert origins["capital.depreciation_rule"] == "chenpu-2021"
    assert origins["capital.initial_ratio"] == "zhang-2004"
    assert origins["shares.rule"] == "xinzhi-cn-2026"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_circle_is_an_error(write, only, length):
    names = [f"p{position}" for position in range(length)]
    for name, after in zip(names, [*names[1:], names[0]], strict=True):
        file = write(head=head(name, f"{after}.yaml"), name=f"{name}.yaml")
    finding = only(protocol.check(file), "extends-circle")
    assert finding.line == 7
    assert "p0" in finding.message.en
    with pytest.raises(ProtocolError, match="runs in a circle"):
        protocol.load(file)


def test_extends_what_does_not_exist(write, only):
    finding = only(protocol.check(write("extends: zhang-2005\n")), "unknown-protocol")
    assert "zhang-2004" in finding.hint.en
    only(protocol.check(write("extends: nowhere.yaml\n")), "unknown-protocol")


def test_a_fault_in_the_base_is_shown_where_it_stands(write, only):
    write("parameters: {capital: {depreciation: {value: 7}}}\n", name="base.yaml")
    finding = only(protocol.check(write("extends: base.yaml\n")), "out-of-bounds")
    assert Path(finding.file).name == "base.yaml"


def test_the_registry_does_not_depend_on_the_folder_it_is_read_from(tmp_path):
    for file in registry_files():
        copy = Path(shutil.copy(file, tmp_path))
        assert protocol.load(copy).fingerprint == protocol.load(file.stem).fingerprint
