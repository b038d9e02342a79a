from __future__ import annotations

import textwrap

import pytest

HEAD = """\
id: mine
version: "1"
title: {zh: 我的, en: mine}
status: proposed
authority: {zh: 无, en: none}
description: {zh: 试, en: trial}
"""


@pytest.fixture
def write(tmp_path):
    """Write a protocol file: a complete head, then `body`."""

    def written(body="", *, head=HEAD, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(head + textwrap.dedent(body), encoding="utf-8")
        return path

    return written


@pytest.fixture
def only():
    """Return the one finding, after checking that it is the only error."""

    def single(findings, rule):
        errors = [finding for finding in findings if finding.severity == "error"]
        assert [finding.rule for finding in errors] == [rule]
        return errors[0]

    return single
