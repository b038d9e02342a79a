"""Change the formulas one place at a time and count the changes that a test catches.

The tests of a package are collected once; each mutant is a fork of that process, in which the code of one function is
exchanged and the tests that run this function follow, the test that caught it the last time first. `tools/mutants.yaml`
says which files, how many mutants and which of them change no figure; `tools/mutants.json` keeps the result.

    python tools/mutants.py                 # all packages
    python tools/mutants.py core frontier   # some
    python tools/mutants.py core --file markov_chains --all   # each mutant of a file
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
import types
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import yaml

import mutations

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "xinzhi"
PLAN = ROOT / "tools" / "mutants.yaml"
RECORD = ROOT / "tools" / "mutants.json"
CACHE = ROOT / ".mutants"  # which test runs which function; made anew when it is absent
LAYERS = ("unit", "reference")
OUTSIDE = {  # tests of other packages that run the formulas of a package
    "core": (
        "unit/sectors/test_sectors_inequality_space.py",
        "unit/yardstick/test_breaks_*.py",
        "unit/frontier/test_frontier_engine_*.py",
        "unit/pathways/test_pathways_convergence_*.py",
        "reference/sectors/test_sectors_inequality_*.py",
        "reference/pathways/test_pathways_mobility_*.py",
    ),
    "yardstick": ("properties/test_breaks_*.py", "properties/test_vintages_*.py"),
}
CAUGHT = ("caught", "time")

Functions = dict[tuple[str, str], list[types.FunctionType]]


def plan_of(package: str, plan: dict[str, Any], only: str, *, complete: bool) -> list[mutations.Mutant]:
    """Return the sample of mutants of a package."""
    files = [path for path in sorted((SOURCE / package).rglob("*.py")) if path.stem != "__init__"]
    without = {f"{package}/{name}.py" for name in plan["without"].get(package, ())}
    absent = [name for name in without if not (SOURCE / name).is_file()]
    if absent:
        print("not there:", *sorted(absent))
    files = [path for path in files if path.relative_to(SOURCE).as_posix() not in without and only in str(path)]
    pool = [mutant for path in files for mutant in mutations.mutants(path, SOURCE)]
    if complete:
        return pool
    count: Counter[tuple[str, str]] = Counter()
    sample = []
    for mutant in sorted(pool, key=lambda mutant: mutations.digest(f"{plan['seed']}{mutant.name}")):
        function = (mutant.path, mutant.function)
        if count[function] < plan["per_function"] and mutant.name not in plan["equivalent"]:
            count[function] += 1
            sample.append(mutant)
    return sample[: plan["packages"][package]]


def folders(package: str) -> list[str]:
    """Return where the tests of a package stand, as arguments of pytest."""
    tests = ROOT / "tests"
    result = [tests / layer / package for layer in LAYERS if (tests / layer / package).is_dir()]
    for pattern in (f"properties/test_*{package}*.py", *OUTSIDE.get(package, ())):
        result += sorted(tests.glob(pattern))
    return [str(path) for path in result]


class Runner:
    """The plugin that takes the place of pytest's loop over the tests."""

    def __init__(self, package: str, sample: list[mutations.Mutant], plan: dict[str, Any], jobs: int) -> None:
        self.package, self.sample, self.plan, self.jobs = package, sample, plan, jobs
        self.before = recorded()
        self.failed: list[str] = []
        self.seconds: dict[str, float] = {}
        self.result: dict[str, dict[str, Any]] = {}
        self.stack: list[set[str]] = []
        self.fixtures: dict[int, set[str]] = {}

    def pytest_configure(self) -> None:
        """Let hypothesis begin with the same examples each time, and not look for a smaller one."""
        from hypothesis import Phase, settings

        settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate], database=None, derandomize=True)
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Note which functions a fixture runs: they count for each test that asks for it."""
        self.stack.append(set())
        try:
            return (yield)
        finally:
            functions = self.stack.pop()
            self.fixtures.setdefault(id(fixturedef), set()).update(functions)
            if self.stack:
                self.stack[-1] |= functions

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the mutants in place of the tests."""
        for path in sorted((SOURCE / self.package).rglob("*.py")):
            if path.stem != "__init__":
                importlib.import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
        threads = {path.read_text(encoding="utf-8").strip() for path in Path("/proc/self/task").glob("*/comm")}
        if "polars-0" in threads:  # a fork would wait for it without end
            pytest.exit(
                "polars computed while the tests were collected: a module of tests does so when it is imported", 1
            )
        items = {item.nodeid: item for item in session.items}
        tests = self._map(session)
        functions = self._functions()
        order = sorted(self.sample, key=lambda mutant: mutant.path)
        running: dict[int, tuple[mutations.Mutant, Path, float]] = {}
        while order or running:
            while order and len(running) < self.jobs:
                mutant = order.pop()
                self._start(mutant, functions, tests, items, running)
            pid, status = os.wait()
            if pid in running:
                self._end(*running.pop(pid), status)
        return True

    def _map(self, session: pytest.Session) -> dict[str, list[str]]:
        """Return the tests that run each function, the fastest first, from the cache or by running all of them."""
        path = CACHE / f"{self.package}.json"
        if not path.is_file():
            CACHE.mkdir(exist_ok=True)
            parts: list[list[pytest.Item]] = [[] for _ in range(self.jobs)]
            size: Counter[int] = Counter()
            files: dict[str, list[pytest.Item]] = defaultdict(list)
            for item in session.items:
                files[item.nodeid.split("::")[0]].append(item)
            for group in sorted(files.values(), key=len, reverse=True):
                least = min(range(self.jobs), key=lambda part: size[part])
                parts[least] += group
                size[least] += len(group)
            children = []
            for number, part in enumerate(parts):
                pid = os.fork()
                if pid == 0:
                    self._trace(part, CACHE / f"{self.package}-{number}.part")
                children.append(pid)
            for pid in children:
                os.waitpid(pid, 0)
            record: dict[str, Any] = {}
            for number in range(self.jobs):
                part_path = CACHE / f"{self.package}-{number}.part"
                record |= json.loads(part_path.read_text(encoding="utf-8"))
                part_path.unlink()
            path.write_text(json.dumps(record), encoding="utf-8")
        record = json.loads(path.read_text(encoding="utf-8"))
        self.seconds = {nodeid: entry["seconds"] for nodeid, entry in record.items()}
        tests: dict[str, list[str]] = defaultdict(list)
        for nodeid in sorted(record, key=lambda nodeid: record[nodeid]["seconds"]):
            for function in record[nodeid]["functions"]:
                tests[function].append(nodeid)
        return tests

    def _trace(self, items: list[pytest.Item], path: Path) -> None:
        """Run tests and note which functions each one runs, those of its fixtures included."""
        prefix = str(SOURCE) + os.sep
        quiet()

        def trace(frame: types.FrameType, event: str, _argument: object) -> None:
            if event == "call" and self.stack and frame.f_code.co_filename.startswith(prefix):
                self.stack[-1].add(f"{frame.f_code.co_filename[len(prefix) :]}:{frame.f_code.co_qualname}")

        record = {}
        sys.settrace(trace)
        for item, after in zip(items, [*items[1:], None], strict=True):
            self.stack = [set()]
            self.failed.clear()
            start = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            seconds = time.process_time() - start
            functions = set(self.stack[0])
            for definitions in getattr(item, "_fixtureinfo").name2fixturedefs.values():  # noqa: B009 - private in pytest
                for definition in definitions:
                    functions |= self.fixtures.get(id(definition), set())
            if not self.failed:
                record[item.nodeid] = {"seconds": round(seconds, 3), "functions": sorted(functions)}
        sys.settrace(None)
        path.write_text(json.dumps(record), encoding="utf-8")
        os._exit(0)

    def _functions(self) -> Functions:
        """Return the living functions of each name."""
        gc.unfreeze()
        result: dict[tuple[str, str], list[types.FunctionType]] = defaultdict(list)
        for candidate in gc.get_objects():
            if isinstance(candidate, types.FunctionType) and candidate.__code__.co_filename.startswith(str(SOURCE)):
                code = candidate.__code__
                path = Path(code.co_filename).relative_to(SOURCE).as_posix()
                result[path, code.co_qualname].append(candidate)
        gc.freeze()
        return result

    def _start(
        self,
        mutant: mutations.Mutant,
        functions: Functions,
        tests: dict[str, list[str]],
        items: dict[str, pytest.Item],
        running: dict[int, tuple[mutations.Mutant, Path, float]],
    ) -> None:
        """Begin a mutant in a fork."""
        nodes = [nodeid for nodeid in tests.get(f"{mutant.path}:{mutant.function}", ()) if nodeid in items]
        last = self.before.get(mutant.name, {}).get("by")
        if last in items:
            nodes = [last, *(nodeid for nodeid in nodes if nodeid != last)]
        path = CACHE / f"{mutant.name}.result"
        path.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = self._child(mutant, functions, [items[nodeid] for nodeid in nodes], path)
            finally:
                os._exit(status)
        running[pid] = mutant, path, time.monotonic()

    def _child(self, mutant: mutations.Mutant, functions: Functions, items: list[pytest.Item], path: Path) -> int:
        quiet()
        code = mutations.compiled(mutant, SOURCE / mutant.path)
        live = functions.get((mutant.path, mutant.function), [])
        if not live:
            return note(path, "no function")
        for function in live:
            function.__code__ = code.replace(co_freevars=function.__code__.co_freevars)
        for at, item in enumerate(items):
            used = time.process_time()
            if used > self.plan["seconds"]:
                return note(path, "survived", tests=at)
            limit = int(used + 10 * self.seconds.get(item.nodeid, 1.0) + 10)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            note(path, "time", by=item.nodeid)  # what stands there when the limit ends the fork
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[at + 1] if at + 1 < len(items) else None)
            if self.failed:
                return note(path, "caught", by=item.nodeid)
        return note(path, "survived" if items else "untested", tests=len(items))

    def _end(self, mutant: mutations.Mutant, path: Path, start: float, status: int) -> None:
        """Note how a mutant ended."""
        entry = {"file": mutant.path, "function": mutant.function, "line": mutant.line, "change": mutant.change}
        entry |= json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"result": f"status {status}"}
        path.unlink(missing_ok=True)
        self.result[mutant.name] = entry
        if len(self.result) % 10 == 0:
            print(f"{self.package}: {len(self.result)} of {len(self.sample)}", file=sys.__stderr__, flush=True)
            store(self.result)
        if entry["result"] not in CAUGHT:
            seconds = time.monotonic() - start
            print(
                f"{entry['result']:9} {mutant.name} {mutant.path}:{mutant.line} {mutant.function}: {mutant.change}"
                f"  ({entry.get('tests', '')} tests, {seconds:.0f} s)",
                file=sys.__stderr__,
                flush=True,
            )


def note(path: Path, result: str, **more: object) -> int:
    """Write how a mutant fares, and return the exit status of its fork."""
    path.write_text(json.dumps({"result": result, **more}), encoding="utf-8")
    return 0


def quiet() -> None:
    """Send what a fork prints nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def main() -> None:
    """Run the sample of some packages and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--file", default="", help="only files whose path has this in it")
    parser.add_argument("--all", action="store_true", help="each mutant, and not a sample")
    parser.add_argument("--survivors", action="store_true", help="only those that no test caught the last time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    plan = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    packages = options.packages or list(plan["packages"])
    if options.one:
        run(packages[0], plan, options)
        return
    for package in packages:
        flags = [flag for flag in sys.argv[1:] if flag not in packages]
        subprocess.run([sys.executable, __file__, package, *flags, "--one"], check=False)  # noqa: S603 - this script
    sys.exit(show(plan))


def run(package: str, plan: dict[str, Any], options: argparse.Namespace) -> None:
    """Run the sample of one package in this process and keep the result."""
    os.environ |= {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    sample = plan_of(package, plan, options.file, complete=options.all)
    runner = Runner(package, sample, plan, options.jobs)
    if options.survivors:
        runner.sample = [m for m in sample if runner.before.get(m.name, {}).get("result") not in CAUGHT]
    start = time.monotonic()
    pytest.main(
        [*folders(package), "-q", "-p", "no:cacheprovider", "-p", "no:logging", "--tb=no", "-p", "no:xdist"],
        plugins=[runner],
    )
    print(f"{package}: {len(runner.result)} mutants in {time.monotonic() - start:.0f} s")
    if not options.file and not options.survivors:
        names = {mutant.name for mutant in sample}
        store(runner.result, {name for name, entry in recorded().items() if of(entry) == package} - names)
    else:
        store(runner.result)


def recorded() -> dict[str, dict[str, Any]]:
    """Return the stored result of each mutant."""
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}


def of(entry: dict[str, Any]) -> str:
    """Return the package of a mutant."""
    return str(entry["file"]).split("/")[0]


def store(result: dict[str, dict[str, Any]], gone: set[str] | None = None) -> None:
    """Add results to the stored ones, and take out those of mutants that are no longer in the sample."""
    record = {name: entry for name, entry in (recorded() | result).items() if name not in (gone or set())}
    record = dict(sorted(record.items(), key=lambda pair: (pair[1]["file"], pair[1]["line"], pair[0])))
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def show(plan: dict[str, Any]) -> int:
    """Print how many mutants of each package a test caught; one when the share is below the bound."""
    record = recorded()
    record = {name: entry for name, entry in record.items() if name not in plan["equivalent"]}
    total: Counter[str] = Counter(of(entry) for entry in record.values())
    caught = Counter(of(entry) for entry in record.values() if entry["result"] in CAUGHT)
    for package, count in total.items():
        print(f"{package:10} {caught[package]:4} of {count:4}")
    share = sum(caught.values()) / max(sum(total.values()), 1)
    print(f"{'caught':10} {sum(caught.values()):4} of {sum(total.values()):4}, {share:.1%}; bound {plan['bound']:.0%}")
    print(f"{len(plan['equivalent'])} equivalent mutants left out")
    return int(share < plan["bound"])


if __name__ == "__main__":
    main()
