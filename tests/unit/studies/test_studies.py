"""One recipe a topic: the same answer by every door, nothing computed twice."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.studies import TOPICS, assess

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
    assert here.frame.height == 1105
    assert "endowments-do-not-suit" in set(here.frame["rule"])


def test_nothing_is_computed_twice_in_an_assessment(profiled):
    _, calls = profiled
    twice = {name: count for name, count in calls.items() if name in ONCE and count != 1}
    assert not twice
    assert calls["load.py", "load"] == 1  # of the protocol


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
        ("scope", {}, "depends on the day"),
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
