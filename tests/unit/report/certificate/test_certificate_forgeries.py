"""Every member of the closed schema, bent in every way, is refused: a seeded part of what bench/forge.py runs."""

from __future__ import annotations

import random

import pytest
from forged_files import edited, file_forgeries, linked
from forgeries import FAULT, Court, computed_once, forgeries, members

from xinzhi.report.certificate.certify import NAMES
from xinzhi.report.certificate.schema import Certificate

KINDS = {"removed", "twice", "renamed", "retyped", "changed", "emptied"}
FREE = {"registered", "here"}  # values of any type


@pytest.fixture(scope="module")
def court(tmp_path_factory):
    with computed_once():
        yield Court(tmp_path_factory.mktemp("court"))


def test_the_honest_set_passes(court):
    assert court.judge_files(court.honest) == []
    assert court.judge_files(court.honest, independent=True) in ([], ["independent-not-covered"])
    assert {name.partition("/")[0] for name in court.document["report"]["files"]} >= {"briefs", "report.html"}


@pytest.mark.parametrize("forgery", range(45))
def test_a_forged_certificate_is_refused(court, forgery):
    pool = list(forgeries(court.signed))
    chosen = random.Random(32).sample(pool, 45)[forgery]  # noqa: S311 - no secret
    why = court.judge(chosen)
    assert why, chosen.name
    assert not why[0].startswith(FAULT), (chosen.name, why)


def test_forged_files_are_refused(court):
    pool = list(file_forgeries(court, {}))
    assert len(pool) > 150
    for name, files in random.Random(32).sample(pool, 6):  # noqa: S311 - no secret
        assert court.judge_files(files()), name


def test_a_link_in_the_place_of_a_file_is_refused(court):
    judges = dict(linked(court))
    for name in ("report.html: linked", "briefs: linked"):
        assert "file-link" in judges[name](), name


def test_every_member_of_the_schema_is_forged(court):
    made = list(forgeries(court.signed))
    assert len(made) > 400
    bent = {}
    for forgery in made:
        bent.setdefault(forgery.place[-1], set()).add(forgery.kind.rstrip("0123456789"))
    schema = Certificate.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        for name in part["properties"].keys() - FREE:
            assert bent.get(name, set()) >= KINDS - {"retyped", "changed", "emptied"}, name
            assert bent[name] & {"retyped", "changed"}, name


class Wider(Certificate):
    """A certificate with a member more, as a later format may have it."""

    approved: dict[str, list[str]]


def test_a_member_that_is_invented_is_forged_too(court):
    document = {**court.document, "approved": {"by": ["x", "y", "z"]}}
    places = set(members(Wider, document))
    assert {("approved",), ("approved", "by"), ("approved", "by", 0), ("approved", "by", 2)} <= places
    kinds = {forgery.kind for forgery in forgeries(document, Wider) if forgery.place == ("approved",)}
    assert kinds >= KINDS
    assert ("approved",) not in set(members(Certificate, document))


def test_an_edit_changes_a_file(court):
    for name in (name for name in court.honest if name not in NAMES):
        assert len(edited(name, court.honest[name])) > 3, name
