"""What an assessment says in both languages: of each topic on the package that ships, and on a small synthetic one."""

from __future__ import annotations

import re

import snapshots

from xinzhi.report import write_assessment
from xinzhi.report.pages.yardstick.assessment import topics
from xinzhi.studies import assess

ROUNDING = re.compile(r"\de-\d\d")  # what is left of rounding differs from machine to machine


def test_the_sentences_of_every_topic_are_those_that_were_read_over(pytestconfig):
    update = pytestconfig.getoption("--snapshot-update")
    sections = topics(assess("china-provinces"))
    assert len(sections) > 5
    texts = {section.key: ROUNDING.sub("0", "\n".join(snapshots.texts_of(section))) + "\n" for section in sections}
    differences = [snapshots.difference(f"topics/{key}", text, update=update) for key, text in texts.items()]
    assert not any(differences), "\n\n".join(differences)


def test_the_words_of_a_small_assessment_are_those_that_were_read_over(
    tmp_path, measurement, protocol, package, snapshot
):
    write_assessment(measurement, protocol, package, tmp_path / "made")
    told = snapshot("small-assessment", (tmp_path / "made" / "report.html").read_text("utf-8"))
    assert not told, told
