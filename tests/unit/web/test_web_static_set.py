"""A site is put in place as one set: pages of an earlier run go, what others have put there stays or is refused."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.files import SET
from xinzhi.web import static


@pytest.fixture
def write(monkeypatch):
    """Return what writes a site of a few pages that hold a text."""
    monkeypatch.setattr(static.render, "html", lambda store, _: store.text.encode())
    monkeypatch.setattr(static, "asset", lambda store, *_, **__: store.text.encode())
    monkeypatch.setattr(static, "front", lambda: "front")
    monkeypatch.setattr(static, "linked_files", lambda _: set())

    def site(folder, text, paths):
        monkeypatch.setattr(static.pages, "addresses", lambda _: [SimpleNamespace(path=path) for path in paths])
        return static.site(SimpleNamespace(text=text), folder)

    return site


OLD = ["zh/index.html", "zh/region/110000.html", "en/index.html", "en/region/990000.html"]
NEW = ["zh/index.html", "en/index.html", "en/region/110000.html"]


def held(folder):
    paths = (path for path in folder.rglob("*") if path.is_file() and SET not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def test_pages_of_an_earlier_run_go(tmp_path, write):
    write(tmp_path, "old", OLD)
    (tmp_path / "CNAME").write_text("mine")
    files = write(tmp_path, "new", NEW)
    found = held(tmp_path)
    assert found.pop("CNAME") == "mine"
    assert {tmp_path / name for name in found} == {*files}
    assert {*found.values()} == {"front", "new"}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", ["assets/logo.png", "zh/notes.docx"])
def test_files_of_others_are_not_replaced(tmp_path, write, name):
    write(tmp_path, "old", OLD)
    (tmp_path / name).write_text("mine")
    before = held(tmp_path)
    with pytest.raises(UsageError, match=r"has not written \(\w+\.\w+\)") as refused:
        write(tmp_path, "new", NEW)
    assert "故未写入" in refused.value.lang("zh")
    assert held(tmp_path) == before


@pytest.mark.parametrize("at", range(10))
def test_a_site_that_stops_at_any_rename_is_of_one_run(tmp_path, write, monkeypatch, at):
    write(tmp_path, "old", OLD)
    old = held(tmp_path)
    rename, count = os.replace, iter(range(100))

    def fail(before, after):
        if next(count) >= at:  # and nothing after it works: as if the process were gone
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(before, after)

    with monkeypatch.context() as context:
        context.setattr(os, "replace", fail)
        try:
            write(tmp_path, "new", NEW)
            ended = True
        except XinzhiError:
            ended = False
    assert ended == (at >= 9)
    assert len({*held(tmp_path).values()} - {"front"}) <= 1
    found = {name: text for name, text in held(tmp_path).items() if name != "index.html"}
    for part in {name.partition("/")[0] for name in found}:
        whole = {name for name in (*OLD, *NEW, *(f"assets/{name}" for name in static.NAMES)) if name.startswith(part)}
        assert {name for name in found if name.startswith(part)} <= whole
    write(tmp_path, "last", OLD)
    assert held(tmp_path) == {name: text.replace("old", "last") for name, text in old.items()}
