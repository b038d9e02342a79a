"""Draw the pictures of the readme files and of these pages: ``python docs/make_pictures.py``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import vl_convert

import xinzhi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.result import Result
    from xinzhi.core.text import Language

ASSETS = Path(__file__).resolve().parent / "assets"
PICTURES: dict[str, tuple[str, Language]] = {
    "first-look": ("map", "en"),
    "first-look-zh": ("map", "zh"),
    "groups": ("groups", "en"),
}
OF_THE_AUDIT: dict[str, tuple[str, Language]] = {
    "audit-ranks": ("room", "en"),
    "audit-ranks-zh": ("room", "zh"),
}
SCALE = 2  # pixels of the PNG per pixel of the chart


def draw(result: Result, folder: Path = ASSETS, pictures: Mapping[str, tuple[str, Language]] = PICTURES) -> list[Path]:
    """Draw every picture of a result as SVG and PNG and return the files."""
    files = []
    for name, (kind, language) in pictures.items():
        spec = xinzhi.plot(result, kind, language).to_dict()
        vector, pixels = folder / f"{name}.svg", folder / f"{name}.png"
        vector.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8", newline="\n")
        pixels.write_bytes(vl_convert.vegalite_to_png(spec, scale=SCALE))
        files += [vector, pixels]
    return files


def main() -> int:
    """Measure China's provinces, audit the yardstick, and draw both."""
    draw(xinzhi.measure("china-provinces", protocol="xinzhi-cn-2026"))
    draw(xinzhi.audit("china-provinces", protocol="xinzhi-cn-2026"), pictures=OF_THE_AUDIT)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
