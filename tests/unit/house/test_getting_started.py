from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from xinzhi.cli.app import run

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    "README.md",
    "README.zh.md",
    "docs/package.md",
    "docs/getting-started.md",
    "docs/for-r-and-stata-users.md",
    "docs/cli.md",
    "docs/yardstick.md",
]


def blocks(page, language):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def calls(page):
    lines = [line for block in blocks(page, "console") for line in block.splitlines()]
    return [line.split("#")[0].split()[2:] for line in lines if line.startswith("$ xinzhi ")]


def test_there_is_something_to_run():
    assert all(blocks(page, "python") for page in PAGES if page != "docs/cli.md")
    assert all(calls(page) for page in PAGES if page not in {"docs/for-r-and-stata-users.md", "docs/yardstick.md"})
    assert calls("README.md") == calls("README.zh.md")


@pytest.fixture(scope="module")
def done():
    """Return the calls that have run: what several pages show of the package that ships runs once."""
    return set()


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_runs(page, tmp_path, monkeypatch, capsys, done):
    if shown := blocks(page, "python"):
        command = [sys.executable, "-X", "utf8", "-W", "error", "-c", "\n".join(shown)]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300, check=False)
        assert ran.returncode == 0, ran.stderr
    monkeypatch.chdir(tmp_path)
    for call in calls(page) if page != "README.zh.md" else []:  # the same as those of README.md
        if call[1:2] == ["china-provinces"] and tuple(call) in done:
            continue
        monkeypatch.setattr(sys, "argv", ["xinzhi", *call])
        with pytest.raises(SystemExit) as left:
            run()
        said = capsys.readouterr()
        assert not left.value.code, f"xinzhi {' '.join(call)}\n{said.out}{said.err}"
        if "--out" in call:
            folder = tmp_path / call[call.index("--out") + 1]
            assert call[0] == "firms" or (folder / "report.html").stat().st_size > 10_000
            assert sum(path.stat().st_size for path in folder.rglob("*")) > 10_000
        done.add(tuple(call))
