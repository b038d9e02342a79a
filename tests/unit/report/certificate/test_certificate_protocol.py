from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

import xinzhi
from xinzhi.protocol import load as load_protocol
from xinzhi.protocol import registry
from xinzhi.report.certificate import certify, write_certificate
from xinzhi.report.certificate import verify as verify_all
from xinzhi.report.certificate.tables import describe, rebuild, registry_protocol

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone


def rules(result):
    return {found.rule for found in result.differences}


def test_one_parameter(certificate, package, forge):
    def change(document):
        document["protocol"]["document"]["parameters"]["capital.depreciation"]["value"] = 0.1096

    result = verify(forge(certificate, change), package)
    named = [(found.key, found.value, found.expected) for found in result.differences if found.rule == "parameter"]
    assert named == [("capital.depreciation", "0.1096", "0.096")]
    assert rules(result) == {"parameter", "protocol-altered", "result"}


def test_a_protocol_that_was_swapped_for_another(package, tmp_path, forge):
    ours = load_protocol("xinzhi-cn-2026")
    doctored = ours.replace({"capital.depreciation": 0.05})
    made = certify(xinzhi.measure(package, doctored), package)
    path = write_certificate(made, package, tmp_path)[0]
    honest = verify(path, package)
    assert honest.equal
    assert [(found.rule, found.key, found.value) for found in honest.notes] == [
        ("departure", "capital.depreciation", "0.05")
    ]
    strict = verify(path, package, protocol=ours)
    assert [(found.rule, found.key) for found in strict.differences] == [("parameter", "capital.depreciation")]
    hidden = forge(path, lambda document: document["protocol"]["departures"].clear())
    assert [(found.rule, found.key) for found in verify(hidden, package).differences] == [
        ("parameter", "capital.depreciation"),
        ("stated", "set"),
    ]


def test_version_status_alternatives_and_exclusions_are_named(package, tmp_path):
    ours = load_protocol("xinzhi-cn-2026")
    wider = dict(ours.parameters)
    wider["capital.depreciation"] = replace(wider["capital.depreciation"], alternatives=())
    other = replace(ours, version="2027.1", status="adopted", parameters=wider, exclude=())
    path = write_certificate(certify(xinzhi.measure(package, other), package), package, tmp_path)[0]
    result = verify(path, package)
    expected = {
        ("protocol-differs", "version"),
        ("protocol-differs", "status"),
        ("alternatives", "capital.depreciation"),
    }
    if ours.exclude:
        expected.add(("protocol-differs", "exclude"))
    assert {(found.rule, found.key) for found in result.differences} == expected


def test_a_protocol_of_ones_own(package, tmp_path):
    own = replace(load_protocol("xinzhi-cn-2026"), id="own-2026")
    assert registry_protocol("own-2026") is None
    path = write_certificate(certify(xinzhi.measure(package, own), package), package, tmp_path)[0]
    result = verify(path, package)
    assert result.equal
    assert [found.rule for found in result.notes] == ["protocol-unregistered"]
    assert verify(path, package, protocol=own).notes == ()
    named = verify(path, package, protocol=load_protocol("xinzhi-cn-2026"))
    assert [(found.rule, found.key) for found in named.differences] == [("protocol-differs", "id")]


def test_every_registered_protocol_comes_back():
    for protocol in registry():
        document = json.loads(json.dumps(describe(protocol).document))
        assert rebuild(document).fingerprint == protocol.fingerprint


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda document: document["parameters"]["capital.depreciation"].update(value=-1), "capital.depreciation"),
        (lambda document: document["parameters"].update({"capital.colour": {}}), "protocol"),
        (lambda document: document.pop("title"), "protocol"),
        (lambda document: document.update(parameters=[]), "protocol"),
        (lambda document: document["parameters"].update({"capital.depreciation": None}), "protocol"),
    ],
)
def test_a_protocol_that_cannot_be_used(certificate, package, forge, change, key):
    result = verify(forge(certificate, lambda document: change(document["protocol"]["document"])), package)
    assert [(found.rule, found.key) for found in result.differences] == [("protocol-unusable", key)]
