"""Count what makes code hard to read and packages hard to part: `python tools/lint_form.py [--report] [--update]`.

=================== =================================================================================================
``fmt-skip``        lines that the formatter leaves alone (goal: 60, tables of literals only)
``complexity``      functions excused from ruff's C901, PLR0911 or PLR0915 (goal: 0)
``nested-choice``   a conditional expression inside another one (goal: 0)
``comprehension``   a comprehension with two ``for`` and a condition (goal: 0)
``long-statement``  a statement, or the head of one, of more than 6 lines that is not laid out: a call or a literal with
                    one argument or element a line, or a chain of such calls, is laid out where its parts are
``any``             annotations, aliases and casts with ``Any``, each once (goal: 400)
``frame-algebra``   statements in ``report``, ``cli`` and ``web`` that call a verb of frames (goal: 120)
``face.<package>``  names that users see on the face of a package (goal: 25)
``inner.<package>`` imports by ``cli``, ``web``, ``report`` past the face of another of them or of ``studies``;
                    ``<package>.internal`` is a face, for our own layers (goal: 0)
=================== =================================================================================================
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ratchet import ROOT, Count, Place, arguments, judge, modules

SOURCE = ROOT / "src/xinzhi"
LONGEST = 6  # lines of a statement
FACE = 25  # names
LAYERS = frozenset(("core", "words"))  # for our own packages, not for users
SHOWING = ("report", "cli", "web")
SKIP = re.compile(r"#\s*fmt:\s*(?:skip|off)")
EXCUSE = re.compile(r"#\s*noqa:[^#]*\b(?:C901|PLR0911|PLR0915)\b")
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
INNER = re.compile(r"xinzhi\.(cli|web|report|studies)\.(?!internal\b)\w+")
# what shapes a frame; reading one (`head`, `drop_nulls`, `rows`) does not count, nor does `pl.col` by itself
FRAME_VERBS = frozenset(
    (
        "agg",
        "concat",
        "explode",
        "filter",
        "group_by",
        "join",
        "pivot",
        "select",
        "sort",
        "unique",
        "unpivot",
        "with_columns",
    )
)


def expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a statement, of a compound one those of its head."""
    for field, value in ast.iter_fields(statement):
        if field in {"body", "orelse", "finalbody", "handlers", "cases", "args", "returns"}:
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.expr):
                yield node
            elif isinstance(node, ast.withitem):
                yield node.context_expr
            elif isinstance(node, ast.keyword):
                yield node.value


def is_laid_out(node: ast.expr) -> bool:
    """Say whether an expression is short, a text, or has its parts one a line."""
    if (node.end_lineno or node.lineno) - node.lineno < LONGEST or isinstance(node, (ast.Constant, ast.JoinedStr)):
        return True
    return any(map(_one_a_line, _parts(node)))


def _parts(node: ast.expr) -> Iterator[list[ast.expr]]:
    """Yield the parts of an expression that can be laid out, of a chain of calls if its beginning is."""
    if isinstance(node, (ast.Await, ast.Starred)):
        yield [node.value]
    elif isinstance(node, ast.Subscript) and is_laid_out(node.value):
        yield [node.slice]
    elif isinstance(node, ast.Call):
        callee = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        if is_laid_out(callee):
            yield [*node.args, *(keyword.value for keyword in node.keywords)]
    elif isinstance(node, (ast.BoolOp, ast.Dict)):
        yield node.values
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        yield node.elts


def _one_a_line(parts: list[ast.expr]) -> bool:
    """Say whether parts stand on lines of their own, each laid out; a single part may share the line of its bracket."""
    starts = [part.lineno for part in parts]
    return len(set(starts)) == len(starts) and all(map(is_laid_out, parts))


def long_statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of more than six lines that are not laid out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not all(map(is_laid_out, expressions(node))):
            yield node


def nested_choices(tree: ast.AST) -> Iterator[ast.IfExp]:
    """Yield the conditional expressions that stand inside another one."""
    nested = {
        id(inner): inner
        for outer in ast.walk(tree)
        if isinstance(outer, ast.IfExp)
        for inner in ast.walk(outer)
        if inner is not outer and isinstance(inner, ast.IfExp)
    }
    yield from nested.values()


def dense_comprehensions(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the comprehensions with two `for` and a condition."""
    for node in ast.walk(tree):
        if isinstance(node, COMPREHENSIONS):
            conditions = [condition for generator in node.generators for condition in generator.ifs]
            if len(node.generators) > 1 and conditions:
                yield node


def uses_of_any(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the annotations and the values of aliases and casts that hold `Any`."""
    for node in ast.walk(tree):
        for expression in types_in(node):
            if any(isinstance(inner, ast.Name) and inner.id == "Any" for inner in ast.walk(expression)):
                yield expression


def types_in(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions of a node that are types."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns:
        yield node.returns
    elif isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation:
        yield node.annotation
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias" and node.value:
            yield node.value
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "cast":
        yield node.args[0]


def is_frame_call(node: ast.AST) -> bool:
    """Say whether a node calls a verb of frames: `frame.filter(...)`, `pl.concat(...)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    verb, options = node.func.attr, {keyword.arg for keyword in node.keywords}
    if verb == "join":
        return bool(options & {"on", "how", "left_on"}) or len(node.args) > 1
    if verb in ("filter", "sort"):
        return bool(node.args or options - {"key", "reverse"})
    return verb in FRAME_VERBS


def frame_statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements whose own expressions call a verb of frames, each once."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            calls = (inner for expression in expressions(node) for inner in ast.walk(expression))
            if any(map(is_frame_call, calls)):
                yield node


def inner_imports(path: str, tree: ast.AST) -> Iterator[tuple[str, ast.ImportFrom]]:
    """Yield what a module of cli, web or report imports past a face, by package."""
    home = path.split("/")[1]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (match := INNER.match(node.module or "")) and match[1] != home:
            yield match[1], node


def count_lines(name: str, pattern: re.Pattern[str], paths: list[Path]) -> Count:
    """Return how many lines have a remark."""
    places = [
        Place(f"{path.relative_to(SOURCE.parent).as_posix()}:{number}", line.strip()[:100])
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    return Count(name, len(places), places)


def count_nodes(trees: Mapping[str, ast.Module]) -> list[Count]:
    """Return the counts that are made on syntax trees."""
    rules: Mapping[str, Callable[[ast.AST], Iterator[ast.expr | ast.stmt]]] = {
        "nested-choice": nested_choices,
        "comprehension": dense_comprehensions,
        "long-statement": long_statements,
        "any": uses_of_any,
    }
    places: dict[str, list[Place]] = {name: [] for name in [*rules, "frame-algebra"]}
    for path, tree in trees.items():
        for name, rule in rules.items():
            places[name] += [Place(f"{path}:{node.lineno}") for node in rule(tree)]
        if path.split("/")[1] in SHOWING:
            places["frame-algebra"] += [Place(f"{path}:{node.lineno}") for node in frame_statements(tree)]
    return [Count(name, len(rows), rows) for name, rows in places.items()]


def count_faces(source: Path) -> list[Count]:
    """Return how many names each package shows to users."""
    counts = []
    for stub in sorted(source.glob("*/__init__.pyi")):
        if stub.parent.name in LAYERS:
            continue
        tree = ast.parse(stub.read_text(encoding="utf-8"))
        names = [alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
        counts.append(Count(f"face.{stub.parent.name}", len(names), default=FACE))
    return counts


def count_inner(trees: Mapping[str, ast.Module]) -> list[Count]:
    """Return how often the layers that show results import past each other's faces."""
    totals: Counter[str] = Counter()
    places: dict[str, list[Place]] = {}
    for path, tree in trees.items():
        if path.split("/")[1] in SHOWING:
            for package, node in inner_imports(path, tree):
                totals[package] += 1
                places.setdefault(package, []).append(Place(f"{path}:{node.lineno}", node.module or ""))
    return [
        Count(f"inner.{package}", totals[package], places.get(package, [])) for package in ("report", "studies", "web")
    ]


def counts() -> list[Count]:
    """Return the counts of the package."""
    trees = modules(SOURCE)
    paths = [SOURCE.parent / path for path in trees]
    return [
        count_lines("fmt-skip", SKIP, paths),
        count_lines("complexity", EXCUSE, paths),
        *count_nodes(trees),
        *count_faces(SOURCE),
        *count_inner(trees),
    ]


def main() -> int:
    """Count the form of the package."""
    return judge("form", counts(), arguments(__doc__).parse_args())


if __name__ == "__main__":
    sys.exit(main())
