"""The offices behind the figures stand under charts, not the name of our package."""

from __future__ import annotations

import pytest

import xinzhi
from xinzhi.core.text import Text
from xinzhi.data.descriptor import issuers

BUREAU = Text(zh="国家统计局", en="National Bureau of Statistics of China")


def test_the_shipped_package_names_the_office_of_every_table():
    package = xinzhi.load("china-provinces")
    assert set(package.tables) <= set(package.issuers)
    assert package.issued_by(["accounts", "investment", "nation", "regions"]) == BUREAU
    assert package.issued_by(["debt", "fiscal"]).en == "Ministry of Finance, National Bureau of Statistics of China"
    assert package.issued_by(["cells"]) == BUREAU  # made from several tables


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({}, {}),
        ({"sources": "the bureau", "resources": [{"name": "a"}]}, {}),
        ({"sources": [3, None, {"path": "x"}], "resources": [{"name": "a", "sources": 4}]}, {}),
        ({"sources": [{"title": "Yearbook"}], "resources": [{"name": "a"}]}, {"": ["Yearbook"], "a": ["Yearbook"]}),
        (
            {
                "sources": [{"title": "Yearbook", "issuer": "Bureau", "issuer_zh": "局"}, {"title": "Copy"}],
                "resources": [{"name": "a"}, {"name": "b", "sources": [{"title": "Ministry"}]}],
            },
            {"": ["Bureau"], "a": ["Bureau"], "b": ["Ministry"]},
        ),
    ],
)
def test_sources_may_be_missing_or_no_sources_at_all(document, found):
    assert {name: [one.en for one in offices] for name, offices in issuers(document).items()} == found


def test_the_page_names_the_office_under_every_chart(tmp_path):
    made = xinzhi.studies.assess("china-provinces", only=("scope",))
    made.write(tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "资料来源：国家统计局，据以测算。" in page
    assert "Source: National Bureau of Statistics of China; own computation." in page
    assert "资料来源：中国31个省级地区核算数据" not in page


def test_a_package_that_names_nobody_is_named_itself(tmp_path, country):
    made = xinzhi.studies.measure(xinzhi.load(country()))
    assert made.results["measurement"].provenance.issuers is None
    made.write(tmp_path)
    assert "own computation" not in next(tmp_path.glob("*.html")).read_text("utf-8")
