"""The command line called in this process: what a user gets, without an interpreter of its own for every call."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path

from xinzhi.cli import app, main


@dataclass(frozen=True)
class Done:
    """How a call ended, and what it said; the names are those of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


def called(*words: str | int | Path, cwd: Path | None = None) -> Done:
    """Run ``xinzhi`` with these words, in a folder."""
    kept = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(one, "utf-8", write_through=True) for one in kept)
    before, sys.argv = sys.argv, ["xinzhi", *map(str, words)]
    try:
        with contextlib.chdir(cwd or Path.cwd()), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            app.run()
        code: object = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = before
    said, told = (one.getvalue().decode() for one in kept)
    return Done(code if isinstance(code, int) else int(code is not None), said, told)


def answering(monkeypatch, capsys, *head, language="en"):
    """Return what runs ``xinzhi`` with `head` and more words, and gives exit code, output and errors."""
    monkeypatch.setenv("XINZHI_LANG", language)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["xinzhi", *head, *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return call


def main_files(folder):
    """Return the names of the files of a study without those that describe its CSV files or hold its other tables."""
    beside = ("-metadata.json", ".datapackage.json", "-data.xlsx")
    return {path.name for path in folder.iterdir() if not path.name.endswith(beside)}
