"""Files in place are of one run, and a file is there only with those that vouch for it, wherever a run is stopped."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xinzhi.core import files
from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.files import has_interrupted_write, whole, whole_file

SET = ["report.html", "growth.csv", "certificate.json", "crate.json"]

# Runs that the system kills at their n-th step of those that change the folder, each a child of one process: an
# interpreter of its own for every one of them would take most of the time.
KILLED = """
import json, os, sys
from pathlib import Path
from xinzhi.core.files import whole
def killed(step, folder, text, names, former):
    def counted(do):
        def inner(*given, **more):
            nonlocal step
            step -= 1
            if step < 0:
                os._exit(137)
            return do(*given, **more)
        return inner
    for name in ("replace", "rename", "mkdir", "rmdir", "unlink"):
        setattr(os, name, counted(getattr(os, name)))
    with whole(Path(folder), names, former=former) as paths:
        for path in paths:
            path.write_text(text)
for line in sys.stdin:
    child = os.fork()
    if not child:
        code = 1
        try:
            killed(*json.loads(line))
            code = 0
        finally:
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def run():
    """Return what writes a set of files, is killed at a step, and says how it ended."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", KILLED], stdin=pipe, stdout=pipe, text=True) as server:

        def ask(folder, text, step=10_000, names=SET, former=()):
            server.stdin.write(json.dumps([step, str(folder), text, names, former]) + "\n")
            server.stdin.flush()
            return int(server.stdout.readline())

        yield ask


def there(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if not path.name.startswith(".")}


def is_tail(folder, names=SET):
    """Whether what is in place is of one run, and each file has those that follow it."""
    found = there(folder)
    present = [name for name in names if name in found]
    return len(set(found.values())) <= 1 and present == names[len(names) - len(present) :]


def write(folder, text, names=SET, former=()):
    with whole(folder, names, former=former) as paths:
        for path in paths:
            path.write_text(text)


def test_killed_at_every_step(tmp_path, run):
    stopped, states = 0, set()
    for step in range(60):
        folder = tmp_path / str(step)
        write(folder, "old")
        if run(folder, "new", step) == 0:
            break
        stopped += 1
        assert is_tail(folder), step
        states.add((len(there(folder)), *set(there(folder).values())))
        found = there(folder)
        complete = has_interrupted_write(folder)
        assert complete or found == dict.fromkeys(SET, "old") or found == dict.fromkeys(SET, "new")
        with whole(folder, ["other.csv"]) as (path,):
            path.write_text("other")
        after = there(folder)
        assert after.pop("other.csv") == "other"
        assert after in (dict.fromkeys(SET, "old"), dict.fromkeys(SET, "new"))
        assert not complete or after == dict.fromkeys(SET, "new")
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert stopped > 12
    assert {(2, "old"), (0,), (2, "new"), (4, "new")} <= states


def test_killed_twice(tmp_path, run):
    write(tmp_path / "full", "old")
    for first in range(5, 15):
        for second in range(0, 14, 3):
            folder = tmp_path / f"{first}-{second}"
            write(folder, "old")
            run(folder, "new", first)
            run(folder, "third", second)
            assert is_tail(folder)
            write(folder, "last")
            assert there(folder) == dict.fromkeys(SET, "last")


def test_a_former_certificate_goes_with_its_report(tmp_path, run):
    for step in range(40):
        folder = tmp_path / str(step)
        write(folder, "old")
        done = run(folder, "new", step, SET[:2], SET[2:]) == 0
        found = there(folder)
        new = {name: text for name, text in found.items() if text == "new"}
        assert not new or found == new, step
        assert new or is_tail(folder)
        if done:
            assert found == dict.fromkeys(SET[:2], "new")
            return
    pytest.fail("it never ended")


@pytest.mark.parametrize("at", range(9))
def test_an_error_at_any_rename_leaves_the_old_set(tmp_path, monkeypatch, at):
    write(tmp_path, "old")
    rename, count = os.replace, iter(range(100))

    def fail(old, new):
        if next(count) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(XinzhiError, match="disk is full") as refused:
        write(tmp_path, "new")
    assert there(tmp_path) == dict.fromkeys(SET, "old")
    assert len(list(tmp_path.iterdir())) == len(SET)
    assert refused.value.exit_code == 3
    assert str(tmp_path) in str(refused.value)


@pytest.mark.parametrize("at", range(9))
def test_a_file_system_that_fails_for_good_is_finished_by_the_next_run(tmp_path, monkeypatch, at):
    write(tmp_path, "old")
    rename, count = os.replace, iter(range(100))

    def fail(old, new):
        if next(count) >= at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(XinzhiError):
        write(tmp_path, "new")
    assert is_tail(tmp_path)
    monkeypatch.undo()
    write(tmp_path, "last")
    assert there(tmp_path) == dict.fromkeys(SET, "last")
    assert len(list(tmp_path.iterdir())) == len(SET)


class Wrapped(Exception):  # noqa: N818 - as xlsxwriter wraps what the system says
    pass


@pytest.mark.parametrize("wrap", [lambda error: error, Wrapped])
def test_what_is_written_is_named_where_the_disk_is_full(tmp_path, wrap):
    with pytest.raises(XinzhiError) as refused, whole(tmp_path, SET):
        raise wrap(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert str(tmp_path) in refused.value.lang("zh")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_the_name_is_refused_and_kept(tmp_path):
    (tmp_path / "growth.csv").mkdir()
    (tmp_path / "growth.csv" / "mine").write_text("mine")
    with pytest.raises(UsageError, match=r"growth\.csv"):
        write(tmp_path, "new")
    assert (tmp_path / "growth.csv" / "mine").read_text() == "mine"


def test_stale_files_are_swept_and_live_ones_kept(tmp_path):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    stale, live = tmp_path / f".{int(gone.stdout)}-levels.csv", tmp_path / f".{os.getpid()}-levels.csv"
    mine = tmp_path / ".hidden"
    for path in (stale, live, mine):
        path.write_text("half")
    (tmp_path / f"{files.PREFIX}dead").mkdir()
    with whole_file(tmp_path / "a.csv") as outer:
        outer.write_text("a")
        with whole_file(tmp_path / "b.csv") as inner:
            inner.write_text("b")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([live.name, mine.name, "a.csv", "b.csv"])


def test_twenty_at_once_give_one_set(tmp_path):
    lines = [json.dumps([10_000, str(tmp_path), str(n), SET, ()]) for n in range(20)]
    alone = f"import io, sys; sys.stdin = io.StringIO(sys.argv[1])\n{KILLED}"
    made = [subprocess.Popen([sys.executable, "-c", alone, line], stdout=subprocess.DEVNULL) for line in lines]
    assert [one.wait() for one in made] == [0] * 20
    found = there(tmp_path)
    assert sorted(found) == sorted(SET)
    assert len(set(found.values())) == 1
    assert len(list(tmp_path.iterdir())) == len(SET)


def test_without_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "fcntl", None)
    write(tmp_path, "old")
    write(tmp_path, "new")
    assert there(tmp_path) == dict.fromkeys(SET, "new")
    assert len(list(Path(tmp_path).iterdir())) == len(SET)


@pytest.mark.parametrize("name", ["../x.html", "a/b", "a\\b", "", ".", "..", "a\0b"])
@pytest.mark.parametrize("is_former", [False, True])
def test_no_name_leads_out_of_the_folder(tmp_path, name, is_former):
    names, former = (["x"], [name]) if is_former else (["x", name], [])
    with pytest.raises(UsageError, match="cannot be the name of a file"), whole(tmp_path / "out", names, former=former):
        pass
    assert not (tmp_path / "out").exists()
