"""The calls that are frozen: one table, to be adapted where an option of the command line gets another name."""

from __future__ import annotations

from dataclasses import dataclass

# What stands for a folder or a file in a call; `freeze.py` makes them.
CHINA, ISLANDS, PROVINCES = "china-provinces", "{islands}", "{provinces}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the command line.

    Parameters
    ----------
    name
        The name under which its digests are stored.
    words
        The words after ``xinzhi``; ``{out}`` is a fresh folder.
    quick
        Whether the test suite runs it, too; the others are for the script.
    json
        Whether the first of its two runs asks for one JSON document.
    lang
        Whether the verb takes ``--lang``.
    """

    name: str
    words: str
    quick: bool = False
    json: bool = True
    lang: bool = True


OTHERS = "scope,sources,sectors,paths,frontier,risks"
GOODS = "-x capital,employment -y output_real"

CALLS = (
    Call("check-islands", f"check {ISLANDS} --xlsx {{out}}/marked.xlsx", quick=True),
    Call("check-china", f"check {CHINA}"),
    Call("assess-islands", f"assess {ISLANDS} --out {{out}}", quick=True),
    Call("assess-provinces", f"assess {PROVINCES} --out {{out}}", quick=True),
    Call("assess-china", f"assess {CHINA} --out {{out}}"),
    Call(
        "assess-china-alone",
        f"assess {CHINA} --skip {OTHERS} --set capital.depreciation=0.1096 --out {{out}}",
    ),
    Call("audit-islands", f"audit {ISLANDS} --out {{out}}", quick=True),
    Call("audit-china", f"audit {CHINA} --out {{out}}"),
    Call("audit-china-region", f"audit {CHINA} --group region"),
    Call("audit-china-vintages", f"audit {CHINA} --vintages"),
    Call("claim-islands", f"claim {ISLANDS} --out {{out}}", quick=True),
    Call("claim-china", f"claim {CHINA} --region 220000 --from 2012 --to 2017 --growth 2.5% --rounding 0.5pp"),
    Call("verify-islands", f"verify {{certificate}} --data {ISLANDS}", quick=True),
    Call("scope-provinces", f"scope {PROVINCES} --as-of 2017 --out {{out}}", quick=True),
    Call("scope-china", f"scope {CHINA} --as-of 2024-01-01 --out {{out}}"),
    Call("scope-list", "scope --list --as-of 2016-06-30", quick=True),
    Call("scope-explain", "scope --explain 3973 --as-of 2019-01-01", quick=True),
    Call("frontier-radial", f"frontier {CHINA} {GOODS} --out {{out}}", quick=True),
    Call("frontier-boot", f"frontier {ISLANDS} {GOODS} --boot 40 --returns --out {{out}}", quick=True),
    Call("frontier-sbm-bad", f"frontier {CHINA} {GOODS} --model sbm --bad energy_consumption --out {{out}}"),
    Call(
        "frontier-environmental",
        f"frontier {PROVINCES} {GOODS} --model environmental --bad energy_consumption",
        quick=True,
    ),
    Call("frontier-super", f"frontier {PROVINCES} {GOODS} --model super --rts crs --orientation input", quick=True),
    Call("frontier-cross", f"frontier {PROVINCES} {GOODS} --model cross", quick=True),
    Call("frontier-fdh", f"frontier {PROVINCES} {GOODS} --rts fdh --year 2010", quick=True),
    Call("frontier-global", f"frontier {CHINA} {GOODS} --index global --region Jilin --out {{out}}"),
    Call("frontier-global-islands", f"frontier {ISLANDS} {GOODS} --index global --out {{out}}", quick=True),
    Call(
        "frontier-ml-bad",
        f"frontier {CHINA} {GOODS} --index global --bad energy_consumption --years 2010:2017 --out {{out}}",
    ),
    Call("frontier-hm", f"frontier {PROVINCES} {GOODS} --index hicks-moorsteen --years 2010:2013", quick=True),
    Call(
        "frontier-luenberger",
        f"frontier {PROVINCES} {GOODS} --index luenberger --model non-radial --reference global --years 2010:2013",
        quick=True,
    ),
    Call("frontier-fp", f"frontier {ISLANDS} {GOODS} --index fare-primont", quick=True),
    Call(
        "frontier-malmquist-boot",
        f"frontier {ISLANDS} {GOODS} --index malmquist --boot 20 --years 2008:2010",
        quick=True,
    ),
    Call("frontier-malmquist-meta", f"frontier {CHINA} {GOODS} --index malmquist --group group_en --years 2010:2014"),
    Call("frontier-raydesli", f"frontier {ISLANDS} {GOODS} --decomposition ray-desli", quick=True),
    Call("frontier-meta", f"frontier {CHINA} {GOODS} --group group_en --out {{out}}"),
    Call("frontier-window", f"frontier {ISLANDS} {GOODS} --window 3 --out {{out}}", quick=True),
    Call("frontier-sfa", f"frontier {CHINA} {GOODS} --sfa half-normal --out {{out}}"),
    Call("frontier-sfa-islands", f"frontier {ISLANDS} {GOODS} --sfa bc92", quick=True),
    Call("frontier-stoned", f"frontier {CHINA} {GOODS} --sfa stoned --out {{out}}"),
    Call("frontier-two-stage", f"frontier {CHINA} {GOODS} --explain urbanisation --boot 30 --out {{out}}"),
    Call("frontier-order-m", f"frontier {PROVINCES} {GOODS} --order-m 5", quick=True),
    Call("frontier-order-alpha", f"frontier {PROVINCES} {GOODS} --order-alpha 0.9 --out {{out}}", quick=True),
    Call("sources-islands", f"sources {ISLANDS} --emerging i1 --frontier sequential --out {{out}}", quick=True),
    Call("sources-china", f"sources {CHINA} --region 220000 --out {{out}}"),
    Call("sectors-provinces", f"sectors {PROVINCES} --out {{out}}", quick=True),
    Call("sectors-china", f"sectors {CHINA} --region 220000 --out {{out}}"),
    Call("sectors-index", f"sectors {PROVINCES} --system xinzhi-sectors --draws 40 --out {{out}}", quick=True),
    Call("sectors-index-china", f"sectors {CHINA} --system nqpf-dofile-25 --draws 40 --region Jilin --out {{out}}"),
    Call("sectors-list", "sectors --list"),
    Call("paths-provinces", f"paths {PROVINCES} --draws 20 --region 220000 --out {{out}}", quick=True),
    Call("paths-china", f"paths {CHINA} --draws 20 --region 220000 --out {{out}}"),
    Call("paths-clubs", f"paths {ISLANDS} --clubs", quick=True),
    Call("plan-provinces", f"plan {PROVINCES} -n 2 --cap 5 --floor 0 --region 220000 --out {{out}}", quick=True),
    Call("plan-china", f"plan {CHINA} --sensitivity --region Jilin --out {{out}}"),
    Call("risks-provinces", f"risks {PROVINCES} --draws 100 --region 220000 --out {{out}}"),
    Call("risks-parts", f"risks {PROVINCES} --draws 100 --only debt,capacity,screen --out {{out}}", quick=True),
    Call("risks-china", f"risks {CHINA} --draws 100 --out {{out}}"),
    Call("screen-provinces", f"screen {PROVINCES} --id P01 --out {{out}}", quick=True),
    Call("bubbles-provinces", f"bubbles {PROVINCES} --critical stored --region 310000 --out {{out}}", quick=True),
    Call("bubbles-china", f"bubbles {CHINA} --draws 100 --panel --out {{out}}"),
    Call("bubbles-china-provinces", f"bubbles {CHINA} --of provinces --value price_to_output --critical stored"),
    Call("protocol-list", "protocol list", quick=True),
    Call("protocol-show", "protocol show zhang-2004", quick=True),
    Call("protocol-diff", "protocol diff xinzhi-cn-2026 pwt-10.01", quick=True),
    Call("protocol-check", "protocol check {protocol}", quick=True, json=False),
    Call("data-list", "data list", quick=True),
    Call("data-export", f"data export {ISLANDS} {{out}}/copy", quick=True, json=False, lang=False),
)
