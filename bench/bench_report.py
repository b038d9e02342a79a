"""The report of ``xinzhi assess china-provinces`` on paper: A4 pages of the main part and with its annex, and charts.

Printed by a Chromium without a window, once a language; without one on the path only the charts are counted.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

PAGES_LIMIT, CHARTS_LIMIT = 25, 16
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ANNEX = '<details id="annex"'


def browser() -> str | None:
    """Return the path of a Chromium."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def charts(html: str) -> int:
    """Return how many charts stand before the accounts of the regions, which are the annex's."""
    before = html[: html.index('<section class="region"')]
    return len(
        set(re.findall('<svg[^>]*aria-labelledby="([^"]+)"', before))
    )  # each is drawn for a page and for a phone


def pages(program: str, report: Path, language: str) -> int:
    """Return on how many pages of A4 a report prints."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.pdf"
        how = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/browser",
        )
        call = [program, *how, f"--print-to-pdf={out}", f"{report.resolve().as_uri()}#contents~{language}"]
        subprocess.run(call, check=True, capture_output=True, timeout=300)
        return len(re.findall(rb"/Type\s*/Page\b", out.read_bytes()))


def main() -> None:
    """Print the figures."""
    from xinzhi import study

    program = browser()
    with tempfile.TemporaryDirectory() as folder:
        study("assess", "china-provinces").write(folder)
        report, whole = Path(folder) / "report.html", Path(folder) / "whole.html"
        html = report.read_text("utf-8")
        whole.write_text(html.replace(ANNEX, f"{ANNEX} open"), "utf-8")
        print(
            f"{charts(html)} charts before the accounts of the regions (limit {CHARTS_LIMIT}), {len(html) / 1e6:.2f} MB"
        )
        for language in ("zh", "en") if program else ():
            main_part, both = (pages(program, one, language) for one in (report, whole))
            print(f"{language}: {main_part} pages of A4 (limit {PAGES_LIMIT}), {both} with the annex open")


if __name__ == "__main__":
    main()
