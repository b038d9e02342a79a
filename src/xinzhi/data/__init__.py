"""Data in and out.

The claim
    Disputes over capital and labour invite gaming: figures must say what they are, in which unit, from which vintage,
    and whether they are official.
The question
    What does this package hold, and what is wrong with it?
The verbs
    `load` reads a package from wherever it is; `check` lists everything that is wrong with it; `export` writes it;
    `packages` names those that ship with xinzhi, `known_tables` the tables and columns that it knows.
"""

from __future__ import annotations

from xinzhi.data.catalogue import known_tables
from xinzhi.data.export import export
from xinzhi.data.loading import check, load
from xinzhi.data.package import Package
from xinzhi.data.sources import packages

__all__ = ["Package", "check", "export", "known_tables", "load", "packages"]
