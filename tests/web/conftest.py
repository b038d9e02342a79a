"""One site for all tests of the explorer."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

from web.reading import Reader

from xinzhi.web.static import site


@pytest.fixture(scope="session")
def folder(store, tmp_path_factory):
    """The static site."""
    out = tmp_path_factory.mktemp("site")
    site(store, out)
    return out


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
