from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinzhi import protocol
from xinzhi.core import yamlfile
from xinzhi.core.errors import ProtocolError
from xinzhi.protocol import DatedValue
from xinzhi.protocol.reading import registry_files

OURS = protocol.load("xinzhi-cn-2026")
CONTENT = {file.stem: yamlfile.read(file).content for file in registry_files()}


def shuffled(draw, value):
    """Return the same content with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: shuffled(draw, value[key]) for key in keys}
    return [shuffled(draw, item) for item in value] if isinstance(value, list) else value


def reloaded(content, **style):
    with TemporaryDirectory() as folder:
        path = Path(folder, "again.yaml")
        text = "# a comment\n" + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, **style)
        path.write_text(text, encoding="utf-8")
        return protocol.load(path)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data(), st.sampled_from(sorted(CONTENT)), st.sampled_from([True, False, None]))
def test_order_of_keys_comments_and_format_do_not_count(data, name, flow):
    again = reloaded(shuffled(data.draw, CONTENT[name]), default_flow_style=flow, width=data.draw(st.integers(40, 400)))
    assert again.fingerprint == protocol.load(name).fingerprint
    assert again == protocol.load(name)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_order_of_alternatives_does_not_count(data):
    content = dict(CONTENT["xinzhi-cn-2026"])
    rate = dict(content["parameters"]["capital"]["depreciation"])
    rate["alternatives"] = data.draw(st.permutations(rate["alternatives"]))
    capital = {**content["parameters"]["capital"], "depreciation": rate}
    content["parameters"] = {**content["parameters"], "capital": capital}
    content["exclude"] = data.draw(st.permutations(content["exclude"]))
    assert reloaded(content).fingerprint == OURS.fingerprint


def numbers(spec):
    low = spec.minimum if spec.minimum is not None else (spec.above or 0)
    return st.floats(low, spec.maximum or 1e6, exclude_min=spec.above is not None, allow_nan=False)


def versions(spec, plain):
    """Return strategies for dated values where the parameter may change with time."""
    days = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))
    dated = st.dictionaries(days, plain, min_size=1, max_size=4).map(DatedValue.from_mapping)
    return plain | dated if spec.dated else plain


def values(path):
    spec = protocol.catalogue()[path]
    match spec.kind:
        case "choice":
            plain = st.sampled_from(sorted(spec.allowed))
        case "number":
            plain = numbers(spec)
        case "integer":
            plain = st.integers(int(spec.minimum), int(spec.maximum))
        case "number_by_asset":
            plain = st.dictionaries(st.text(min_size=1, max_size=5), numbers(spec), min_size=1, max_size=4)
        case "number_or_by_asset":
            assets = st.dictionaries(st.sampled_from(["buildings", "machines"]), numbers(spec), min_size=1)
            plain = numbers(spec) | assets
        case "schooling_returns":
            limits = st.lists(st.integers(1, 20), unique=True, max_size=4).map(sorted)
            plain = limits.flatmap(
                lambda edges: st.lists(numbers(spec), min_size=len(edges) + 1, max_size=len(edges) + 1).map(
                    lambda rates: [list(pair) for pair in zip([*edges, None], rates, strict=True)]
                )
            )
        case "periods":
            pair = st.lists(st.integers(1900, 2030), min_size=2, max_size=2, unique=True).map(sorted)
            plain = st.lists(pair, max_size=4)
        case "series":
            plain = st.dictionaries(st.integers(*spec.years), numbers(spec), min_size=1, max_size=6)
        case "scales":
            years = st.dictionaries(st.integers(1900, 2030), numbers(spec), min_size=1, max_size=4)
            plain = st.dictionaries(st.text(min_size=1, max_size=5), years, min_size=1, max_size=3)
        case _:
            row = st.fixed_dictionaries(
                {
                    "region": st.sampled_from(["110000", "500000", "650000"]),
                    "year": st.integers(1952, 2020),
                    "value": st.floats(0.1, 1e6),
                    "reference": st.just("a source"),
                }
            )
            plain = st.lists(row, max_size=3, unique_by=lambda item: item["region"])
    return versions(spec, plain)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(list(protocol.catalogue())))
def test_any_other_value_is_another_fingerprint_and_back_again_the_first(data, path):
    value = data.draw(values(path))
    changed = OURS.replace({path: value})
    same = path in OURS.parameters and changed.parameters[path].value == OURS.parameters[path].value
    assert (changed.fingerprint == OURS.fingerprint) is same
    assert changed.id == OURS.id
    if path in OURS.parameters:
        assert changed.replace({path: OURS.parameters[path].value}).fingerprint == OURS.fingerprint


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(list(protocol.catalogue())))
def test_reading_a_canonical_value_again_changes_nothing(data, path):
    spec = protocol.catalogue()[path]
    once = spec.read(data.draw(values(path)))
    assert spec.read(once) == once


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)), st.integers(), min_size=1, max_size=6),
    st.integers(1899, 2101),
)
def test_dated_look_up_is_the_latest_on_or_before_the_end_of_the_year(entries, year):
    valid = {start: value for start, value in entries.items() if start <= dt.date(year, 12, 31)}
    dated = DatedValue.from_mapping(entries)
    if valid:
        assert dated.at(year) == valid[max(valid)]
    else:
        with pytest.raises(ProtocolError, match="no value is valid"):
            dated.at(year)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_whatever_give_anything_but_findings(raw):
    with TemporaryDirectory() as folder:
        path = Path(folder, "any.yaml")
        path.write_bytes(raw)
        findings = protocol.check(path)
        assert findings
        assert all(finding.severity == "error" and finding.line != 0 for finding in findings)


@settings(max_examples=75, deadline=None)
@given(st.data(), st.sampled_from(sorted(CONTENT)))
def test_a_file_cut_off_anywhere_is_a_protocol_or_has_findings(data, name):
    text = next(file for file in registry_files() if file.stem == name).read_bytes()
    cut = data.draw(st.integers(0, len(text) - 1))
    with TemporaryDirectory() as folder:
        path = Path(folder, "cut.yaml")
        path.write_bytes(text[:cut])
        errors = [finding.sentence("zh") for finding in protocol.check(path) if finding.severity == "error"]
        if not errors:
            protocol.load(path).require()
