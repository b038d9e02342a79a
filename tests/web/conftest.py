"""One store and one site for all tests of the explorer."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

from xinzhi.web import Store
from xinzhi.web.static import site


@pytest.fixture(scope="session")
def store():
    made = Store("china-provinces")
    yield made
    made.close()


@pytest.fixture(scope="session")
def folder(store, tmp_path_factory):
    """The static site."""
    out = tmp_path_factory.mktemp("site")
    site(store, out)
    return out


@pytest.fixture(scope="session")
def client(store):
    from fastapi.testclient import TestClient

    from xinzhi.web.app import application

    return TestClient(application(store))
