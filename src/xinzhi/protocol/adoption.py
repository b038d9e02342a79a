"""The detached signature that adopts a protocol: its file beside that of the protocol, and whether it belongs to it."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from xinzhi.core.keys import Name, parse_file
from xinzhi.core.signatures import Sha256, Signature, is_genuine
from xinzhi.core.text import Text

SUFFIX = ".adoption.yaml"


class _Part(BaseModel):
    # A closed form: a member that nobody reads could say what nobody checks.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Act(_Part):
    """The legal act, in both languages."""

    zh: Name
    en: Name

    @property
    def text(self) -> Text:
        """The act in both languages."""
        return Text(zh=self.zh, en=self.en)


class Adoption(_Part):
    """Which rule is adopted, by which act and from which day on, and the signature over these."""

    format: Literal["xinzhi-adoption"] = "xinzhi-adoption"
    format_version: Literal["1.0"] = "1.0"
    fingerprint: Sha256
    in_force: dt.date
    act: Act
    signature: Signature

    def document(self) -> dict[str, object]:
        """Return what is signed, beside the purpose, the key and the time."""
        return self.model_dump(mode="json", exclude={"signature"})

    def is_of(self, fingerprint: str) -> bool:
        """Whether it is signed, by whatever key, for the rule of this fingerprint."""
        return self.fingerprint == fingerprint and is_genuine(self.document(), "protocol", self.signature)


def adoption_path(path: Path) -> Path:
    """Return where the adoption of a protocol file stands."""
    return path.with_name(path.stem + SUFFIX)


def read_adoption(path: Path) -> Adoption | None:
    """Return the adoption beside a protocol file, if there is one."""
    place = adoption_path(path)
    return parse_file(place, Adoption)[1] if os.path.lexists(place) else None
