"""Every block of code of README and docs runs: page by page, in the order of the page, in a folder of its own.

Python blocks of a page share their names; `xinzhi` is called in this process. What a page says a command prints stands
in what it prints (``...`` for what is left out). A reader's own files and frames are made by `tests/readers.py`.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from called import called
from readers import GIVEN

import xinzhi.studies
from xinzhi.core.errors import XinzhiError
from xinzhi.core.text import read_words

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")]
)
KINDS = {"python", "console", "yaml", "json", "text"}
NOT_RUN = {  # what does not run here, and why
    "stata": "a language for readers who know it; tests/unit/yardstick compares such a loop",
    "r": "the same",
    "pip install": "installs; `make wheel` installs a wheel into an empty environment",
    "python3 -m pip install": "the same",
    "uv run": "the same",
    ". .venv/bin/activate": "sets the path of a shell",
    "make ": "targets of the Makefile, which CI runs; here they have to be there",
    "curl": "asks a running server; tests/web asks these addresses",
    "xinzhi serve": "runs until it is stopped; tests/cli/test_serve_cli.py starts and stops it",
    "xinzhi scope --energy": "a download of the reader; tests/cli/test_scope_cli.py reads a table of its layout",
    'package = xinzhi.data.connect("pwt"': "the same; tests/unit/data/test_downloads.py",
    "change = xinzhi.compare_vintages(older, newer": "the same; tests/reference/yardstick/test_vintages_reference.py",
    "marimo edit": "tests/unit/house/test_examples.py runs the notebooks",
    "python examples/": "the same",
    "XINZHI_LANG=zh jupyter": "the same",
    "xinzhi paths china-provinces --region": "17 seconds; tests/cli/test_paths_cli.py runs it",
    "xinzhi risks china-provinces --region": "6 seconds; tests/cli/test_risks_cli.py",
    "xinzhi bubbles china-provinces --region": "4 seconds; tests/cli/test_bubbles_cli.py",
    "xinzhi site": "some hundred pages; tests/web writes a site",
}
TWINS = ["docs/brief.zh.md", "docs/getting-started.zh.md", "docs/keys.zh.md", "docs/protocol.zh.md"]
LESS = {
    "--boot 500": "--boot 20",
    "--boot 2000": "--boot 20",
    "--draws 5000": "--draws 50",
    "--draws 2000": "--draws 100",
}
FEWER = {"uncertainty(5000)": "uncertainty(50)", "replications=500": "replications=20"}


KEEPING = (
    "data",
    "key",
    "new",
    "protocol",
    "screen",
    "firms",
    "verify",
)  # verbs that write for the next
READS_FILES = ("docs/certificate.md",)  # so does `assess` there


@dataclass(frozen=True)
class Block:
    """A block of a page; `line` is that of its fence."""

    page: str
    line: int
    kind: str
    code: str

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks(page):
    """Yield the blocks of a page, those within lists and directives too."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        if fence := re.match(r"( *)(```+)(.*)", lines[at]):
            margin, marks, kind = fence.groups()
            end = next(row for row in range(at + 1, len(lines)) if re.fullmatch(rf" *{marks} *", lines[row]))
            if not kind.startswith("{"):  # a directive of the documentation
                code = "\n".join(line.removeprefix(margin) for line in lines[at + 1 : end])
                yield Block(page, at + 1, kind.strip(), code)
            at = end
        at += 1


def commands(block):
    """Return the commands of a block, each with the lines that it prints."""
    out = []
    for line in block.code.splitlines():
        if line.startswith("$ "):
            out.append((line[2:], []))
        else:
            assert out, f"{block}: a command begins with $"
            out[-1][1].append(line)
    return out


@pytest.fixture(scope="module")
def done():
    """Return the commands that ran: what several pages ask of the same package runs once."""
    return set()


@pytest.fixture(scope="module")
def studied():
    """Let equal questions about a package that ships be computed once, whoever asks."""
    kept, study = {}, xinzhi.studies.study

    def once(name, source=None, **asked):
        asked.pop("progress", None)
        key = f"{name} {source!r} {sorted(asked.items())!r}"
        if not isinstance(source, str) or Path(source).exists() or " at 0x" in key:
            return study(name, source, **asked)
        if key not in kept:
            kept[key] = study(name, source, **asked)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xinzhi.studies, "study", once)
        patch.setattr(xinzhi, "study", once)
        yield kept


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page):
    assert not [str(block) for block in blocks(page) if block.kind not in {*KINDS, *NOT_RUN}]


def test_the_examples_of_the_help_stand_in_a_page():
    shown = "".join(block.code + "\n" for page in PAGES for block in blocks(page) if block.kind == "console")
    examples = [one for path, calls in read_words("examples.yaml").items() if path != "names" for one in calls]
    assert not [one for one in examples if not re.search(rf"^\$ {re.escape(one)}( +#.*)?$", shown, re.MULTILINE)]


@pytest.mark.parametrize("page", TWINS)
def test_a_page_in_chinese_has_the_commands_and_figures_of_the_english_one(page):
    english = page.replace(".zh.md", ".md")
    asked = [
        [command for block in blocks(one) if block.kind == "console" for command, _ in commands(block)]
        for one in (page, english)
    ]
    assert set(asked[0]) <= set(asked[1])
    texts = [(ROOT / one).read_text(encoding="utf-8") for one in (page, english)]
    figures = [{one.lstrip("0") for one in re.findall(r"\d*\.\d+|\d{2,}", text)} for text in texts]
    assert figures[0] <= figures[1]


@pytest.mark.usefixtures("studied")
@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks(page))])
def test_what_a_page_shows_runs(page, tmp_path, monkeypatch, done):
    monkeypatch.chdir(tmp_path)
    names = GIVEN.get(page, dict)()
    for block in blocks(page):
        if block.kind == "python":
            run_python(block, names)
        elif block.kind == "console":
            for command, printed in commands(block):
                asked = re.sub(r" --out \S+| --protocol xinzhi-cn-2026| *#.*|/(?= |$)", "", command)
                kept = asked.split()[1:2] and asked.split()[1] in KEEPING
                if kept or printed or asked not in done or page in READS_FILES:
                    run_command(command, printed, block)
                done.add(asked)
        elif block.kind == "yaml":
            assert yaml.safe_load(block.code), block
        elif block.kind == "json":
            assert json.loads(block.code), block


def run_python(block, names):
    """Run a block; one that shows an error names it in the comment of its last line."""
    calls = "|".join(re.escape(name) for name in NOT_RUN if "=" in name)
    code = re.split(rf"^(?:{calls})", block.code, maxsplit=1, flags=re.MULTILINE)[0]
    for many, few in FEWER.items():
        code = code.replace(many, few)
    shown = re.search(r"# (\w+Error)\b.*$", code)
    with contextlib.redirect_stdout(io.StringIO()):
        if shown is None:
            exec(compile(code, str(block), "exec"), names)  # noqa: S102 - the code of our own pages
            return
        with pytest.raises(XinzhiError) as raised:
            exec(compile(code, str(block), "exec"), names)  # noqa: S102 - the same
        assert raised.type.__name__ == shown[1], block


def run_command(command, printed, block):
    """Run a command; what the page shows of its output has to stand there."""
    if any(command.startswith(name) for name in NOT_RUN):
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        return
    for many, few in LESS.items():
        command = command.replace(many, few)
    program, *words = shlex.split(command, comments=True)
    file = None
    if ">" in words:
        words, file = words[: words.index(">")], words[words.index(">") + 1]
    if program == "openssl":
        if shutil.which(program) is None:
            pytest.skip("no openssl")
        subprocess.run([program, *words], check=True, capture_output=True)
        return
    assert program == "xinzhi", f"{block}: {command}"
    done = called(*words)
    judges = words[0] in {"check", "verify", "claim"}  # 1: what was asked about does not hold
    assert done.returncode in ({0, 1} if judges else {0}), f"{block}: {command}\n{done.stdout}{done.stderr}"
    if file is not None:
        Path(file).write_text(done.stdout, encoding="utf-8")
    missing = unsaid(printed, done.stdout + done.stderr)
    assert not missing, f"{block}: {command}\nshows {missing}\nbut it prints\n{done.stdout}{done.stderr}"


def unsaid(printed, said):
    """Return the pieces of the lines shown that are not in what was said, without regard to how lines break."""
    whole = " ".join(said.split())
    pieces = [" ".join(piece.split()) for line in printed for piece in line.split("...")]
    return [piece for piece in pieces if piece and piece not in whole]
