"""Sphinx configuration: `make docs` builds with warnings as errors and needs no network."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from latex2mathml.converter import convert

import xinzhi

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).parent
GENERATED = HERE / "_generated"

project = "xinzhi"
author = "The xinzhi developers"
copyright = author  # noqa: A001 - sphinx reads the name
release = version = xinzhi.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "package.md"]  # the latter is for package indexes
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"xinzhi {release}"
html_static_path = ["assets"]
html_css_files = ["docs.css"]
html_show_copyright = False
html_math_renderer = "mathml"  # which browsers draw themselves: MathJax would come from the network


def _generate_references() -> None:
    """Write the reference pages that come from the YAML files: the protocols and the known tables."""
    GENERATED.mkdir(exist_ok=True)
    for script in sorted(HERE.glob("generate_*_reference.py")):
        spec = importlib.util.spec_from_file_location(script.stem, script)
        assert spec is not None  # noqa: S101 - the file was found just now
        assert spec.loader is not None  # noqa: S101 - a .py file has a loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.generate(GENERATED)


def _write_inline(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _write_block(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(convert(node.astext(), display="block"))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Write formulae as MathML, and make the reference pages before anything is read."""
    _generate_references()
    app.add_html_math_renderer("mathml", inline_renderers=(_write_inline, None), block_renderers=(_write_block, None))
