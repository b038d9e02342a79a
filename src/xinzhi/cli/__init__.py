"""The command line: one file per verb; nothing heavy is loaded before a verb runs."""

from __future__ import annotations


def main() -> None:
    """Run ``xinzhi`` and leave with 0 (fine), 1 (findings), 2 (misuse) or 3 (input cannot be used)."""
    from xinzhi.cli.app import run

    run()
