"""Write docs/glossary.md from the terms that the explorer searches too: ``python docs/make_glossary.py``."""

from __future__ import annotations

from pathlib import Path

from xinzhi.core.text import read_words, words

PAGE = Path(__file__).with_name("glossary.md")


def made() -> str:
    """Return the page."""
    lead = words("web.glossary.lead")
    parts = [f"# Glossary 术语表\n\n{lead.en}\n\n{lead.zh}\n"]
    for part in read_words("glossary.yaml"):
        lines = [f"## {part['title']['en']} {part['title']['zh']}", ""]
        lines += ["| 中文 | English | 说明 | what it is here |", "|---|---|---|---|"]
        for one in part["terms"]:
            about = one.get("about", {"zh": "", "en": ""})
            lines.append(f"| {one['zh']} | {one['en']} | {about['zh']} | {about['en']} |")
        parts.append("\n".join([*lines, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(made(), "utf-8")
