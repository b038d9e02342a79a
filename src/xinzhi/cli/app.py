"""The application: its verbs, and what happens when one of them cannot go on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from xinzhi.cli import (
    assess,
    audit,
    bubbles,
    check,
    claim,
    data,
    frontier,
    paths,
    plan,
    protocol,
    risks,
    scope,
    screen,
    sectors,
    sources,
    verify,
)
from xinzhi.cli.speech import preferred, print_findings, print_json, say
from xinzhi.core.errors import InputError, XinzhiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.finding import Finding

MISUSE = 2

app = typer.Typer(
    name="xinzhi",
    help=say(
        "新质：用同一把尺子测算各地区的全要素生产率。",
        "xinzhi (新质): one yardstick for the total factor productivity of every region.",
    ),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("assess")(assess.assess)
app.command("audit")(audit.audit)
app.command("claim")(claim.claim)
app.command("scope")(scope.scope)
app.command("verify")(verify.verify)
app.command("check")(check.check)
app.command("sources")(sources.sources)
app.command("frontier")(frontier.frontier)
app.command("sectors", help=sectors.HELP)(sectors.sectors)
app.command("paths", help=paths.HELP)(paths.paths)
app.command("plan", help=plan.HELP)(plan.plan)
app.command("screen", help=screen.HELP)(screen.screen)
app.command("risks", help=risks.HELP)(risks.risks)
app.command("bubbles", help=bubbles.HELP)(bubbles.bubbles)
app.add_typer(protocol.app, name="protocol")
app.add_typer(data.app, name="data")


def _version(*, value: bool) -> None:
    if value:
        from xinzhi import __version__

        sys.stdout.write(f"xinzhi {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help=say("显示版本", "show the version")),
    ] = False,
) -> None:
    """Hold the options that come before the verb."""
    del version


def run() -> None:
    """Run the application; an error that xinzhi foresees becomes one clear message and its exit code."""
    try:
        app()
    except XinzhiError as error:
        _report(type(error).__name__, str(error), error.findings if isinstance(error, InputError) else ())
        sys.exit(error.exit_code)
    except OSError as error:
        _report("OSError", f"{error.strerror or error}: {error.filename or ''}")
        sys.exit(3)
    except SystemExit as leaving:
        if leaving.code == MISUSE and "--json" in sys.argv:
            print_json({"error": "UsageError", "message": "the call is off; stderr says how", "findings": []})
        raise


def _report(kind: str, message: str, findings: Sequence[Finding] = ()) -> None:
    """Say what is wrong: as JSON on stdout when that was asked for, else on stderr."""
    if "--json" in sys.argv:
        print_json({"error": kind, "message": message, "findings": [finding.to_dict() for finding in findings]})
        return
    sys.stderr.write(f"xinzhi: {message}\n")
    print_findings(findings, preferred(), stderr=True)
