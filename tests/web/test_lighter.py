"""A drawing in fewer bytes shows the same marks: places, colours, words and their order."""

from __future__ import annotations

import re

from xinzhi.web.lighter import lighter


def cells(*places, look=' fill="rgb(1, 2, 3)" opacity="1"'):
    return "".join(f'<path d="M{x},{y}h{w}v{h}h-{w}Z"{look}/>' for x, y, w, h in places)


def boxes(drawn):
    """Return the cells of a drawing by colour, each as left, top, width and height."""
    found = set()
    for path, look in re.findall(r'<path d="([^"]*)"([^>]*)/>', drawn):
        x = y = 0.0
        for part in re.findall(r"m([^h]*)h([^v]*)v([^h]*)h[^z]*z", path):
            across, down, width, height = *map(float, re.findall(r"-?[\d.]+", part[0])), *map(float, part[1:])
            x, y = x + across, y + down
            found.add((round(x, 2), round(y, 2), width, height, look))
    return found


def test_cells_of_a_colour_are_one_path_and_stand_where_they_stood():
    one, other = ' fill="#aa0000" stroke="white"', ' fill="#00bb00" stroke="white"'
    drawn = cells((0, 0, 8.684, 11), look=one) + cells((8.684, 0, 8.632, 11), (0, 11, 8.684, 11), look=other)
    made = lighter(drawn + cells((8.684, 11, 8.632, 11), (20, 22, 3, 0.5), look=one))
    assert made.startswith('<g stroke="white">')
    assert made.count("<path") == 2
    assert boxes(made) == {
        (0, 0, 8.68, 11, ' fill="#aa0000"'),
        (8.68, 11, 8.63, 11, ' fill="#aa0000"'),
        (20, 22, 3, 0.5, ' fill="#aa0000"'),
        (8.68, 0, 8.63, 11, ' fill="#00bb00"'),
        (0, 11, 8.68, 11, ' fill="#00bb00"'),
    }


def test_neighbours_of_a_colour_are_one_cell():
    made = lighter(cells((0, 0, 5, 5), (5, 0, 5, 5), (10, 0, 5, 5), (0, 5, 5, 5)))
    assert boxes(made) == {(0, 0, 15, 5, ' fill="#010203"'), (0, 5, 5, 5, ' fill="#010203"')}


def test_a_cell_over_another_stays_over_it():
    for over in ((0, 0, 9, 9), (4, 0, 9, 9), (0, 4, 5, 5)):
        drawn = cells((0, 0, 5, 5), (5, 0, 5, 5), look=' fill="a"') + cells((20, 0, 5, 5), over, look=' fill="b"')
        assert lighter(drawn) == drawn


def test_lines_and_curves_end_where_they_ended():
    rules = "".join(f'<line transform="translate(0,{y})" x2="560" y2="0" stroke="#d8dee4"/>' for y in (9, 27, 45.5, 63))
    assert lighter(rules) == '<path d="M0 9l560 0M0 27l560 0M0 45.5l560 0M0 63l560 0" stroke="#d8dee4"/>'
    points = [(12.5, 79.94), (14.2, 60.0), (15.91, 60.123), (17.6, 0.4), (-3, -0.25)]
    drawn = f'<polygon points="{" ".join(f"{x},{y}" for x, y in points)}" fill="none"/>'
    start, steps = re.fullmatch(r'<path d="M([^l]*)l([^z]*)z" fill="none"/>', lighter(drawn)).groups()
    at, moved = ([float(one) for one in re.findall(r"-?\d*\.?\d+", part)] for part in (start, steps))
    for x, y in points[1:]:
        at = [at[0] + moved.pop(0), at[1] + moved.pop(0)]
        assert abs(at[0] - x) < 0.006
        assert abs(at[1] - y) < 0.006
    assert moved == []


def test_words_keep_their_place_their_look_and_their_digits():
    words = "".join(
        f'<text text-anchor="end" transform="translate(-6,{y})" font-size="11px">0.12345</text>' for y in range(5)
    )
    made = lighter(words)
    assert made.startswith('<g text-anchor="end" font-size="11px"><text transform="translate(-6,0)">0.12345</text>')
    assert made.count("<text") == made.count("0.12345") == 5
    assert lighter('<g transform="scale(0.01234)"><path d=""/></g>') == '<g transform="scale(0.01234)"><path d=""/></g>'


def test_the_page_of_robustness_is_half_as_large_as_its_drawings_were(folder):
    for language in ("zh", "en"):
        assert (folder / language / "audit.html").stat().st_size < 413_000
