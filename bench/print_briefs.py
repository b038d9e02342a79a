"""Print the brief of every region in both languages with a headless Chromium and count the pages: two of A4 each.

``python bench/print_briefs.py [FOLDER]``, with `chromium` and `pdfinfo` (poppler-utils); exits 1 on any other.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import xinzhi
from xinzhi.studies.brief import of_region
from xinzhi.studies.brief_facts import read
from xinzhi.studies.draft import SILENT

A4, PAGES = (595, 842), 2


def pages(file: Path) -> tuple[int, tuple[int, int]]:
    """Return how many pages a file prints on, and their size in points."""
    pdf = file.with_suffix(".pdf")
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    reader = shutil.which("pdfinfo")
    if browser is None or reader is None:
        sys.exit("chromium and pdfinfo are needed")
    ways = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run([browser, *ways, f"--print-to-pdf={pdf}", file.as_uri()], check=True, capture_output=True)
    told = subprocess.run([reader, str(pdf)], check=True, capture_output=True, text=True).stdout
    count = re.search(r"Pages:\s+(\d+)", told)
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", told)
    if count is None or size is None:
        return 0, (0, 0)
    return int(count[1]), (round(float(size[1])), round(float(size[2])))


def main(folder: Path) -> int:
    """Print every brief, name those that are not two pages of A4, and return how many these are."""
    package = xinzhi.load("china-provinces")
    shared, wrong, n = read(package, "xinzhi-cn-2026", SILENT), 0, 0
    for code in sorted(package.tables["regions"]["region"]):
        made = of_region(shared, code)
        for language in ("zh", "en"):
            place = folder / language
            made.write(place, language)
            found = pages(place / f"brief-{code}.html")
            n += 1
            if found != (PAGES, A4):
                wrong += 1
                print(code, language, *found)
    print(f"{n - wrong} of {n} briefs print on two pages of A4, under {folder}")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(mkdtemp())) else 0)
