"""Packages that the core does without: which extra brings each, and the error that names it where one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from xinzhi.core.errors import UsageError

EXTRAS: Mapping[str, str] = {  # by the name under which a package is imported
    **dict.fromkeys(("vl_convert", "xlsxwriter", "jinja2", "markupsafe", "fastexcel"), "report"),
    **dict.fromkeys(("pandas", "pyarrow"), "frames"),
    **dict.fromkeys(("fastapi", "starlette", "uvicorn"), "web"),
    **dict.fromkeys(("ibis", "duckdb", "sqlglot"), "micro"),
    "pyreadstat": "io",
    "cryptography": "sign",
    "sklearn": "learn",
    "linearmodels": "panel",
    "pyspark": "spark",
    "mcp": "mcp",
    "pysdmx": "sdmx",
}


def missing_packages(extra: str) -> list[str]:
    """Return the packages of an extra that are not installed."""
    return [package for package, name in EXTRAS.items() if name == extra and find_spec(package) is None]


def require(*packages: str) -> None:
    """Raise a `UsageError` that names the extra to install, where one of the packages is missing.

    Examples
    --------
    >>> require("numpy")
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise no_extra(*missing)


def require_extra(extra: str) -> None:
    """Raise a `UsageError` where one of the packages of an extra is missing."""
    require(*(package for package, name in EXTRAS.items() if name == extra))


def no_extra(*packages: str) -> UsageError:
    """Return the error of packages that are missing."""
    return UsageError("core.no-extra", packages=list(packages), extra=EXTRAS.get(packages[0], "all"))
