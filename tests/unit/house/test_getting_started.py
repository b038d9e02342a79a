from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
XINZHI = [sys.executable, "-X", "utf8", "-m", "xinzhi"]


def blocks(page, language):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def calls(page):
    lines = [line for block in blocks(page, "console") for line in block.splitlines()]
    return [line.split("#")[0].split()[2:] for line in lines if line.startswith("$ xinzhi ")]


def run(arguments, folder):
    return subprocess.run(
        arguments, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )


def test_there_is_something_to_run():
    assert all(blocks(page, "python") for page in PAGES if page != "docs/cli.md")
    assert all(calls(page) for page in PAGES if page not in {"docs/for-r-and-stata-users.md", "docs/yardstick.md"})
    assert calls("README.md") == calls("README.zh.md")


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_runs(page, tmp_path):
    source = "\n".join(blocks(page, "python"))
    done = run([sys.executable, "-X", "utf8", "-W", "error", "-c", source], tmp_path)
    assert done.returncode == 0, done.stderr
    for call in calls(page) if page != "README.zh.md" else []:  # the same as those of README.md
        done = run([*XINZHI, *call], tmp_path)
        assert done.returncode == 0, f"xinzhi {' '.join(call)}\n{done.stdout}{done.stderr}"
        if "--out" in call:
            assert (tmp_path / call[call.index("--out") + 1] / "report.html").stat().st_size > 10_000
