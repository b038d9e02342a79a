"""``python -m xinzhi`` is the command ``xinzhi``."""

from __future__ import annotations

from xinzhi.cli import main

if __name__ == "__main__":
    main()
