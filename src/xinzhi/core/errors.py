"""Errors: each says what, where, and what to do, and knows the exit code of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.finding import Finding


class XinzhiError(Exception):
    """Root of all errors that xinzhi raises on purpose; `exit_code` is what the command line returns."""

    exit_code = 3


class UsageError(XinzhiError):
    """The call itself is off: an unknown verb, option, protocol or region."""

    exit_code = 2


class InputError(XinzhiError):
    """The input cannot be used: a file that cannot be read, a table or column that is missing.

    Parameters
    ----------
    message
        What is wrong, where, and the cure.
    findings
        The findings behind it, when the input could be read at all.
    """

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)
        # Input that was read and found wrong is a matter of findings (1); the rest cannot be used at all (3).
        self.exit_code = 1 if self.findings else 3


class ProtocolError(XinzhiError):
    """A protocol cannot be computed from: a blank or unknown parameter, or the status `unverified`."""


class IdentityError(XinzhiError):
    """The contributions do not add up to output growth: a defect, never to be rounded away."""
