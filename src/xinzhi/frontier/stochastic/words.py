"""A stochastic frontier in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.text import Text

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.frontier.stochastic.result import StochasticFrontier

_MODELS = {
    "half-normal": Text(zh="半正态模型", en="normal/half-normal model"),
    "truncated-normal": Text(zh="截断正态模型", en="normal/truncated-normal model"),
    "exponential": Text(zh="指数模型", en="normal/exponential model"),
    "gamma": Text(zh="伽马模型", en="normal/gamma model"),
    "rayleigh": Text(zh="瑞利模型", en="normal/Rayleigh model"),
    "uniform": Text(zh="均匀分布模型", en="normal/uniform model"),
    "pitt-lee": Text(zh="Pitt-Lee（1981）时不变模型", en="Pitt and Lee (1981), constant inefficiency"),
    "battese-coelli-1992": Text(
        zh="Battese-Coelli（1992）时变模型", en="Battese and Coelli (1992), decaying inefficiency"
    ),
    "battese-coelli-1995": Text(zh="Battese-Coelli（1995）效应模型", en="Battese and Coelli (1995), with determinants"),
    "kumbhakar-1990": Text(zh="Kumbhakar（1990）时变模型", en="Kumbhakar (1990), logistic path of inefficiency"),
    "true-fixed": Text(zh="真固定效应模型", en="true fixed effects"),
    "true-random": Text(zh="真随机效应模型", en="true random effects"),
    "four-component": Text(zh="四分量模型", en="four-component model"),
}
_STATUS = {
    "converged": Text(zh="已收敛到内部极大值", en="converged to a maximum inside the parameter space"),
    "boundary": Text(zh="极大值在参数空间边界上", en="the maximum lies on the boundary of the parameter space"),
    "not converged": Text(zh="未得到极大值，数值不可使用", en="NO maximum was found: do not use the figures"),
}
_LINES = Text(
    zh="{model}，{rows} 行：{status}\n"
    "  平均技术效率 {mean:.3f}（最低 {low:.3f}，最高 {high:.3f}）；对数似然值 {value:.4f}\n"
    "  弹性：{slopes}；规模报酬 {scale}\n"
    "  “无技术无效率”的似然比 {ratio:.2f}，p = {p:.4f}（混合卡方）",
    en="{model}, {rows} rows: {status}\n"
    "  mean efficiency {mean:.3f} (from {low:.3f} to {high:.3f}); log-likelihood {value:.4f}\n"
    "  elasticities: {slopes}; returns to scale {scale}\n"
    "  likelihood ratio of no inefficiency {ratio:.2f}, p = {p:.4f} (mixed chi-square)",
)
_COST = Text(zh="成本前沿，", en="cost frontier, ")
_BROKEN = Text(zh="  {name}：{rows} 行中 {bad} 行不满足", en="  {name} fails in {bad} of {rows} rows")
_CHECKS = {"monotonicity": "单调性", "quasi-concavity": "拟凹性", "concavity in prices": "对价格的凹性"}


def summarise(result: StochasticFrontier, language: Language) -> str:
    """Return the finding in a few lines, warnings last."""
    scores = result.frame["efficiency"].to_numpy()
    means = {name: float(result.elasticities[name].to_numpy().mean()) for name in result.frontier.inputs}
    table = result.elasticities
    known = "returns_to_scale" in table.columns
    scale = f"{float(table['returns_to_scale'].to_numpy().mean()):.3f}" if known else "-"
    prefix = _COST.lang(language) if result.settings.cost else ""
    lines = [
        _LINES.lang(language).format(
            model=prefix + _MODELS[result.model].lang(language),
            rows=result.frame.height,
            status=_STATUS[result.verdict.status].lang(language),
            mean=float(scores.mean()),
            low=float(scores.min()),
            high=float(scores.max()),
            value=result.log_likelihood,
            slopes=("，" if language == "zh" else ", ").join(f"{name} {mean:.3f}" for name, mean in means.items()),
            scale=scale,
            ratio=float(result.tests["statistic"][0]),
            p=float(result.tests["p_value"][0]),
        )
    ]
    lines += [f"  {note.lang(language)}" for note in result.verdict.notes]
    for row in result.checks.filter(result.checks["status"] == "violated").iter_rows(named=True):
        name = _CHECKS[row["check"]] if language == "zh" else row["check"]
        bad = row["rows"] - row["satisfied"]
        lines.append(_BROKEN.lang(language).format(name=name, rows=row["rows"], bad=bad))
    return "\n".join([*lines, result.provenance.foot()])
