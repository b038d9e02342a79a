from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.data.delimited import read_delimited

CELLS = st.text(st.sampled_from('ab1,;\t"\n é吉 '), max_size=6)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8)
)


def reference(text, delimiter):
    """The rows that are not blank, with the line in which each starts, as the standard library reads them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line, found = 1, []
    for row in reader:
        if any(cell.strip() for cell in row):
            found.append((line, row))
        line = reader.line_num + 1
    return found


@given(
    TABLES,
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(",;\t"),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_cells_and_lines_are_those_of_the_standard_reader(tmp_path_factory, table, quoting, delimiter, blank):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=quoting, delimiter=delimiter, lineterminator="\n")
    writer.writerow([f"c{number}" for number in range(len(table[0]))])
    for row in table:
        writer.writerow(row)
        if blank:
            buffer.write("\n")
    path = tmp_path_factory.mktemp("case") / "t.csv"
    path.write_bytes(buffer.getvalue().encode())
    grid = read_delimited(path, "t", delimiter=delimiter)
    _, *expected = reference(buffer.getvalue(), delimiter)
    assert grid.lines.to_list() == [line for line, _ in expected]
    read = [[(cell or "").strip() for cell in row] for row in grid.cells.iter_rows()]
    assert read == [[cell.strip() for cell in row] for _, row in expected]
    assert not grid.findings
