"""Needs: the tables and columns that a protocol asks of a package, and a clear word where one is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.yardstick.panel import BEARABLE

if TYPE_CHECKING:
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol


def require(package: Package, protocol: Protocol) -> list[str]:
    """Check that the protocol can be computed and the package has what it asks; return the tables that are read.

    Raises
    ------
    ProtocolError
        When the protocol is unverified or a parameter is blank.
    InputError
        When a table or column is missing, or a table that is read has errors.
    """
    protocol.require()
    needed = columns(protocol, given="investment" not in package.tables and _gives_capital(package))
    for table, names in needed.items():
        package.require(table, names, verb="measure", despite=BEARABLE if table == "accounts" else ())
    optional = [name for name in ("regions",) if name in package.tables]
    return [*needed, *optional]


def _gives_capital(package: Package) -> bool:
    """Return whether the accounts carry a capital stock of their own."""
    return "accounts" in package.tables and "capital" in package.tables["accounts"].columns


def columns(protocol: Protocol, *, given: bool = False) -> dict[str, list[str]]:
    """Return the columns of every table that the protocol asks for.

    Parameters
    ----------
    protocol
        The rules.
    given
        Whether the package gives a capital stock instead of investment.

    Notes
    -----
    Where two columns would do (real output, or nominal output with its price), neither is asked for here: the
    builder of that input says what is missing.
    """
    accounts = ["region", "year"]
    needed = {"accounts": accounts}
    match protocol.value("capital.measure"):
        case "given_stock":
            accounts.append("capital")
        case "given_services":
            accounts.append("capital_services")
        case "stock" if given:
            accounts.append("capital")
        case _:
            needed["investment"] = ["region", "year", "investment_nominal", "investment_price"]
    unit = protocol.value("labour.unit")
    accounts.append({"persons": "employment", "hours": "hours", "given_services": "labour_services"}[unit])
    if protocol.value("labour.quality") == "given":
        accounts.append("human_capital")
    if protocol.value("output.vintage") != "latest":
        needed["vintages"] = ["region", "year", "vintage", "output_growth"]
    return needed
