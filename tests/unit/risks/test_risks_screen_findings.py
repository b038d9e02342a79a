"""Findings of a screening are those of the tables that it reads, not of the whole package behind the archive."""

from __future__ import annotations

import polars as pl

import xinzhi


def test_findings_are_of_the_projects_and_the_archive_alone():
    projects = pl.DataFrame({"id": ["1"], "region": ["340000"], "title": ["某县新建气象观测站"]})
    archive = xinzhi.load("china-provinces")
    assert {one.table for one in archive.findings} - {"archive", "regions"}
    found = xinzhi.risks.screen(projects, archive)
    assert {one.table for one in found.findings} <= {"projects", "archive", "regions"}
