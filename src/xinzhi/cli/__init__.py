"""The command line: one file per verb; nothing heavy is loaded before a verb runs."""

from __future__ import annotations


def main() -> None:
    """Run ``xinzhi``; leave with 0 (fine), 1 (findings), 2 (misuse), 3 (unusable input) or 70 (a fault of its own)."""
    import gc

    # a command is done before reference cycles fill memory; looking for them every 700 objects took 4 % of `assess`
    gc.set_threshold(100_000, 10, 10)
    from xinzhi.cli.app import run

    run()
