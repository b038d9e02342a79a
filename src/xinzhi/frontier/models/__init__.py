"""Models of efficiency, one file each.

The contract
    ``xinzhi.frontier.efficiency(x, y, bad, model=NAME, ...)`` looks NAME up in `MODELS`, imports that module and calls

        ``solve(data: Data, options: Options) -> Solved``

    (`xinzhi.frontier.data`). `data` holds finite arrays ``x (n, p)``, ``y (n, q)``, ``b (n, r)`` or None, with names;
    `options` the options that all models share, and in ``options.extra`` every further keyword of the call, which the
    model takes with ``options.take(name=default, ...)`` (an unknown keyword is then refused by name). The model checks
    what it cannot do (``UsageError``, ``InputError`` naming the unit and column), and returns a `Solved`: scores with a
    status each, and whatever of slacks, targets, peers, multipliers and further columns it has. It never returns a
    score without status, nor a NaN whose status is ``optimal``.
    `efficiency` does the rest: frames, names, peers, provenance, the summary.

A model registers itself with one line in `MODELS`; the key is the name that users write.
"""

from __future__ import annotations

MODELS: dict[str, str] = {
    "radial": "xinzhi.frontier.radial",
    "directional": "xinzhi.frontier.radial",
    "hyperbolic": "xinzhi.frontier.radial",
    "additive": "xinzhi.frontier.additive",
    "super": "xinzhi.frontier.superefficiency",
    "cross": "xinzhi.frontier.cross",
    "sbm": "xinzhi.frontier.models.slacks",
    "super-sbm": "xinzhi.frontier.models.slacks",
    "russell": "xinzhi.frontier.models.russell",
    "ebm": "xinzhi.frontier.models.ebm",
    "non-radial": "xinzhi.frontier.models.environmental",
    "environmental": "xinzhi.frontier.models.environmental",
    "by-production": "xinzhi.frontier.models.by_production",
    "seiford-zhu": "xinzhi.frontier.models.transformation",
    "range-directional": "xinzhi.frontier.models.range_directional",
    # other models: name -> "xinzhi.frontier.models.<file>"
}
