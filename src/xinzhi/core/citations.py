"""What to cite of a result, as BibTeX: the method's publications, the data, the protocol, the software."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xinzhi.core.text import read_words

SPECIAL = re.compile(r"([&%#_])")
NO_KEY = re.compile(r"[^A-Za-z0-9:_.-]+")  # signs that a key of BibTeX cannot have
COMMANDS = re.compile(r"[\\{}$~^]")  # signs that TeX reads as commands, in a name that a user gave


def bibtex(verb: str, version: str, data: str | None, protocol: str | None) -> str:
    """Return the entries of a result: the works behind its verb, its protocol and data as entries, and the software."""
    references = read_words("references.yaml")
    works = [entry(name, references["works"][name]) for name in references["verbs"].get(verb, ())]
    software = entry("xinzhi", dict(references["software"]) | {"version": version})
    return "\n\n".join([*works, *(part for part in (protocol, data) if part), software])


def protocol_entry(name: str, fingerprint: str | None) -> str:
    """Return the entry of a protocol under its fingerprint."""
    return entry(f"protocol:{name}", {"title": name, "note": f"protocol of xinzhi, sha256 {fingerprint}"})


def data_entry(package: str | None, digests: Mapping[str, str], issuers: str | None) -> str:
    """Return the entry of the data: its tables by their digests, and the offices whose figures they are."""
    note = "; ".join(f"{table} sha256 {digest[:16]}" for table, digest in digests.items())
    author = {"author": f"{{{issuers}}}"} if issuers else {}
    title = f"Data of {COMMANDS.sub(' ', package)}" if package else "Data of the user"
    key = NO_KEY.sub("-", package or "frame")
    return entry(f"data:{key}", {**author, "title": title, "note": note})


def entry(name: str, fields: Mapping[str, object]) -> str:
    """Return an entry of BibTeX; its kind stands in the field ``type``."""
    kind = fields.get("type", "misc")
    lines = [f"  {field} = {{{escaped(str(value))}}}," for field, value in fields.items() if field != "type"]
    return "\n".join([f"@{kind}{{{name},", *lines, "}"])


def escaped(text: str) -> str:
    """Return a text with what TeX reads as commands written out."""
    return SPECIAL.sub(r"\\\1", text)
