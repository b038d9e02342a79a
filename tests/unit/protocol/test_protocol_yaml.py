from __future__ import annotations

from datetime import date

import pytest

from xinzhi import protocol
from xinzhi.core import yamlfile
from xinzhi.core.errors import InputError, ProtocolError, UsageError


def read(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return yamlfile.read(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("NO", "NO"),
        ("off", "off"),
        ("yes", "yes"),
        ("y", "y"),
        ("none", "none"),
        ("true", True),
        ("~", None),
        ("null", None),
        ("", None),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-7", -7),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1952-01-01", date(1952, 1, 1)),
        ('"1952-01-01"', "1952-01-01"),
        ('"null"', "null"),
        ("'1.10'", "1.10"),
    ],
)
def test_scalars_follow_yaml_1_2(tmp_path, text, value):
    got = read(tmp_path, f"a: {text}\n").content["a"]
    assert got == value
    assert type(got) is type(value)


def test_lines_of_keys_and_items(tmp_path):
    source = read(tmp_path, "a:\n  b: 1\n  c:\n  - x\n  - y\n")
    assert source.line(("a", "b")) == 2
    assert source.line(("a", "c", 1)) == 5
    assert source.line(("a", "c", 1, "deeper")) == 5
    assert source.line(("nowhere",)) == 1


def test_a_long_whole_number_does_not_break_the_arithmetic(tmp_path):
    assert read(tmp_path, f"a: {'9' * 5000}\n").content["a"] == float("inf")


def test_byte_order_mark_is_read_over(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbfid: a\n").content == {"id": "a"}


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path, ends):
    source = read(tmp_path, ends.join(["a: 1", "b: 2", ""]).encode())
    assert source.content == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (b"", "empty-file", 1),
        (b"# only a comment\n", "empty-file", 1),
        (b"a: [1, 2\n", "yaml", 2),
        (b'a: "never closed\nb: 2\n', "yaml", None),
        (b"a: 1\n\tb: 2\n", "yaml", 2),
        (b"a: 1\n--- \nb: 2\n", "yaml", 2),
        (b"a: \x00\n", "yaml", 1),
        ("a: 1\nb: 中文\n".encode("gb18030"), "wrong-encoding", 2),
        (b"a: 1\nb: \xff\xff\n", "wrong-encoding", 2),
        (b"a: &x 1\nb: *x\n", "yaml-alias", 1),
        (b"a: &x [*x]\n", "yaml-alias", 1),
        (b"a: !!python/name:os.system\n", "yaml-tag", 1),
        (b"a: !!set {x}\n", None, None),
        (b"? [1, 2]\n: 3\n", "yaml-key", 1),
        (b"a: 2004-02-31\n", "no-such-date", 1),
    ],
)
def test_what_is_no_usable_yaml(tmp_path, text, rule, line):
    if rule is None:
        assert read(tmp_path, text).content == {"a": {"x": None}}
        return
    with pytest.raises(yamlfile.YamlError) as caught:
        read(tmp_path, text)
    finding = caught.value.finding
    assert finding.rule == rule
    assert finding.file.endswith("a.yaml")
    assert line is None or finding.line == line
    assert finding.message.zh
    assert finding.hint.zh


def test_gb18030_is_named(tmp_path):
    with pytest.raises(yamlfile.YamlError, match="GB18030"):
        read(tmp_path, "a: 协议\n".encode("gb18030"))


def test_duplicate_keys_are_all_found(tmp_path):
    source = read(tmp_path, "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert [(finding.key, finding.line) for finding in source.findings] == [("b.c", 4), ("a", 5)]
    assert "line 3" in source.findings[0].message.en


def test_a_missing_file():
    with pytest.raises(InputError, match=r"nowhere\.yaml: there is no such file"):
        protocol.load("nowhere.yaml")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(InputError, match="no such file"):
        protocol.load(tmp_path / "folder.yaml")


def test_an_unreadable_file_is_a_finding(tmp_path, monkeypatch):
    path = tmp_path / "mine.yaml"
    path.write_text("id: a\n", encoding="utf-8")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    (finding,) = protocol.check(path)
    assert finding.rule == "unreadable-file"
    with pytest.raises(ProtocolError, match="no permission"):
        protocol.load(path)


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'xinzhi-cn-2026'"):
        protocol.load("xinzhi-cn-2025")


def test_an_unknown_id_far_from_all_lists_them():
    with pytest.raises(UsageError, match="Known: bea-bls-ilpa"):
        protocol.load("qqq")
