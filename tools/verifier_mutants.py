"""Delete each statement of the code that verifies certificates in turn: some forgery must pass, or some test fail.

python tools/verifier_mutants.py [MODULE ...] [--no-tests]

A deleted statement is caught when the honest set is refused, when a forgery of the panel passes, or when a test of
certificates fails. The panel holds forgeries of tests/forgeries.py that few rules refuse, so that each rule is needed;
the tests run only for what the panel lets live. Ends with 1 when a deletion survives.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import inspect
import itertools
import os
import subprocess
import sys
import tempfile
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

PACKAGE = "xinzhi.report.certificate"
MODULES = ("verify", "agreement", "schema", "folder", "results", "remake")
TESTS = ("tests/unit/report/certificate", "tests/cli/test_verify_cli.py")
EACH = 2  # forgeries of the panel for each set of rules that refuses them
VARIABLE = "XINZHI_DELETED"


@dataclass(frozen=True)
class Deletion:
    """A statement of a function that is deleted: module, function, line and the statement."""

    module: str
    function: str
    line: int
    number: int
    text: str

    @property
    def name(self) -> str:
        """Module, function and number."""
        return f"{self.module}:{self.function}:{self.number}"


def source(module: str) -> Path:
    """Return the file of a module."""
    return ROOT / "src" / Path(*PACKAGE.split(".")) / f"{module}.py"


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions of a module and the methods of its classes."""
    for node in tree.body:
        parts = [("", node)] if not isinstance(node, ast.ClassDef) else [(f"{node.name}.", part) for part in node.body]
        yield from ((f"{head}{part.name}", part) for head, part in parts if isinstance(part, ast.FunctionDef))


def statements(node: ast.FunctionDef) -> Iterator[tuple[list[ast.stmt], int]]:
    """Yield every block of a function with the places of its statements, but for texts, imports and annotations."""
    for part in ast.walk(node):
        for block in (getattr(part, name, None) for name in ("body", "orelse", "finalbody")):
            for number, statement in enumerate(block if isinstance(block, list) else ()):
                text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                blank = isinstance(statement, ast.AnnAssign) and statement.value is None
                if not (text or blank or isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass)):
                    yield block, number


def deletions(module: str) -> list[Deletion]:
    """Return every deletion of a module."""
    result = []
    for name, node in functions(ast.parse(source(module).read_text("utf-8"))):
        for number, (block, at) in enumerate(statements(node)):
            statement = block[at]
            text = ast.unparse(statement).splitlines()[0][:90]
            result.append(Deletion(module, name, statement.lineno, number, text))
    return result


def code_without(deletion: Deletion) -> types.CodeType:
    """Return the code of a function without one of its statements."""
    path = source(deletion.module)
    tree = ast.parse(path.read_text("utf-8"))
    node = dict(functions(tree))[deletion.function]
    is_generator = any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node))
    block, at = next(itertools.islice(statements(node), deletion.number, None))
    block[at] = ast.copy_location(ast.Pass(), block[at])
    if is_generator:  # it stays one without its last yield
        never = ast.parse("if False:\n yield").body[0]
        node.body.append(ast.copy_location(never, node.body[-1]))
    module = compile(ast.fix_missing_locations(tree), str(path), "exec")
    return code_of(module, deletion.function.split("."))


def code_of(code: types.CodeType, names: list[str]) -> types.CodeType:
    """Return the code of a function in a module or a class."""
    for name in names:
        code = next(part for part in code.co_consts if isinstance(part, types.CodeType) and part.co_name == name)
    return code


def living(deletion: Deletion) -> list[types.FunctionType]:
    """Return the functions that run the code of a deletion."""
    path, name = str(source(deletion.module)), deletion.function
    module = importlib.import_module(f"{PACKAGE}.{deletion.module}")
    if Path(inspect.getfile(module)) != Path(path):
        sys.exit(f"{module} is of another tree")
    return [
        part
        for part in gc.get_objects()
        if isinstance(part, types.FunctionType)
        and part.__code__.co_filename == path
        and part.__code__.co_qualname == name
    ]


def apply(deletion: Deletion) -> Callable[[], None]:
    """Put the shorter code in the place of the whole one, and return what puts it back."""
    found, code = living(deletion), code_without(deletion)
    if not found:
        sys.exit(f"no function is {deletion.name}")
    before = [(part, part.__code__) for part in found]
    for part in found:
        part.__code__ = code.replace(co_freevars=part.__code__.co_freevars)

    def back() -> None:
        for part, old in before:
            part.__code__ = old

    return back


def pytest_configure() -> None:
    """Delete what the environment names: this file is then a plugin of pytest."""
    module, function, number = os.environ[VARIABLE].split(":")
    apply(next(one for one in deletions(module) if (one.function, one.number) == (function, int(number))))


Case = tuple[str, bool, Callable[[], list[str]]]


def panel(court: Any) -> list[Case]:  # noqa: ANN401 - of the tests, which need no types
    """Return the honest sets, and forgeries of each set of rules that refuses one; what each is, and its judgement."""
    import forged_files
    import forgeries

    cases: list[Case] = [
        ("honest", True, lambda: court.judge_files(court.honest)),
        ("honest, twice", True, lambda: court.judge_files(court.honest, independent=True, allow_unproved=True)),
    ]
    judged: dict[tuple[str, ...], int] = Counter()
    pool: list[tuple[str, Callable[[], list[str]]]] = []
    for forgery in forgeries.forgeries(court.signed):
        pool += [(forgery.name, partial(court.judge, forgery))]
    others = forged_files.other_runs(court)
    for name, files in forged_files.file_forgeries(court, others):
        pool.append((name, lambda files=files: court.judge_files(files())))
    pool += forged_files.linked(court)
    groups: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for name, judge in pool[::PART]:
        why = tuple(sorted({*judge()}))
        judged[why] += 1
        if why and why != ("honest",) and len(groups[why]) < EACH:
            groups[why].append((name, False, judge))
    ordered = sorted(groups.items(), key=lambda item: len(item[0]))
    return cases + [case for _, group in ordered for case in group]


PART = 40  # every so manyth forgery is tried for the panel


def catcher(cases: list[Case]) -> str:
    """Return the first case whose judgement is now another one; nothing where there is none."""
    for name, is_honest, judge in cases:
        try:
            why = judge()
        except Exception as error:  # noqa: BLE001 - whatever the shorter code raises tells it apart
            return f"{name}: {type(error).__name__}"
        if bool(why) == is_honest:
            return name
    return ""


def tested(deletion: Deletion) -> bool:
    """Whether a test of certificates fails without the statement."""
    call = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        "-p",
        "verifier_mutants",
        *TESTS,
    ]
    path = os.pathsep.join([str(ROOT / "tools"), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, VARIABLE: deletion.name, "PYTHONPATH": path}
    return subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, check=False).returncode != 0  # noqa: S603 - this interpreter


def main() -> int:
    """Delete, judge, and list what survives."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("modules", nargs="*", default=MODULES)
    ask.add_argument("--no-tests", action="store_true", help="list what the panel lets live, without running tests")
    wish = ask.parse_args()
    import forgeries

    counts: dict[str, Counter[str]] = {module: Counter() for module in wish.modules}
    alive: list[Deletion] = []
    with tempfile.TemporaryDirectory() as folder, forgeries.computed_once():
        court = forgeries.Court(Path(folder))
        cases = panel(court)
        print(f"a panel of {len(cases)} cases", flush=True)
        for deletion in [one for module in wish.modules for one in deletions(module)]:
            back = apply(deletion)
            why = catcher(cases)
            back()
            if cases[0][2]():  # what the shorter code has left behind would tell the next ones apart
                sys.exit(f"{deletion.name} leaves the honest set refused")
            counts[deletion.module]["panel" if why else "alive"] += 1
            if not why:
                alive.append(deletion)
                print(
                    f"left to the tests {deletion.module}:{deletion.line} {deletion.function}: {deletion.text}",
                    flush=True,
                )
    survivors = alive
    if not wish.no_tests:
        survivors = []
        for deletion in alive:
            if tested(deletion):
                counts[deletion.module]["tests"] += 1
            else:
                survivors.append(deletion)
                print(f"SURVIVES {deletion.module}:{deletion.line} {deletion.function}: {deletion.text}", flush=True)
    for module, count in counts.items():
        total = count["panel"] + count["alive"]
        print(f"{module:<10} {total:>4} statements, {count['panel']} by the panel, {count['tests']} by tests")
    print(f"{len(survivors)} survive")
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
