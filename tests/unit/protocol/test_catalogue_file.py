"""The catalogue obeys the YAML rules that it is used to enforce."""

from __future__ import annotations

from importlib.resources import files

import pytest

from xinzhi import protocol
from xinzhi.core.errors import ProtocolError
from xinzhi.core.yamlfile import parse
from xinzhi.protocol.parameters import catalogue


def test_no_parameter_stands_twice():
    text = (files("xinzhi.protocol") / "parameters.yaml").read_text(encoding="utf-8")
    assert set(parse(text, "parameters.yaml").content["parameters"]) == set(catalogue())


def test_no_file_may_bear_the_id_of_a_registered_protocol_with_other_values(tmp_path):
    shipped = (files("xinzhi.protocol") / "registry" / "xinzhi-cn-2026.yaml").read_text(encoding="utf-8")
    copy = tmp_path / "copy.yaml"
    copy.write_text(shipped, encoding="utf-8")
    assert protocol.load(copy).fingerprint == protocol.load("xinzhi-cn-2026").fingerprint
    copy.write_text(shipped.replace("value: 0.096\n", "value: 0.05\n", 1), encoding="utf-8")
    with pytest.raises(ProtocolError, match="belongs to a registered protocol"):
        protocol.load(copy)
    assert "id-taken" in {finding.rule for finding in protocol.check(copy)}
