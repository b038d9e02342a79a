"""The words of each page of the explorer in both languages, on the package that ships; of the regions, one."""

from __future__ import annotations

import pytest

REGION = "520000"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_words_of_every_page_are_those_that_were_read_over(folder, snapshot, language):
    pages = [*sorted((folder / language).glob("*.html")), folder / language / "region" / f"{REGION}.html"]
    assert len(pages) > 10
    differences = {
        page.stem: told for page in pages if (told := snapshot(f"{language}/{page.stem}", page.read_text("utf-8")))
    }
    assert not differences, "\n\n".join(differences.values())
