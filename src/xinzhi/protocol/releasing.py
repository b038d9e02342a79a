"""Give a rule the series of a release, or write them into it; read a release from a file or the registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from pydantic import Field

from xinzhi.core import yamlfile
from xinzhi.core.errors import ProtocolError
from xinzhi.core.finding import Finding, finding, format_findings
from xinzhi.protocol.documents import Strict, parse
from xinzhi.protocol.model import Parameter, Protocol, Reference, plain
from xinzhi.protocol.parameters import Fault, catalogue, nearest, series_paths, specification
from xinzhi.protocol.release import Release

RELEASES = Path(__file__).with_name("registry") / "releases"


def attach(rules: Protocol, release: Release) -> Protocol:
    """Return a rule with the series of a release where it writes out none of its own: the rule stays what it is.

    A series that was made under other terms than those of the rule is left out: it is computed from the data.
    """
    terms = terms_of(rules, release.series)
    differing = {path for path, value in terms.items() if release.terms.get(path) != value}
    missing = [
        path
        for path in release.series
        if path not in rules.parameters and differing.isdisjoint(specification(path).terms)
    ]
    if not missing:
        return rules
    merged = {**rules.parameters, **{path: _parameter(release, path) for path in missing}}
    return replace(rules, parameters={path: merged[path] for path in catalogue() if path in merged}, release=release)


def terms_of(rules: Protocol, paths: Iterable[str]) -> dict[str, object]:
    """Return the parameters of a rule that series depend on, as JSON can hold them; None where it leaves one out."""
    names = sorted({name for path in paths for name in specification(path).terms})
    return {name: plain(rules.parameters[name].value) if rules.declares(name) else None for name in names}


def _parameter(release: Release, path: str) -> Parameter:
    spec = specification(path)
    return Parameter(
        path=path,
        value=release.series[path],
        unit=spec.unit,
        title=spec.title,
        description=spec.description,
        reference=(Reference(title=release.package, where=", ".join(release.made_from[path])),),
        origin=release.mark,
        released=True,
    )


def freeze(rules: Protocol) -> Protocol:
    """Return a rule that writes out the series of its release: another rule, which asks no data whether they hold."""
    written = {path: replace(item, released=False) for path, item in rules.parameters.items()}
    return replace(rules, parameters=written, release=None)


def registered_release(name: str) -> Release:
    """Return the release that ships with xinzhi for a data package; a `ProtocolError` says that there is none."""
    path = RELEASES / f"{name}.yaml"
    if not path.is_file():
        names = [file.stem for file in sorted(RELEASES.glob("*.yaml"))]
        raise ProtocolError("protocol.no-release", name=name, near=nearest(name, names))
    return _registered(path)


class ReleaseDocument(Strict):
    """A whole file of a release."""

    package: str = Field(min_length=1)
    version: str | None
    regions: list[str]
    terms: dict[str, object]
    series: dict[str, object]
    made_from: dict[str, list[str]]
    digests: dict[str, dict[str, str]]


def read_release(path: Path) -> Release:
    """Return the release of a file; a `ProtocolError` names every place and what is wrong there."""
    try:
        source = yamlfile.read(path)
    except yamlfile.YamlError as fault:
        raise _broken(path, [fault.finding]) from None
    document, findings = parse(source, ReleaseDocument)
    findings = [*source.findings, *findings]
    if document is not None and not findings:
        release = _read_series(document, source, findings)
        if not findings:
            return release
    raise _broken(path, findings)


_registered = cache(read_release)


def from_document(content: Mapping[str, object]) -> Release:
    """Return the release that `Release.to_dict` wrote out; a value that is not allowed is a `ValueError` or `Fault`."""
    document = ReleaseDocument.model_validate(content)
    return _release(document, {path: specification(path).read(value) for path, value in document.series.items()})


def _release(document: ReleaseDocument, series: Mapping[str, object]) -> Release:
    return Release(
        package=document.package,
        version=document.version,
        regions=tuple(sorted(document.regions)),
        terms=document.terms,
        series={path: series[path] for path in catalogue() if path in series},
        made_from={path: tuple(columns) for path, columns in document.made_from.items()},
        digests=document.digests,
    )


def _read_series(document: ReleaseDocument, source: yamlfile.Source, findings: list[Finding]) -> Release:
    """Return the release of a document; what is wrong with its values joins `findings`."""

    def note(fault: Fault, *place: object) -> None:
        key = ".".join(map(str, place))
        line = source.line(place)
        findings.append(finding(fault.code, words=fault.values, file=source.file, line=line, key=key))

    series: dict[str, object] = {}
    for path, value in document.series.items():
        if path not in series_paths():
            note(Fault("protocol.unknown-parameter", name=path, near=nearest(path, series_paths())), "series", path)
            continue
        try:
            series[path] = specification(path).read(value)
        except Fault as fault:
            note(fault, "series", path, *fault.at)
        columns = document.made_from.get(path, [])
        if not columns or any(column not in document.digests for column in columns):
            note(Fault("protocol.series-of-nothing", name=path), "series", path)
    return _release(document, series)


def _broken(path: Path, findings: list[Finding]) -> ProtocolError:
    return ProtocolError("protocol.invalid-release", file=path.name, what=format_findings(findings))
