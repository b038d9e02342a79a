"""Change the formulas one place at a time and count the changes that a test catches.

The tests of a package are collected once; each mutant is a fork of that process, in which the code of one function is
exchanged and the tests that run this function follow: those of files that name it first, and of these the ones that
run fewest functions. A mutant is caught when a test that passes on the clean function fails on it, in the same order
of tests, after the function ran, and not because a module, memory, a file or time was wanting. `tools/mutants.yaml`
says how many mutants of each package, and which change no figure; `tools/mutants.json` keeps the result. What no run
has judged is `not counted`, and an error.

    python tools/mutants.py                 # all packages
    python tools/mutants.py core frontier   # some
    python tools/mutants.py core --file markov_chains --all   # each mutant of a file
    python tools/mutants.py --show          # the table of what is stored
    python tools/mutants.py --seed 7        # another sample, half as large, that no test was written for
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import types
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

import mutations
from mutant_plan import ROOT, SOURCE, Plan, folders, pool_of, sample_of

PLAN = ROOT / "tools" / "mutants.yaml"
CACHE = ROOT / ".mutants"  # which test runs which function, by what the files held when they ran
RESULTS = ("caught", "survived", "equivalent", "timed out", "not counted")
WANTING = (ImportError, MemoryError, OSError, SystemExit, KeyboardInterrupt)  # a failure that judges no formula
PLUGINS = ("cacheprovider", "logging", "terminal", "xdist")  # of pytest, and not needed here
MEMORY = 8 * 2**30  # bytes that a mutant may take
WAIT = 600  # seconds that a mutant may sleep without computing

Entry = dict[str, str | int]
Functions = dict[tuple[str, str], list[types.FunctionType]]


class Runner:
    """The plugin that takes the place of pytest's loop over the tests."""

    def __init__(self, package: str, sample: list[mutations.Mutant], plan: Plan, jobs: int) -> None:
        self.package, self.sample, self.plan, self.jobs = package, sample, plan, jobs
        self.before = recorded(plan)
        self.failed: list[str] = []  # tests that failed, for whatever reason
        self.judged: list[str] = []  # what the failures say that judge a formula
        self.seconds: dict[str, float] = {}
        self.result: dict[str, Entry] = {}
        self.stack: list[set[str]] = []
        self.fixtures: dict[int, set[str]] = {}
        self.computes = ""  # the module of tests that let polars compute when it was imported

    def pytest_configure(self) -> None:
        """Let hypothesis begin with the same examples each time, look for no smaller one, and watch no clock."""
        from hypothesis import HealthCheck, Phase, settings

        settings.register_profile(
            "mutants",
            phases=[Phase.explicit, Phase.generate],
            database=None,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutants")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note the first module of tests that starts the threads of polars."""
        if not self.computes and "polars-0" in threads():
            self.computes = report.nodeid

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note a test that failed, and whether its failure judges a formula."""
        report = yield
        if report.failed:
            self.failed.append(item.nodeid)
            if call.excinfo and judges(call.excinfo.value):
                self.judged.append(type(call.excinfo.value).__name__)
        return report

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
        if self.computes:  # a fork would wait for polars without end
            pytest.exit(f"polars computes when this module of tests is imported: {self.computes}", 1)
        items = {item.nodeid: item for item in session.items}
        tests = self._map(session)
        functions = self._functions()
        order = sorted(self.sample, key=lambda mutant: mutant.path)
        running: dict[int, tuple[mutations.Mutant, Path]] = {}
        while order or running:
            while order and len(running) < self.jobs:
                mutant = order.pop()
                self._start(mutant, functions, tests, items, running)
            pid, status = os.wait()
            if pid in running:
                self._end(*running.pop(pid), status)
        return True

    def _map(self, session: pytest.Session) -> dict[str, list[str]]:
        """Return the tests that run each function, those that run few first; those of a changed file are run anew."""
        path = CACHE / f"{self.package}.json"
        CACHE.mkdir(exist_ok=True)
        source = content((SOURCE / self.package).rglob("*.py"), (ROOT / "tests").rglob("conftest.py"))
        cache = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        stored = cache.get("files", {}) if cache.get("source") == source else {}
        files: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            files[item.nodeid.split("::")[0]].append(item)
        digests = {name: content([ROOT / name]) for name in files}
        fresh = {name: entry for name, entry in stored.items() if entry["digest"] == digests.get(name)}
        record: dict[str, Any] = {}
        stale = [item for name, items in files.items() if name not in fresh for item in items]
        if stale:
            part = CACHE / f"{self.package}.part"
            pid = os.fork()
            if pid == 0:
                self._trace(stale, part)
            os.waitpid(pid, 0)
            record = json.loads(part.read_text(encoding="utf-8"))
            part.unlink()
        for name in files.keys() - fresh.keys():
            own = {nodeid: entry for nodeid, entry in record.items() if nodeid.split("::")[0] == name}
            fresh[name] = {"digest": digests[name], "tests": own}
        path.write_text(json.dumps({"source": source, "files": fresh}), encoding="utf-8")
        passing = {nodeid: entry for name in files for nodeid, entry in fresh[name]["tests"].items()}
        self.seconds = {nodeid: entry["seconds"] for nodeid, entry in passing.items()}
        tests: dict[str, list[str]] = defaultdict(list)
        # A test that runs few functions is about them, and its fixtures cost little.
        for nodeid in sorted(passing, key=lambda nodeid: (len(passing[nodeid]["functions"]), nodeid)):
            for function in passing[nodeid]["functions"]:
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
        running: dict[int, tuple[mutations.Mutant, Path]],
    ) -> None:
        """Begin a mutant in a fork, whose own forks run the tests on the changed and on the clean function."""
        nodes = nearest(mutant.function.split(".")[-1], tests.get(f"{mutant.path}:{mutant.function}", []))
        last = self.before.get(mutant.name, {}).get("by")
        if last in nodes:
            nodes = [str(last), *(nodeid for nodeid in nodes if nodeid != last)]
        path = CACHE / f"{mutant.name}.result"
        path.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                quiet()
                entry = self._judge(mutant, functions.get((mutant.path, mutant.function), []), nodes, items, path)
                path.write_text(json.dumps(entry), encoding="utf-8")
                status = 0
            finally:
                os._exit(status)
        running[pid] = mutant, path

    def _judge(
        self,
        mutant: mutations.Mutant,
        functions: list[types.FunctionType],
        nodes: list[str],
        items: dict[str, pytest.Item],
        path: Path,
    ) -> Entry:
        """Return how a mutant ends: a test that fails counts when it passes after the same tests on the clean code."""
        if not functions:
            return {"result": "no function"}
        entry: Entry = {"result": "survived", "tests": 0}
        for _ in range(3):
            entry = self._fork(mutant, functions, [items[nodeid] for nodeid in nodes], path, change=True)
            if entry["result"] != "caught":
                return entry
            before = nodes[: nodes.index(str(entry["by"])) + 1]
            control = self._fork(mutant, functions, [items[nodeid] for nodeid in before], path, change=False)
            if control["result"] == "survived":
                return entry
            nodes = [nodeid for nodeid in nodes if nodeid != entry["by"]]
            entry = {"result": f"control {control['result']}"}
        return entry

    def _fork(
        self,
        mutant: mutations.Mutant,
        functions: list[types.FunctionType],
        items: list[pytest.Item],
        path: Path,
        *,
        change: bool,
    ) -> Entry:
        """Run tests in a fork, and return how they ended."""
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                signal.alarm(WAIT)
                resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.RLIM_INFINITY))
                code = mutations.compiled(mutant, SOURCE / mutant.path, change=change)
                for function in functions:
                    function.__code__ = code.replace(co_freevars=function.__code__.co_freevars)
                entry = self._follow(items, all_of_them=not change)
                path.write_text(json.dumps(entry), encoding="utf-8")
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            late = os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGALRM}
            return {"result": "timed out" if late else f"signal {os.WTERMSIG(status)}"}
        if status:
            return {"result": f"status {os.WEXITSTATUS(status)}"}
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def _follow(self, items: list[pytest.Item], *, all_of_them: bool) -> Entry:
        """Run tests until a failure judges the formula, or until the time of a mutant is over."""
        for at, item in enumerate(items):
            used = time.process_time()
            if used > self.plan["seconds"] and not all_of_them:
                return {"result": "survived", "tests": at}
            limit = int(used + 10 * self.seconds[item.nodeid] + 20)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            after = items[at + 1] if at + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.judged and mutations.RUNS:
                return {"result": "caught", "by": item.nodeid, "error": self.judged[0]}
        return {"result": "survived" if items else "untested", "tests": len(items)}

    def _end(self, mutant: mutations.Mutant, path: Path, status: int) -> None:
        """Note how a mutant ended."""
        entry = described(mutant)
        entry |= json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"result": f"status {status}"}
        path.unlink(missing_ok=True)
        self.result[mutant.name] = entry
        if len(self.result) % 10 == 0:
            print(f"{self.package}: {len(self.result)} of {len(self.sample)}", file=sys.__stderr__, flush=True)
        if entry["result"] != "caught":
            print(
                f"{entry['result']:9} {mutant.name} {mutant.path}:{mutant.line} {mutant.function}: {mutant.change}"
                f"  ({entry.get('tests', '')} tests)",
                file=sys.__stderr__,
                flush=True,
            )


def nearest(function: str, nodes: list[str]) -> list[str]:
    """Return tests with those first whose file calls a function by its name; else the order stays."""
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in {nodeid.split("::")[0] for nodeid in nodes}}
    return sorted(nodes, key=lambda nodeid: function not in texts[nodeid.split("::", maxsplit=1)[0]])


def judges(error: BaseException) -> bool:
    """Return whether an error can say that a formula is wrong, and not that something was wanting."""
    from hypothesis.errors import HypothesisException

    return not isinstance(error, (*WANTING, HypothesisException))


def content(*paths: Iterable[Path]) -> str:
    """Return the digest of what files hold."""
    files = sorted(path for group in paths for path in group)
    return mutations.digest(
        "".join(f"{path.relative_to(ROOT)}{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
    )


def threads() -> set[str]:
    """Return the names of the threads of this process."""
    return {path.read_text(encoding="utf-8").strip() for path in Path("/proc/self/task").glob("*/comm")}


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
    parser.add_argument("--all", action="store_true", help="each mutant, and not a sample; keeps no result")
    parser.add_argument("--survivors", action="store_true", help="only those that no test caught the last time")
    parser.add_argument("--show", action="store_true", help="run none, and print the stored figures")
    parser.add_argument("--seed", type=int, help="another sample than that of the plan")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    plan = plan_of(options.seed)
    packages = options.packages or list(plan["packages"])
    if options.here:
        run(packages[0], plan, options)
        return
    failed = []
    for package in packages if not options.show else ():
        flags = [flag for flag in sys.argv[1:] if flag not in packages]
        child = subprocess.run([sys.executable, __file__, package, *flags, "--here"], check=False)  # noqa: S603 - this script
        failed += [package] if child.returncode else []
    status = show(plan)
    sys.exit(f"did not run: {', '.join(failed)}" if failed else status)


def run(package: str, plan: Plan, options: argparse.Namespace) -> None:
    """Run the sample of one package in this process and keep the result."""
    os.environ |= {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    sample = pool_of(package, plan) if options.all else sample_of(package, plan)
    sample = [mutant for mutant in sample if options.file in mutant.path and mutant.name not in plan["equivalent"]]
    if options.survivors:
        before = recorded(plan)
        sample = [mutant for mutant in sample if before.get(mutant.name, {}).get("result") != "caught"]
    sys.modules["mutants"] = sys.modules["__main__"]
    runner = Runner(package, sample, plan, options.jobs)
    start = time.monotonic()
    status = pytest.main(
        [
            *folders(package),
            "-o",
            "addopts=--import-mode=importlib",
            *(part for name in PLUGINS for part in ("-p", f"no:{name}")),
        ],
        plugins=[runner],
    )
    print(f"{package}: {len(runner.result)} mutants in {time.monotonic() - start:.0f} s")
    if not options.all:
        store(runner.result, plan)
    if len(runner.result) < len(sample):
        sys.exit(f"{package}: {len(runner.result)} of {len(sample)} mutants ran (pytest: {status})")


def plan_of(seed: int | None) -> Plan:
    """Return the plan; with a seed that of another sample, half as large, whose result git does not keep."""
    plan: Plan = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    if seed is None:
        return plan
    half = {package: (size + 1) // 2 for package, size in plan["packages"].items()}
    return {**plan, "seed": seed, "packages": half, "record": f"{CACHE.name}/seed-{seed}.json"}


def recorded(plan: Plan) -> dict[str, Entry]:
    """Return the stored result of each mutant."""
    path = ROOT / plan["record"]
    return json.loads(path.read_text(encoding="utf-8"))["mutants"] if path.is_file() else {}


def described(mutant: mutations.Mutant) -> Entry:
    """Return where a mutant stands and what it changes."""
    return {"file": mutant.path, "function": mutant.function, "line": mutant.line, "change": mutant.change}


def current(plan: Plan) -> dict[str, dict[str, Entry]]:
    """Return the stored result of each mutant of the samples as they are now, or that it was not counted."""
    record = recorded(plan)
    result: dict[str, dict[str, Entry]] = {}
    for package in plan["packages"]:
        result[package] = {}
        for mutant in sample_of(package, plan):
            entry = record.get(mutant.name, {"result": "not counted"})
            if mutant.name in plan["equivalent"]:
                entry = {"result": "equivalent"}
            elif entry["result"] == "equivalent" or (entry["result"] == "caught" and not stands(str(entry["by"]))):
                entry = {"result": "not counted"}
            outcome = {key: value for key, value in entry.items() if key in {"result", "by", "error", "tests"}}
            result[package][mutant.name] = described(mutant) | outcome
    return result


def stands(nodeid: str) -> bool:
    """Return whether a test is still there."""
    name, *parts = nodeid.split("[", maxsplit=1)[0].split("::")
    path = ROOT / name
    return path.is_file() and f"def {parts[-1]}(" in path.read_text(encoding="utf-8")


def table(results: dict[str, dict[str, Entry]]) -> dict[str, dict[str, int]]:
    """Return how many mutants of each package ended in each way; what is none of the other ways survived."""
    counts = {}
    for package, entries in results.items():
        count = Counter(str(entry["result"]) for entry in entries.values())
        count["survived"] = sum(count.values()) - sum(count[name] for name in RESULTS if name != "survived")
        counts[package] = {name: count[name] for name in RESULTS}
    counts["all"] = {name: sum(count[name] for count in counts.values()) for name in RESULTS}
    return counts


def store(result: dict[str, Entry], plan: Plan) -> None:
    """Add results to the stored ones, and take out those of mutants that are no longer in the sample."""
    write(recorded(plan) | result, {}, plan)
    results = current(plan)
    entries = {name: entry for own in results.values() for name, entry in own.items()}
    entries = {name: entry for name, entry in entries.items() if entry["result"] != "not counted"}
    write(entries, table(results), plan)


def write(entries: dict[str, Entry], counts: dict[str, dict[str, int]], plan: Plan) -> None:
    """Write results and counts."""
    order = sorted(entries, key=lambda name: (str(entries[name]["file"]), int(entries[name]["line"]), name))
    record = {"counts": counts, "mutants": {name: entries[name] for name in order}}
    (ROOT / plan["record"]).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def show(plan: Plan) -> int:
    """Print how the mutants of each package ended; one when a bound is broken or a mutant was not counted."""
    counts = table(current(plan))
    print(f"{'':10}" + "".join(f"{name:>13}" for name in RESULTS))
    for package, count in counts.items():
        print(f"{package:10}" + "".join(f"{count[name]:13}" for name in RESULTS))
    count = counts["all"]
    size = sum(count.values())
    share = count["caught"] / max(size - count["equivalent"], 1)
    print(f"caught {share:.1%} of {size - count['equivalent']} that change a figure; bound {plan['bound']:.0%}")
    breaks = {
        f"{count['not counted']} of {size} mutants not counted": count["not counted"] > 0,
        f"more than {plan['equivalents']:.0%} called equivalent": count["equivalent"] > plan["equivalents"] * size,
        f"less than {plan['bound']:.0%} caught": share < plan["bound"],
    }
    for sentence in (sentence for sentence, broken in breaks.items() if broken):
        print(sentence)
    return int(any(breaks.values()))


if __name__ == "__main__":
    main()
