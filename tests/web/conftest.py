"""One site for all tests of the explorer."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

from web.reading import Reader

from xinzhi.web import render
from xinzhi.web.static import site


@pytest.fixture(scope="session")
def written(store, tmp_path_factory):
    """The static site, and every table that its pages show: where, the table, its HTML."""
    out, shown, plain = tmp_path_factory.mktemp("site"), [], render.table

    def noted(source, language, decimals, above=None):
        shown.append((source, language, html := plain(source, language, decimals, above)))
        return html

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "table", noted)
        site(store, out)
    return out, shown


@pytest.fixture(scope="session")
def folder(written):
    """The static site."""
    return written[0]


@pytest.fixture(scope="session")
def read(folder):
    """The pages of the static site as a person reads them, by path."""
    found = {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.html")}
    return {name: Reader(html) for name, html in found.items()}


@pytest.fixture(scope="session")
def client(store):
    from fastapi.testclient import TestClient

    from xinzhi.web.app import application

    return TestClient(application(store))
