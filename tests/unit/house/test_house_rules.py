from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import xinzhi

ROOT = Path(__file__).resolve().parents[3]
LONGEST_MODULE = 500
UNKEPT = {".git", ".venv", ".venv-lowest", "out", "dist", "_build", "_generated", "__pycache__"}
# written in parts, so that this file does not find itself
MACHINE = re.compile("|".join(("/" + "work/", "/" + "root/", r"/(?:" + "home|Users)/[a-z]", "/" + "tmp/")))
REGISTRY = re.compile(
    "|".join(("pypi" + r"\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs", "deb" + r"\.debian"))
)
REASONED = re.compile(r"# (?:noqa: [A-Z0-9, ]+ - |type: ignore\[[a-z, -]+\] [#-] |pragma: no cover - )\S")
IGNORE = re.compile(r"# ?(?:noqa|type: ?ignore|pragma)")


def kept_files():
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git as the user has it
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
        return sorted(path for name in names if name and (path := ROOT / name).is_file())
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not UNKEPT.intersection(part for part in path.relative_to(ROOT).parts)
    )


def texts():
    for path in kept_files():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def hits(pattern):
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_files_are_found():
    names = {name for name, _ in texts()}
    assert {"Makefile", "pyproject.toml", "src/xinzhi/__init__.py", "tests/conftest.py"} <= names


def test_no_module_is_too_long():
    long = {
        name: text.count("\n") for name, text in texts() if name.endswith(".py") and text.count("\n") > LONGEST_MODULE
    }
    assert not long


def test_no_machine_path_is_kept():
    assert not hits(MACHINE)


def test_no_registry_host_is_kept():
    assert not hits(REGISTRY)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE, "open('/" + "home/li/data.csv')"),
        (MACHINE, "cd /" + "tmp/x"),
        (REGISTRY, "--index-url https://" + "pypi" + ".org/simple"),
    ],
)
def test_the_patterns_catch_what_they_should(pattern, line):
    assert pattern.search(line)


def test_every_ignore_has_its_reason():
    bare = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        if name.endswith(".py") and name != "tests/unit/house/test_house_rules.py"
        for number, line in enumerate(text.splitlines(), 1)
        if IGNORE.search(line) and not REASONED.search(line)
    ]
    assert not bare


def needed(*groups):
    settings = project()
    extras = settings["project"]["optional-dependencies"]
    names = [name for name in extras if name not in {"panel", "all"}] if "test" in groups else ["report"]
    wanted = [*settings["project"]["dependencies"], *(item for name in names for item in extras[name])]
    wanted += [item for name in groups for item in settings["dependency-groups"][name] if isinstance(item, str)]
    return {re.match(r"[A-Za-z0-9-]+", item).group().lower() for item in wanted} - {"xinzhi"}


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("requirements.lock", ("build", "test", "lint", "docs")),
        ("requirements-run.lock", ("build",)),
        ("requirements-lowest.lock", ("build", "test")),
    ],
)
def test_locks_pin_every_dependency_with_hashes_and_without_addresses(name, groups):
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|--find-links|--index|--extra-index| @ |file:", lock)
    blocks = re.findall(
        r"^([a-z0-9][a-z0-9.-]*)==\S+.*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.MULTILINE
    )
    pinned = {name for name, _ in blocks}
    assert len(pinned) == len(re.findall(r"^[a-z0-9]", lock, re.MULTILINE))
    assert needed(*groups) <= pinned, sorted(needed(*groups) - pinned)


def test_the_lowest_versions_are_the_floors():
    pins = dict(
        re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements-lowest.lock").read_text("utf-8"), re.MULTILINE)
    )
    floors = dict(re.match(r"([a-z0-9-]+)>=(\S+)", item).groups() for item in project()["project"]["dependencies"])
    assert not {name: pins[name] for name, floor in floors.items() if not f"{pins[name]}.".startswith(f"{floor}.")}


def test_what_a_user_gets_is_what_is_tested():
    run, full = ((ROOT / name).read_text("utf-8") for name in ("requirements-run.lock", "requirements.lock"))
    assert set(re.findall(r"^\S+==\S+", run, re.MULTILINE)) <= set(re.findall(r"^\S+==\S+", full, re.MULTILINE))


def test_the_page_of_a_package_index_needs_no_repository():
    page = ROOT / project()["project"]["readme"]
    assert not re.search(r"\]\((?!https:)|<img|!\[", page.read_text(encoding="utf-8"))


def test_changelog_has_an_entry_for_what_comes_next():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(r"^## \[(Unreleased|\d+\.\d+\.\d+)\]", text, re.MULTILINE)
    assert heading
    body = text[heading.end() :].split("\n## ")[0]
    release = xinzhi.__version__.partition(".dev")[0]
    assert release in (heading.group(1), *re.findall(r"\d+\.\d+\.\d+", body))
    assert re.search(r"^### (Added|Changed|Deprecated|Removed|Fixed|Security)$", body, re.MULTILINE)
    assert re.search(r"^- \S", body, re.MULTILINE)


def test_citation_is_valid_and_current():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "version", "license"} <= citation.keys()
    assert citation["version"] == xinzhi.__version__
    assert citation["license"] == project()["project"]["license"]
    assert all({"name"} <= author.keys() or {"family-names"} <= author.keys() for author in citation["authors"])


@pytest.mark.parametrize("target", ["help", "demo", "test", "test-lowest", "lint", "words", "bench", "limits", "docs"])
def test_make_help_tells_every_target_in_two_languages(target):
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],  # noqa: S607 - make as the user has it
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith(f"make {target} "))
    assert re.search(r"[a-z]{3}", line.removeprefix(f"make {target}"))
    assert re.search(r"[\u4e00-\u9fff]", line)


def test_ci_runs_lint_and_tests():
    text = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash")
    assert re.search(r"^set -eu", text, re.MULTILINE)
    assert re.search(r"^ *make lint ", text, re.MULTILINE)
    assert re.search(r"^make test ", text, re.MULTILINE)
    assert re.search(r"^ *make words ", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_readme_leads_with_the_two_commands_and_a_picture(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    first_screen = "\n".join(text.splitlines()[:40])
    assert "make demo" in first_screen
    assert "make test" in first_screen
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", first_screen)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
    assert re.search(r"^\|.*\|\n\|[-:| ]+\|\n\|", first_screen, re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("http")]
    assert not [link for link in links if not (ROOT / link).exists()]
