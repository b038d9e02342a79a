"""A progress bar on stderr, for work that takes longer than a glance."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@contextmanager
def steps(words: Mapping[str, str], *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show named steps as a progress bar; silent when stderr is no terminal, or when `quiet`.

    Parameters
    ----------
    words
        What each step is called, in order.
    quiet
        Whether to show nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        names = list(words)
        task = bar.add_task(words[names[0]], total=len(names))

        def step(name: str) -> None:
            bar.update(task, completed=names.index(name), description=words[name])

        yield step


@contextmanager
def counting(word: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show how many of a number of steps are done; silent when stderr is no terminal, or when `quiet`.

    Parameters
    ----------
    word
        What is being done.
    quiet
        Whether to show nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(word, total=None)

        def count(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield count
