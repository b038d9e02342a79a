"""The command line: one file per verb; nothing heavy is loaded before a verb runs."""

from __future__ import annotations


def main() -> None:
    """Run ``xinzhi``; leave with 0 (fine), 1 (findings), 2 (misuse), 3 (unusable input) or 70 (a fault of its own)."""
    import atexit
    import gc

    # a command is done before reference cycles fill memory; looking for them every 700 objects took 4 % of `assess`,
    # and once more at the end 5 %: what is left then goes with the process
    gc.set_threshold(100_000, 10, 10)
    atexit.register(gc.freeze)
    from xinzhi.cli.app import run

    run()
