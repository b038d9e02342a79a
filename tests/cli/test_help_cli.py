"""Help comes from the signatures of studies, in the language of the call; all options have words in both languages."""

from __future__ import annotations

import re
import sys

import pytest

from xinzhi.cli import main
from xinzhi.cli.app import asked_language
from xinzhi.cli.verbs import VERBS
from xinzhi.core.errors import UsageError
from xinzhi.core.text import option_words, read_words

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SHARED = {"language"}


def called(words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["xinzhi", *words])
    with pytest.raises(SystemExit) as leaving:
        main()
    said = capsys.readouterr()
    return leaving.value.code, said.out, said.err


@pytest.mark.parametrize("verb", ["", *VERBS])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_help_is_in_the_language_of_the_call(verb, language, monkeypatch, capsys):
    code, out, err = called([*verb.split(), "--help", "--lang", language], monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert out.startswith("用法：" if language == "zh" else "Usage:")
    assert bool(CHINESE.search(out.replace("新质", ""))) == (language == "zh")
    assert read_words("verbs.yaml")[verb][language][:20] in out


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_and_argument_has_words(verb):
    names = [name.rstrip("?") for name in VERBS[verb].arguments]
    names += [option.name for option in VERBS[verb].options if option.name not in SHARED]
    for name in names:
        entry = option_words(verb.replace(" ", "-"), name)
        assert CHINESE.search(entry["zh"])
        assert not CHINESE.search(entry["en"])


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        (["plan", "x", "--florr", "1"], "是否指--floor", "Did you mean --floor"),
        (["plan"], "缺少数据", "missing: DATA"),
        (["plen"], "没有命令“plen”", "there is no command 'plen'"),
        (["plan", "x", "--cap", "many"], "--cap many：须为整数", "--cap many: it is a whole number"),
        (["plan", "x", "--floor", "low"], "--floor low：须为数值", "--floor low: it is a number"),
        (["plan", "x", "y"], "多余的内容：y", "got too much: y"),
        (["frontier", "x", "-x", ","], "请至少写一列", "name at least one column"),
        (["assess", "x", "--set", "a"], "请写作参数=值", "write it as PATH=VALUE"),
        (["assess", "x", "--only", "roads"], "没有专题“roads”", "there is no topic 'roads'"),
    ],
)
def test_misuse_is_told_in_the_language_of_the_call(words, zh, en, monkeypatch, capsys):
    for language, said in (("zh", zh), ("en", en)):
        code, out, err = called([*words, "--lang", language], monkeypatch, capsys)
        assert (code, out) == (2, "")
        assert said in err


def test_a_call_without_a_verb_is_told_the_verbs(monkeypatch, capsys):
    said = called(["--lang", "zh"], monkeypatch, capsys)[2]
    assert "assess、measure、brief、goals、audit" in said
    assert "command" not in said.lower()


def test_an_option_without_its_value_is_named(monkeypatch, capsys):
    monkeypatch.setenv("XINZHI_LANG", "zh")
    assert "--cap需要一个值" in called(["plan", "x", "--cap"], monkeypatch, capsys)[2]


def test_the_language_is_an_argument_then_the_environment(monkeypatch):
    monkeypatch.setenv("XINZHI_LANG", "zh")
    assert asked_language(["plan"]) == "zh"
    assert asked_language(["plan", "--lang", "en"]) == "en"
    assert asked_language(["plan", "--lang=en"]) == "en"
    monkeypatch.setenv("XINZHI_LANG", "en")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert asked_language([]) == "en"
    with pytest.raises(UsageError):
        asked_language(["--lang", "fr"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell, monkeypatch, capsys):
    code, out, _ = called(["--show-completion", shell], monkeypatch, capsys)
    assert code == 0
    assert "_XINZHI_COMPLETE" in out


def test_nothing_asked_prints_the_help(monkeypatch, capsys):
    code, out, _ = called([], monkeypatch, capsys)
    assert code == 2
    assert "assess" in out
