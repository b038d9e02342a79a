"""The verb `plan`: for every region a portfolio of categories, of largest expected gain under national limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, AnyPackage, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts
from xinzhi.core.text import Text
from xinzhi.data import names_of
from xinzhi.data.package import Package
from xinzhi.pathways.complexity.cells import Cells
from xinzhi.pathways.conventions import check_known, setting
from xinzhi.pathways.entry.forecast import Skill, entry_skill
from xinzhi.pathways.industries import as_package, jobs, name_columns, nearness
from xinzhi.pathways.plans import lists as weighing
from xinzhi.pathways.plans import plan_constraints as rules
from xinzhi.pathways.plans.assignment import Assignment, InfeasibleTaskError, Task, assign, greedy, herd, queue, row_of
from xinzhi.pathways.plans.plan_constraints import EntryOdds, Limits, Parts
from xinzhi.pathways.plans.plan_evidence import Choices
from xinzhi.pathways.plans.plan_frames import PlanExplanation, PlanFrames
from xinzhi.pathways.plans.similarity import jaccard, mean_of_pairs

_SHOWN = 3
_NOTHING = {"region": pl.String, "category": pl.String, "chance": pl.Float64, "gain": pl.Float64}
_TABLES = ("activity", "activity_sections", "accounts", "debt", "capacity", "plans", "plan_categories")


@dataclass(frozen=True, repr=False, kw_only=True)
class Plan(PlanFrames, verb="plan", topic="pathways", key=("region", "category")):
    """A coordinated plan, a row for each assignment: ``moved`` where something better went to regions that gain more.

    Candidates are the categories that plans name where the package has them (`unjudged`: those that cannot be weighed,
    and why), else the industries of `activity`; either way the column is ``category``.

    `frame` has no rows where nothing can be recommended: where the model behind the chances does not beat the plain
    location quotient on entries that it has not seen (`skill`). The answer then is the test, and what evidence shows
    region by region where a study hands it in (`choices`); what the limits would do stands in `comparison`.

    `candidates` sets plan against herd; `cap_price` is what one more place would add to the total. `regions` says what
    each gets, and would get if it chose alone and no other did the same. `comparison` has a row for each kind of plan;
    what is lost is relative to ``loose``, the optimum under sizes and caps alone. `assignment` has objective, bound,
    gap, proof and prices, `task` the limits as arrays, `odds` the logit behind the chances (None where they were handed
    in), `parts` the matrices behind, for `explain` and `sensitivity`. `year` is that of the industries, `debt_year`
    that of the debt.
    """

    assignment: Assignment
    task: Task
    odds: EntryOdds | None
    skill: Skill | None
    year: int
    debt_year: int | None
    parts: Parts
    findings: tuple[Finding, ...]
    unjudged: pl.DataFrame
    choices: Choices | None = None

    @property
    def gap(self) -> float:
        """Return how far from optimal the plan can be at most, as a share of its gain."""
        return self.assignment.gap

    def answer(self) -> Iterator[Fact]:
        """Yield what the plan gains over the herd and over every region for itself, and what is scarce."""
        yield from self._test_facts()
        yield from self._weighed()
        if self.frame.is_empty():
            yield from () if self.choices is None else self.choices.evidence()
            return
        yield from self._gains()
        crowded = self.crowded()
        top = crowded.row(0, named=True)
        yield words.pathways.headline_against_herd(
            name=self.names.text("category", top["category"]),
            herd=top["herd"],
            cap=top["cap"],
            ours=top["coordinated"],
            k=int((crowded["herd_excess"] > 0).sum()),
        )
        yield words.pathways.headline_portfolios(
            moved=self.frame.filter(pl.col("reason") == "moved").height,
            n=self.frame.height,
            used=self.frame["category"].n_unique(),
        )
        scarce = self.candidates.filter(pl.col("cap_price") > 0).sort("cap_price", descending=True)
        if scarce.height:
            names = [self.names.text("category", code) for code in scarce["category"][:_SHOWN]]
            yield words.pathways.headline_scarce(names=names, price=scarce["cap_price"][0])

    def _gains(self) -> Iterator[Fact]:
        """Yield what the plan gains beside the other ways to choose, its proof, and how alike the lists are."""
        kinds = {row["kind"]: row for row in self.comparison.iter_rows(named=True)}
        best, loose = kinds["coordinated"]["gain_realised"], kinds["loose"]["gain_realised"]
        yield words.pathways.headline_gains(
            ours=best,
            herd=kinds["herd"]["gain_realised"],
            greedy=kinds["greedy"]["gain_realised"],
            excess=kinds["herd"]["excess"],
            alone=kinds["greedy"]["excess"],
        )
        yield words.pathways.summary_proof(
            regions=self.regions.height,
            candidates=self.candidates.height,
            proof=self.assignment.proof,
            gap=self.gap,
            cost=1.0 - best / loose if loose > 0 else 0.0,
        )
        yield words.pathways.summary_queue(share=kinds["queue"]["gain_realised"] / loose if loose > 0 else 1.0)
        yield self._varied(loose)
        yield words.pathways.summary_overlap(
            coordinated=kinds["coordinated"]["mean_jaccard"],
            greedy=kinds["greedy"]["mean_jaccard"],
            herd=kinds["herd"]["mean_jaccard"],
        )

    def _test_facts(self) -> Iterator[Fact]:
        """Yield what the test of the chances says; nothing where the caller gave them."""
        if self.odds is None:
            return
        yield from [words.pathways.headline_no_test()] if self.skill is None else self.skill.answer()

    def _weighed(self) -> Iterator[Fact]:
        """Yield which categories of plans can be weighed at all; nothing where the candidates are industries."""
        if self.parts.kind != "category":
            return
        unweighed = self.unjudged.filter(pl.col("why").is_in(["no_base", "no_product"]))["category"]
        names = [self.names.text("category", code) for code in unweighed]
        n = self.candidates.height
        if names:
            yield words.pathways.plan_candidates(n=n, all=n + self.unjudged.height, names=names)

    def _varied(self, loose: float) -> Fact:
        """Return what the smallest and largest caps that hold do to the optimum under sizes and caps alone."""
        free = replace(self.task, floors=np.zeros(len(self.task.sizes)), room=None, loads=None, overlap=None)
        rows = [sensitivity_row(free, scale, loose) for scale in setting("plan.scales")]
        feasible = [row for row in rows if row["gain"] is not None and row["scale"] != 1.0]
        first, last = feasible[0], feasible[-1]
        return words.pathways.summary_caps(
            first_scale=first["scale"],
            first_beside_plan=first["beside_plan"],
            last_scale=last["scale"],
            last_beside_plan=last["beside_plan"],
        )

    def explain(self, region: str) -> PlanExplanation:
        """Return why a region (code or name) gets what it gets, and what went elsewhere at which price."""
        parts, task = self.parts, self.task
        code = self.names.resolve(region, parts.places)
        number = parts.places.index(code)
        name, row = self.names.region(code), self.regions.row(number, named=True)
        if self.frame.is_empty():
            none: Facts = {"explain.nothing": {"name": name}}
            if self.choices is not None:
                none = self.choices.explain(code).facts
            return PlanExplanation(region=code, name=name, assigned=self.frame, passed=self.frame, facts=none)
        rank, selected = own_ranks(task.value)[number], self.assignment.selection[number]
        passed = np.flatnonzero(~selected & (rank > 0) & (rank < int(rank[selected].max(initial=0))))
        passed = passed[np.argsort(rank[passed], kind="stable")]
        rows = cell_rows(task, self.assignment, parts, np.full(len(passed), number), passed)
        frame = rows.with_columns(net=pl.col("value") - pl.col("cap_price"))
        assigned = self.frame.filter(pl.col("region") == code)
        debt = self.debt_year is not None and row["debt_ratio"] is not None
        facts: Facts = {
            "explain.plan_debt" if debt else "explain.plan": {**row, "name": name, "year": self.debt_year},
            "explain.assigned": self._cell_facts(assigned),
            "explain.passed": self._cell_facts(frame.head(_SHOWN)),
        }
        return PlanExplanation(region=code, name=name, assigned=assigned, passed=frame, facts=facts)

    def _cell_facts(self, cells: pl.DataFrame) -> list[dict[str, object]]:
        return [
            {**row, "name": self.names.text("category", row["category"]), "full": row["cap_price"] > 0}
            for row in cells.iter_rows(named=True)
        ]

    def sensitivity(self, scales: Sequence[float] | None = None) -> pl.DataFrame:
        """Return what looser or tighter caps would do: all caps times positive `scales`.

        The frame is ``scale, places, gain, beside_plan, gap, mean_jaccard, status_zh, status_en``: places under the
        caps (rounded down, at least 1), the total and its departure from the plan's, null where the status says why.
        None: the scales of ``pathways.yaml``.
        """
        scales = [float(scale) for scale in (setting("plan.scales") if scales is None else scales)]
        if min(scales, default=1.0) <= 0:
            raise UsageError("pathways.scale", value=min(scales))
        return pl.DataFrame([sensitivity_row(self.task, scale, self.assignment.objective) for scale in scales])


def plan(  # noqa: PLR0913 - the parts of one programme, each with a default
    package: AnyPackage,
    *,
    portfolio: int | None = None,
    year: int | None = None,
    probabilities: AnyFrame = None,
    gains: AnyFrame = None,
    limits: Limits | None = None,
    exclude: Sequence[str] | None = None,
    time_limit: float | None = None,
    untested: bool = False,
) -> Plan:
    """Choose for every region the categories that raise the expected gain of all most, under national limits.

    Parameters
    ----------
    package
        With `activity`. With `plan_categories` candidates are the categories that plans name (``candidates.yaml``), by
        `activity` and `activity_sections`, worth what they add to `accounts`; without, the industries of `activity`.
        `debt` and `capacity` where limits are to follow them; `plans` where the herd is to follow what regions name.
    portfolio
        How many categories a region gets; None: as ``pathways.yaml`` says.
    year
        Year of the industries; None: the last.
    probabilities
        Chances of entry: a frame ``region, category, probability`` (or ``industry``); what it does not list cannot be
        chosen. None: a logit in relatedness density, estimated from the package's own past (`entry_odds`).
    gains
        What a category is worth: a mapping, or a frame ``category, gain`` or ``region, category, gain`` (or
        ``industry``), such as a gain in productivity; not negative. None: the value added that a region would gain by
        it (``candidates.yaml``); of an industry, its complexity above that of the least complex one.
    limits
        The limits.
    exclude
        Categories (or industries) that are not a region's to choose; None: as the YAML files say.
    time_limit
        Seconds for the solver; None: as ``pathways.yaml`` says.
    untested
        Name assignments although the model behind the chances does not beat the plain location quotient on entries that
        it has not seen, to study the limits. The caller answers for `probabilities`.

    Raises
    ------
    InputError
        When the input cannot be used, or no plan keeps all limits: the message says which limit, and by how much.

    Examples
    --------
    >>> found = plan("china-provinces")
    >>> found.assignment.proof in ("flow", "branch and bound"), found.gap < 1e-6
    (True, True)
    >>> found.skill.beats, found.frame.height  # relatedness foretells entry no better: nothing is recommended
    (False, 0)
    """
    data = as_package(package)
    limits = limits or Limits()
    source = weighing.with_services(data)
    cells, when = jobs(source, year, verb="plan")
    size = int(setting("plan.portfolio")) if portfolio is None else portfolio
    if size < 1:
        raise UsageError("pathways.portfolio", n=size)
    parts, odds, unjudged = _parts(source, cells, when, (probabilities, gains), exclude)
    ratios, debt_year = rules.debt_ratios(data)
    sizes, findings = rules.sizes_of(limits, parts.places, size, ratios)
    named_codes = parts.kind == "category"
    used = rules.utilisation(data, cells.activities if named_codes else parts.industries)
    used = weighing.idle(used, parts.industries) if named_codes else used
    task = rules.task_of(parts, sizes, rules.caps_of(limits.caps, parts.industries, int(sizes.sum()), used), limits)
    try:
        best = assign(task) if time_limit is None else assign(task, time_limit=time_limit)
        bare = replace(task, floors=np.zeros(len(sizes)), room=None, loads=None, overlap=None)
        loose = best if best.proof == "flow" else assign(bare)
    except InfeasibleTaskError:
        raise rules.refuse(task, parts.places, parts.industries) from None
    skill = None if odds is None else entry_skill(source, when)
    recommends = odds is None or untested or (skill is not None and skill.beats)
    popular = weighing.favoured(data, parts.industries, parts.value, parts.kind)
    rivals = {"greedy": greedy(task), "herd": herd(task, popular)}
    selections = {"coordinated": best.selection, "loose": loose.selection, "queue": queue(task), **rivals}
    ceiling = (best.objective, loose.objective)
    return Plan(
        frame=assigned_rows(task, best, parts) if recommends else pl.DataFrame(schema=_NOTHING),
        candidates=cap_rows(task, best, parts, rivals, used),
        regions=region_rows(task, best, parts, ratios),
        comparison=pl.DataFrame([row_of(task, selection, kind, ceiling) for kind, selection in selections.items()]),
        assignment=best,
        task=task,
        odds=odds,
        skill=skill,
        year=when,
        debt_year=debt_year if limits.debt and limits.sizes is None else None,
        parts=parts,
        findings=(*cells.findings, *findings),
        unjudged=unjudged,
        names=parts.names,
        kind=data.kind,
        provenance=provenance(
            "plan",
            data,
            [name for name in _TABLES if name in data.tables],
            portfolio=size,
            year=when,
            floor=limits.floor,
            overlap=task.overlap,
            excluded=parts.excluded,
            probabilities="given" if odds is None else "logit",
            gain="given" if gains is not None else _default_gain(parts.kind),
        ),
    )


def _default_gain(kind: str) -> str:
    """Return what measures a gain that the caller does not give."""
    return "value added" if kind == "category" else "complexity"


def _parts(
    data: Package, cells: Cells, when: int, overrides: tuple[object, object], exclude: Sequence[str] | None
) -> tuple[Parts, EntryOdds | None, pl.DataFrame]:
    """Return chances, gains and densities of what regions may choose, and the categories that cannot be weighed."""
    relatedness, heads = nearness(cells), cells.values.sum(axis=1)
    out = tuple(setting("plan.excluded") if exclude is None else exclude)
    unjudged, kind = pl.DataFrame(), "industry"
    gain = None
    if weighing.weighs(data):
        candidates = weighing.candidates(data, cells, relatedness)
        cells, relatedness, unjudged, kind, out = (
            candidates.cells,
            candidates.relatedness,
            candidates.unjudged,
            "category",
            tuple(exclude or ()),
        )
        gain = None if overrides[1] is not None else weighing.worth(data, candidates)
    check_known(exclude or (), cells.activities, kind, "plan: exclude")
    mask = np.array([code not in out for code in cells.activities])
    if not mask.any():
        raise UsageError("pathways.all-excluded")
    probability, odds = rules.chances_of(overrides[0], data, relatedness, when)
    gain = rules.gains_of(overrides[1], data, cells, when) if gain is None else gain
    barred = relatedness.present | weighing.contradicted(data, relatedness.places, relatedness.industries, kind)
    value = np.where(barred, np.nan, probability * gain)
    nation = cells.values.sum(axis=0, keepdims=True)
    names = names_of(data)
    if kind != "category":  # categories are name_columns as industries are
        names = Names({**names.by_kind, "category": names.by_kind.get("industry", {})})
    parts = Parts(
        kind=kind,
        places=cells.places,
        industries=tuple(code for code, keep in zip(cells.activities, mask, strict=True) if keep),
        probability=probability[:, mask],
        gain=gain[:, mask],
        value=value[:, mask],
        density=relatedness.density[:, mask],
        lack=np.maximum(heads[:, None] * nation / heads.sum() - cells.values, 0.0)[:, mask],
        nation=nation[0, mask],
        names=names,
        excluded=tuple(code for code in out if code in cells.activities),
    )
    if not np.isfinite(parts.value).any():
        raise InputError("pathways.nothing-to-choose")
    return parts, odds, unjudged


def own_ranks(value: FloatArray) -> IntArray:
    """Return the place of every industry in its region's own order, 1 the best; 0 where it cannot be chosen."""
    order = np.argsort(-np.nan_to_num(value, nan=-np.inf), axis=1, kind="stable")
    rank = np.empty(value.shape, dtype=np.int64)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(1, value.shape[1] + 1), value.shape), axis=1)
    return np.where(np.isfinite(value), rank, 0)


def _code_and_names(names: Names, codes: Sequence[str], stem: str) -> dict[str, list[str]]:
    return {stem: list(codes), **name_columns(names, stem, codes, stem)}


def cell_rows(task: Task, best: Assignment, parts: Parts, rows: IntArray, columns: IntArray) -> pl.DataFrame:
    """Return what some regions would have of some categories, what caps hold, and what one more place would add."""
    return pl.DataFrame(
        {
            **_code_and_names(parts.names, [parts.industries[column] for column in columns], "category"),
            "own_rank": own_ranks(task.value)[rows, columns],
            "chance": parts.probability[rows, columns],
            "gain": parts.gain[rows, columns],
            "value": task.value[rows, columns],
            "cap": task.caps[columns],
            "taken": best.selection.sum(axis=0)[columns],
            "cap_price": best.cap_prices[columns],
        },
        schema_overrides=dict.fromkeys(("category", "category_zh", "category_en"), pl.String),
    )


def assigned_rows(task: Task, best: Assignment, parts: Parts) -> pl.DataFrame:
    """Return one row per assignment; the columns are those of `Plan.frame`."""
    rows, columns = np.nonzero(best.selection)
    names = dict.fromkeys(("region", "region_zh", "region_en"), pl.String)
    regions = pl.DataFrame(_code_and_names(parts.names, [parts.places[row] for row in rows], "region"), schema=names)
    own_choice = pl.col("own_rank") <= pl.Series(task.sizes[rows])
    frame = pl.concat([regions, cell_rows(task, best, parts, rows, columns)], how="horizontal").select(
        *names,
        "category",
        "category_zh",
        "category_en",
        "chance",
        "gain",
        "value",
        "own_rank",
        "cap",
        "taken",
        "cap_price",
        reason=pl.when(own_choice).then(pl.lit("own choice")).otherwise(pl.lit("moved")),
    )
    return frame.sort("region", "own_rank")


def cap_rows(
    task: Task, best: Assignment, parts: Parts, rivals: Mapping[str, BoolArray], used: Mapping[str, float]
) -> pl.DataFrame:
    """Return one row per category; the columns are those of `Plan.candidates`."""
    counts = {kind: selection.sum(axis=0) for kind, selection in rivals.items()}
    return pl.DataFrame(
        {
            **_code_and_names(parts.names, parts.industries, "category"),
            "utilisation": [used.get(code) for code in parts.industries],
            "cap": task.caps,
            "coordinated": best.selection.sum(axis=0),
            "greedy": counts["greedy"],
            "herd": counts["herd"],
            "cap_price": best.cap_prices,
            "greedy_excess": np.maximum(counts["greedy"] - task.caps, 0),
            "herd_excess": np.maximum(counts["herd"] - task.caps, 0),
        },
        schema_overrides={"utilisation": pl.Float64},
    )


def region_rows(task: Task, best: Assignment, parts: Parts, ratios: Mapping[str, float]) -> pl.DataFrame:
    """Return one row per region; the columns are those of `Plan.regions`."""
    gains = np.where(best.selection, np.nan_to_num(task.value), 0.0).sum(axis=1)
    order = np.sort(np.nan_to_num(task.value), axis=1)[:, ::-1]
    own_best = np.array([row[:size].sum() for row, size in zip(order, task.sizes, strict=True)])
    return pl.DataFrame(
        {
            **_code_and_names(parts.names, parts.places, "region"),
            "debt_ratio": [ratios.get(place) for place in parts.places],
            "size": task.sizes,
            "choices": task.eligible().sum(axis=1),
            "gain": gains,
            "own_best": own_best,
            "floor": task.floors,
            "share": np.where(own_best > 0, gains / np.where(own_best > 0, own_best, 1.0), 1.0),
        },
        schema_overrides={"debt_ratio": pl.Float64},
    )


class SensitivityRow(TypedDict):
    """What caps times `scale` do; figures are None where the status says why."""

    scale: float
    places: int
    gain: float | None
    beside_plan: float | None
    gap: float | None
    mean_jaccard: float | None
    status_zh: str
    status_en: str


def sensitivity_row(task: Task, scale: float, reference: float) -> SensitivityRow:
    """Return what caps times `scale` do; the columns are those of `Plan.sensitivity`."""
    caps = np.maximum(np.floor(task.caps * scale + 1e-9).astype(np.int64), np.minimum(task.caps, 1))
    row: SensitivityRow = {
        "scale": scale,
        "places": int(caps.sum()),
        "gain": None,
        "beside_plan": None,
        "gap": None,
        "mean_jaccard": None,
        "status_zh": "",
        "status_en": "",
    }
    try:
        best = assign(replace(task, caps=caps))
    except InfeasibleTaskError:
        status: Text = words.pathways.status_infeasible()
    except InputError as error:
        status = error.text
    else:
        status = words.pathways.status_computed()
        difference = best.objective / reference - 1.0 if reference > 0 else 0.0
        row |= {
            "gain": best.objective,
            "beside_plan": difference,
            "gap": best.gap,
            "mean_jaccard": mean_of_pairs(jaccard(best.selection)),
        }
    row |= {"status_zh": status.zh, "status_en": status.en}
    return row
