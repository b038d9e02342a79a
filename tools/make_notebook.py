"""Make the Jupyter notebook of an example: `python tools/make_notebook.py examples/first_hour.py`.

The examples are marimo notebooks, plain Python whose cells are functions. Each becomes a cell, the text at the head of
the file the first one; what a cell shows last is left as its last line. Nothing is run.
"""

from __future__ import annotations

import ast
import json
import sys
import textwrap
from pathlib import Path


def cells(source: str) -> list[str]:
    """Return the code of the cells of a marimo notebook, in their order."""
    lines = source.splitlines()
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(one).startswith("app.cell") for one in node.decorator_list
        ):
            body = [one for one in node.body if not isinstance(one, ast.Return)]
            start = node.body[0].lineno - 1
            while lines[start - 1].strip().startswith("#"):  # remarks above the first line of the cell
                start -= 1
            end = node.end_lineno if len(body) == len(node.body) else node.body[-1].lineno - 1
            found.append(textwrap.dedent("\n".join(lines[start:end])).strip())
    return [code for code in found if code]


def notebook(source: str) -> str:
    """Return the Jupyter notebook (nbformat 4.5) of a marimo notebook."""
    about = ast.get_docstring(ast.parse(source)) or ""
    parts = [("markdown", about), *(("code", code) for code in cells(source))]
    made = [
        {"cell_type": kind, "id": f"cell-{place}", "metadata": {}, "source": text.splitlines(keepends=True)}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for place, (kind, text) in enumerate(parts)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write the notebook beside each example that is named."""
    for name in sys.argv[1:]:
        path = Path(name).with_suffix(".ipynb")
        path.write_text(notebook(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
