"""A progress line on stderr, for work that takes longer than a glance."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from xinzhi.cli.speech import say
from xinzhi.core.text import Language
from xinzhi.studies import Progress


@contextmanager
def progress(language: Language, *, quiet: bool = False) -> Iterator[Progress]:
    """Show the step that runs and what it counts; silent when stderr is no terminal, or when `quiet`."""
    from xinzhi.studies import Progress

    if quiet or not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say("step.read", language), total=None)

        def step(name: str) -> None:
            bar.update(task, completed=0, total=None, description=say(f"step.{name}", language))

        yield Progress(step, lambda done, total: bar.update(task, completed=done, total=total))
