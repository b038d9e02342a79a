"""Interrupt the commands that write sets of files before every file operation, and count what must not be left.

python bench/crash.py [COMMAND ...] [--reruns 12]

Each command writes into a folder where an earlier run has written in another language or of other data. An audit hook
stops at each file operation below that folder and looks at what a process killed there leaves: a file of neither run is
torn, files of both are mixed; hidden names, in which sets are made ready, are no part of either. Of states that differ,
at most `--reruns`, evenly spread, are put back as they stood, and the command runs again: it must leave its own files,
whole, and nothing else. Ends with 1 when anything is left.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from xinzhi.cli.app import application, asked_language
from xinzhi.data import export, load

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from forgeries import three_provinces

COMMANDS = ("assess", "site", "screen --keep", "firms", "brief")
OPERATIONS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
PLAN = "plan.yaml"
Files = dict[str, str]


@dataclass
class Watch:
    """What stood below a folder before each file operation; `states` holds copies of those that differ."""

    root: Path
    copies: Path
    points: list[Files] = field(default_factory=list)
    states: dict[tuple[object, ...], Path] = field(default_factory=dict)
    is_on: bool = False
    digests: dict[tuple[int, int, int], str] = field(default_factory=dict)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        """Look at the folder before an operation below it."""
        if not self.is_on or event not in OPERATIONS or not any(self.is_below(part) for part in arguments[:2]):
            return
        self.is_on = False
        try:
            self.points.append(visible(self.root, self.digests))
            hidden = tuple(sorted(str(path.relative_to(self.root).parts[-2:]) for path in stages(self.root)))
            state = (tuple(self.points[-1].items()), len(hidden), bool([name for name in hidden if "set'" in name]))
            if state not in self.states:
                self.states[state] = self.copies / str(len(self.states))
                shutil.copytree(self.root, self.states[state], symlinks=True)
        finally:
            self.is_on = True

    def is_below(self, part: object) -> bool:
        """Whether an argument of an operation is a path below the folder."""
        return isinstance(part, str | Path) and str(part).startswith(str(self.root))


def stages(root: Path) -> Iterator[Path]:
    """Yield what works in hidden places: folders in which sets are made ready, parts of a run that goes on later."""
    return root.rglob(".*")


def visible(root: Path, digests: dict[tuple[int, int, int], str]) -> Files:
    """Return the digests of the files in their places; a file that has not changed is read once."""
    result = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if any(part.startswith(".") for part in name.split("/")) or not path.is_file():
            continue
        about = path.stat()
        key = (about.st_ino, about.st_mtime_ns, about.st_size)
        if key not in digests:
            digests[key] = hashlib.sha256(path.read_bytes()).hexdigest()
        result[name] = digests[key]
    return result


def torn_files(state: Files, old: Files, new: Files) -> list[str]:
    """Return the names of files that are of neither run."""
    return [name for name, content in state.items() if content not in (old.get(name), new.get(name))]


def fault(state: Files, old: Files, new: Files) -> str:
    """Return what must not be in a state: a torn file, or files of two runs."""
    if torn_files(state, old, new):
        return "torn"
    of_old, of_new = (any(run.get(name) == part != other.get(name) for name, part in state.items())
                      for run, other in ((old, new), (new, old)))  # fmt: skip
    return "mixed" if of_old and of_new else ""


def call(*words: str) -> None:
    """Run a command in this process."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        application(asked_language(words)).main(args=list(words), prog_name="xinzhi", standalone_mode=False)


def runs_of(command: str, work: Path, out: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return two runs of a command that write different files into a folder."""
    data = str(work / "data" / "three-provinces")
    whole, place = "china-provinces", str(out)
    match command:
        case "assess":
            words = ["assess", data, "--only", "none", "--briefs", "--out", place, "--lang"]
            return (lambda: call(*words, "zh")), (lambda: call(*words, "en"))
        case "site":
            other = work / "other" / "three-provinces"
            return (lambda: call("site", str(other), "--out", place)), (lambda: call("site", data, "--out", place))
        case "screen --keep":
            words = ["screen", "--keep", place, "--archive"]
            example = work / "example"
            return (lambda: call(*words, str(example / "projects.csv"))), (
                lambda: call(*words, str(example / "archive.csv"))
            )
        case "firms":
            few, many = str(work / "few"), str(work / "many")
            words = ["--plan", f"{few}/{PLAN}", "--out", place]
            return (lambda: call("firms", few, *words)), (lambda: call("firms", many, *words))
        case _:
            words = ["brief", "Jilin", whole, "--out", place, "--lang"]
            return (lambda: call(*words, "zh")), (lambda: call(*words, "en"))


def prepare(commands: list[str], work: Path) -> None:
    """Write what the commands read."""
    package = three_provinces(work / "data")
    if "site" in commands:
        accounts = package.tables["accounts"]
        fewer = {**package.tables, "accounts": accounts.filter(accounts["year"] < accounts["year"].max())}
        export(replace(load(work / "data" / "three-provinces"), tables=fewer), work / "other" / "three-provinces")
    if "screen --keep" in commands:
        call("screen", "--example", str(work / "example"))
    if "firms" in commands:
        for name, number in (("few", "2000"), ("many", "3000")):
            call("firms", "mock", "--number", number, "--out", str(work / name))


def row(command: str, work: Path, watch: Watch, reruns: int) -> int:
    """Interrupt one command everywhere, print its row and return the count of faults."""
    begun, old_run_new_run = time.process_time(), runs_of(command, work, watch.root / "out")
    earlier, later = old_run_new_run
    earlier()
    old = visible(watch.root, watch.digests)
    watch.is_on = True
    later()
    watch.is_on = False
    new = visible(watch.root, watch.digests)
    faults = [why for state in watch.points if (why := fault(state, old, new))]
    states = list(watch.states.values())
    chosen = states[:: max(1, -(-len(states) // reruns))] if reruns else []
    bad = sum(not recovers(later, state, watch, old, new) for state in chosen)
    for name in sorted({name for state in watch.points for name in torn_files(state, old, new)})[:5]:
        print(f"  torn: {name}")
    changed = sum(part != old.get(name) for name, part in new.items())
    torn, mixed = faults.count("torn"), faults.count("mixed")
    print(
        f"{command:<14} {len(new):>5} files, {changed} differ {len(watch.points):>6} points {torn:>3} torn "
        f"{mixed:>3} mixed {len(states):>4} states, {len(chosen) - bad} of {len(chosen)} recovered "
        f"{time.process_time() - begun:>5.0f} s",
        flush=True,
    )
    return torn + mixed + bad + (not changed) + (not watch.points)


def recovers(again: Callable[[], None], state: Path, watch: Watch, old: Files, new: Files) -> bool:
    """Whether the next run leaves its own files and nothing else where one was killed."""
    shutil.rmtree(watch.root)
    shutil.copytree(state, watch.root, symlinks=True)
    again()
    left = visible(watch.root, {})
    of_old = [name for name, part in left.items() if part == old.get(name) != new.get(name)]
    return left.keys() == new.keys() and not of_old and not list(stages(watch.root))


def main() -> int:
    """Print a row for each command."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("commands", nargs="*", default=COMMANDS)
    ask.add_argument("--reruns", type=int, default=12, help="states of each command after which it runs again")
    wish, bad = ask.parse_args(), 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        prepare([*wish.commands], work)
        for number, command in enumerate(wish.commands):
            root, copies = work / f"root{number}", work / f"copies{number}"
            root.mkdir()
            copies.mkdir()
            watch = Watch(root, copies)
            sys.addaudithook(watch.hook)
            bad += row(command, work, watch, wish.reruns)
            shutil.rmtree(copies)
    print(f"{bad} torn, mixed or not recovered")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
