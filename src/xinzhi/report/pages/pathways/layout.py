"""Where the activities of the product space stand: a maximum spanning tree, then forces, the same at every call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.text import Text
from xinzhi.report.charts.style import width

STEPS = 300
BESIDE = 0.15  # pull of a link beside the tree, whose own links pull with one
STRONG = 0.55  # proximity from which a link is drawn beside the tree (Hidalgo et al. 2007)
PIXELS = (660.0, 460.0)
LETTER, LINE = 9.0, 11.0  # size of a name and height of its line, in pixels


def tree(near: FloatArray) -> list[tuple[int, int]]:
    """Return the edges of the maximum spanning tree of a proximity matrix (p, p), in the order of its growth (Prim)."""
    p = len(near)
    best, parent = near[0].astype(float), np.zeros(p, dtype=np.int64)
    inside = np.zeros(p, dtype=bool)
    inside[0] = True
    edges = []
    for _ in range(p - 1):
        nearest = int(np.argmax(np.where(inside, -np.inf, best)))
        edges.append((int(parent[nearest]), nearest))
        inside[nearest] = True
        closer = near[nearest] > best
        best[closer], parent[closer] = near[nearest][closer], nearest
    return edges


def links(near: FloatArray, least: float = STRONG) -> list[tuple[int, int]]:
    """Return the tree and the strongest links beside it, at most as many again as the tree has."""
    base = tree(near)
    taken = {tuple(sorted(edge)) for edge in base}
    rows, columns = np.triu_indices(len(near), 1)
    strong = [(float(near[a, b]), int(a), int(b)) for a, b in zip(rows, columns, strict=True) if near[a, b] >= least]
    strong.sort(key=lambda one: (-one[0], one[1], one[2]))
    beside = [(a, b) for _, a, b in strong if (a, b) not in taken]
    return base + beside[: len(base)]


def places(near: FloatArray, steps: int = STEPS) -> FloatArray:
    """Return where the activities of a proximity matrix (p, p) stand (p, 2)."""
    # The tree alone would be spread by its distances in steps (classical scaling); from there springs along the links
    # and repulsion between all activities (Fruchterman and Reingold 1991) run to rest. Nothing is drawn at random.
    p = len(near)
    if p < 3:  # noqa: PLR2004 - nothing to spread
        return np.array([[float(i), 0.0] for i in range(p)])
    edges = np.array(links(near))
    at = _scaled(_distances(p, tree(near)))
    weight = np.zeros((p, p))
    weight[edges[:, 0], edges[:, 1]] = weight[edges[:, 1], edges[:, 0]] = BESIDE
    stem = edges[: p - 1]
    weight[stem[:, 0], stem[:, 1]] = weight[stem[:, 1], stem[:, 0]] = 1.0
    ideal, heat = 1.0 / np.sqrt(p), 0.1
    for step in range(steps):
        gap = at[:, None, :] - at[None, :, :]
        length = np.sqrt((gap**2).sum(axis=2)) + 1e-9
        force = ideal**2 / length**2 - weight * length / ideal
        move = (gap * force[:, :, None]).sum(axis=1) - 0.08 * at
        size = np.sqrt((move**2).sum(axis=1, keepdims=True)) + 1e-12
        at = at + move / size * np.minimum(size, heat * (1 - step / steps))
    return np.asarray(at - at.mean(axis=0))


def _distances(p: int, edges: Sequence[tuple[int, int]]) -> FloatArray:
    """Return how many steps of the tree part every two activities; the edges come in the order of the growing tree."""
    far = np.zeros((p, p))
    seen = [0]
    for parent, child in edges:
        far[child, seen] = far[seen, child] = far[parent, seen] + 1
        seen.append(child)
    return far


def _scaled(far: FloatArray) -> FloatArray:
    """Return points in the plane whose distances are like these (Torgerson), the signs fixed."""
    p = len(far)
    middle = np.eye(p) - 1 / p
    values, vectors = np.linalg.eigh(-0.5 * middle @ far**2 @ middle)
    found = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0))
    first: IntArray = np.abs(found).argmax(axis=0)
    found = found * np.sign(found[first, range(2)])
    # Leaves of one stem coincide in the plane: a spiral of a thousandth parts them.
    turn = np.arange(p) * 2.399963229728653
    found = found + 1e-3 * np.column_stack([np.cos(turn), np.sin(turn)])
    return np.asarray(found / (np.abs(found).max() or 1.0))


def shown(at: FloatArray, names: Sequence[Text], weight: Sequence[float]) -> list[bool]:
    """Return which names are written: the heaviest first, each unless it would cover one that is there already."""
    low, high = at.min(axis=0), at.max(axis=0)
    room = np.where(high > low, high - low, 1.0) * 1.12
    pixels = (at - low) / room * np.array(PIXELS)
    boxes: list[tuple[float, float, float]] = []
    found = [False] * len(names)
    for i in sorted(range(len(names)), key=lambda i: -weight[i]):
        half = LETTER * max(width(names[i].zh), width(names[i].en)) / 2
        x, y = float(pixels[i, 0]), float(pixels[i, 1])
        if all(abs(x - a) > half + b + 3 or abs(y - c) > LINE for a, b, c in boxes):
            boxes.append((x, half, y))
            found[i] = True
    return found


def thirds(values: Mapping[str, float]) -> dict[str, int]:
    """Return the third of every name by its value: 0 the highest."""
    order = sorted(values, key=lambda name: (-values[name], name))
    return {name: 3 * i // len(order) for i, name in enumerate(order)}
