"""Conventions stand in dated YAML with a reference: a number in the code of a computing package has a reason here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

import xinzhi

SOURCE = Path(xinzhi.__file__).parent
COMPUTING = sorted({path.name for path in SOURCE.iterdir() if path.is_dir()} - {"cli", "report", "web", "words"})
ALLOWED = yaml.safe_load((Path(__file__).parents[2] / "cases" / "numbers.yaml").read_text(encoding="utf-8"))
PLAIN = {0, 1, 2}  # nothing, one, and a pair are no conventions
ROUNDING, MEMORY = 1e-6, 1e5  # what is smaller is a numerical tolerance, what is larger a size of memory


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def conspicuous(node):
    """Return the numbers that stand in an expression."""
    numbers = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and is_number(one.value)]
    return [one for one in numbers if one not in PLAIN and ROUNDING < abs(one) < MEMORY]


def assigned(body):
    """Yield name and value of the constants and fields of a module and its classes."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from assigned(node.body)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            pairs = zip(target.elts, node.value.elts, strict=True) if several else [(target, node.value)]
            yield from ((ast.unparse(name), value) for name, value in pairs)


def defaults(tree):
    """Yield name and default of the parameters of all functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            given = [*node.args.posonlyargs, *node.args.args]
            pairs = [*zip(given[::-1], node.args.defaults[::-1], strict=False)]
            pairs += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            yield from ((f"{getattr(node, 'name', 'lambda')}({arg.arg})", one) for arg, one in pairs if one is not None)


def written():
    """Yield module and name of every number that is a constant, a field or a default."""
    for package in COMPUTING:
        for path in sorted((SOURCE / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for name, value in (*assigned(tree.body), *defaults(tree)):
                if conspicuous(value):
                    yield path.relative_to(SOURCE).with_suffix("").as_posix(), name


def reasoned(name):
    """Say whether a name says by itself that it is no convention."""
    return any(re.fullmatch(kind["names"], name) for kind in ALLOWED["kinds"])


def test_numbers_in_code_are_no_conventions():
    listed = {(module, name) for module, names in ALLOWED["listed"].items() for name in names}
    found = set(written())
    assert sorted(one for one in found - listed if not reasoned(one[1])) == []
    assert sorted(one for one in listed if one not in found or reasoned(one[1])) == []
    assert all(reason.strip() for names in ALLOWED["listed"].values() for reason in names.values())
    used = [kind["names"] for kind in ALLOWED["kinds"] if any(re.search(kind["names"], name) for _, name in found)]
    assert used == [kind["names"] for kind in ALLOWED["kinds"]]


FILES = [path for path in sorted(SOURCE.rglob("*.yaml")) if "\nas_of: " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_convention_has_a_reference(path):
    def bare(tree, at=""):
        if isinstance(tree, dict):
            if "value" in tree and not {"reference", "reason", "since"} & set(tree):
                yield at
            for name, branch in tree.items():
                yield from bare(branch, f"{at}.{name}")

    assert list(bare(yaml.safe_load(path.read_text(encoding="utf-8")))) == []
