"""Write what xinzhi needs at run time: ``sbom.cdx.json`` (CycloneDX 1.6, in the wheel) and ``NOTICE``.

``python tools/bill_of_materials.py`` (a part of ``make lock``). Names come from pyproject.toml and the metadata of
installed packages, on every system and Python that is supported; versions from requirements.lock; sources of data from
the descriptors of packages that ship. The same inputs give the same bytes. ``--check`` writes nothing and ends with 1
where a file is another one.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, requires
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

ROOT = Path(__file__).resolve().parent.parent
SETTINGS: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
BILL, NOTICE = ROOT / "sbom.cdx.json", ROOT / "NOTICE"
CLASSIFIER = "License :: OSI Approved :: "
OWN = "xinzhi"
PACKAGES = "Packages that it needs at run time, with its extras; they are installed beside it and are no part of it"


@dataclass
class Dependency:
    """A package that is needed at run time."""

    name: str
    version: str
    licence: str
    is_core: bool = False  # whether it is needed without an extra
    needs: set[str] = field(default_factory=set)


def project() -> dict[str, Any]:
    """Return the description of the project."""
    description: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return description


@cache
def environments() -> list[dict[str, str]]:
    """Return the environments of markers, one a system and Python."""
    return [
        {**system, "python_version": python, "python_full_version": f"{python}.0", "platform_machine": "x86_64"}
        | {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
        for system, python in product(SETTINGS["systems"], SETTINGS["pythons"])
    ]


def is_needed(requirement: Requirement, extras: set[str]) -> bool:
    """Whether a requirement holds on any system, with any of some extras."""
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate({**environment, "extra": extra}) for environment in environments() for extra in extras or {""}
    )


def needed_by(requirement: Requirement) -> list[Requirement]:
    """Return what a package needs itself; nothing of one that this system does not install."""
    try:
        lines = requires(requirement.name) or []
    except PackageNotFoundError:
        return []
    return [part for part in map(Requirement, lines) if is_needed(part, requirement.extras)]


def licence_of(name: str) -> str:
    """Return the licence of a package as an SPDX expression, or in the words of its metadata."""
    if name in SETTINGS["packages"]:
        return str(SETTINGS["packages"][name])
    about = metadata(name)
    classes = [line.removeprefix(CLASSIFIER) for line in about.get_all("Classifier") or [] if CLASSIFIER in line]
    stated = about.get("License-Expression") or " AND ".join(classes) or about.get("License") or "unknown"
    return str(SETTINGS["spdx"].get(stated, stated))


def run_time() -> dict[str, Dependency]:
    """Return every package that xinzhi needs at run time, with its extras, by name."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    versions = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", lock, re.MULTILINE))
    result: dict[str, Dependency] = {}
    walked: set[tuple[str, frozenset[str], bool]] = set()

    def walk(requirement: Requirement, *, is_core: bool) -> str:
        name = str(canonicalize_name(requirement.name))
        if name not in result:
            result[name] = Dependency(name, versions[name], licence_of(name))
        result[name].is_core |= is_core
        place = name, frozenset(requirement.extras), is_core
        if place not in walked:
            walked.add(place)
            result[name].needs |= {walk(part, is_core=is_core) for part in needed_by(requirement)}
        return name

    for line in project()["dependencies"]:
        walk(Requirement(line), is_core=True)
    for line in of_extras():
        walk(Requirement(line), is_core=False)
    return dict(sorted(result.items()))


def of_extras() -> Iterator[str]:
    """Yield what the extras in the lock require."""
    for extra in SETTINGS["extras"]:
        yield from (line for line in project()["optional-dependencies"][extra] if not line.startswith(f"{OWN}["))


def component(dependency: Dependency) -> Component:
    """Return a package as CycloneDX has it."""
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.component import Component, ComponentScope, ComponentType
    from packageurl import PackageURL

    scope = ComponentScope.REQUIRED if dependency.is_core else ComponentScope.OPTIONAL
    link = PackageURL("pypi", None, dependency.name, dependency.version)
    return Component(
        name=dependency.name,
        version=dependency.version,
        type=ComponentType.LIBRARY,
        scope=scope,
        licenses=[LicenseFactory().make_from_string(dependency.licence)],
        purl=link,
        bom_ref=str(link),
    )


def bill(dependencies: dict[str, Dependency]) -> str:
    """Return the bill of materials as JSON; no time and no number of chance stands in it."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.json import JsonV1Dot6
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    from xinzhi import __version__

    document = Bom()
    own = component(Dependency(OWN, __version__, project()["license"], is_core=True))
    components = {name: component(dependency) for name, dependency in dependencies.items()}
    document.metadata.component = own
    document.components.update(components.values())
    direct = {str(canonicalize_name(Requirement(line).name)) for line in (*project()["dependencies"], *of_extras())}
    document.register_dependency(own, [components[name] for name in sorted(direct)])
    for name, dependency in dependencies.items():
        document.register_dependency(components[name], [components[part] for part in sorted(dependency.needs)])
    content = json.loads(JsonV1Dot6(document).output_as_string())
    del content["serialNumber"], content["metadata"]["timestamp"]
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"{BILL.name}: {fault}")
    return text


def sources_of_data() -> list[str]:
    """Return the sources of every data package that ships, as its descriptor names them, each once."""
    lines: dict[str, None] = {}
    for path in sorted((ROOT / "src/xinzhi/data/packages").glob("*/datapackage.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for part in (document, *document["resources"]):
            for source in part.get("sources", []):
                issuer = (
                    f" ({source['issuer']})" if source.get("issuer", source["title"]) not in source["title"] else ""
                )
                lines[f"{path.parent.name}: {source['title']}{issuer}"] = None
    return list(lines)


def notice(dependencies: dict[str, Dependency]) -> str:
    """Return the notice: whose work comes with xinzhi, the sources of data, and the packages that it installs."""
    lists = {
        "": SETTINGS["tables"],
        "\nSources of the data\n": sources_of_data(),
        f"\n{PACKAGES}\n": [f"{one.name} {one.version}: {one.licence}" for one in dependencies.values()],
    }
    text = "".join(head + "".join(f"- {line}\n" for line in lines) for head, lines in lists.items())
    return f"{SETTINGS['notice']}{text}"


def main() -> int:
    """Write both files, or compare them."""
    dependencies = run_time()
    texts = {BILL: bill(dependencies), NOTICE: notice(dependencies)}
    if "--check" in sys.argv[1:]:
        other = [path.name for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
        print(*(f"{name} is another one: python tools/bill_of_materials.py" for name in other), sep="\n")
        return int(bool(other))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: {len(dependencies)} packages, {len(text.encode()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
