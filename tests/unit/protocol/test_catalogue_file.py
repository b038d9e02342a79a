"""The catalogue obeys the YAML rules that it is used to enforce."""

from __future__ import annotations

from importlib.resources import files

from xinzhi.protocol.catalogue import catalogue
from xinzhi.protocol.yamlfile import parse


def test_no_parameter_stands_twice():
    text = (files("xinzhi.protocol") / "parameters.yaml").read_text(encoding="utf-8")
    assert set(parse(text, "parameters.yaml").content["parameters"]) == set(catalogue())
