"""Which release a package is measured with, and whether its series were made from the figures at hand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.protocol.internal import Release, attach, read_release, registered_release
from xinzhi.yardstick.make_release import different_series, make_release

FILE = "release.yaml"
State = Literal["current", "stale", "altered", "others"]


def release_path(package: Package) -> Path | None:
    """Return where the release of a package stands: in its folder, or beside its workbook; None where it has no place.

    What ships with xinzhi has its release in the registry.
    """
    place = Path(package.source) if package.source else None
    if place is None or not place.exists():
        return None
    return place / FILE if place.is_dir() else place.with_name(f"{place.stem}.{FILE}")


def with_release(rules: Protocol, package: Package) -> Protocol:
    """Return a rule with the series of the package's own release, else of the release that the rule names.

    A rule that has been given a release keeps it.
    """
    if rules.release_of is None or rules.release is not None:
        return rules
    path = release_path(package)
    if path is None or not path.is_file():
        return attach(rules, registered_release(rules.release_of))
    release = read_release(path)
    if set(release.regions) != set(rules.regions):
        raise InputError("yardstick.release-of-another-rule", file=path.name, id=rules.id, n=len(release.regions))
    return attach(rules, release)


def require_current(rules: Protocol, package: Package) -> None:
    """Refuse series that were not made from the figures of a package that has every region they are of.

    An `InputError` names the series, what differs and the cure.
    """
    release, states = rules.release, release_state(rules, package)
    if release is None:
        return
    stale, altered = ([path for path, state in states.items() if state == name] for name in ("stale", "altered"))
    if stale:
        changed = changed_figures(release, package)
        columns = sorted(_columns(release, stale) & changed.keys())
        raise InputError("yardstick.series-stale", paths=stale, columns=columns, mark=release.mark)
    if altered:
        raise InputError("yardstick.series-altered", paths=altered, mark=release.mark)


def release_state(rules: Protocol, package: Package) -> dict[str, State]:
    """Return for each series that a rule has from its release whether it holds for a package.

    ``stale``: made from other figures; ``altered``: not what these figures give, which is looked at where the release
    is not the registered one, since digests alone could be copied into it; ``others``: the package lacks regions that
    the series are of, so that nobody can make them from it.
    """
    release = rules.release
    if release is None:
        return {}
    if not is_complete(release, package):
        return dict.fromkeys(released(rules), "others")
    changed = changed_figures(release, package).keys()
    stale = {path for path in released(rules) if not changed.isdisjoint(release.made_from[path])}
    altered = set() if stale or is_registered(rules) else set(_not_of_data(rules, package))
    states: dict[str, State] = dict.fromkeys(released(rules), "current")
    return {**states, **dict.fromkeys(stale, "stale"), **dict.fromkeys(altered, "altered")}


def released(rules: Protocol) -> list[str]:
    """Return the series that a rule has from its release."""
    return [path for path, parameter in rules.parameters.items() if parameter.released]


def is_registered(rules: Protocol) -> bool:
    """Whether the release of a rule is the one that ships with xinzhi."""
    if rules.release is None or rules.release_of is None:
        return False
    return rules.release.fingerprint == registered_release(rules.release_of).fingerprint


def is_complete(release: Release, package: Package) -> bool:
    """Whether a package has every region that the series of a release are of."""
    accounts = package.tables.get("accounts")
    return accounts is not None and set(release.regions) <= set(accounts["region"].to_list())


def _columns(release: Release, paths: Iterable[str]) -> set[str]:
    """Return the columns that some series of a release were made from."""
    return set().union(*(release.made_from[path] for path in paths))


def changed_figures(release: Release, package: Package) -> dict[str, list[str]]:
    """Return the columns of a package whose figures are not those behind a release, each with the regions.

    Columns and regions that the package does not have are not compared.
    """
    changed = {}
    for column, here in package.figures(release.digests).items():
        before = release.digests[column]
        regions = [code for code, digest in here.items() if code in before and before[code] != digest]
        if regions:
            changed[column] = regions
    return changed


def release_findings(rules: Protocol, package: Package) -> tuple[Finding, ...]:
    """Return a warning where a package has some of the regions of a release, with other figures than it was made of."""
    release = rules.release
    if release is None or is_complete(release, package):
        return ()
    used = _columns(release, released(rules))
    changed = {column: regions for column, regions in changed_figures(release, package).items() if column in used}
    if not changed:
        return ()
    regions = sorted(set().union(*changed.values()) - {""})
    words = {"columns": sorted(changed), "n": len(regions), "mark": release.mark}
    return (finding("yardstick.release-of-others", words=words, key=release.mark, value=", ".join(regions[:8])),)


_CONFIRMED: set[tuple[str, str, frozenset[str]]] = set()  # releases that were made again, and by which rule


def _not_of_data(rules: Protocol, package: Package) -> list[str]:
    """Return the series of a release that the package gives otherwise."""
    release = rules.release
    if release is None:
        return []
    # The figures are those behind the release already: what is made from them depends on these three alone.
    key = release.fingerprint, rules.fingerprint, frozenset(package.figures(release.digests))
    if key in _CONFIRMED:
        return []
    wrong = different_series(release, make_release(package, rules))
    if not wrong:
        _CONFIRMED.add(key)
    return wrong
