"""Whatever the terminal is, a verb ends with its own exit code; whatever else happens is one sentence and exit 70."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from xinzhi.cli import app, main

CALL = f"{sys.executable} -m xinzhi"


def shell(command, **variables):
    return subprocess.run(
        ["sh", "-c", command],  # noqa: S607 - the shell of this system closes and fills streams
        capture_output=True,
        check=False,
        env=os.environ | variables,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp936"])
def test_a_terminal_without_the_letters_gets_question_marks(encoding):
    done = shell(f"{CALL} protocol list --lang zh", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"xinzhi-cn-2026" in done.stdout
    assert (b"?" in done.stdout) == (encoding != "cp936")


@pytest.mark.parametrize(
    ("redirection", "code"), [(">&-", 0), (">&- 2>&-", 0), ("| true", 0), (">/dev/full", 3)], ids=str
)
@pytest.mark.parametrize("option", ["", "--json"])
def test_closed_left_and_full_streams_do_not_change_the_code(redirection, code, option):
    done = shell(f"{{ {CALL} protocol show xinzhi-cn-2026 {option}; echo $? >&3; }} 3>&2 {redirection}")
    said = done.stderr.decode().splitlines()
    assert said[-1] == str(code)
    assert said[:-1] == (
        ["xinzhi: stdout: it cannot be read or written (the disk is full). Check the path and the permissions."]
        if code and not option
        else []
    )


def test_a_reader_that_leaves_does_not_hide_misuse():
    done = shell(f"{{ {CALL} nosuch; echo $? >&3; }} 3>&1 2>&1 | true")
    assert done.stdout in {b"2\n", b""}


def test_a_name_that_is_no_text_is_told_as_such(monkeypatch, capsys):
    code, _, said = called(["check", os.fsdecode(b"b\xff"), "--lang", "en"], monkeypatch, capsys)
    assert (code, said.count("\n")) == (2, 1)
    assert "'b\\udcff' has control characters or bytes that are not UTF-8" in said


def called(words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["xinzhi", *words])
    with pytest.raises(SystemExit) as leaving:
        main()
    said = capsys.readouterr()
    return leaving.value.code, said.out, said.err


PANIC = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})


@pytest.mark.parametrize(
    "fault", [RuntimeError("boom\nmore"), MemoryError(), RecursionError("deep"), PANIC("panicked")]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_unforeseen_fault_is_one_sentence_and_exit_70(fault, language, monkeypatch, capsys):
    def fail(_):
        raise fault

    monkeypatch.setattr(app, "application", fail)
    monkeypatch.delenv(app.DEBUG, raising=False)
    code, out, said = called(["check", "--lang", language], monkeypatch, capsys)
    assert (code, out, said.count("\n")) == (70, "", 1)
    assert type(fault).__name__ in said
    assert ("内部出错" in said) == (language == "zh")
    monkeypatch.setenv(app.DEBUG, "1")
    assert "Traceback" in called(["check"], monkeypatch, capsys)[2]


def test_an_unforeseen_fault_is_json_where_json_was_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(app, "application", lambda _: 1 / 0)
    code, out, said = called(["check", "--json"], monkeypatch, capsys)
    assert (code, '"error": "ZeroDivisionError"' in out, said) == (70, True, "")


def test_a_call_that_is_broken_off_ends_with_130(monkeypatch, capsys):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "application", stop)
    assert called(["check"], monkeypatch, capsys) == (130, "", "")
