"""One site for all tests of the explorer."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

from web.reading import Reader

from xinzhi.studies.internal import Study
from xinzhi.web import render
from xinzhi.web.static import site


@pytest.fixture(scope="session")
def written(store, tmp_path_factory):
    """The static site; every table that its pages show, the language, its HTML; and the studies they are made from."""
    out, shown, plain = tmp_path_factory.mktemp("site"), [], render.table

    def noted(source, language, decimals, above=None):
        shown.append((source, language, html := plain(source, language, decimals, above)))
        return html

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "table", noted)
        site(store, out)
    kept = [one for one, _ in store._studies._values.values() if isinstance(one, Study)]  # noqa: SLF001 - shown nowhere
    return out, shown, kept


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
