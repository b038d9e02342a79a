"""Freeze what every verb gives: digests of all numbers and, apart from them, of all words; and say what differs.

python tests/golden/freeze.py                     write digests.json anew (a change of numbers belongs in the changelog)
python tests/golden/freeze.py --compare           run all calls and say what differs from digests.json
python tests/golden/freeze.py --against REV       run all calls here and in a worktree of REV, and show the numbers
    --only TEXT[,TEXT]  calls whose name contains a text;  --quick  calls of the test suite;  --words  words, too

Numbers count with 10 significant digits. Each part (a frame, a CSV, a sheet, a table of a page, a key of a JSON
document) has the digest of its numbers in order, the digest of them sorted, and a weighted sum in which a difference of
rounding stays small. Frames are those of every public result that the calls make, under class and field.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from golden.calls import CALLS, Call  # noqa: E402 - the folder of tests is no package
from golden.library import LIBRARY  # noqa: E402 - likewise
from golden.made_up import islands, provinces  # noqa: E402 - likewise
from golden.parts import Part, canonical, digest_of, of_file, of_json, of_value  # noqa: E402 - likewise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STORED = HERE / "digests.json"
FACES = ("", ".frontier", ".pathways", ".risks", ".scope", ".sectors", ".sources", ".yardstick", ".micro", ".studies")
SUCH_AS_NOTHING = 1e-12
UNRELATED = ("prov.json", "ro-crate-metadata.json")  # sizes and digests of files
SKIPPED_KEYS = {"files", "software", "created"}
ROUNDING = 1e-7


# ---------------------------------------------------------------------------------------------------- frames


class Recorder:
    """Keeps the numbers of every public result that is made while it listens."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Part]] = {}
        self._classes = list(_public_results())
        self._kept: list[tuple[Any, Any]] = []

    def __enter__(self) -> Self:
        for kind in self._classes:
            self._kept.append((kind, kind.__init__))
            kind.__init__ = self._listening(kind, kind.__init__)
        return self

    def __exit__(self, *_: object) -> None:
        for kind, init in self._kept:
            kind.__init__ = init
        self._kept.clear()

    def parts(self) -> dict[str, Part]:
        """Return what was heard, by class, field and a running number."""
        return {
            f"{name} {place}": part
            for name, some in sorted(self.made.items())
            for place, part in enumerate(some.values())
        }

    def _listening(self, kind: type, init: Callable[..., None]) -> Callable[..., None]:
        def listening(result: Any, *given: Any, **named: Any) -> None:
            init(result, *given, **named)
            if type(result) is kind:
                self._take(result)

        return listening

    def _take(self, result: Any) -> None:
        with contextlib.suppress(AttributeError):  # a revision from before columns were described
            LACKING.update(_lacks(result))
        SEEN.add(type(result).__name__)
        for one in fields(result):
            part = _of_field(getattr(result, one.name, None))
            if part is not None and part.numbers:
                self.made.setdefault(f"{type(result).__name__}.{one.name}", {}).setdefault(part.digest(), part)


# Of the results heard so far: columns that nobody describes, and provenance without a digest of the input.
LACKING: set[str] = set()
SEEN: set[str] = set()


def _lacks(result: Any) -> Iterator[str]:
    import polars as pl

    for one in fields(result):
        if isinstance(getattr(result, one.name, None), pl.DataFrame):
            try:
                result.columns(one.name)
            except KeyError as error:
                yield f"{type(result).__name__}: {error}"
    if not result.provenance.inputs:
        yield f"{type(result).__name__}: no digest of the input in the provenance"


def _public_results() -> Iterator[type]:
    """Yield the classes of results in the faces of the packages."""
    import importlib

    from xinzhi.core.result import Result

    seen: set[type] = set()
    for face in [home for name in FACES for home in (name, f"{name}.internal")]:
        with contextlib.suppress(ModuleNotFoundError):
            module = importlib.import_module(f"xinzhi{face}")
            for name in getattr(module, "__all__", ()):
                kind = getattr(module, name, None)
                if isinstance(kind, type) and issubclass(kind, Result) and is_dataclass(kind) and kind not in seen:
                    seen.add(kind)
                    yield kind


def _of_field(value: object) -> Part | None:
    """Return the numbers of a frame, an array or a number."""
    import numpy as np
    import polars as pl

    part = Part()
    if isinstance(value, pl.DataFrame):
        for name in sorted(value.columns):
            column = value[name]
            part.words.append(name)
            if column.dtype.is_numeric():
                part.numbers += [math.nan if cell is None else float(cell) for cell in column]
            elif isinstance(column.dtype, pl.List | pl.Array):
                of_value(column.to_list(), part)
            else:
                part.words += [str(cell) for cell in column]
        return part
    if hasattr(value, "__array__") and not isinstance(value, pl.Series):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "if":
        part.numbers += [float(cell) for cell in value.ravel()]
        return part
    if isinstance(value, float | int) and not isinstance(value, bool):
        part.numbers.append(float(value))
        return part
    return None


# ---------------------------------------------------------------------------------------------------- running


def invoke(words: list[str]) -> tuple[int, str, str]:
    """Run the command line in this process and return its exit code, what it printed and its errors."""
    from xinzhi.cli import main

    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with (
        mock.patch.object(sys, "argv", ["xinzhi", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
    gc.enable()
    return int(code), out.getvalue(), err.getvalue()


class Bench:
    """The folder with the made-up packages and the other files that calls name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = {"islands": str(islands(folder / "islands")), "provinces": str(provinces(folder / "provinces"))}

    def words(self, call: Call, out: Path) -> list[str]:
        """Return the words of a call with its files in place; make them first where they are not there."""
        if "{certificate}" in call.words and "certificate" not in self.places:
            made = self.folder / "certified"
            invoke(["assess", self.places["islands"], "--out", str(made), "--json"])
            self.places["certificate"] = str(made / "certificate.json")
        if "{protocol}" in call.words and "protocol" not in self.places:
            self.places["protocol"] = str(self.folder / "mine.yaml")
            invoke(["protocol", "new", self.places["protocol"]])
        return [word.format(out=out, **self.places) for word in call.words.split(" ")]


def record(call: Call, bench: Bench, languages: tuple[str, ...] = ("en", "zh")) -> dict[str, dict[str, Part]]:
    """Run a call in English and in Chinese and return its parts: by file and name in it, `exit` and `frames`."""
    parts: dict[str, dict[str, Part]] = {}
    for language in languages:
        out = bench.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        english = language == "en"
        asked = [
            *bench.words(call, out),
            *(["--json"] if english and call.json else []),
            *(["--lang", language] if call.lang else []),
        ]
        with (
            Recorder() as heard,
            mock.patch.dict(os.environ, {"COLUMNS": "200", "XINZHI_LANG": language}),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            code, said, errors = invoke(asked)
        for old, new in ((str(out), "OUT"), (str(bench.folder), "DATA")):
            said, errors = said.replace(old, new), errors.replace(old, new)
        printed = of_json(said) if english and call.json else {"": Part(words=[said])}
        parts[f"{language}:stdout"] = printed | {"exit": Part([float(code)]), "errors": Part(words=[errors])}
        for path in sorted(one for one in out.rglob("*") if one.is_file() and one.name not in UNRELATED):
            parts[f"{language}:{path.relative_to(out).as_posix()}"] = of_file(path)
        if english:
            parts["frames"] = heard.parts()
    return parts


def record_library(name: str) -> dict[str, dict[str, Part]]:
    """Run verbs of the library and return the numbers of the results that they make."""
    with Recorder() as heard, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        LIBRARY[name]()
    return {"frames": heard.parts()}


def names() -> list[str]:
    """Return the names of everything that is frozen."""
    return [*(call.name for call in CALLS), *LIBRARY]


def digests(parts: dict[str, dict[str, Part]]) -> dict[str, Any]:
    """Return the digests of a call; the Chinese run only where its numbers are not those of the English one."""
    numbers: dict[str, dict[str, str]] = {}
    for name, some in parts.items():
        made = {key: part.digest() for key, part in some.items() if part.numbers}
        twin = numbers.get(name.replace("zh:", "en:", 1)) if name.startswith("zh:") else None
        if twin is not None:
            made = {key: value for key, value in made.items() if twin.get(key) != value}
        if made:
            numbers[name] = made
    words = {
        name: digest_of(part.spoken() for part in some.values()) for name, some in parts.items() if name != "frames"
    }
    return {"numbers": numbers, "words": words}


# ---------------------------------------------------------------------------------------------------- comparing


def differences(old: dict[str, Any], new: dict[str, Any], *, words: bool = False) -> list[str]:
    """Return one line for each part whose numbers differ; parts that only moved or got another name do not."""
    lines: list[str] = []
    for place in sorted({*old["numbers"], *new["numbers"]}):
        before, after = old["numbers"].get(place, {}), new["numbers"].get(place, {})
        lines += [f"{place} {line}" for line in _differ(before, after, named=place != "frames")]
    if words:
        lines += [
            f"{place}: words differ"
            for place in sorted({*old["words"], *new["words"]})
            if old["words"].get(place) != new["words"].get(place)
        ]
    return lines


def _differ(before: dict[str, str], after: dict[str, str], *, named: bool) -> Iterator[str]:
    """Yield what is missing, changed or, where every part has a name of its own, more than before."""
    lost = {key: value for key, value in before.items() if after.get(key) != value}
    gained = {key: value for key, value in after.items() if before.get(key) != value}
    if not named:  # the same frames may be made once or twice, in another order
        held = set(after.values())
        lost = {key: value for key, value in lost.items() if value not in held}
    for key, value in lost.items():
        twin = next(
            (
                other
                for other, one in gained.items()
                if _bag(one) == _bag(value) and (other == key or other not in before)
            ),
            None,
        )
        if twin is not None:
            now = gained.pop(twin)
            if twin == key and _order(now) != _order(value):
                yield f"[{key}]: the same {_count(value)} numbers in another order"
            continue
        if key in gained:
            now = gained.pop(key)
            if _count(now) == _count(value) and _near(value, now):
                yield f"[{key}]: rounding only"
            else:
                yield f"[{key}]: {_count(value)} numbers before, {_count(now)} now, not the same"
        else:
            yield f"[{key}]: {_count(value)} numbers are gone"
    if named:
        yield from (f"[{key}]: {_count(value)} numbers are new" for key, value in gained.items())


def _count(digest: str) -> int:
    return int(digest.split(" ", maxsplit=1)[0])


def _bag(digest: str) -> str:
    return digest.split(" ")[2] + digest.split(" ", maxsplit=1)[0]


def _order(digest: str) -> str:
    return digest.split(" ")[1]


def _near(old: str, new: str) -> bool:
    one, two = float(old.split(" ")[3]), float(new.split(" ")[3])
    return abs(one - two) <= ROUNDING * max(1.0, abs(one))


def counted(old: list[float], new: list[float]) -> tuple[list[float], list[float]]:
    """Return the numbers that are only in the first list, and those only in the second."""
    one, two = Counter(map(canonical, old)), Counter(map(canonical, new))
    return [float(text) for text in (one - two).elements()], [float(text) for text in (two - one).elements()]


# ---------------------------------------------------------------------------------------------------- the script


def _main() -> int:
    asked = _arguments()
    quick = {call.name for call in CALLS if call.quick} | set(LIBRARY)
    chosen = [
        name
        for name in names()
        if (name in quick or not asked.quick)
        and (not asked.only or any(text in name for text in asked.only.split(",")))
    ]
    if asked.against:
        return _against(asked.against, chosen, words=asked.words)
    stored = json.loads(STORED.read_text(encoding="utf-8"))["calls"] if STORED.exists() else {}
    calls = {call.name: call for call in CALLS}
    made: dict[str, Any] = {}
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for name in chosen:
            try:
                parts = record(calls[name], bench) if name in calls else record_library(name)
            except Exception as error:  # noqa: BLE001 - one call that fails must not hide the others
                found += 1
                _say(f"{name}: fails with {type(error).__name__}: {error}")
                continue
            made[name] = digests(parts)
            if asked.dump:
                (asked.dump / f"{name}.json").write_text(json.dumps(_dumped(parts)), encoding="utf-8")
            if asked.compare:
                lines = differences(stored[name], made[name], words=asked.words)
                found += len(lines)
                _say(f"{name}: {'equal' if not lines else ''}", *(f"    {line}" for line in lines))
            else:
                _say(name)
    if not asked.compare and not asked.dump:
        both = {**stored, **made}
        _store({name: both[name] for name in names() if name in both})
    return int(found > 0)


def _store(made: dict[str, Any]) -> None:
    """Write the digests, a line for each file of a call."""
    lines = []
    for name, one in made.items():
        rows = ",\n".join(
            f"  {json.dumps(place)}: {json.dumps(some, ensure_ascii=False, separators=(',', ':'))}"
            for place, some in one["numbers"].items()
        )
        words = json.dumps(one["words"], separators=(",", ":"))
        lines.append(f'{json.dumps(name)}: {{"numbers": {{\n{rows}}},\n "words": {words}}}')
    STORED.write_text('{"calls": {\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


def _dumped(parts: dict[str, dict[str, Part]]) -> dict[str, Any]:
    return {
        place: {key: [[canonical(value) for value in part.numbers], part.words] for key, part in some.items()}
        for place, some in parts.items()
    }


def _against(revision: str, chosen: list[str], *, words: bool) -> int:
    """Run the calls here and in a worktree of a revision, and show which numbers are only in the one or the other."""
    root = HERE.parent.parent
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        tree, old, new = (Path(folder) / name for name in ("tree", "old", "new"))
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(tree), revision], cwd=root, check=True)  # noqa: S607 - git as the user has it
        try:
            for place, source in ((old, tree), (new, root)):
                place.mkdir()
                own = source / "tests" / "golden" / "freeze.py"
                script = own if own.exists() else Path(__file__)
                done = subprocess.run(
                    [sys.executable, str(script), "--only", ",".join(chosen), "--dump", str(place)],
                    check=False,  # a call that fails on one side does not hide the others
                    # what the revision needs and this environment lacks may stand on PYTHONPATH
                    env={**os.environ, "PYTHONPATH": f"{source / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
                    stdout=subprocess.PIPE,
                    text=True,
                )
                _say(*(f"{place.name}: {line}" for line in done.stdout.splitlines() if ": fails with" in line))
            for name in chosen:
                if all((side / f"{name}.json").exists() for side in (old, new)):
                    found += _shown(name, old, new, words=words)
                else:
                    found += 1
                    _say(f"{name}: has numbers on one side alone, or on none")
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=root, check=True)  # noqa: S607 - git as the user has it
    return int(found > 0)


def _shown(name: str, old: Path, new: Path, *, words: bool) -> int:
    """Say what differs in one call; return how many parts do."""
    sides = [json.loads((side / f"{name}.json").read_text(encoding="utf-8")) for side in (old, new)]
    found = 0
    for place in sorted({*sides[0], *sides[1]}):
        before, after = sides[0].get(place, {}), sides[1].get(place, {})
        pooled = Counter(one for numbers, _ in after.values() for one in numbers)
        for key in sorted({*before, *after}):
            one, two = before.get(key, [[], []]), after.get(key, [[], []])
            if words and one[1] != two[1]:
                gone = [text for text in one[1] if text not in two[1]]
                come = [text for text in two[1] if text not in one[1]]
                _say(f"{name} {place} [{key}] words: only before {gone[:6]}; only now {come[:6]}")
            if one[0] == two[0] or (place == "frames" and one[0] in [some[0] for some in after.values()]):
                continue
            gone, come = counted([float(x) for x in one[0]], [float(x) for x in two[0]])
            if place == "frames" and key not in before:
                continue
            elsewhere = (
                "" if any(canonical(value) not in pooled for value in gone) else " (all of them elsewhere in the file)"
            )
            found += 1
            _say(
                f"{name} {place} [{key}] {len(one[0])} numbers before, {len(two[0])} now; "
                f"{len(gone)} only before{elsewhere if gone else ''}: {gone[:8]}; {len(come)} only now: {come[:8]}"
            )
    return found


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--against", metavar="REV")
    parser.add_argument("--only")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--dump", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(_main())
