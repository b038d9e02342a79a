"""The verbs on releases: make the series that a rule takes from all regions, and show whether they still hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi import data, protocol, yardstick
from xinzhi.cli.speech import answer, grid, lines, print_json, say
from xinzhi.core.errors import UsageError
from xinzhi.yardstick.internal import release_path, release_state, with_release

if TYPE_CHECKING:
    from xinzhi.cli.call import Call


def release_make(call: Call) -> None:
    """Make the release of a package and put it beside the data, where every verb finds it."""
    package = data.load(call.get("data"), encoding=call.get("encoding"))
    target = Path(call.out) if call.out else release_path(package)
    if target is None:
        raise UsageError("cli.release-target", name=package.name)
    release = yardstick.make_release(package, call.get("protocol"))
    yardstick.write_release(release, target)
    document = {"file": str(target), "fingerprint": release.fingerprint, "series": list(release.series)}
    made = say("release-made", call.language, mark=release.mark, n=len(release.series), columns=len(release.digests))
    answer(call, document, [made, target])


def release_show(call: Call) -> int:
    """Show every series of the release that a package is measured with, and whether it holds for these figures."""
    package = data.load(call.get("data"), encoding=call.get("encoding"))
    rules = with_release(protocol.load(call.get("protocol")), package)
    states = release_state(rules, package)
    mark = rules.release.mark if rules.release else ""
    if call.json:
        print_json({"release": mark, "protocol": rules.fingerprint, "series": states})
    elif not states:
        lines([say("release-none", call.language, id=rules.id)], call.language)
    else:
        rows = [
            [path, say(f"release-state.{state}", call.language), ", ".join(rules.release.made_from[path])]
            for path, state in states.items()
            if rules.release is not None
        ]
        lines([mark], call.language, style="bold")
        grid(["parameter", "status", "column"], rows, call.language)
    return int(any(state in {"stale", "altered"} for state in states.values()))
