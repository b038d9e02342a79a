"""One recipe a topic: the same answer by every door, nothing computed twice."""

from __future__ import annotations

import cProfile
import pstats
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from called import main_files

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.studies import assess
from xinzhi.studies.internal import TOPICS

DOORS = ("register", "capacity", "debt", "screen", "bubbles")
ONCE = {
    ("measure.py", "measure"),
    ("complexity.py", "complexity"),
    ("opportunities.py", "opportunities"),
    ("decompose.py", "decompose"),
    ("register.py", "register"),
}


@pytest.fixture(scope="module")
def profiled():
    """Return an assessment of China's provinces, and how often every function of xinzhi was called."""
    profile = cProfile.Profile()
    made = profile.runcall(assess, "china-provinces")
    calls = {
        (Path(file).name, name): count
        for (file, _, name), (_, count, *_) in pstats.Stats(profile).stats.items()
        if "xinzhi" in file
    }
    return made, calls


def test_the_register_of_risks_is_that_of_the_assessment_and_of_python(profiled):
    made, _ = profiled
    here = made.topics["risks"].results["register"]
    there = xinzhi.study("risks", "china-provinces", only=DOORS).results["register"]
    assert here.frame.equals(there.frame)
    assert here.matrix.equals(there.matrix)
    assert here.checks.equals(there.checks)
    assert "not-able" in set(here.checks["rule"])


def test_nothing_is_computed_twice_in_an_assessment(profiled):
    _, calls = profiled
    twice = {name: count for name, count in calls.items() if name in ONCE and count != 1}
    assert not twice
    assert calls.get(("reading.py", "resolve"), 0) <= 1  # of the protocol, kept from call to call


def test_an_assessment_holds_its_topics_and_writes_itself(tmp_path):
    made = assess("china-provinces", only=("scope", "paths"))
    assert list(made.topics) == ["scope", "paths"]
    assert set(made.facts) == set(made.results)
    names = {path.name for path in made.write(tmp_path)}
    assert {"report.html", "assessment.xlsx", "assessment.json"} <= names


def test_topics_can_be_left_out():
    made = assess("china-provinces", skip=("risks", "sources", "sectors", "paths", "frontier"))
    assert list(made.topics) == ["scope"]
    with pytest.raises(UsageError) as error:
        assess("china-provinces", only=("roads",))
    assert "roads" in error.value.lang("zh")


@pytest.mark.parametrize(
    ("topic", "asked", "said"),
    [
        ("roads", {}, "there is no topic 'roads'"),
        ("plan", {"colour": 1}, "there is no option 'colour'"),
        ("paths", {"year": 1900}, "has 2005 to 2016"),
        ("paths", {"anchor": "luck"}, "anchor luck"),
        ("risks", {"only": ("fit",)}, "there is no part 'fit'"),
        ("risks", {"rates": "x.csv", "only": ("debt",)}, "rates belongs to the part 'capacity'"),
        ("sectors", {"draws": 5}, "for an index only"),
        ("frontier", {"inputs": ("capital",), "outputs": ("capital",)}, "named twice"),
        ("bubbles", {"log": True, "value": "log_price"}, "a logarithm already"),
        ("scope", {"io": "flows.csv"}, "belong together"),
    ],
)
def test_what_does_not_go_together_is_refused_in_both_languages(topic, asked, said):
    with pytest.raises((UsageError, InputError)) as error:
        xinzhi.study(topic, "china-provinces", **asked)
    assert said in str(error.value)
    assert error.value.lang("zh") != str(error.value)
    assert error.value.exit_code == 2


def test_every_topic_has_a_recipe_of_its_name():
    from xinzhi import studies

    assert all(callable(getattr(studies, topic)) for topic in TOPICS)


CLAIM = {"region": "Jilin", "start": 2012, "end": 2017, "growth": "2.6%"}


def test_the_verbs_of_the_yardstick_are_studies_too():
    made = xinzhi.study("measure", "china-provinces", region="吉林")
    assert made.region == "220000"
    assert made.results["measurement"].frame.equals(xinzhi.measure("china-provinces").frame)
    held = xinzhi.study("claim", "china-provinces", **CLAIM)
    check = xinzhi.check_claim("china-provinces", **CLAIM)
    assert held.results["claim"].frame.equals(check.frame)
    assert held.more["supported"]
    assert held.summary("zh") == check.summary("zh")


@pytest.mark.parametrize("more", [{"claims": "claims.csv"}, {"growth": None}, {"end": None, "rounding": "0.05pp"}])
def test_a_claim_is_whole_and_stands_alone(more):
    with pytest.raises(UsageError):
        xinzhi.study("claim", "china-provinces", **CLAIM | more)


def test_vintages_are_compared_with_an_older_package_and_written(tmp_path, country):
    new = xinzhi.load(country())
    old = replace(new, tables=new.tables | {"accounts": new.tables["accounts"].with_columns(pl.col("output_real") * 2)})
    made = xinzhi.study("vintages", new, before=old)
    assert list(made.results) == ["change"]
    assert made.results["change"].frame["total"].abs().max() < 1e-12
    assert len(made.notes) == 1  # there is no table of recorded revisions
    assert set(made.write(tmp_path)) == set(tmp_path.iterdir())
    assert main_files(tmp_path) == {f"vintages.{one}" for one in ("html", "xlsx", "json", "csv")}


def test_recorded_revisions_are_drawn_where_they_moved_something(tmp_path):
    made = xinzhi.study("vintages", "china-provinces")
    made.write(tmp_path, "zh")
    page = (tmp_path / "vintages.html").read_text("utf-8")
    for pair in ("first_published-census4", "census4-census5"):
        assert f"history-{pair}" in page
    assert "由“首次公布”修订为“第四次经济普查后”" in page
    assert not re.search(r">[^<]*(first_published|census4)修订为", page)


def test_revisions_that_moved_nothing_are_not_drawn(tmp_path):
    package = xinzhi.load("china-provinces")
    own = package.tables["vintages"]
    first = own.filter(vintage="first_published")
    unmoved = pl.concat([first, first.with_columns(vintage=pl.lit("census4")), own.filter(vintage="census5")])
    made = xinzhi.study("vintages", replace(package, tables=package.tables | {"vintages": unmoved}))
    made.write(tmp_path, "zh")
    page = (tmp_path / "vintages.html").read_text("utf-8")
    assert "history-census4-census5" in page
    assert "history-first_published-census4" not in page


@pytest.mark.parametrize(("sides", "verb"), [("input", "cost"), ("output", "revenue"), ("input output", "profit")])
def test_prices_lead_from_the_study_to_the_efficiency_of_their_side(sides, verb):
    rng = np.random.default_rng(5)
    frame = pl.DataFrame({"unit": [f"u{at}" for at in range(9)]} | {name: rng.uniform(1, 3, 9) for name in "xywp"})
    asked = {f"{side}_prices": [{"input": "w", "output": "p"}[side]] for side in sides.split()}
    (made,) = xinzhi.study("frontier", frame, inputs=["x"], outputs=["y"], **asked).results.values()
    goods = [frame[[name]].to_numpy() for name in ("x", "y")]
    prices = [frame[names].to_numpy() for names in asked.values()]
    own = getattr(xinzhi.frontier, f"{verb}_efficiency")(*goods, *prices)
    assert made.frame["economic"].to_list() == own.frame["economic"].to_list()
