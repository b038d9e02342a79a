"""Errors: each has a code and its values, becomes words in the caller's language, and knows the exit code.

Every verb raises `UsageError` for an option, name or date that it does not know or that does not fit the others, and
`InputError` for input that it cannot use: a table or column that is missing, cells that are empty, no numbers, of the
wrong sign or there twice, too few rows. The docstring of a verb tells only the errors that are its own.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from xinzhi.core.finding import Finding
from xinzhi.core.text import Language, Text, message, message_head, page, same


class XinzhiError(Exception):
    """Root of all errors that xinzhi raises on purpose; `exit_code` is what the command line returns.

    The code ``package.what`` is the entry of ``words/messages/<package>.yaml`` that says what is wrong, where, and the
    cure; `values` stand for its placeholders.

    >>> UsageError("core.unknown-region", asked="Jillin", kind="region", near=[Text(zh="吉林", en="Jilin")]).lang("zh")
    '没有名为“Jillin”的地区。是否指吉林？'
    """

    exit_code = 3

    def __init__(self, code: str, /, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values

    @property
    def text(self) -> Text:
        """Return the message in both languages."""
        return message(self.code, **self.values) or same(self.code)

    @property
    def head(self) -> Text:
        """The message without the list of what is wrong that follows its first line."""
        return message_head(self.code, self.values) or same(self.code)

    @property
    def reason(self) -> Text:
        """The head without the verb that it begins with, for a sentence that says what could not be computed."""
        return message_head(self.code, self.values, with_verb=False) or same(self.code)

    def lang(self, language: Language) -> str:
        """Return the message in one language."""
        return self.text.lang(language)

    def __str__(self) -> str:
        """Return the message in English."""
        return self.text.en

    def __reduce__(self) -> tuple[Callable[[], XinzhiError], tuple[()], dict[str, Any]]:
        """Travel between processes with the values."""
        return partial(type(self), self.code, **self.values), (), vars(self)


class UsageError(XinzhiError):
    """The call itself is off: an unknown verb, option, protocol or region."""

    exit_code = 2


class InputError(XinzhiError):
    """The input cannot be used: a file that cannot be read, a table or column that is missing; with its findings."""

    def __init__(self, code: str, /, findings: Sequence[Finding] = (), **values: object) -> None:
        super().__init__(code, **values)
        self.findings = tuple(findings)


class ProtocolError(XinzhiError):
    """A protocol cannot be computed from: a blank or unknown parameter, or the status `unverified`."""


class IdentityError(XinzhiError):
    """The contributions do not add up to output growth: a defect, never to be rounded away."""


@contextmanager
def translate_native_errors(code: str, *kinds: type[Exception], **values: object) -> Iterator[None]:
    """Tell what a native library raises, its panics too, as an error of the input."""
    try:
        yield
    except kinds as error:
        raise InputError(code, (), **values) from error
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":  # a panic of Rust is no `Exception`
            raise
        raise InputError(code, (), **values) from error


def system_reason(error: OSError) -> Text:
    """Return why the system could not read or write, in both languages where the catalogue knows the reason."""
    reason = page("pages", "shared").get(f"system.{errno.errorcode.get(error.errno or 0, '')}")
    return reason or same(error.strerror or error)
