"""Build the wheel and run the main job from it in an empty environment of each Python named, no repository around.

``python tools/try_wheel.py 3.11 3.12 3.13`` (``make wheel``); a version, or the path of an interpreter. Needs uv.
Prints the size of the wheel, and for each Python the seconds that installing and the job took; exits with 1 when the
wheel is too large, the job fails, or a Python cannot be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 6e6  # bytes
JOB = ("assess", "china-provinces", "--out", "out")
MADE = ("report.html", "assessment.xlsx", "certificate.json")


def run(*words: str | Path, **how: object) -> subprocess.CompletedProcess[str]:
    """Run a command quietly."""
    return subprocess.run(  # noqa: S603 - uv and the interpreter of the new environment
        [str(word) for word in words], capture_output=True, text=True, check=False, **how
    )


def tried(python: str, wheel: Path, folder: Path) -> str:
    """Return what went wrong with this Python, or nothing."""
    made = run("uv", "venv", "--quiet", "--python", python, folder / "env")
    if made.returncode:
        return f"not to be had: {made.stderr.strip().splitlines()[-1]}"
    start = time.perf_counter()
    done = run("uv", "pip", "install", "--quiet", "--python", folder / "env/bin/python", wheel)
    if done.returncode:
        return f"does not install: {done.stderr.strip()}"
    installed, start = time.perf_counter() - start, time.perf_counter()
    (folder / "work").mkdir()
    # only what a shell would have: no path of this repository, no setting of this session
    bare = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"}
    done = run(folder / "env/bin/xinzhi", *JOB, cwd=folder / "work", env=bare)
    missing = [name for name in MADE if not (folder / "work/out" / name).is_file()]
    if done.returncode or missing:
        return f"the job fails ({done.returncode}; without {missing}): {done.stderr.strip()[-400:]}"
    version = run(
        folder / "env/bin/python", "-c", "import sys, xinzhi; print(sys.version.split()[0], xinzhi.__version__)"
    )
    python, package = version.stdout.split()
    print(
        f"Python {python}: xinzhi {package} installed in {installed:.0f} s, `xinzhi {' '.join(JOB)}` in "
        f"{time.perf_counter() - start:.0f} s, {len(list((folder / 'work/out').iterdir()))} files"
    )
    return ""


def main(pythons: list[str]) -> int:
    """Build, install, run; return 1 when something fails."""
    if shutil.which("uv") is None:
        print("uv is needed: pip install uv")
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        built = run("uv", "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
        if built.returncode:
            print(built.stderr)
            return 1
        [wheel] = folder.glob("*.whl")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        size, wrong = wheel.stat().st_size, []
        print(f"{wheel.name}: {size / 1e6:.2f} MB (at most {LARGEST / 1e6:.0f})")
        wrong += ["the wheel is too large"] * (size > LARGEST)
        for at, python in enumerate(pythons or [project["requires-python"].removeprefix(">=")]):
            (folder / str(at)).mkdir()
            if trouble := tried(python, wheel, folder / str(at)):
                wrong.append(f"Python {python} {trouble}")
    print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
