"""What can be wrong in a formula: each change that a mutant of a function makes, found on its syntax tree.

A mutant is named by a digest of its package, the shape of its function (operators, numbers and the calls listed below,
without other names, texts and annotations) and its place there. To rename a variable, a method or a function, to move a
function to another file of the package, or to format a file anew leaves the name, and with it the sample, as it is.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import CodeType

Function = ast.FunctionDef | ast.AsyncFunctionDef

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
PAIRS = (
    ("log", "log1p"),
    ("exp", "expm1"),
    ("sum", "mean"),
    ("nansum", "nanmean"),
    ("min", "max"),
    ("nanmin", "nanmax"),
    ("minimum", "maximum"),
    ("argmin", "argmax"),
    ("min_horizontal", "max_horizontal"),
    ("any", "all"),
    ("ceil", "floor"),
    ("cumsum", "cumprod"),
    ("cum_sum", "cum_prod"),
    ("std", "var"),
    ("first", "last"),
    ("head", "tail"),
    ("is_null", "is_not_null"),
    ("logical_and", "logical_or"),
)
CALLS = {
    **dict(PAIRS),
    **{after: before for before, after in PAIRS},
    "median": "mean",
    "prod": "sum",
    "zeros": "ones",
    "zeros_like": "ones_like",
}
BUILTINS = {"min", "max", "any", "all"}  # of the calls above, those that Python has without a module
DROPPED_CALLS = {"abs", "sqrt", "fabs"}
DROPPED_KEYWORDS = {"weights"}
TEXTS = (
    "Fact",
    "Finding",
    "Text",
    "str",
    "Facts",
    "object",
    "NoReturn",
)  # what returns these says something, and computes nothing
RUNS: set[int] = set()  # not empty when the function of a mutant ran
SILENT = {"answer", "facts", "summary", "findings", "tidy", "glance"}


def digest(text: str) -> str:
    """Return the name of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Mutant:
    """One change of one function: its name, file, function, line and the change in words."""

    name: str
    path: str
    function: str
    line: int
    change: str
    place: int
    variant: int


def mutants(paths: list[Path], root: Path) -> list[Mutant]:
    """Return each mutant of the functions of some files of a package."""
    result = []
    shapes: Counter[str] = Counter()  # two functions of the same shape are told apart by their order
    for path in sorted(paths):
        relative = path.relative_to(root).as_posix()
        package = relative.split("/")[0]
        for function, node in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            if not _computes(node):
                continue
            shape = _shape(node)
            shapes[shape] += 1
            for place, part in enumerate(_parts(node)):
                for variant, after in enumerate(_variants(part)):
                    name = digest(f"{package}|{shape}|{shapes[shape]}|{place}|{variant}")
                    change = f"{_short(part)} -> {_short(after)}"
                    result.append(Mutant(name, relative, function, part.lineno, change, place, variant))
    return result


def compiled(mutant: Mutant, path: Path, *, change: bool = True) -> CodeType:
    """Return the code of the mutated function, or without the change that of the function; each notes that it ran."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    node = dict(_functions(tree))[mutant.function]
    part = list(_parts(node))[mutant.place]
    if change:
        after = _variants(part)[mutant.variant]
        tree = _Replace(part, ast.copy_location(after, part)).visit(tree)
    node.body.insert(0, ast.copy_location(ast.parse("__import__('mutations').RUNS.add(0)").body[0], node.body[0]))
    return _code(compile(ast.fix_missing_locations(tree), str(path), "exec"), mutant.function)


def _code(module: CodeType, function: str) -> CodeType:
    """Return the code of a function of a module by its qualified name."""
    codes = [constant for constant in module.co_consts if hasattr(constant, "co_qualname")]
    for code in reversed(codes):  # the last: those before it are overloads
        if code.co_qualname == function:
            return code
        if function.startswith(f"{code.co_qualname}."):
            return _code(code, function)
    raise LookupError(function)


class _Replace(ast.NodeTransformer):
    """Put one node in the place of another."""

    def __init__(self, before: ast.AST, after: ast.AST) -> None:
        self.before, self.after = before, after

    def visit(self, node: ast.AST) -> ast.AST:
        return self.after if node is self.before else super().visit(node)


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yield the functions of a module and the methods of its classes."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, Function):
                    yield f"{node.name}.{method.name}", method


def _computes(node: Function) -> bool:
    """Return whether a function computes something, as far as its name and its annotation tell."""
    if node.name in SILENT or node.name.startswith("__"):
        return False
    result = ast.unparse(node.returns) if node.returns else ""
    return not any(text in result for text in TEXTS)


def _parts(node: Function) -> Iterator[ast.expr | ast.AugAssign]:
    """Yield the expressions of a function that can be wrong, in the order of the source."""
    stack: list[ast.AST] = list(reversed(_statements(node)))
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Raise | ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom) or _is_type(part):
            continue
        if isinstance(part, ast.expr | ast.AugAssign):
            yield part
        if isinstance(part, ast.keyword) and part.arg == "axis" and isinstance(part.value, ast.UnaryOp):
            continue  # the last axis of a table with two is also the second
        stack.extend(child for child in reversed(list(ast.iter_child_nodes(part))) if child is not _annotation(part))


def _is_type(part: ast.AST) -> bool:
    """Return whether an expression is a type, as in the first argument of `cast`."""
    return isinstance(part, ast.BinOp) and isinstance(part.right, ast.Constant) and part.right.value is None


def _annotation(part: ast.AST) -> ast.AST | None:
    if isinstance(part, ast.AnnAssign | ast.arg):
        return part.annotation
    return part.returns if isinstance(part, Function) else None


def _variants(part: ast.AST) -> list[ast.AST]:
    """Return what may stand in the place of an expression."""
    for kind, of_kind in RULES.items():
        if isinstance(part, kind):
            return of_kind(part)
    return []


def _of_assignment(part: ast.AugAssign) -> list[ast.AST]:
    after = OPERATORS.get(type(part.op))
    return [ast.AugAssign(part.target, after(), part.value)] if after else []


def _of_sign(part: ast.UnaryOp) -> list[ast.AST]:
    return [part.operand] if isinstance(part.op, ast.USub | ast.Invert | ast.Not) else []


def _of_connective(part: ast.BoolOp) -> list[ast.AST]:
    return [ast.BoolOp(ast.Or() if isinstance(part.op, ast.And) else ast.And(), part.values)]


def _of_operator(part: ast.BinOp) -> list[ast.AST]:
    texts = (ast.JoinedStr, ast.List, ast.ListComp, ast.Tuple, ast.Dict, ast.Set)
    if any(isinstance(side, texts) or _is_text(side) for side in (part.left, part.right)):
        return []
    after = OPERATORS.get(type(part.op))
    return [ast.BinOp(part.left, after(), part.right)] if after else []


def _is_text(side: ast.expr) -> bool:
    return isinstance(side, ast.Constant) and isinstance(side.value, str)


def _of_comparison(part: ast.Compare) -> list[ast.AST]:
    after = COMPARISONS.get(type(part.ops[0])) if len(part.ops) == 1 else None
    if after is None or any(_is_text(side) for side in (part.left, *part.comparators)):
        return []
    return [ast.Compare(part.left, [after()], part.comparators)]


def _of_number(part: ast.Constant) -> list[ast.AST]:
    if isinstance(part.value, bool) or not isinstance(part.value, int | float):
        return []
    if isinstance(part.value, int):
        values = (0, 2) if part.value == 1 else (part.value - 1,) if part.value > 1 else (part.value + 1,)
        return [ast.Constant(value) for value in values]
    return [ast.Constant(part.value * 1.5 if part.value else 1.0)]


def _of_call(part: ast.Call) -> list[ast.AST]:
    """Return the variants of a call: another function, the bare argument, a keyword less, branches exchanged."""
    name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
    result: list[ast.AST] = []
    if name in CALLS and (isinstance(part.func, ast.Attribute) or name in BUILTINS):
        func = copy.copy(part.func)
        setattr(func, "attr" if isinstance(func, ast.Attribute) else "id", CALLS[name])
        result.append(ast.Call(func, part.args, part.keywords))
    if name in DROPPED_CALLS and len(part.args) == 1:
        result.append(part.args[0])
    if any(keyword.arg in DROPPED_KEYWORDS for keyword in part.keywords) and name != "Random":
        rest = [keyword for keyword in part.keywords if keyword.arg not in DROPPED_KEYWORDS]
        result.append(ast.Call(part.func, part.args, rest))
    if name == "where" and len(part.args) == 3:  # noqa: PLR2004 - condition and two branches
        result.append(ast.Call(part.func, [part.args[0], part.args[2], part.args[1]], part.keywords))
    return result


RULES: dict[type[ast.AST], Callable[..., list[ast.AST]]] = {
    ast.BinOp: _of_operator,
    ast.AugAssign: _of_assignment,
    ast.UnaryOp: _of_sign,
    ast.Compare: _of_comparison,
    ast.BoolOp: _of_connective,
    ast.Constant: _of_number,
    ast.Call: _of_call,
}


class _Shape(ast.NodeTransformer):
    """Take names, texts and annotations out of a tree, but for the names of calls that a mutant changes."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(node.id if node.id in BUILTINS else "_", node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Attribute(self.visit(node.value), node.attr if node.attr in CALLS else "_", node.ctx)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        return ast.keyword("_", self.visit(node.value))

    def visit_arg(self, _node: ast.arg) -> ast.AST:
        return ast.arg("_")

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return ast.Assign([self.visit(node.target)], self.visit(node.value)) if node.value else ast.Pass()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        inner = [self.visit(statement) for statement in _statements(node)]
        return ast.FunctionDef("_", self.visit(node.args), inner, [])

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("_") if isinstance(node.value, str) else node


def _statements(node: Function) -> list[ast.stmt]:
    """Return the statements of a function without its docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def _shape(node: Function) -> str:
    """Return a function as text without names, annotations and texts."""
    statements = [_Shape().visit(copy.deepcopy(statement)) for statement in _statements(node)]
    return ast.unparse(ast.fix_missing_locations(ast.Module(statements, [])))


def _short(part: ast.AST, size: int = 60) -> str:
    text = ast.unparse(part)
    return text if len(text) <= size else f"{text[: size - 3]}..."
