"""A plan of an office is read by the reader of all YAML files, which refuses what is no plan, with its line."""

from __future__ import annotations

import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.studies.firm_plan import plan_to_edit, read_plan

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
UNREADABLE = {
    "a month that there is not": "region: 2026-13-01",
    "a time that there is not": "region: !!timestamp 2026-13-01",
    "a word as a number": "region: !!int abc",
    "a word as a fraction": "region: !!float abc",
    "a tag of Python": "region: !!python/name:os.system ls",
    "lists in lists": "region: " + "[" * 5000 + "]" * 5000,
    "anchors over anchors": BOMB,
    "an anchor in itself": "region: &a [*a]",
    "the same entry twice": "region: a\nregion: b",
    "no end": "region: [a",
    "a list as a name": "? [a, b]\n: c",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, content):
    path = tmp_path / "plan.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_plan(str(path))
    assert refusal.value.code == "studies.no-plan"
    assert str(path) in refusal.value.lang("zh")


@pytest.mark.parametrize("content", ["- a", "word", "2: 3", "null: 1", "\n# nothing\n"])
def test_what_is_no_list_of_entries_is_refused(tmp_path, content):
    path = tmp_path / "plan.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError):
        read_plan(str(path))


def test_digits_without_end_and_a_date_are_no_words(tmp_path):
    path = tmp_path / "plan.yaml"
    for value in ("1" * 5000, "2026-12-01", "[1, 2]"):
        path.write_text(f"encoding: {value}", encoding="utf-8")
        with pytest.raises(UsageError):
            read_plan(str(path))


def test_a_plan_to_edit_is_the_usual_plan(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(plan_to_edit(), encoding="utf-8")
    assert read_plan(str(path)) == read_plan(None)
