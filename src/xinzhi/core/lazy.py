"""Public names that are loaded when they are first used, so that importing a package costs nothing."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def lazy(
    package: str, homes: Mapping[str, str], modules: Sequence[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a package (PEP 562).

    Parameters
    ----------
    package
        Its ``__name__``.
    homes
        Every public name, and the module that defines it, as in ``from .module import name``: ``.module``.
    modules
        Modules of the package that are attributes of it without an import of their own.

    Examples
    --------
    >>> load, names = lazy("xinzhi.core", {"Text": ".text"})
    >>> load("Text").__name__, "Text" in names()
    ('Text', True)
    >>> load("text")
    Traceback (most recent call last):
    AttributeError: module 'xinzhi.core' has no attribute 'text'
    """

    def load(name: str) -> Any:  # noqa: ANN401 - whatever the module defines
        if name in modules:
            return importlib.import_module(f"{package}.{name}")
        if name not in homes:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        return getattr(importlib.import_module(homes[name], package), name)

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes, *modules})

    return load, names
