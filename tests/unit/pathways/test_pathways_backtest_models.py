"""The models of entry and the backtest: fitted against other solvers, blind to the outcome, and refusing by name."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import backtest, forecast
from xinzhi.pathways.complexity.cells import read_panel
from xinzhi.pathways.entry.backtest import _interval, candidates
from xinzhi.pathways.entry.models import (
    BASELINE,
    LABELS,
    OURS,
    available,
    fit_additive_logit,
    quotient,
    score,
    traits,
    unit_of_chance,
)
from xinzhi.pathways.internal import BacktestOptions

COLUMNS = {"place": "c", "activity": "i", "value": "v", "period": "t"}


def world(n: int = 40, p: int = 25, periods: int = 3, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(n, 3)) @ rng.normal(size=(3, p)) + rng.normal(0, 1, (n, 1)) + rng.normal(0, 1, p) + 2
    frames = []
    for t in range(periods):
        base = base + rng.normal(0, 0.4, (n, p))
        frames.append(
            pl.DataFrame(
                {
                    "c": np.repeat([f"c{i:02d}" for i in range(n)], p),
                    "i": np.tile([f"i{j:02d}" for j in range(p)], n),
                    "t": np.full(n * p, 2000 + 5 * t),
                    "v": rng.poisson(np.exp(base)).ravel().astype(float),
                }
            )
        )
    return pl.concat(frames)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return world()


@pytest.fixture(scope="module")
def values(frame) -> np.ndarray:
    return read_panel(frame, **COLUMNS, periods=(2000,)).values[2000]


def test_the_logit_is_that_of_scikit_learn():
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 4)) * [1, 5, 0.1, 2] + 3
    y = rng.random(800) < 1 / (1 + np.exp(4 - x[:, 0] + 4 * (x[:, 2] - 3)))
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = linear.LogisticRegression(C=0.2, tol=1e-10, max_iter=2000).fit(z, y)
    ours = fit_additive_logit(x, y, list("abcd"), bends=0, ridge=5.0)
    assert ours.slopes == pytest.approx(theirs.coef_[0], abs=1e-6)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-6)
    assert ours.probability(x) == pytest.approx(theirs.predict_proba(z)[:, 1], abs=1e-6)


def test_bent_lines_find_what_a_plain_logit_cannot():
    rng = np.random.default_rng(1)
    x = rng.uniform(-2, 2, (3000, 1))
    y = rng.random(3000) < 1 / (1 + np.exp(2 - 3 * (np.abs(x[:, 0]) > 1)))
    bent = fit_additive_logit(x, y, ["x"], bends=4, ridge=0.1)
    low, middle, high = bent.probability(np.array([[-1.8], [0.0], [1.8]]))
    assert low > 2 * middle
    assert high > 2 * middle


def test_parts_and_constant_sum_to_the_log_odds():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(500, 3))
    model = fit_additive_logit(x, rng.random(500) < 0.3 + 0.2 * (x[:, 0] > 0), list("abc"), bends=3, ridge=1.0)
    assert model.parts(x).sum(axis=1) + model.intercept == pytest.approx(model.log_odds(x), abs=1e-12)


def test_an_outcome_that_never_changes_is_refused():
    with pytest.raises(UsageError, match="same outcome"):
        fit_additive_logit(np.ones((5, 1)), np.ones(5, dtype=bool), ["x"], bends=0, ridge=1.0)


def test_every_trait_has_a_label_in_both_languages_and_is_finite(values):
    found = traits(values)
    assert set(found) == set(OURS) == set(LABELS)
    for name, value in found.items():
        assert value.shape == values.shape
        assert np.isfinite(value).all(), name
        assert LABELS[name].zh
        assert LABELS[name].en


def test_traits_stay_finite_with_an_empty_activity_and_an_empty_place(values):
    holed = values.copy()
    holed[:, 3], holed[5] = 0, 0
    for name, value in traits(holed).items():
        assert np.isfinite(value).all(), name


def test_a_unit_of_measurement_changes_no_trait(values):
    money = values * 1.7
    assert unit_of_chance(values) == 1
    one, other = traits(money), traits(money * 1000)
    for name in OURS:
        assert other[name] == pytest.approx(one[name], rel=1e-9, abs=1e-9)


def test_candidates_are_absent_and_their_outcome_is_later(values, frame):
    later = read_panel(frame, **COLUMNS, periods=(2005,)).values[2005]
    span = candidates(values, later, traits(values, BASELINE), 0.5)
    assert (quotient(values)[span.rows, span.columns] < 0.5).all()
    assert (span.entered == (quotient(later)[span.rows, span.columns] >= 1)).all()


def test_no_score_looks_at_the_outcome_it_is_asked_about(frame):
    options = BacktestOptions(absent=(1.0,), draws=5)
    before = backtest(frame, **COLUMNS, train=(2000, 2005), test=(2005, 2010), options=options)
    rng = np.random.default_rng(9)
    shuffled = frame.with_columns(
        v=pl.when(pl.col("t") == 2010).then(pl.Series(rng.permutation(frame["v"].to_numpy()))).otherwise("v")
    )
    after = backtest(shuffled, **COLUMNS, train=(2000, 2005), test=(2005, 2010), options=options)
    for name in available():
        assert before.cells[name].to_list() == after.cells[name].to_list()
    assert before.cells["entered"].to_list() != after.cells["entered"].to_list()


def test_places_are_judged_by_models_that_have_not_seen_them(frame):
    options = {"absent": (1.0,), "scores": ("rca", "additive_logit"), "draws": 5}
    seen = backtest(frame, **COLUMNS, train=(2000, 2005), test=(2005, 2010), options=BacktestOptions(**options))
    unseen = backtest(
        frame, **COLUMNS, train=(2000, 2005), test=(2005, 2010), options=BacktestOptions(**options, folds=4)
    )
    assert seen.cells["rca"].to_list() == unseen.cells["rca"].to_list()
    assert seen.cells["additive_logit"].to_list() != unseen.cells["additive_logit"].to_list()


def test_the_same_call_gives_the_same_digits(frame):
    options = BacktestOptions(absent=(1.0,), draws=10)
    one, two = (backtest(frame, **COLUMNS, train=(2000, 2005), test=(2005, 2010), options=options) for _ in range(2))
    assert one.frame.equals(two.frame)
    assert one.cells.equals(two.cells)


def test_intervals_hold_the_value_and_both_languages_say_so(frame):
    found = backtest(frame, **COLUMNS, train=(2000, 2005), test=(2005, 2010), options=BacktestOptions(draws=100))
    inside = (found.frame["low"] <= found.frame["value"]) & (found.frame["value"] <= found.frame["high"])
    assert inside.mean() > 0.9
    assert "平均精度" in found.summary("zh")
    assert "no model is better beyond chance" in found.summary()


def test_an_interval_holds_its_level_of_the_draws(frame):
    """The bounds leave out half of what is beyond the level at each end."""
    assert _interval(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))
    assert _interval(np.array([0.0, np.nan, 1.0, 2.0, 3.0, 4.0]), 0.5) == pytest.approx((1.0, 3.0))
    keys = {"train": (2000, 2005), "test": (2005, 2010)}
    wide, narrow = (
        backtest(frame, **COLUMNS, **keys, options=BacktestOptions(draws=100, scores=("density",), level=level)).frame
        for level in (0.95, 0.5)
    )
    assert (wide["low"] <= narrow["low"]).all()
    assert (wide["high"] >= narrow["high"]).all()
    assert (wide["high"] - wide["low"]).sum() > 1.5 * (narrow["high"] - narrow["low"]).sum()


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ((2000, 2005), (2000, 2005), "must not begin before"),
        ((2005, 2005), (2005, 2010), "One period alone"),
        ((2000, 2005), (2005, 2030), "2030"),
    ],
)
def test_spans_that_make_no_sense_are_refused(frame, train, test, message):
    with pytest.raises(UsageError, match=message):
        backtest(frame, **COLUMNS, train=train, test=test)


def test_one_year_only_and_too_few_entries_are_refused(frame):
    with pytest.raises(InputError, match="one t only"):
        backtest(frame.filter(pl.col("t") == 2000), **COLUMNS, train=(2000, 2005), test=(2005, 2010))
    same = pl.concat([frame.filter(pl.col("t") == 2000).with_columns(t=pl.lit(t)) for t in (2000, 2005, 2010)])
    with pytest.raises(InputError, match="0 entries"):
        backtest(same, **COLUMNS, train=(2000, 2005), test=(2005, 2010))


def test_unknown_scores_and_cells_are_refused(frame):
    with pytest.raises(UsageError, match="scores 'guess'"):
        score("guess", None, candidates(np.eye(4) + 1, None, {}, 1.0))
    with pytest.raises(UsageError, match="trained on"):
        score("logit", None, candidates(np.eye(4) + 1, None, {}, 1.0))
    options = BacktestOptions(absent=(1.0,), scores=("rca", "additive_logit"), draws=5)
    found = backtest(frame, **COLUMNS, train=(2000, 2005), test=(2005, 2010), options=options)
    with pytest.raises(UsageError, match="no place"):
        found.explain("nowhere", "i00")
    with pytest.raises(UsageError, match="gives no chances"):
        found.calibration(1.0, "rca")
    with pytest.raises(UsageError, match="no cutoff"):
        found.explain("c00", "i00", absent=0.3)
    there = found.axes[1][int(np.argmax(quotient(read_panel(frame, **COLUMNS, periods=(2005,)).values[2005])[0]))]
    with pytest.raises(UsageError, match="no candidate"):
        found.explain("c00", there)


def test_places_that_one_period_lacks_are_left_out_and_named(frame):
    partial = frame.filter(~((pl.col("t") == 2010) & (pl.col("c") == "c07")))
    panel = read_panel(partial, **COLUMNS, periods=(2000, 2005, 2010))
    assert "c07" not in panel.places
    assert "c07" in panel.findings[0].message.en
    large = read_panel(frame, **COLUMNS, periods=(2000, 2005), least_place=(2005, 300.0))
    assert (large.values[2005].sum(axis=1) > 300).all()
    assert len(large.places) < 40


def test_a_forecast_gives_chances_with_reasons(frame):
    found = forecast(frame, **COLUMNS, train=(2000, 2005), at=2010, model="additive_logit")
    assert found.frame["probability"].is_between(0, 1).all()
    assert (found.frame["advantage"] < 1).all()
    top = found.frame.sort("probability").row(-1, named=True)
    parts = found.explain(top["place"], top["activity"])
    odds = np.log(top["probability"] / (1 - top["probability"]))
    assert parts["log_odds"].sum() + found.fitted.intercept == pytest.approx(odds, abs=1e-9)
    assert "候选" in found.summary("zh")
    with pytest.raises(UsageError, match="no candidate"):
        found.explain("c00", "nothing")
    with pytest.raises(UsageError, match="model 'rca'"):
        forecast(frame, **COLUMNS, train=(2000, 2005), model="rca")
    with pytest.raises(UsageError, match="after it begins"):
        forecast(frame, **COLUMNS, train=(2005, 2000))


def test_without_scikit_learn_the_rest_still_runs_and_says_so(frame, monkeypatch):
    from xinzhi.pathways.entry import models as entry_models

    monkeypatch.setattr(entry_models, "find_spec", lambda _: None)
    found = backtest(frame, **COLUMNS, train=(2000, 2005), test=(2005, 2010), options=BacktestOptions(draws=5))
    assert "blend" not in found.cells.columns
    assert found.comparison["ours"].unique().to_list() == ["additive_logit"]
    assert [finding.rule for finding in found.findings] == ["no-scikit-learn"]
    with pytest.raises(UsageError, match="xinzhi\\[learn\\]"):
        forecast(frame, **COLUMNS, train=(2000, 2005), model="blend")
