"""The verbs on keys: make one, show it, trust it, revoke it, and sign a certificate or a protocol with it."""

from __future__ import annotations

import datetime as dt
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi.cli.speech import answer, grid, print_json, say
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.cli.call import Call
    from xinzhi.core.keys import KeyEntry, KeyFile, TrustList
    from xinzhi.core.signatures import PrivateKey, PublicKey, Purpose
    from xinzhi.core.text import Language

PASSWORD = "XINZHI_KEY_PASSWORD"  # noqa: S105 - the name of a variable


def password_of(call: Call, *, twice: bool = False) -> bytes:
    """Return a password: of ``--password-file``, the environment, or typed on a terminal; never of the command line."""
    if (path := call.get("password_file")) is not None:
        secret = Path(path).read_bytes().removesuffix(b"\n").removesuffix(b"\r")
        if not secret:
            raise InputError("keys.empty-password", path=path)
        return secret
    if os.environ.get(PASSWORD):
        return os.environ[PASSWORD].encode("utf-8", "surrogateescape")
    if not sys.stdin.isatty():
        return b""
    typed = [_typed("password", call.language), *([_typed("password-again", call.language)] if twice else [])]
    if len({*typed}) > 1:
        raise InputError("keys.passwords-differ")
    return typed[0].encode()


def _typed(key: str, language: Language) -> str:
    from getpass import getpass

    return getpass(say(key, language))


def private_key(call: Call, option: str, purpose: Purpose) -> PrivateKey:
    """Return the private key that an option names."""
    from xinzhi.core.keys import signing_key

    ask: Callable[[], bytes] = partial(password_of, call)
    return signing_key(call.get(option), password=ask, purpose=purpose)


def key_new(call: Call) -> None:
    """Make a key: an encrypted private one, and the public key file."""
    from xinzhi.core.keys import PURPOSES, new_key

    path = Path(call.get("name"))
    secret = password_of(call, twice=True)
    if not secret:
        raise InputError("keys.needs-password", path=path)
    private, public, entry = new_key(
        path,
        owner=Text(zh=call.get("owner_zh", ""), en=call.get("owner_en", "")),
        password=secret,
        valid_from=_day(call, "start"),
        valid_until=_day(call, "until"),
        purpose=call.get("purpose", PURPOSES),
        algorithm=call.get("algorithm", "Ed25519"),
    )
    texts = [say("key-made", call.language, private=private, public=public), *_about(entry, call.language)]
    answer(call, {"private": str(private), "public": str(public), **entry.model_dump(mode="json")}, texts)


def key_show(call: Call) -> None:
    """Show a public key, or a list of trusted keys."""
    from xinzhi.core.keys import public_key, read_key_file

    path = Path(call.get("file"))
    if path.suffix in {".pem", ".pub"}:
        key: PublicKey = public_key(path)
        answer(call, {"key_id": key.id, "algorithm": key.algorithm}, [f"{key.id} {key.algorithm}"])
        return
    if _is_list(path):
        _print_list(path, call)
        return
    entry = read_key_file(path)
    answer(call, entry.model_dump(mode="json"), _about(entry, call.language))


def key_trust(call: Call) -> None:
    """Add a public key file to a list of trusted keys."""
    from xinzhi.core.keys import read_key_file, trust

    entry, path = read_key_file(call.get("file")), call.get("list")
    trust(path, entry)
    texts = [say("key-trusted", call.language, path=path), *_about(entry, call.language)]
    answer(call, {"list": path, **entry.model_dump(mode="json")}, [*texts, say("key-compare", call.language)])


def key_revoke(call: Call) -> None:
    """Enter into a list of trusted keys that a key does not count any more."""
    from xinzhi.core.keys import read_key_file, revoke

    key = call.get("id")
    key_id = read_key_file(key).key_id if Path(key).is_file() else key
    day = _day(call, "date") or dt.datetime.now(dt.UTC).date()
    listed = revoke(call.get("list"), key_id, date=day, reason=call.get("reason", "retired"))
    entry = listed.revocations[-1]
    text = say("key-revoked", call.language, key_id=entry.key_id, date=entry.date.isoformat(), reason=entry.reason)
    answer(call, entry.model_dump(mode="json"), [text])


def key_sign(call: Call) -> None:
    """Add a signature to a finished certificate."""
    from xinzhi.report.internal import add_signature

    if call.get("key") is None:
        raise UsageError("cli.missing", given="--key")
    path = Path(call.get("certificate"))
    signed = add_signature(path, private_key(call, "key", "certificate"))
    last, count = signed.signatures[-1], len(signed.signatures)
    text = say("signed", call.language, path=path, key_id=last.key_id, signed=last.signed_at, count=count)
    answer(call, {"file": str(path), "signatures": [entry.model_dump() for entry in signed.signatures]}, [text])


def protocol_sign(call: Call) -> None:
    """Adopt a protocol by a signature beside its file."""
    from xinzhi import protocol

    if missing := [name for name in ("key", "in_force", "act") if call.get(name) is None]:
        raise UsageError("cli.missing", given=f"--{missing[0].replace('_', '-')}")
    day, act = _day(call, "in_force") or dt.datetime.now(dt.UTC).date(), call.get("act")
    key, file = private_key(call, "key", "protocol"), call.get("file")
    path = protocol.sign(file, key, in_force=day, act=Text(zh=act, en=call.get("act_en", act)))
    facts = {"path": str(path), "id": protocol.load(Path(file)).id, "key_id": key.public.id, "date": day.isoformat()}
    answer(call, facts, [say("protocol-signed", call.language, **facts)])


def _is_list(path: Path) -> bool:
    from xinzhi.core import yamlfile

    try:
        content = yamlfile.read(path).content
    except yamlfile.YamlError:
        return False
    return isinstance(content, dict) and content.get("format") == "xinzhi-trust"


def _print_list(path: Path, call: Call) -> None:
    from xinzhi.core.keys import read_trust

    listed = read_trust(path)
    states = [_state(entry, listed, call.language) for entry in listed.keys]
    if call.json:
        rows = [entry.model_dump(mode="json") for entry in listed.keys]
        print_json([{**row, "state": state} for row, state in zip(rows, states, strict=True)])
        return
    cells = []
    for entry, state in zip(listed.keys, states, strict=True):
        days, purposes = f"{entry.valid_from} – {entry.valid_until}", _purposes(entry, call.language)
        cells.append([entry.key_id[:16], entry.owner.text, days, purposes, state])
    grid(["key-id", "owner", "valid", "purpose", "status"], cells, call.language)


def _state(entry: KeyEntry, listed: TrustList, language: Language) -> str:
    """Return whether a key of a list counts today."""
    revocation, day = listed.revocation(entry.key_id), dt.datetime.now(dt.UTC).date()
    if revocation is not None:
        return say(f"key-state.{revocation.reason}", language, date=revocation.date.isoformat())
    if day < entry.valid_from:
        return say("key-state.not-yet-valid", language)
    return say("key-state.expired" if day > entry.valid_until else "key-state.valid", language)


def _about(entry: KeyFile, language: Language) -> list[str]:
    """Return what a key file says."""
    lines_of = {"key-id": entry.key_id, "algorithm": entry.algorithm, "owner": entry.owner.text.lang(language)}
    lines_of |= {"valid": f"{entry.valid_from} – {entry.valid_until}", "purpose": _purposes(entry, language)}
    colon = "：" if language == "zh" else ": "
    return [f"{say(f'column.{name}', language)}{colon}{value}" for name, value in lines_of.items()]


def _purposes(entry: KeyEntry, language: Language) -> str:
    """Return what a key may sign."""
    names = [say(f"key-purpose.{purpose}", language) for purpose in entry.purpose]
    return ("、" if language == "zh" else ", ").join(names)


def _day(call: Call, option: str) -> dt.date | None:
    """Return the day that an option names."""
    text = call.get(option)
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError("keys.no-day", given=text) from None
