"""Numbers stay: the calls of `calls.py` that are quick, against the digests that are stored.

What differs is said in words by ``python tests/golden/freeze.py --compare``, and with the numbers by ``--against REV``.
A change of numbers that is meant is written into the changelog, and the digests are made anew.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from golden.calls import CALLS
from golden.freeze import LACKING, SEEN, STORED, Bench, differences, digests, names, record, record_library
from golden.library import LIBRARY

DOUBLED = re.compile(r"[：，；。]。|[:,;]\.(?=\s|$)|(?<![.…])\.\.(?=\s|$)")  # a sentence that ends twice
QUICK = [call for call in CALLS if call.quick]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def stored():
    return json.loads(STORED.read_text(encoding="utf-8"))["calls"]


def test_every_call_is_stored(stored):
    assert sorted(stored) == sorted(names())
    assert STORED.stat().st_size < 330_000


def judged(name, stored, parts):
    found = [line for line in differences(stored[name], digests(parts)) if "rounding only" not in line]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("call", QUICK, ids=lambda call: call.name)
def test_numbers_of_a_call_are_those_that_were_frozen(call, bench, stored):
    languages = ("en", "zh") if "{out}" in call.words else ("en",)  # of what is printed in Chinese no number is frozen
    parts = record(call, bench, languages)
    judged(call.name, stored, parts)
    doubled = [text for of in parts.values() for part in of.values() for text in part.words if DOUBLED.search(text)]
    assert not doubled, doubled


@pytest.mark.parametrize("name", LIBRARY)
def test_numbers_of_the_library_are_those_that_were_frozen(name, stored):
    judged(name, stored, record_library(name))


def test_every_column_of_every_result_is_described_and_every_input_has_its_digest(bench):
    """Whatever the calls above have made; alone, the assessment of a made-up package."""
    if len(SEEN) <= 10:
        record(next(call for call in QUICK if call.name == "assess-provinces"), bench)
    assert len(SEEN) > 10
    assert sorted(LACKING) == []
