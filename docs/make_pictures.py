"""Draw the pictures of the readme files and of these pages: ``python docs/make_pictures.py``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import vl_convert

import xinzhi

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.yardstick import Measurement

ASSETS = Path(__file__).resolve().parent / "assets"
PICTURES: dict[str, tuple[str, Language]] = {
    "first-look": ("map", "en"),
    "first-look-zh": ("map", "zh"),
    "groups": ("groups", "en"),
}
SCALE = 2  # pixels of the PNG per pixel of the chart


def draw(measurement: Measurement, folder: Path = ASSETS) -> list[Path]:
    """Draw every picture as SVG and PNG and return the files."""
    files = []
    for name, (kind, language) in PICTURES.items():
        spec = xinzhi.plot(measurement, kind, language).to_dict()
        vector, pixels = folder / f"{name}.svg", folder / f"{name}.png"
        vector.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8", newline="\n")
        pixels.write_bytes(vl_convert.vegalite_to_png(spec, scale=SCALE))
        files += [vector, pixels]
    return files


def main() -> int:
    """Measure China's provinces and draw them."""
    draw(xinzhi.measure("china-provinces", protocol="xinzhi-cn-2026"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
