"""In depth: what the regions of a decomposition put into new technology, and what their TFP has to do with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from xinzhi.core.errors import InputError
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.sources.assumptions import conventions
from xinzhi.sources.innovation.knowledge_stock import innovation_shares, knowledge_elasticity, knowledge_stock
from xinzhi.sources.reading import left_out, said, told

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.regression import Regression
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.sources.decompose import Sources

SIGNIFICANT = 1.96  # standard errors; a smaller coefficient is told as none


@dataclass(frozen=True, repr=False, kw_only=True)
class Innovation(Result):
    """What the regions put into new technology.

    Parameters
    ----------
    frame
        ``region, year, share, value``: shares as ratios, from `innovation_shares`.
    stock
        ``region, year, flow, stock`` of knowledge at constant prices; None without R&D expenditure.
    elasticity
        TFP on the stock of the year before; None where it cannot be estimated.
    left_out
        ``measure_zh, measure_en, reason_zh, reason_en``: what the package does not allow.
    regions
        Names and macro-regions.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year", "share")

    stock: pl.DataFrame | None
    elasticity: Regression | None
    left_out: pl.DataFrame
    regions: pl.DataFrame

    def leading(self) -> pl.DataFrame:
        """Return ``region, year, value`` of the first share of the conventions that the package gives, its last year.

        Examples
        --------
        >>> import xinzhi
        >>> from xinzhi.sources import decompose
        >>> package = xinzhi.load("china-provinces")
        >>> in_depth(decompose(package), package).leading()["region"][0]
        '110000'
        """
        import polars as pl

        known = self.frame["share"].unique().to_list()
        name = next(name for name in conventions()["shares"] if name in known)
        rows = self.frame.filter(pl.col("share") == name)
        last = rows.group_by("year").len().sort("len", "year").row(-1)[0]
        return rows.filter(pl.col("year") == last).sort("value", descending=True)

    def sentences(self) -> tuple[Text, ...]:
        """Return which regions lead and trail in the leading share, and what TFP has to do with knowledge."""
        return (_ends(self), *_elasticity(self.elasticity))

    def summary(self, language: Language = "en") -> str:
        """Return the sentences and what was left out; what they rest on is said by the decomposition."""
        return "\n".join([*(one.lang(language) for one in self.sentences()), *told(self.left_out, language)])


def share_title(name: str) -> Text:
    """Return the title of a share of the conventions."""
    entry = conventions()["shares"][name]
    return Text(zh=entry["zh"], en=entry["en"])


def in_depth(result: Sources, package: Package) -> Innovation:
    """Look deeper into breakthrough: shares of innovation, the stock of knowledge, and what TFP has to do with it.

    Parameters
    ----------
    result
        A decomposition of the package.
    package
        The package, for its tables `indicators` and `accounts`.

    Raises
    ------
    InputError
        When the package has no indicator that a share takes.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.sources import decompose
    >>> package = xinzhi.load("china-provinces")
    >>> in_depth(decompose(package), package).left_out["measure_en"].to_list()
    ['sales of new products over revenue of industry']
    """
    found = innovation_shares(package)
    lacking = [
        (
            share_title(name),
            Text(
                zh=f"indicators 表没有 {missing}", en=f"the table indicators has no {missing.replace(', ', ' and no ')}"
            ),
        )
        for name, missing, *_ in found.missing.rows()
    ]
    if not found.frame.height:
        message = f"{package.name} has no indicator of innovation: {'; '.join(why.en for _, why in lacking)}."
        raise InputError(message)
    stock = fit = None
    try:
        stock = knowledge_stock(_research(package), value="value", price="price")
        fit = knowledge_elasticity(result.measurement.levels, stock)
    except InputError as error:
        lacking.append((Text(zh="知识存量及其弹性", en="the stock of knowledge and its elasticity"), said(error)))
    return Innovation(
        frame=found.frame.select("region", "year", "share", "value"),
        stock=stock,
        elasticity=fit,
        left_out=left_out(lacking),
        regions=result.measurement.regions,
        kind=result.kind,
        provenance=replace(
            result.provenance,
            verb="sources.innovation",
            inputs={**result.provenance.inputs, "indicators": package.fingerprint("indicators")},
        ),
    )


def _research(package: Package) -> pl.DataFrame:
    """Return R&D expenditure and the price of the region's output, which stands in for one of research.

    Raises
    ------
    InputError
        When the package lacks either.
    """
    import polars as pl

    name = conventions()["flow"]["value"]
    spent = package.tables["indicators"].filter(pl.col("indicator") == name).select("region", "year", "value")
    if not spent.height:
        message = f"the table 'indicators' of {package.name} has no {name}."
        raise InputError(message)
    columns = ["region", "year", "output_nominal", "output_real"]
    accounts = package.require("accounts", columns, verb="sources.innovation", despite=("missing-year",))
    price = accounts.select("region", "year", price=pl.col("output_nominal") / pl.col("output_real"))
    return spent.drop_nulls().join(price.drop_nulls(), on=["region", "year"], how="left")


def _ends(result: Innovation) -> Text:
    """Return the regions with the most and the least of the leading share."""
    rows = result.leading()
    names = {code: Text(zh=zh or en or code, en=en or zh or code)
             for code, zh, en in result.regions.select("region", "name_zh", "name_en").rows()}  # fmt: skip
    name, year = rows["share"][0], rows["year"][0]
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    title = share_title(name)
    ends = [f"{100 * row['value']:.1f}" for row in (first, last)]
    high, low = (names.get(row["region"], Text(zh=row["region"], en=row["region"])) for row in (first, last))
    return Text(
        zh=f"{title.zh}，{year} 年：最高为{high.zh}（{ends[0]}%），最低为{low.zh}（{ends[1]}%）。",
        en=f"{title.en}, {year}: highest in {high.en} ({ends[0]} %), lowest in {low.en} ({ends[1]} %).",
    )


def _elasticity(fit: Regression | None) -> list[Text]:
    """Return whether TFP grew with knowledge, by the sign and size of the coefficient."""
    if fit is None:
        return []
    value, error = float(fit.coefficients[0]), float(fit.standard_errors[0])
    figures = f"{value:+.2f}".replace("-", "−"), f"{error:.2f}"
    if abs(value) < SIGNIFICANT * error:
        verb = Text(
            zh="这些年份看不出知识存量与全要素生产率的关系",
            en="TFP shows no link to the stock of knowledge",
        )
    elif value > 0:
        verb = Text(
            zh="知识存量增长较快的地区全要素生产率增长较快", en="TFP grew faster where the stock of knowledge did"
        )
    else:
        verb = Text(
            zh="知识存量增长较快的地区全要素生产率增长较慢", en="TFP grew more slowly where knowledge grew faster"
        )
    return [
        Text(
            zh=f"在地区与年份之内，{verb.zh}（弹性 {figures[0]}，标准误 {figures[1]}）。",
            en=f"Within regions and years, {verb.en} (elasticity {figures[0]}, standard error {figures[1]}).",
        )
    ]
