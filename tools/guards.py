"""Run the guards of `make lint` in one process: `python tools/guards.py [--report] [--update]`.

Names, form and wording, each against its bounds in ``tools/ratchet.yaml``. What is printed takes half a minute, and is
checked by `make words`.
"""

from __future__ import annotations

import sys

import lint_form
import lint_names
import lint_words
from ratchet import arguments, judge


def main() -> int:
    """Return 1 where a guard counts more than it may."""
    options = arguments(__doc__).parse_args()
    guards = {"names": lint_names.counts, "form": lint_form.counts, "words": lint_words.counts}
    return max(judge(name, counts(), options) for name, counts in guards.items())


if __name__ == "__main__":
    sys.exit(main())
