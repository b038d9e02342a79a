"""Kill the writing of a set of files for real, at random moments and at every rename, and fill the disk below it.

python bench/kill_and_fill.py OLD NEW [--kills 80] [--disk MOUNT]

OLD and NEW are folders of two runs of `xinzhi assess`. Half of the kills hit the renames: the child counts its calls of
`os.replace`, and kills itself before or after the one that it is told, each in turn; 68 kills hit all of them. Counted
are the states that must not be: files of two runs side by side, a report without its certificate, a truncated file,
something left over after the next run. `--disk` is an empty folder where a tmpfs may be mounted (root); it is filled at
ten sizes.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHOWN = ["report.html", "assessment.xlsx", "assessment-data.xlsx", "assessment.json", "growth.csv", "levels.csv"]
NAMES = [*SHOWN, "certificate.json", "prov.json", "ro-crate-metadata.json"]
RENAMES = 2 * len(NAMES) + 1  # the folder, the old files aside, the new ones in
WRITE = """
import os, signal, sys
from pathlib import Path
from xinzhi.core.errors import XinzhiError
from xinzhi.core.files import whole
out, new, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split()
last, after, replace, done = int(sys.argv[4]), sys.argv[5] == "after", os.replace, [0]
def counted(*paths):
    done[0] += 1
    if done[0] == last and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*paths)
    if done[0] == last:
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = counted
try:
    with whole(out, names) as paths:
        for path in paths:
            path.write_bytes((new / path.name).read_bytes())
except XinzhiError as error:
    sys.exit(f"{error.exit_code} {error}")
"""


def start(out: Path, new: Path, rename: int = 0, when: str = "after") -> subprocess.Popen[str]:
    """Write a set into a folder, in a process of its own, which dies before or after a rename when told so."""
    call = [sys.executable, "-c", WRITE, str(out), str(new), " ".join(NAMES), str(rename), when]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def faults(out: Path, runs: dict[str, Path]) -> list[str]:
    """Return what must not be in a folder."""
    there = {name: (out / name).read_bytes() for name in NAMES if (out / name).exists()}
    told = {run for run, folder in runs.items() for name in there if there[name] == (folder / name).read_bytes()}
    of = {
        name: {run for run, folder in runs.items() if content == (folder / name).read_bytes()}
        for name, content in there.items()
    }
    found = [f"truncated {name}" for name, some in of.items() if not some]
    if not any(all(run in some for some in of.values()) for run in told or runs):
        found.append("two runs side by side")
    if any(name in there for name in SHOWN) and not all(name in there for name in NAMES[len(SHOWN) :]):
        found.append("a report without its certificate")
    return found


def kill(old: Path, new: Path, number: int, folder: Path, rng: random.Random) -> tuple[list[str], str]:
    """Kill one writing, at a rename if the number is even, and return the faults and the state that it left."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(old, out)
    step, odd = divmod(number, 2)
    process = start(out, new, 0 if odd else step // 2 % RENAMES + 1, "after" if step % 2 else "before")
    if odd:
        time.sleep(rng.random() * 0.4)
        process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL and not odd:
        return ["not killed at its rename"], "whole"
    found = faults(out, {"old": old, "new": new})
    count = sum((out / name).exists() for name in NAMES)
    first = next((name for name in NAMES if (out / name).exists()), None)
    run = "-" if first is None else "old" if (out / first).read_bytes() == (old / first).read_bytes() else "new"
    again = start(out, new)
    again.wait()
    found += [f"after the next run: {one}" for one in faults(out, {"new": new})]
    found += [f"left over: {path.name}" for path in out.iterdir() if path.name not in NAMES]
    return found, f"{count} {run}"


def fill(old: Path, new: Path, mount: Path) -> list[str]:
    """Fill a disk at ten sizes and return the faults."""
    need = sum((old / name).stat().st_size for name in NAMES) // 1024
    found = []
    for step in range(10):
        size = need + 24 + need * step // 8
        subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(mount)], check=True)
        try:
            out = mount / "out"
            shutil.copytree(old, out)
            process = start(out, new)
            _, said = process.communicate()
            some = faults(out, {"old": old, "new": new})
            some += (
                [f"{sum((out / name).exists() for name in NAMES)} files"]
                if len(list(out.iterdir())) != len(NAMES)
                else []
            )
            sys.stdout.write(f"{size} kB: exit {process.returncode}, {said.strip() or 'written'}, faults {some}\n")
            found += some
        finally:
            subprocess.run(["/bin/umount", str(mount)], check=True)
    return found


def main() -> int:
    """Run all and say how it went."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("old", type=Path)
    ask.add_argument("new", type=Path)
    ask.add_argument("--kills", type=int, default=80)
    ask.add_argument("--disk", type=Path)
    wish, rng, states, found = ask.parse_args(), random.Random(14), dict[str, int](), list[str]()  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as folder:
        for number in range(wish.kills):
            some, state = kill(wish.old, wish.new, number, Path(folder), rng)
            found += some
            states[state] = states.get(state, 0) + 1
    sys.stdout.write(f"{wish.kills} kills, states {states}, faults {found}\n")
    found += [] if wish.disk is None else fill(wish.old, wish.new, wish.disk)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
