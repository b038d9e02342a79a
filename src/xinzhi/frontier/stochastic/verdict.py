"""Can the estimate be believed? What the derivatives say, and the ways in which a stochastic frontier breaks down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.core.text import Text
from xinzhi.frontier.stochastic.conventions import conventions
from xinzhi.frontier.stochastic.densities import GAMMA, INEFFICIENCY, LOCATION, NOISE
from xinzhi.frontier.stochastic.inference import skewness
from xinzhi.frontier.stochastic.random_effects import EFFECT, PERSISTENT

if TYPE_CHECKING:
    from xinzhi.frontier.stochastic.inference import Estimates
    from xinzhi.frontier.stochastic.maximise import Summit
    from xinzhi.frontier.stochastic.problem import Problem

Status = Literal["converged", "boundary", "not converged"]

_WORDS = {
    "no-inefficiency": Text(
        zh="极大似然估计落在 sigma_u = 0：数据中看不到无效率，等同于最小二乘，效率值均为 1。",
        en="the maximum lies at sigma_u = 0: the data show no inefficiency, the frontier is least squares and every "
        "efficiency is 1.",
    ),
    "wrong-skewness": Text(
        zh="最小二乘残差的偏度方向不对（Waldman 1982）：换函数形式、变量或样本后再试。",
        en="the residuals of least squares are skewed the wrong way (Waldman 1982): reconsider form, variables "
        "or sample.",
    ),
    "no-effect": Text(
        zh="单位随机效应的方差估计为零：单位间差异全部归入持续性无效率。",
        en="the variance of the units' random effects is estimated at zero: all lasting differences count as "
        "inefficiency.",
    ),
    "no-persistent": Text(
        zh="持续性无效率的方差估计为零。", en="the variance of persistent inefficiency is estimated at zero."
    ),
    "noise-vanishes": Text(
        zh="似然函数在 sigma_v 趋于 0 时上升，没有内部极大值：数值不可使用，请换模型或延长面板。",
        en="the likelihood rises as sigma_v goes to 0 and has no maximum inside: do not use these figures; "
        "choose another "
        "model or a longer panel.",
    ),
    "exponential-limit": Text(
        zh="截断正态的 mu 远在左侧，与指数分布难以区分：mu 与 sigma_u 的标准误无意义，可改用 exponential。",
        en="mu of the truncated normal lies so far left that it is an exponential: standard errors of mu and "
        "sigma_u mean "
        "nothing; use model='exponential'.",
    ),
    "gradient": Text(
        zh="相对梯度 {value:.1e} 超过 {limit:.0e}：不是极大值点。",
        en="the relative gradient {value:.1e} exceeds {limit:.0e}: this is no maximum.",
    ),
    "hessian": Text(
        zh="信息矩阵不是正定的（最小特征值 {value:.1e}）：参数不能识别，标准误不可用。",
        en="the information matrix is not positive definite (smallest eigenvalue {value:.1e}): not identified, "
        "no standard "
        "errors.",
    ),
    "higher": Text(
        zh="另有更高的对数似然值 {value:.4f}，但那里模型退化，不是正则极大值。",
        en="a higher log-likelihood, {value:.4f}, was met where the model breaks down; it is no regular maximum.",
    ),
    "lonely": Text(
        zh="{starts} 个起点中只有 1 个到达此处：可能还有更高的峰。",
        en="only one of {starts} starts came here: there may be a higher maximum.",
    ),
    "simulated": Text(
        zh="伽马分布以每行 {draws} 个 Halton 点模拟；同一参数下精确积分的对数似然值为 {value:.6f}。",
        en="the gamma model is simulated with {draws} Halton draws a row; exact integration at the same "
        "parameters gives "
        "the log-likelihood {value:.6f}.",
    ),
}
_BROKEN = ("noise-vanishes", "gradient", "hessian")
_EDGES = ("no-inefficiency", "no-effect", "no-persistent", "exponential-limit")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the estimate is a maximum, and of what kind.

    Parameters
    ----------
    status
        ``converged``, ``boundary`` (a maximum on the edge of the parameter space) or ``not converged``.
    gradient
        Largest relative gradient, ``max |g| max(|theta|, 1) / max(|log L|, 1)``, over the free parameters.
    eigenvalue, condition
        Smallest eigenvalue of the information matrix with unit diagonal, and its condition number.
    steps, starts, agreeing
        Newton steps, starting points, and how many of them ended at this log-likelihood.
    reasons
        Short names of what was found.
    notes
        The same in sentences.
    """

    status: Status
    gradient: float
    eigenvalue: float
    condition: float
    steps: int
    starts: int
    agreeing: int
    reasons: tuple[str, ...]
    notes: tuple[Text, ...]

    @property
    def usable(self) -> bool:
        """Whether the estimate is a maximum at all."""
        return self.status != "not converged"


def judge(problem: Problem, summit: Summit, found: Estimates) -> Verdict:
    """Return the verdict on an estimate."""
    rules = conventions()
    gradient, (eigenvalue, condition) = summit.relative_gradient(), summit.curvature()
    notes: dict[str, Text] = {name: _WORDS[name] for name in _edges(problem, found)}
    if gradient > rules["gradient"]:
        notes["gradient"] = _WORDS["gradient"].format(value=gradient, limit=rules["gradient"])
    if eigenvalue <= rules["eigenvalue"]:
        notes["hessian"] = _WORDS["hessian"].format(value=eigenvalue)
    if summit.higher is not None:
        notes["higher"] = _WORDS["higher"].format(value=summit.higher)
    if summit.starts > 1 and summit.agreeing == 1 and not set(_BROKEN) & set(notes):
        notes["lonely"] = _WORDS["lonely"].format(starts=summit.starts)
    if problem.model == "gamma" and problem.settings.draws is not None:
        notes["simulated"] = _WORDS["simulated"].format(draws=problem.settings.draws, value=_exact(problem, found))
    status: Status = "converged"
    if any(name in notes for name in _BROKEN):
        status = "not converged"
    elif any(name in notes for name in _EDGES):
        status = "boundary"
    counts = (summit.steps, summit.starts, summit.agreeing)
    return Verdict(status, gradient, eigenvalue, condition, *counts, tuple(notes), tuple(notes.values()))


def _edges(problem: Problem, found: Estimates) -> list[str]:
    """Return which edges of the parameter space were reached."""
    rules, names = conventions(), []
    total = sum(np.exp(found.value(term) or 0.0) for term in (NOISE, EFFECT, PERSISTENT) if term in found.terms)
    total += np.exp((found.value(INEFFICIENCY) or 0.0) + (found.value(GAMMA) or 0.0))
    pinned = {term for term, fixed in zip(found.terms, found.fixed, strict=True) if fixed}
    if INEFFICIENCY in pinned:
        names.append("no-inefficiency")
    if skewness(problem.residuals) > 0:
        names.append("wrong-skewness")
    names += [name for term, name in ((EFFECT, "no-effect"), (PERSISTENT, "no-persistent")) if term in pinned]
    if np.exp(found.value(NOISE) or 0.0) < rules["vanishing"] ** 2 * total:
        names.append("noise-vanishes")
    location, log_variance = found.value(LOCATION), found.value(INEFFICIENCY) or 0.0
    if location is not None and location < rules["exponential_limit"] * np.exp(0.5 * log_variance):
        names.append("exponential-limit")
    return names


def _exact(problem: Problem, found: Estimates) -> float:
    """Return the exact log-likelihood of the gamma model at simulated estimates."""
    from xinzhi.frontier.stochastic.gamma import integrated_terms

    sign = -1.0 if problem.settings.cost else 1.0
    e = sign * (problem.y - problem.matrix @ found.values[: problem.size])
    return float(integrated_terms(e, tuple(found.values[problem.size :])).value.sum())
