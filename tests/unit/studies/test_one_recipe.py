"""A topic says the same by itself and inside an assessment: every frame of the results that both have."""

from __future__ import annotations

from dataclasses import fields, replace

import polars as pl
import pytest
from golden.made_up import islands, provinces

import xinzhi
from xinzhi.report.pages.yardstick.assessment import topics as sections
from xinzhi.studies import assess
from xinzhi.studies.assess import TOPICS

ALONE = {
    "scope": {"as_of": "2017-12-31"},
    "frontier": {
        "inputs": ("capital", "labour"),
        "outputs": ("output",),
        "index": "malmquist",
        "reference": "sequential",
    },
    "paths": {"draws": 20},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a made-up package that is enough for every topic."""
    return xinzhi.load(provinces(tmp_path_factory.mktemp("provinces")))


@pytest.fixture(scope="module")
def poor(whole):
    """Return the package without population: there is no output per head to fix the direction of complexity."""
    accounts = whole.tables["accounts"].drop("population")
    return replace(whole, tables={**whole.tables, "accounts": accounts})


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """Return a made-up package whose industries are not of the standard."""
    return xinzhi.load(islands(tmp_path_factory.mktemp("islands")))


@pytest.fixture(scope="module")
def assessed(whole, poor, strange):
    return {"whole": assess(whole), "poor": assess(poor), "strange": assess(strange)}


def frames(result):
    """Return the frames of a result by field."""
    found = {one.name: getattr(result, one.name) for one in fields(result)}
    return {name: value for name, value in found.items() if isinstance(value, pl.DataFrame)}


def test_the_made_up_packages_are_enough_for_the_comparison(assessed):
    assert list(assessed["whole"].topics) == list(TOPICS)
    assert list(assessed["poor"].topics) == [topic for topic in TOPICS if topic != "sectors"]
    assert list(assessed["strange"].topics) == ["sources", "paths", "frontier"]


@pytest.mark.parametrize("package", ["whole", "poor", "strange"])
@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_says_the_same_by_itself_and_inside_an_assessment(topic, package, assessed, request):
    made = assessed[package]
    if topic not in made.topics:
        return
    alone = xinzhi.study(topic, request.getfixturevalue(package), **ALONE.get(topic, {}))
    inside = made.topics[topic]
    assert set(inside.results) <= set(alone.results)
    for name, result in inside.results.items():
        other = alone.results[name]
        assert type(other) is type(result)
        assert frames(result)
        for place, frame in frames(result).items():
            assert frame.equals(frames(other)[place]), f"{topic}.{name}.{place}"


def test_what_the_direction_follows_is_said(assessed):
    assert assessed["whole"].topics["paths"].results["opportunities"].frame["emerging"].any()
    notes = [note.en for note in assessed["poor"].topics["paths"].notes]
    assert notes == [
        "which end of complexity is up follows output per person employed of 2016, for want of output per head"
    ]


def test_industries_of_no_standard_are_not_marked_and_it_is_said(assessed):
    paths = assessed["strange"].topics["paths"]
    assert not paths.results["opportunities"].frame["emerging"].count()
    assert any("emerging industries are not marked" in note.en for note in paths.notes)


def test_the_page_of_an_assessment_stands_with_complexity_alone(assessed):
    made = assessed["whole"]
    paths = made.topics["paths"]
    alone = replace(paths, results={"complexity": paths.results["complexity"]})
    (section,) = sections(replace(made, topics={"paths": alone}))
    assert section.key == "paths"
    assert section.answer
    assert bool(section.pictures) == paths.results["complexity"].signed
    assert not section.tables
