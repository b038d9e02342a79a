"""The verbs of the topics: each runs its study, writes the files, and prints the answer or one JSON document."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi import protocol, report, studies, yardstick
from xinzhi import scope as verbs
from xinzhi.cli import terminal
from xinzhi.cli.call import DEFAULT, PROTOCOL
from xinzhi.cli.keys import private_key
from xinzhi.cli.speech import answer, counts_text, grid, lines, print_json, progress, say
from xinzhi.core.errors import ProtocolError, UsageError
from xinzhi.core.extras import missing_packages
from xinzhi.core.files import whole
from xinzhi.core.formulas import escape_formulas
from xinzhi.core.text import same
from xinzhi.risks import internal
from xinzhi.studies.internal import archive_of, covered, options_of, plan_to_edit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinzhi.cli.call import Call
    from xinzhi.core.signatures import PrivateKey
    from xinzhi.protocol import Protocol
    from xinzhi.studies.internal import Study


def topic(call: Call) -> int:
    """Run the study of a topic on a package or a table."""
    return conclude(call, run_study(call, call.get("data", DEFAULT)))


def audit(call: Call) -> int:
    """Measure under every admissible protocol; or say what the revisions of the data did."""
    group = call.get("group", "all")
    if group not in {"all", "region"}:
        raise UsageError("cli.group", given=group)
    if call.get("vintages"):
        call = replace(call, verb="vintages")
        return conclude(call, run_study(call, call.get("data")))
    return topic(call)


def run_study(call: Call, source: str | None, **more: object) -> Study:
    """Return the study of a call."""
    known_options = options_of(call.verb)
    options = call.among(known_options) | more
    if "settings" in call.options or "protocol" in options:
        options["protocol"] = rules_of(call)
    if "language" in known_options:
        options["language"] = call.language
    with progress(call.language, quiet=call.json) as bar:
        return studies.study(call.verb, source, progress=bar, **options)


def _save_time() -> None:
    """Leave out what a short run on small matrices does not need; each costs some hundredths of its time."""
    gc.disable()  # little is left in cycles of objects
    for pool in ("OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):  # a second thread would wait for work, busily
        os.environ.setdefault(pool, "1")


def brief(call: Call) -> int:
    """Print the brief of a region, or all of it as JSON; write its page if a folder was named."""
    _save_time()
    study = run_study(call, call.get("data", DEFAULT))
    files = write_files(call, study, call.out)
    if call.json:
        print_json(report.study_document(study, call.language, files))
        return errors_left(study)
    lines([study.summary(call.language)], call.language)
    lines(study.notes, call.language, style="dim")
    lines(files, call.language)
    return exit_code(study, call.out)


def goals(call: Call) -> int:
    """Say what growth targets require; a single argument that is no region may name the data."""
    region, data = call.get("region"), call.get("data")
    if data is None and region is not None and (region in data_packages() or Path(region).exists()):
        options = {name: value for name, value in call.options.items() if name != "region"}
        call = replace(call, options=options)
        return conclude(call, run_study(call, region))
    return conclude(call, run_study(call, data or DEFAULT))


def data_packages() -> Iterable[str]:
    """Return the names of the packages that ship; the reader of data is loaded for no help."""
    from xinzhi.data import packages

    return packages()


def firms(call: Call) -> int:
    """Compute what may leave an office into a folder; `mock` writes made-up firms instead."""
    if call.get("data") == "mock":
        from xinzhi.micro import mock

        folder = call.out or Path("mock")
        folder.mkdir(parents=True, exist_ok=True)
        frame = mock(call.get("number"), seed=call.get("seed", 0))
        files = [folder / "firms.parquet", folder / "plan.yaml"]
        frame.write_parquet(files[0])
        files[1].write_text(plan_to_edit(), encoding="utf-8")
        message = say("mocked", call.language, rows=frame.height, folder=folder)
        answer(call, {"files": [str(path) for path in files], "rows": frame.height}, [*files, message])
        return 0
    out = None if call.out is None else str(call.out)
    study = run_study(call, call.get("data"), out=out)
    if "manifest" in study.more:  # cells that are read back have a page
        return conclude(call, study)
    status = conclude(replace(call, out=None), study)
    if call.out is not None and not call.json:
        lines([call.out / f"{name}.csv" for name in study.more["cells"]] + [call.out / "manifest.json"], call.language)
    return status


def rules_of(call: Call) -> Protocol:
    """Return the protocol of a call, with the values of ``--set``."""
    rules = protocol.load(call.get("protocol", PROTOCOL))
    settings = call.get("settings", {})
    try:
        return rules.replace(settings) if settings else rules
    except ProtocolError as error:
        raise UsageError("cli.bad-setting", why=error.text) from error


def conclude(call: Call, study: Study) -> int:
    """Write the files if a folder was named, then print the answer and the files, or all as JSON; see `errors_left`."""
    files = write_files(call, study, call.out)
    if call.json:
        print_json(report.study_document(study, call.language, files))
        return errors_left(study)
    for result in study.results.values():
        lines([result.summary(call.language)], call.language)
    lines(files, call.language)
    terminal.show(study, call)
    return exit_code(study, call.out)


def write_files(
    call: Call,
    study: Study,
    out: Path | None,
    *,
    key: PrivateKey | None = None,
) -> list[Path]:
    """Write the files of a study; where packages of the extra `report` are missing, its tables alone."""
    if out is None:
        return []
    if missing_packages("report") and not call.json:
        return report.write_tables(study.results, out, study.name)
    return study.write(out, call.language, encoding=call.get("encoding"), key=key)


def exit_code(study: Study, out: Path | None) -> int:
    """Return the exit code of a study; say which packages page and workbook need, where they could not be written."""
    missing = missing_packages("report")
    if out is not None and missing:
        raise UsageError("cli.tables-only", packages=missing, extra="report")
    return errors_left(study)


def errors_left(study: Study) -> int:
    """Return 1 where a finding is an error or a claim is not supported, else 0."""
    return int(any(finding.severity == "error" for finding in study.findings) or study.more.get("supported") is False)


def assess(call: Call) -> int:
    """Write the whole assessment of a package, and its certificate."""
    _save_time()
    from xinzhi.report.internal import answer_of

    key = None if call.get("sign") is None else private_key(call, "sign", "certificate")
    study = run_study(call, call.get("data"))
    ranking = study.result(yardstick.Ranking)
    out = call.out or Path("out")
    files = write_files(call, study, out, key=key)
    if call.json:
        print_json(report.study_document(study, call.language, files))
        return errors_left(study)
    lines(ranking.head() or answer_of(ranking.facts(), ranking.topic), call.language)
    lines([ranking.provenance.foot(call.language)], call.language, style="dim")
    if study.findings:
        counts = counts_text(study.findings, call.language)
        lines([say("see-check", call.language, counts=counts)], call.language, style="dim")
    lines(files, call.language)
    lines([say("next-assess", call.language)], call.language, style="dim")
    return exit_code(study, out)


def sectors(call: Call) -> int | None:
    """Study the sectors, build an index, or list the systems that ship."""
    data = call.get("data")
    if call.get("list"):
        _systems(data or DEFAULT, call)
        return None
    if data is None:
        raise UsageError("cli.missing", given="DATA")
    return conclude(call, run_study(call, data))


def _systems(data: str, call: Call) -> None:
    """Print the systems that ship, and how much of each the data have."""
    systems = covered(data, call.get("encoding"))
    if call.json:
        print_json({"data": data, "systems": systems})
        return
    heads = ["name", "title", "origin", same(say("coverage-of", call.language, data=data)), "complete"]
    rows = [
        [
            row["id"],
            row[f"title_{call.language}"],
            say(f"state.{row['status']}", call.language),
            f"{row['covered']} / {row['indicators']}",
            "-" if row["first_year"] is None else f"{row['first_year']}-{row['last_year']}",
        ]
        for row in systems
    ]
    grid(heads, rows, call.language)


def screen(call: Call) -> int | None:
    """Screen projects, or write an example to begin with."""
    folder = call.get("example")
    if folder is None and call.get("keep") is not None and call.get("projects") is None:
        _index_archive(call)
        return None
    if folder is None:
        return conclude(call, run_study(call, call.get("projects")))
    frames = {f"{name}.csv": frame for name, frame in internal.example().items()}
    with whole(Path(folder), list(frames)) as paths:
        for path, frame in zip(paths, frames.values(), strict=True):
            escape_formulas(frame).write_csv(path)
    files = [Path(folder) / name for name in frames]
    templates = {name: Path(folder) / f"{name}.csv" for name in ("projects", "archive")}
    document = {"files": [str(path) for path in files], "synthetic": True}
    answer(call, document, [*files, say("synthetic", call.language, **templates)])
    return None


def _index_archive(call: Call) -> None:
    """Index an archive in a folder."""
    idle = [f"--{name}" for name in ("id", "labels", "prior") if call.get(name) is not None]
    if call.out is not None:
        idle.append("--out")
    if idle:
        raise UsageError("cli.needs-projects", given=idle)
    with progress(call.language, quiet=call.json) as bar:
        archive, _ = archive_of(call.get("archive"), keep=call.get("keep"), encoding=call.get("encoding"), progress=bar)
    folder, n = call.get("keep"), archive.frame.height
    if call.json:
        print_json({"folder": folder, "records": n, "findings": [finding.to_dict() for finding in archive.findings]})
        return
    lines([say("kept", call.language, folder=folder, n=f"{n:,}")], call.language)
    terminal.some_findings(archive.findings, call)


def scope(call: Call) -> int | None:
    """Judge industries; or list, print or explain definitions."""
    language = call.language
    if call.get("list"):
        _definitions(call)
    elif call.get("template") is not None:
        text = verbs.definition_template(call.get("template"))
        if call.json:
            print_json({"template": text})
        else:
            sys.stdout.write(text)
    elif call.get("explain") is not None:
        as_of, standard = call.get("as_of"), call.get("standard")
        if as_of is None:
            raise UsageError("studies.name-day")
        names = list(call.get("definition", ())) or None
        verdicts = verbs.explain(call.get("explain"), as_of, definitions=names, standard=standard)
        if call.json:
            print_json({"explain": report.plain(verdicts, language)})
        else:
            terminal.explained(verdicts, standard, language)
    else:
        return conclude(call, run_study(call, call.get("file")))
    return None


def _definitions(call: Call) -> None:
    """Print the definitions that ship, those in force on a day where one is named."""
    rules, language = verbs.definitions(call.get("as_of")), call.language
    if call.json:
        print_json({"definitions": report.plain(rules, language)})
        return
    rows = [
        [
            row["definition"],
            say(f"state.{row['status']}", language),
            f"{row['valid_from']} – {row['valid_to'] or ''}".strip(),
            "✓" if row["default"] else "",
            row[f"title_{language}"]
            + (say("missing", language, what=row[f"missing_{language}"]) if row["missing_en"] else ""),
        ]
        for row in rules.iter_rows(named=True)
    ]
    grid(["name", "status", "in-force", "default", "what"], rows, language)
