"""Build the wheel and try it in empty environments of each Python named, no repository around.

``python tools/try_wheel.py 3.11 3.12 3.13`` (``make wheel``); a version, or the path of an interpreter. Needs uv.
The wheel must hold the bill of materials and the notice, and both must be those of the lock.
Each Python gets two environments. The core alone must print an answer, write tables, name the extra that pages need,
and hold none of its packages; its packages and their size are printed. With ``[report]`` the main job must write its
files.
Exits with 1 when the wheel is too large, something fails, or a Python cannot be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 6e6  # bytes of the wheel
ANSWER = ("bands", "china-provinces")
TABLES = ("plan", "china-provinces", "--out", "out")
REFUSAL, MISUSE = "xinzhi[report]", 2  # what is said, and the exit code
JOB = ("assess", "china-provinces", "--out", "out")
CARRIED = ("/sboms/sbom.cdx.json", "/licenses/LICENSE", "/licenses/NOTICE")  # what the wheel must hold, by its end
FILES = ("report.html", "assessment.xlsx", "certificate.json")
LIST = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"


class FailureError(Exception):
    """What went wrong with an environment."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of one Python in a folder of its own."""

    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment with what a shell would have: no path of this repository, no setting."""
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        bare = {"PATH": os.defpath, "HOME": str(self.folder), "LANG": "C.UTF-8"}
        command = [str(self.folder / "env/bin" / words[0]), *words[1:]]
        return subprocess.run(  # noqa: S603 - a program of the new environment
            command, capture_output=True, text=True, check=False, cwd=work, env=bare
        )

    def packages(self) -> list[str]:
        """Return the names of the installed packages."""
        return self.run("python", "-c", LIST).stdout.split()

    def size(self) -> float:
        """Return the size of the installed files in MB."""
        files = (path for path in (self.folder / "env/lib").rglob("*") if path.is_file() and not path.is_symlink())
        return sum(path.stat().st_size for path in files) / 1e6


def uv(*words: str | Path) -> None:
    """Run uv quietly."""
    command = ["uv", words[0], "--quiet", *words[1:]]
    ended = subprocess.run(  # noqa: S603 - uv as the user has it
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        message = f"uv {words[0]} fails: {ended.stderr.strip()[-400:]}"
        raise FailureError(message)


def install(python: str, requirement: str, folder: Path) -> Environment:
    """Return a new environment with a requirement installed."""
    folder.mkdir()
    uv("venv", "--python", python, folder / "env")
    uv("pip", "install", "--python", folder / "env/bin/python", requirement)
    return Environment(folder)


def project() -> dict[str, Any]:
    """Return the description of the project."""
    description: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return description


def check_wheel(wheel: Path) -> list[str]:
    """Return what is wrong with a wheel itself: too large, a file missing, a bill of materials of another lock."""
    size = wheel.stat().st_size / 1e6
    print(f"{wheel.name}: {size:.2f} MB (at most {LARGEST / 1e6:.0f})")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    missing = [end for end in CARRIED if not any(name.endswith(end) for name in names)]
    bill = [sys.executable, str(ROOT / "tools/bill_of_materials.py"), "--check"]
    ended = subprocess.run(bill, capture_output=True, text=True, check=False)  # noqa: S603 - a tool of this repository
    return [
        *["the wheel is too large"] * (size * 1e6 > LARGEST),
        *(f"the wheel is without {name}" for name in missing),
        *[ended.stdout.strip() or ended.stderr.strip()[-400:]] * (ended.returncode != 0),
    ]


def check_core(environment: Environment) -> None:
    """Try the core alone: an answer, tables, and a refusal that names the extra."""
    packages = environment.packages()
    print(f"  core: {len(packages)} packages, {environment.size():.0f} MB: {' '.join(packages)}")
    extra = project()["optional-dependencies"]["report"]
    heavy = {requirement.partition(">")[0] for requirement in extra} & set(packages)
    if heavy:
        message = f"the core installs {', '.join(sorted(heavy))}"
        raise FailureError(message)
    answer = environment.run("xinzhi", *ANSWER)
    if answer.returncode or not answer.stdout:
        message = f"xinzhi {' '.join(ANSWER)} fails: {answer.stderr.strip()[-400:]}"
        raise FailureError(message)
    tables = environment.run("xinzhi", *TABLES)
    written = list((environment.folder / "work/out").glob("*.csv"))
    if tables.returncode != MISUSE or REFUSAL not in tables.stderr or not written:
        message = f"xinzhi {' '.join(TABLES)} does not write tables and name {REFUSAL}: {tables.stderr.strip()[-400:]}"
        raise FailureError(message)


def check_report(environment: Environment) -> None:
    """Run the main job with the extra `report`."""
    start = time.perf_counter()
    ended = environment.run("xinzhi", *JOB)
    out = environment.folder / "work/out"
    missing = [name for name in FILES if not (out / name).is_file()]
    if ended.returncode or missing:
        message = f"the job fails ({ended.returncode}; without {missing}): {ended.stderr.strip()[-400:]}"
        raise FailureError(message)
    print(
        f"  report: {environment.size():.0f} MB, `xinzhi {' '.join(JOB)}` in {time.perf_counter() - start:.0f} s, "
        f"{len(list(out.iterdir()))} files"
    )


def check_python(python: str, wheel: Path, folder: Path) -> None:
    """Try the wheel with one Python."""
    start = time.perf_counter()
    core = install(python, str(wheel), folder / "core")
    version = core.run("python", "-c", "import sys, xinzhi; print(sys.version.split()[0], xinzhi.__version__)")
    number, package = version.stdout.split()
    print(f"Python {number}: xinzhi {package} installed in {time.perf_counter() - start:.0f} s")
    check_core(core)
    check_report(install(python, f"{wheel}[report]", folder / "report"))


def main(pythons: list[str]) -> int:
    """Build, install, run; return 1 when something fails."""
    if shutil.which("uv") is None:
        print("uv is needed: pip install uv")
        return 1
    failures = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            uv("build", "--wheel", "--out-dir", folder, ROOT)
        except FailureError as error:
            print(error)
            return 1
        [wheel] = folder.glob("*.whl")
        failures += check_wheel(wheel)
        least = project()["requires-python"].removeprefix(">=")
        for number, python in enumerate(pythons or [least]):
            (folder / str(number)).mkdir()
            try:
                check_python(python, wheel, folder / str(number))
            except FailureError as error:
                failures.append(f"Python {python}: {error}")
    print("\n".join(failures))
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
