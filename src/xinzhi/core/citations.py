"""What to cite of a result, as BibTeX: the method's publications, the data, the protocol, the software."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from xinzhi.core.text import read_words

if TYPE_CHECKING:
    from xinzhi.core.result import Provenance

SPECIAL = re.compile(r"([&%#_])")


def bibtex(verb: str, provenance: Provenance) -> str:
    """Return the entries that belong to a result of a verb."""
    references = read_words("references.yaml")
    works = {name: references["works"][name] for name in references["verbs"].get(verb, ())}
    entries = [entry(name, dict(work)) for name, work in works.items()]
    if provenance.protocol is not None:
        note = f"protocol of xinzhi, sha256 {provenance.protocol_fingerprint}"
        entries.append(entry(f"protocol:{provenance.protocol}", {"title": provenance.protocol, "note": note}))
    if provenance.inputs:
        name = provenance.package or "data"
        note = "; ".join(f"{table} sha256 {digest[:16]}" for table, digest in provenance.inputs.items())
        fields = {"title": f"Data of {provenance.package}" if provenance.package else "Data of the user", "note": note}
        if provenance.issuers is not None:
            fields["author"] = "{" + provenance.issuers.en + "}"
        entries.append(entry(f"data:{name}", fields))
    software = dict(references["software"]) | {"version": provenance.version}
    return "\n\n".join([*entries, entry("xinzhi", software)])


def entry(name: str, fields: Mapping[str, object]) -> str:
    """Return an entry of BibTeX; its kind stands in the field ``type``."""
    kind = fields.get("type", "misc")
    lines = [f"  {field} = {{{escaped(str(value))}}}," for field, value in fields.items() if field != "type"]
    return "\n".join([f"@{kind}{{{name},", *lines, "}"])


def escaped(text: str) -> str:
    """Return a text with what TeX reads as commands written out."""
    return SPECIAL.sub(r"\\\1", text)
