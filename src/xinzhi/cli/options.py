"""Options of the command line: their words stand in ``words/options.yaml``, in both languages."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import click

from xinzhi.core.errors import UsageError
from xinzhi.core.parameters import setting
from xinzhi.core.text import by_commas, option_words, read_words, same

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.studies.internal import Option

SOURCE = Path(__file__).parents[1]
WIDTH, INDENT = 100, 2
FIRST = 32  # width of the column of names, at the most


class Number(click.ParamType):  # type: ignore[type-arg] # no generic before click 8.5
    """A number, a whole one on request; what is none is refused in the language of the caller."""

    def __init__(self, *, integer: bool) -> None:
        self.whole = integer
        self.name = "N" if integer else "X"  # in the help

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ARG002 - as click calls it
        """Return the number."""
        try:
            return int(str(value)) if self.whole else float(str(value))
        except ValueError:
            option = param.opts[-1] if param else ""
            raise UsageError("cli.not-whole" if self.whole else "cli.not-number", option=option, given=value) from None


class Columns(click.ParamType):  # type: ignore[type-arg] # no generic before click 8.5
    """Names by commas; one that holds a comma stands in quotes."""

    name = "A,B"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:  # noqa: ARG002 - as click calls it
        """Return the names."""
        names = tuple(by_commas(str(value)))
        if not names:
            raise UsageError("cli.no-column", option=param.opts[-1] if param else "", given=value)
        return names


class Pairs(click.ParamType):  # type: ignore[type-arg] # no generic before click 8.5
    """NAME=VALUE, the value written as in YAML."""

    name = "NAME=VALUE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, object]:  # noqa: ARG002 - as click calls it
        """Return name and value."""
        from xinzhi.core import yamlfile

        option = (param.name or "").replace("settings", "set") if param else ""
        name, equals, text = str(value).partition("=")
        if not equals:
            examples = {
                "set": "capital.depreciation=0.1096",
                "choose": "rate_of_return=0.1",
                "flow": "ore=mine/mill",
                "carry": "debt=bad",
                "contents": "coal=0.71",
                "retained": "steel=0.01",
            }
            example = examples.get(option, "shares=by_sector")
            raise UsageError("cli.setting", option=option, given=value, example=example)
        try:
            return name.strip(), yamlfile.parse(text, f"--{option}").content
        except yamlfile.YamlError as error:
            raise UsageError("cli.bad-value", option=option, given=value, why=error.finding.text) from error


def option_of(option: Option, verb: str, language: Language) -> click.Option:
    """Return an option: name, kind and default are those of the parameter, words those of the catalogue."""
    entry, kind = option_words(verb, option.name), option.kind
    spelling = entry.get("called", option.name).replace("_", "-")
    names = [option.name, *([f"-{entry['short']}"] if "short" in entry else []), f"--{spelling}"]
    names += [f"--{entry['also']}"] if "also" in entry else []
    more: dict[str, Any] = {"help": entry[language], "metavar": entry.get("metavar"), "default": None}
    if kind == "flag":
        more |= {"is_flag": True, "default": False, "metavar": None}
    elif kind == "pairs" or entry.get("metavar") == "PATH=VALUE":
        more |= {"type": Pairs(), "multiple": True}
    elif entry.get("many"):
        more |= {"multiple": True}
    elif kind == "columns":
        more |= {"type": Columns()}
    elif kind == "whole":
        more |= {"type": Number(integer=True)}
    elif kind == "number":
        more |= {"type": Number(integer=False)}
    if "alone" in entry:  # what the option means without a value
        more |= {"is_flag": False, "flag_value": entry["alone"]}
    default = setting(SOURCE / entry["usual"][0], entry["usual"][1]) if "usual" in entry else option.default
    if default not in (None, False, (), "") and not isinstance(default, tuple):
        more["help"] += f"  [{read_words('verbs.yaml')['words']['default'][language]}{default}]"
    return click.Option(names, **more)


def given_options(values: Mapping[str, object]) -> dict[str, object]:
    """Return the options that were given; the others keep the defaults of their class."""
    options = {
        name: value for name, value in values.items() if value is not None and value is not False and value != ()
    }
    for name, pairs in ((name, value) for name, value in options.items() if _pairs(value) and name != "settings"):
        if twice := next((key for key, times in Counter(key for key, _ in pairs).items() if times > 1), None):
            raise UsageError("cli.named-twice", option=name, given=twice)
    return {name: dict(value) if _pairs(value) else value for name, value in options.items()}


def _pairs(value: object) -> TypeGuard[tuple[tuple[str, object], ...]]:
    return isinstance(value, tuple) and all(isinstance(pair, tuple) for pair in value)


class Command(click.Command):
    """A verb whose help is in one language."""

    language: Language = "en"
    allow_extra_args = True  # refused below, in the language of the caller

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of a call; more than there are arguments for are refused."""
        try:
            rest = super().parse_args(ctx, args)
        except click.BadOptionUsage as error:
            error.ctx = error.ctx or ctx  # the parser does not say of which command
            raise
        if rest and not ctx.resilient_parsing:
            raise UsageError("cli.too-many", given=" ".join(rest))
        return rest

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, what it does, arguments and options."""
        formatter.write("\n".join(_help(self, ctx, self.language)) + "\n")


class Group(click.Group):
    """A verb of verbs: each is made when it is asked for."""

    language: Language = "en"
    verbs: Sequence[str] = ()
    path = ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the verbs."""
        del ctx
        return list(self.verbs)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb; an unknown one is refused with those that there are."""
        if args[0] not in self.verbs:
            if args[0].startswith("-"):
                raise click.NoSuchOption(args[0])
            raise UsageError("cli.no-verb", given=args[0], known=[same(name) for name in self.verbs])
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, what it is for, the verbs and options."""
        formatter.write("\n".join(_help(self, ctx, self.language)) + "\n")


def _help(command: Command | Group, ctx: click.Context, language: Language) -> list[str]:
    words, verbs = read_words("verbs.yaml")["words"], read_words("verbs.yaml")
    pieces = [piece for piece in command.collect_usage_pieces(ctx) if piece != "[OPTIONS]"]
    pieces = [words["command"][language]] if isinstance(command, Group) else pieces
    usage = " ".join([ctx.command_path, f"[{words['options'][language]}]", *pieces])
    lines = [f"{words['usage'][language]} {usage}", "", *_wrapped(command.help or "", INDENT)]
    calls = read_words("examples.yaml")
    if examples := "\n".join(f"  {example}" for example in calls.get(ctx.command_path, ())):
        for name, chinese in calls["names"].items() if language == "zh" else ():
            examples = examples.replace(name, chinese)
        lines += ["", f"{words['examples'][language]}:", *examples.splitlines()]
    arguments = [param for param in command.params if isinstance(param, Argument)]
    if arguments:
        needed = f"  [{words['required'][language]}]"
        rows = [
            (argument.make_metavar(ctx).strip("[]{}"), argument.about + (needed if argument.required else ""))
            for argument in arguments
        ]
        lines += _rows(words["arguments"][language], rows)
    options = [param for param in command.params if isinstance(param, click.Option)]
    helped = ("-h, --help", read_words("options.yaml")["shared"]["help"][language])
    kinds = ["" if option.is_flag else option.metavar or getattr(option.type, "name", "").upper() for option in options]
    names = [
        f"{', '.join(option.opts)} {shape(kind, language)}".strip() for option, kind in zip(options, kinds, strict=True)
    ]
    listed = [(name, option.help or "") for name, option in zip(names, options, strict=True)]
    lines += _rows(words["options"][language], [*listed, helped])
    if isinstance(command, Group):
        prefix = f"{command.path} " if command.path else ""
        rows = [(name, verbs[f"{prefix}{name}"][language]) for name in command.verbs]
        lines += _rows(words["commands"][language], rows)
    return lines


def shape(metavar: str, language: Language) -> str:
    """Return how a value looks, such as ``NAME=VALUE``, in a language."""
    shapes = read_words("verbs.yaml")["words"]["shapes"]
    return re.sub("[A-Z]{2,}", lambda match: shapes[match[0]][language] if match[0] in shapes else match[0], metavar)


def _rows(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    pairs = list(rows)
    width = min(FIRST, max(_width(name) for name, _ in pairs) + 2)
    lines = ["", f"{title}:"]
    for name, text in pairs:
        body = _wrapped(text, INDENT + width)
        if _width(name) + 2 > width:
            lines += [f"  {name}", *body]
        else:
            lines += [f"  {name}{' ' * (width - _width(name))}{body[0].lstrip()}", *body[1:]]
    return lines


def _wrapped(text: str, indent: int) -> list[str]:
    """Return a text in lines that fit; a Chinese character is two columns wide and may end a line."""
    lines, line, width = [], "", 0
    for word in _words(text):
        size = _width(word)
        if width + size > WIDTH - indent and line:
            lines.append(line.rstrip())
            line, width, word = "", 0, word.lstrip()  # noqa: PLW2901 - a line does not begin with a space
        line, width = line + word, width + size
    return [" " * indent + line for line in [*lines, line.rstrip()]]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _words(text: str) -> list[str]:
    """Return where a line may break: after a space, and around Chinese characters."""
    parts: list[str] = []
    for letter in text:
        is_wide = unicodedata.east_asian_width(letter) in "WF"
        if (
            parts
            and not is_wide
            and not parts[-1].endswith(" ")
            and unicodedata.east_asian_width(parts[-1][-1]) not in "WF"
        ):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


class Argument(click.Argument):
    """An argument with words."""

    about = ""


def argument_of(name: str, verb: str, language: Language) -> Argument:
    """Return an argument; a question mark at the end of its name says that it may be left out."""
    bare = name.rstrip("?")
    entry = option_words(verb, bare)
    argument = Argument([bare], required=name == bare, metavar=shape(entry.get("metavar", bare.upper()), language))
    argument.about = entry[language]
    return argument


def params_of(
    verb: str, arguments: Iterable[str], options: Iterable[Option], language: Language
) -> list[click.Parameter]:
    """Return the arguments and options of a verb; what the study and the verb share is one option."""
    params: dict[str, click.Parameter] = {name.rstrip("?"): argument_of(name, verb, language) for name in arguments}
    for option in options:
        if option.name != "language" and option.name not in params:
            params[option.name] = option_of(option, verb, language)
    return list(params.values())


def _spelling(param: click.Parameter | None) -> str:
    """Return how a parameter is written."""
    if isinstance(param, click.Option):
        return param.opts[-1]
    return "" if param is None else str(param.metavar)


def misuse(error: click.UsageError) -> UsageError:
    """Return a misuse that the parser found as an error of both languages."""
    command = error.ctx.command if error.ctx else None
    names = [name for param in (command.params if command else ()) for name in param.opts]
    match error:
        case click.NoSuchOption():
            from difflib import get_close_matches

            matches = get_close_matches(error.option_name, names)
            return UsageError(
                "cli.near-option" if matches else "cli.no-option",
                given=error.option_name,
                near=[same(name) for name in matches],
            )
        case click.MissingParameter():
            return UsageError("cli.missing", given=_spelling(error.param))
        case click.BadOptionUsage():
            params = command.params if command else ()
            flag = any(getattr(param, "is_flag", False) for param in params if error.option_name in param.opts)
            return UsageError("cli.takes-no-value" if flag else "cli.no-value", given=error.option_name)
    if isinstance(command, Group):  # the name of the verb is all that can be missing
        return UsageError("cli.no-command", known=list(command.verbs))
    return UsageError("cli.misuse", given=error.format_message().rstrip("."))
