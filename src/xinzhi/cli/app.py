"""The application: its verbs, made when they are asked for, and what happens when one of them cannot go on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from xinzhi.cli.call import Call
from xinzhi.cli.options import Command, Group, given_options, misuse, params_of
from xinzhi.cli.speech import flushed, lines, print_findings, print_json, say, steady
from xinzhi.cli.verbs import VERBS
from xinzhi.core.errors import InputError, UsageError, XinzhiError, system_reason
from xinzhi.core.extras import EXTRAS, no_extra
from xinzhi.core.text import Text, quote_safely, read_words

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language

DEFECT = 70  # EX_SOFTWARE of sysexits.h
DEBUG = "XINZHI_DEBUG"
SHOWN = 20  # findings behind an error
LONGEST = 200  # letters of what an unforeseen error says


class Application(Group):
    """The verbs, or those of one group."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a verb, made now, with its options."""
        del ctx
        path, language = f"{self.path} {name}".strip(), self.language
        if path not in VERBS:
            return _group(path, language)
        verb = VERBS[path]
        command = Command(
            name=name,
            help=read_words("verbs.yaml")[path][language],
            params=params_of(path.replace(" ", "-"), verb.arguments, verb.options, language),
            callback=partial(_run, path, language),
        )
        command.language = language
        return command


def application(language: Language) -> Group:
    """Return the whole command line in one language."""
    group = _group("", language)
    words = read_words("verbs.yaml")["words"]
    eager = partial(click.Option, expose_value=False, is_eager=True)
    version, shells = words["version"][language], words["completion"][language]
    group.params += [
        eager(["--version"], is_flag=True, callback=_version, help=version),
        eager(["--show-completion"], metavar="SHELL", callback=_completion, help=shells),
    ]
    return group


def _group(path: str, language: Language) -> Application:
    prefix = f"{path} " if path else ""
    below = [name.removeprefix(prefix).partition(" ")[0] for name in VERBS if name.startswith(prefix)]
    group = Application(
        name=path.rpartition(" ")[2] or "xinzhi",
        help=read_words("verbs.yaml")[path][language],
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    about = read_words("options.yaml")["shared"]["lang"][language]
    group.params = [click.Option(["--lang"], metavar="zh|en", expose_value=False, help=about)]
    group.language, group.path, group.verbs = language, path, list(dict.fromkeys(below))
    return group


def _run(path: str, language: Language, /, **values: object) -> int | None:
    from pathlib import Path

    verb = VERBS[path]
    values.pop("lang", None)
    for name, label in (("data", "DATA"), ("out", "--out")):  # an empty path would be the folder one stands in
        value = values.get(name)
        if isinstance(value, str) and not value.strip():
            raise UsageError("cli.no-value", given=label)
    as_json, out = values.pop("json", False), values.pop("out", None)
    call = Call(path, given_options(values), language, bool(as_json), None if out is None else Path(str(out)))
    return verb.run(call)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - as click calls it
    if value:
        from xinzhi import __version__

        sys.stdout.write(f"xinzhi {__version__}\n")
        ctx.exit()


def _completion(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    """Print the script by which a shell completes words; `eval` it or write it into the shell's folder."""
    if value is not None:
        from click.shell_completion import get_completion_class

        kind = get_completion_class(value)
        if kind is None:
            raise UsageError("cli.shell", given=value)
        sys.stdout.write(kind(ctx.command, {}, "xinzhi", "_XINZHI_COMPLETE").source() + "\n")
        ctx.exit()


def asked_language(words: Sequence[str]) -> Language:
    """Return the language of a call: ``--lang``, else ``XINZHI_LANG``, else the locale, else English."""
    locale = os.environ.get("XINZHI_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    default: Language = "zh" if locale.lower().startswith("zh") else "en"
    for place, word in enumerate(words):
        if word == "--lang" or word.startswith("--lang="):
            value = word.partition("=")[2] if "=" in word else "".join(words[place + 1 : place + 2])
            if value == "zh":
                return "zh"
            if value == "en":
                return "en"
            raise UsageError("cli.language", given=value)
    return default


def run() -> None:
    """Run the application; an error that xinzhi foresees becomes one clear message and its exit code."""
    steady()
    words, language = sys.argv[1:], asked_language(())
    try:
        language = asked_language(words)
        _readable(words)
        code = application(language).main(words, prog_name="xinzhi", standalone_mode=False)
        flushed()
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stdout.write(error.format_message() + "\n")
        code = UsageError.exit_code
    except click.UsageError as error:
        code = _report(misuse(error), words, language)
    except XinzhiError as error:
        code = _report(error, words, language)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        code = _report(no_extra(package), words, language) if package in EXTRAS else _defect(error, words, language)
    except OSError as error:
        fault = InputError(
            "cli.no-file" if isinstance(error, FileNotFoundError) else "cli.not-readable",
            path=error.filename or "",
            why=system_reason(error),
        )
        code = _report(fault, words, language)
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BaseException as error:  # the last place where a fault can be told, a panic of Rust too
        if isinstance(error, SystemExit):
            raise
        code = _defect(error, words, language)
    with suppress(OSError):
        flushed()
    sys.exit(code or 0)


def _defect(error: BaseException, words: Sequence[str], language: Language) -> int:
    """Say that a fault of xinzhi itself ended the call, and how to report it."""
    from importlib.metadata import PackageNotFoundError, metadata

    from xinzhi import __version__

    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    entries: list[str] = []
    with suppress(PackageNotFoundError):
        entries = metadata("xinzhi").get_all("Project-URL") or []
    urls = {name.lower(): url for name, _, url in (entry.partition(", ") for entry in entries)}
    place = next((urls[name] for name in ("issues", "repository", "homepage") if name in urls), None)
    what = shorten(f"{type(error).__name__}: {error}".rstrip(": "), LONGEST, placeholder=" …")
    values = {"version": __version__, "what": what, "debug": DEBUG}
    fault = XinzhiError("cli.defect" if place else "cli.defect-unplaced", place=place, **values)
    _say(type(error).__name__, fault.text, words, language)
    return DEFECT


def _readable(words: Sequence[str]) -> None:
    """Raise for words that are no text: no file could be written under such a name, and no page could say it."""
    if strange := [quote_safely(word) for word in words if quote_safely(word, len(word)) != word]:
        raise UsageError("cli.not-text", given=strange[0])


def _report(error: XinzhiError, words: Sequence[str], language: Language) -> int:
    """Say what is wrong; the findings behind it follow, so that they are left out of the sentence."""
    findings = error.findings if isinstance(error, InputError) else ()
    origin, verb = error.values.get("verb"), next((word for word in words if word in VERBS), None)
    typed = VERBS.keys() - {"measure"}  # a step of many verbs, which nobody typed
    if isinstance(origin, str) and verb and origin not in typed:
        error.values["verb"] = verb
    elif isinstance(origin, Text) and origin.en and verb and origin not in map(_prefix, typed):
        error.values["verb"] = _prefix(verb)
    _say(type(error).__name__, error.head if findings else error.text, words, language, findings)
    return error.exit_code


def _prefix(verb: str) -> Text:
    """Return a verb as errors begin with it."""
    return Text(zh=f"{verb}：", en=f"{verb}: ")


def _say(kind: str, text: Text, words: Sequence[str], language: Language, findings: Sequence[Finding] = ()) -> None:
    """Say it as JSON on stdout when that was asked for, else on stderr."""
    sentence = text.lang(language)
    if "--json" in words:
        print_json({"error": kind, "message": sentence, "findings": [finding.to_dict() for finding in findings]})
        return
    sys.stderr.write(f"xinzhi: {sentence}\n")
    more = [
        finding for finding in findings if finding.sentence(language) not in sentence
    ]  # one that is said is not repeated
    print_findings(more[:SHOWN], language, stderr=True)
    if len(more) > SHOWN:
        lines([say("more-findings", language, n=len(more) - SHOWN)], language, stderr=True)
