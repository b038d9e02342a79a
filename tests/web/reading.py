"""A page as a person reads it: its text by element, its links, and what it must not hold."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr"}


class Reader(HTMLParser):
    """Collects links, ids, and the text of the cells of every table by its id or caption."""

    def __init__(self, html):
        super().__init__()
        self.links, self.ids, self.tables, self.text = [], [], [], []
        self.inline, self.scripts = [], []
        self._open = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        held = dict(attributes)
        for name in ("href", "src"):
            if name in held and not tag.startswith("link:"):
                self.links.append(held[name])
        if "id" in held:
            self.ids.append(held["id"])
        self.inline += [(tag, name) for name in held if name == "style" or name.startswith("on")]
        if tag == "script" and "src" not in held:
            self.scripts.append(held)
        if tag == "style":
            self.inline.append((tag, ""))
        if tag == "table":
            self.tables.append({"id": held.get("id", ""), "class": held.get("class", ""), "rows": []})
        if tag == "tr" and self.tables:
            self.tables[-1]["rows"].append([])
        if tag in {"td", "th"} and self.tables:
            self.tables[-1]["rows"][-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style", "title"} & set(self._open):
            self.text.append(data)
        if {"td", "th"} & set(self._open) and self.tables:
            self.tables[-1]["rows"][-1][-1] += data

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())
