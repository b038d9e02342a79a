"""`xinzhi frontier` as a user meets it: exit codes, what is printed, what is written."""

from __future__ import annotations

import json

import polars as pl
import pytest
from called import answering, main_files

from xinzhi import studies
from xinzhi.frontier import dynamic_efficiency, materials_balance, network_efficiency

MAIN = ("china-provinces", "--inputs", "capital,employment", "--outputs", "output_real")
FIRMS = "firm,year,k,y\na,2000,2,2\na,2001,2,3\nb,2000,4,2\nb,2001,4,3\nc,2000,8,5\nc,2001,8,6\n"


@pytest.fixture
def xinzhi_frontier(monkeypatch, capsys):
    return answering(monkeypatch, capsys, "frontier")


@pytest.fixture
def firms(tmp_path):
    path = tmp_path / "firms.csv"
    path.write_text(FIRMS, encoding="utf-8")
    return path


def test_main_job_measures_change_with_a_reference_in_the_place_of_the_index(xinzhi_frontier, tmp_path):
    code, out, err = xinzhi_frontier(*MAIN, "--index", "global", "--out", tmp_path, "--region", "Jilin")
    assert (code, err) == (0, "")
    assert "is no growth figure" in out.splitlines()[0]  # its goods are those of the accounts, by their columns
    assert out.splitlines()[1].startswith("Malmquist index, 1996–2017: ")
    assert "651 pairs of adjacent periods" in out
    assert "Shanghai" in out
    assert "310000" not in out
    page = (tmp_path / "frontier.html").read_text(encoding="utf-8")
    assert "吉林" in page
    document = json.loads((tmp_path / "frontier.json").read_text(encoding="utf-8"))
    options = document["results"][0]["provenance"]["options"]
    assert (options["index"], options["reference"]) == ("malmquist", "global")
    assert document["results"][0]["provenance"]["protocol"] == "xinzhi-cn-2026"
    frame = pl.read_csv(tmp_path / "frontier.csv", schema_overrides={"unit": pl.String})
    assert frame.height == 651
    assert set(frame["period"]) == set(range(1997, 2018))


def test_bad_outputs_make_it_green_and_name_who_is_left_out(xinzhi_frontier):
    code, out, _ = xinzhi_frontier(*MAIN, "--index", "global", "--bad", "energy_consumption", "--lang", "zh")
    assert code == 0
    assert out.startswith("1996—2017：Malmquist-Luenberger指数平均每年")
    assert "缺少energy_consumption而未计入的观测21个：西藏。" in out


def test_without_an_index_the_latest_official_year_is_scored(xinzhi_frontier, tmp_path):
    code, out, err = xinzhi_frontier(*MAIN, "--boot", 100, "--returns", "--out", tmp_path, "--top", 2)
    assert (code, err) == (0, "")
    assert "Figures of 2017." in out
    assert "100 replications" in out
    assert "Verdict at 5\u00a0%" in out
    assert main_files(tmp_path) == {
        "frontier.html",
        "frontier.xlsx",
        "frontier.json",
        "frontier-efficiency.csv",
        "frontier-bootstrap.csv",
        "frontier-returnstest.csv",
    }


def test_json_is_one_document(xinzhi_frontier):
    code, out, err = xinzhi_frontier(*MAIN, "--model", "sbm", "--bad", "energy_consumption", "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    provenance = document["results"][0]["provenance"]
    assert provenance["options"]["model"] == "sbm"
    assert {"accounts", "investment", "indicators"} <= set(provenance["inputs"])
    assert document["names"]["220000"] == {"zh": "吉林", "en": "Jilin"}
    assert len(document["results"][0]["frame"]) == 31


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--sfa", "half-normal"), "Normal/half-normal, Cobb-Douglas"),
        (("--sfa", "stoned"), "31 rows, multiplicative error"),
        (("--group", "group_en"), "of the metafrontier"),
        (("--window", 3, "--years", "2010:2017"), "6 windows of 3 periods"),
        (("--explain", "urbanisation", "--boot", 50), "Algorithm 2 of Simar and Wilson"),
        (("--index", "hicks-moorsteen", "--years", "2010：2012"), "Hicks-Moorsteen index"),
        (("--index", "luenberger", "--model", "non-radial", "--reference", "global", "--years", "2010:2012"), "Luenb"),
        (("--index", "malmquist", "--boot", 20, "--years", "2015:2017"), "Malmquist index"),
        (("--index", "malmquist", "--group", "group_en", "--years", "2010:2014"), "technology gap change"),
        (("--decomposition", "ray-desli", "--years", "2010:2014"), "pure technical change"),
        (("--order-m", 10), "Order-m (10)"),
        (("--order-alpha", 0.9), "Order-alpha (0.9)"),
        (("--model", "cross"), "Cross-efficiency, constant returns to scale"),
    ],
)
def test_every_kind_of_question_is_answered(xinzhi_frontier, options, said):
    code, out, err = xinzhi_frontier(*MAIN, *options, "--top", 1)
    assert (code, err) == (0, "")
    assert said in out


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "The growth figure is TFP of the growth accounts"), ("zh", "增长数是增长核算的全要素生产率")],
)
def test_a_package_needs_no_goods(xinzhi_frontier, language, said):
    code, out, err = xinzhi_frontier("china-provinces", "--lang", language, "--top", 2)
    assert (code, err) == (0, "")
    assert out.startswith(said)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "are not plausible (0.75 to 1.25)"), ("zh", "不在0.75至1.25之间")]
)
def test_returns_to_scale_beyond_reason_are_said_to_be(xinzhi_frontier, language, said):
    code, out, _ = xinzhi_frontier(*MAIN, "--sfa", "bc92", "--lang", language, "--top", 1)
    assert code == 0
    assert said in out
    assert said not in xinzhi_frontier(*MAIN, "--sfa", "half-normal", "--lang", language, "--top", 1)[1]


def test_a_surplus_that_is_the_inflow_is_not_listed_twice(xinzhi_frontier):
    goods = (
        "china-provinces",
        "-x",
        "labour,energy_consumption",
        "-y",
        "output",
        "--contents",
        "energy_consumption=0.68",
    )
    code, out, _ = xinzhi_frontier(*goods, "--top", 1)
    assert code == 0
    assert "Surplus" not in out
    assert "Surplus" in xinzhi_frontier(*goods, "--retained", "output=0.001", "--top", 1)[1]


def test_a_plain_table_needs_goods(xinzhi_frontier, firms):
    code, _, err = xinzhi_frontier(firms)
    assert code == 2
    assert "name at least one column" in err


def test_a_plain_table_needs_no_package(xinzhi_frontier, firms, tmp_path):
    code, out, _ = xinzhi_frontier(firms, "-x", "k", "-y", "y", "--index", "malmquist", "--out", tmp_path / "out")
    assert code == 0
    assert "3 pairs of adjacent periods" in out
    frame = pl.read_csv(tmp_path / "out" / "frontier.csv")
    assert frame.filter(pl.col("unit") == "a")["index"][0] == pytest.approx(1.5)


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
def test_a_plain_table_may_be_a_workbook_or_parquet(xinzhi_frontier, firms, tmp_path, suffix):
    path = tmp_path / f"firms.{suffix}"
    frame = pl.read_csv(firms)
    frame.write_parquet(path) if suffix == "parquet" else frame.write_excel(path)
    code, out, _ = xinzhi_frontier(path, "-x", "k", "-y", "y", "--year", 2000, "--rts", "crs", "--orientation", "input")
    assert code == 0
    assert "1 of 3 units are on the frontier" in out
    assert "0.500" in out


@pytest.mark.shared
def test_the_reference_panel_of_31_provinces(xinzhi_frontier, shared):
    path = shared / "data" / "world" / "deaR_EconomyLong.csv"
    code, out, _ = xinzhi_frontier(path, "-x", "Capital,Labor", "-y", "GIOV", "--index", "malmquist", "--json")
    assert code == 0
    rows = json.loads(out)["results"][0]["frame"]
    assert len(rows) == 31 * 4
    assert {row["status"] for row in rows} == {"optimal"}


@pytest.mark.shared
def test_units_are_found_when_names_repeat(xinzhi_frontier, shared):
    path = shared / "data" / "world" / "benchmarking_charnes1981.csv"
    code, out, _ = xinzhi_frontier(path, "-x", "x1,x2,x3,x4,x5", "-y", "y1,y2,y3", "--orientation", "input")
    assert code == 0
    assert "27 of 70 units are on the frontier" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("china-provinces", "-x", "capitel", "-y", "output_real"), 2, "Did you mean 'capital'"),
        ((*MAIN, "--year", "1900"), 2, "no year 1900; the figures reach from 1996"),
        ((*MAIN, "--order-alpha", "0"), 2, "alpha must lie in (0, 1]"),
        ((*MAIN, "--order-m", "5", "--order-alpha", "0.9"), 2, "ask for one of them"),
        ((*MAIN, "--index", "global", "--order-m", "5"), 2, "go with the efficiency of a year"),
        ((*MAIN, "--index", "foo"), 2, "choose an index (malmquist"),
        ((*MAIN, "--index", "global", "--reference", "biennial"), 2, "name one of them"),
        ((*MAIN, "--index", "global", "--year", "2010"), 2, "--years A:B"),
        ((*MAIN, "--index", "global", "--years", "2010"), 2, "write it as A:B"),
        ((*MAIN, "--index", "global", "--years", "2010:2010"), 2, "two periods at least"),
        ((*MAIN, "--index", "malmquist", "--bad", "energy_consumption"), 2, "malmquist takes no bad outputs"),
        ((*MAIN, "--index", "window"), 2, "--reference window and --window K"),
        ((*MAIN, "--index", "global", "--boot", "9"), 2, "--boot goes with --index malmquist"),
        ((*MAIN, "--index", "global", "--group", "group_en"), 2, "--reference metafrontier"),
        ((*MAIN, "--model", "foo"), 2, "choose one of radial"),
        ((*MAIN, "--rts", "foo"), 2, "choose one of crs"),
        ((*MAIN, "--sfa", "foo"), 2, "unknown model 'foo'"),
        ((*MAIN, "--sfa", "bc92", "--boot", "9"), 2, "--boot does not go with --sfa"),
        ((*MAIN, "--boot", "-5"), 2, "--boot is -5: a bootstrap takes at least 2 draws"),
        ((*MAIN, "--index", "malmquist", "--boot", "-5"), 2, "--boot is -5"),
        ((*MAIN, "--sfa", "bc92", "--polluting", "capital"), 2, "--polluting has no part in this"),
        ((*MAIN, "--sfa", "bc92", "--model", "sbm"), 2, "goes with the efficiency of a year, --index and --group"),
        ((*MAIN, "--sfa", "bc92", "--orientation", "input"), 2, "--orientation has no part in this"),
        ((*MAIN, "--sfa", "bc92", "--rts", "crs"), 2, "--rts has no part in --sfa bc92"),
        ((*MAIN, "--sfa", "stoned", "--form", "translog"), 2, "--form has no part in --sfa stoned"),
        ((*MAIN, "--sfa", "bc92", "--window", "3"), 2, "--sfa and --window ask two questions"),
        (
            (*MAIN, "--seed", "3"),
            2,
            "--seed has no part in this: it goes with --index, --boot, --returns and --explain",
        ),
        ((*MAIN, "--region", "Atlantis"), 2, "'Atlantis'"),
        ((*MAIN, "--group", "zone"), 2, "they have name_zh"),
        ((*MAIN, "--unit", "region"), 2, "columns of a plain table"),
        (("china-provinces", "-x", "capital,capital", "-y", "output_real"), 2, "named twice"),
        (("china-provinces", "-x", ",", "-y", "output_real"), 2, "name at least one column"),
        (("china-provinces", "-x", "capital"), 2, "name at least one column"),
        (("nowhere.csv", "-x", "a", "-y", "b"), 3, "no such file"),
    ],
)
def test_misuse_is_one_clear_message(xinzhi_frontier, arguments, code, said):
    found, out, err = xinzhi_frontier(*arguments)
    assert (found, out) == (code, "")
    assert said in err


@pytest.mark.parametrize(
    ("text", "options", "code", "said"),
    [
        ("u,t,k,y\na,1,0,2\nb,1,3,3\nc,1,4,5\n", ("--boot", "20"), 3, "'k' of a is 0"),
        (
            "u,year,k,y\na,1,1,2\na,2,-1,2\n",
            ("--index", "global"),
            3,
            "-1 is negative",
        ),
        ("u,k,y\na,1,2\na,2,3\n", ("--unit", "u"), 3, "'a' and other units have more than one row"),
        ("u,k,y\na,one,2\n", (), 3, "firms.csv, line 2, column 'k' (a): 'one' is not a number"),
        ("u,k,y\na,1,\n", (), 3, "the column 'y' is empty"),
        ("u,k,y\na,1,2\n", ("--index", "global"), 2, "need a period"),
        ("u,k,Y\na,1,2\n", (), 2, "Did you mean 'Y'"),
        ("k,year,y\n1,2000,2\n3,2000,2\n", (), 2, "the column of the units with --unit"),
        ("u,k,y\n", (), 3, "no rows"),
        ("u,year,k,y\na,2000,1,2\na,,2,3\n", ("--unit", "u"), 3, "line 3, column 'year' (a/?): the key is empty"),
        (
            "u,year,k,y\na,1e20,1,2\nb,2000,2,3\n",
            ("--unit", "u"),
            3,
            "line 2, column 'year' (a/1e+20): the period '1e+20' is empty or no number",
        ),
        (
            "u,year,k,y\na,2000,1,2\nb,inf,2,3\n",
            ("--unit", "u"),
            3,
            "line 3, column 'year' (b/inf): the period 'inf' is",
        ),
        (
            "u,k,y\na,1,2\nb,1,5e-324\n",
            (),
            3,
            "line 3, column 'y' (b): 4.94065645841247e-324 is too large or too small",
        ),
        ("u,k,y\na,1e308,2\nb,1,3\n", (), 3, "line 2, column 'k' (a): 1e+308 is too large or too small"),
    ],
)
def test_bad_figures_are_named(xinzhi_frontier, tmp_path, text, options, code, said):
    path = tmp_path / "firms.csv"
    path.write_text(text, encoding="utf-8")
    found, _, err = xinzhi_frontier(path, "-x", "k", "-y", "y", *options)
    assert found == code
    assert said in err


def test_an_option_that_no_question_takes_is_named_in_chinese(xinzhi_frontier):
    code, out, err = xinzhi_frontier(*MAIN, "--seed", "3", "--lang", "zh")
    assert (code, out) == (2, "")
    assert "用不到--seed，它用于--index、--boot、--returns、--explain" in err


def test_a_bad_call_with_json_is_a_document_too(xinzhi_frontier):
    code, out, _ = xinzhi_frontier(*MAIN, "--index", "foo", "--json")
    assert code == 2
    assert json.loads(out)["error"] == "UsageError"


def test_one_unit_alone_is_on_its_own_frontier(xinzhi_frontier, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("u,k,y\na,1,2\n", encoding="utf-8")
    code, _, _ = xinzhi_frontier(path, "-x", "k", "-y", "y", "--out", tmp_path / "out")
    assert code == 0
    assert "There is one of the units only" in (tmp_path / "out" / "frontier.html").read_text(encoding="utf-8")


def test_gaps_of_a_plain_panel_are_left_out_by_name(xinzhi_frontier, tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("firm;Year;k;y\n1;2000;2;2\n2;2000;3;\n1;2001;2;3\n2;2001;3;4\n", encoding="utf-8")
    code, out, _ = xinzhi_frontier(path, "-x", "k", "-y", "y", "--index", "sequential")
    assert code == 0
    assert "1 pair of adjacent periods" in out
    assert "Observations left out for want of y: 1, of 2." in out


PLANTS = """plant,year,workers,energy,ore,steel,debt
a,2020,10,5,8,6,2
b,2020,12,7,9,6,3
c,2020,9,4,8,7,1
a,2021,10,5,9,7,2
b,2021,12,7,9,6,4
c,2021,9,4,9,8,1
d,2021,9,4,8,8,1
"""
NETWORK = ("--flow", "workers=/mine", "--flow", "energy=/mill", "--flow", "ore=mine/mill", "--flow", "steel=mill/")
GOODS = ("-x", "workers,energy", "-y", "steel")


@pytest.fixture
def plants(xinzhi_frontier, tmp_path):
    path = tmp_path / "plants.csv"
    path.write_text(PLANTS, encoding="utf-8")
    return lambda *options: xinzhi_frontier(path, "--unit", "plant", "--period", "year", *options)


def test_the_inside_of_units_is_scored_as_in_python(plants, tmp_path):
    year = pl.read_csv(tmp_path / "plants.csv").filter(year=2021)

    def side(*names):
        return year.select("plant", *names)

    document = json.loads(plants(*NETWORK, "--link", "fixed", "--orientation", "input", "--json")[1])["results"][0]
    divisions = {"mine": (side("workers"), None), "mill": (side("energy"), side("steel"))}
    own = network_efficiency(
        divisions, {("mine", "mill"): side("ore")}, units="plant", link="fixed", orientation="input"
    )
    assert [row["score"] for row in document["frame"]] == own.scores.tolist()
    document = json.loads(plants(*GOODS, "--contents", "energy=0.7", "--retained", "steel=0.01", "--json")[1])
    own = materials_balance(side("workers", "energy"), side("steel"), [0, 0.7], [0.01], units="plant")
    assert [row["environmental"] for row in document["results"][0]["frame"]] == own.frame["environmental"].to_list()
    code, out, err = plants(*GOODS, "--carry", "debt=bad", "--rts", "crs", "--lang", "zh", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert out.startswith("3个单元中")
    assert "动态SBM模型" in out
    assert "未计入1个时期不全的单元：d。" in out
    assert main_files(tmp_path / "out") == {f"frontier.{kind}" for kind in ("html", "xlsx", "json", "csv")}
    frame = pl.read_csv(tmp_path / "plants.csv").filter(pl.col("plant") != "d")
    own = dynamic_efficiency(frame, "plant", "year", ["workers", "energy"], ["steel"], bad=["debt"], rts="crs")
    assert pl.read_csv(tmp_path / "out/frontier.csv")["score"].to_list() == pytest.approx(own.scores.tolist())


@pytest.mark.parametrize(
    ("options", "en", "zh"),
    [
        ((*GOODS, "--contents", "power=1"), "power is no input of -x", "power不是-x中的投入"),
        ((*GOODS, "--contents", "energy=much"), "a number of at least 0", "须为不小于0的数字"),
        ((*GOODS, "--contents", "steel=0.1"), "steel is no input of -x", "steel不是-x中的投入"),
        ((*GOODS, "--contents", "energy=1", "--retained", "ore=1"), "ore is no output of -y", "ore不是-y中的产出"),
        ((*GOODS, "--contents", "energy=-0.7"), "energy=-0.7: it is a number of at least 0", "energy=-0.7：须为"),
        (("--flow", "workers=/mine", "--flow", "ore=mine/"), "the division mine alone", "只有mine一个部门"),
        ((*NETWORK, "--flow", "debt=/mil"), "nothing flows between mil and mine and mill", "mil与mine、mill之间没有流"),
        ((*GOODS, "--contents", "energy=1", "--orientation", "input"), "each stand alone", "各自单独使用"),
        ((*GOODS, "--carry", "debt=bad", "--index", "global"), "each stand alone", "各自单独使用"),
        ((*GOODS, "--carry", "debt=gone"), "choose one of", "可选"),
        ((*GOODS, "--carry", "steel=good"), "named twice", "写了两次"),
        ((*GOODS, "--carry", "debt=good", "--carry", "debt=bad"), "'debt' twice", "“debt”写了两次"),
        ((*GOODS, "--link", "fixed"), "--link goes with --flow", "--link与--flow"),
        (("-x", "debt", *NETWORK), "-x and -y are left out", "不再写-x和-y"),
        (("--flow", "workers=mine"), "write FROM/TO", "请写“来处/去处”"),
        (("--flow", "workers"), "ore=mine/mill", "ore=mine/mill"),
        ((*NETWORK, "--rts", "fdh"), "is not one of", "fdh"),
        ((*NETWORK, "--flow", "gas=/mill"), "gas", "gas"),
        ((*GOODS, "--carry", "debt=bad", "--year", "2020"), "--carry takes several years", "--carry用于多个年份"),
        ((*GOODS, "--contents", "energy=1", "--years", "2020:2021"), "say --year", "请写--year"),
        ((*NETWORK, "--years", "2020:2021"), "say --year", "请写--year"),
        ((*GOODS, "--sfa", "bc92", "--year", "2020", "--years", "2020:2021"), "one of them", "只写一个"),
        ((*GOODS, "--carry", "debt=bad", "--years", "2021:2020"), "turn them round", "请对调"),
    ],
)
def test_what_does_not_go_together_inside_units_is_said(plants, options, en, zh):
    for language, said in (("en", en), ("zh", zh)):
        code, out, err = plants(*options, "--lang", language)
        assert (code, out) == (2, "")
        assert said in err


@pytest.mark.parametrize(
    ("periods", "said", "ordered"),
    [
        (("2021年10月", "2021年9月"), "", ["2021-09", "2021-10"]),
        (("2019", "2021"), "2019→2021", ["2019", "2021"]),
        (("第01期", "第03期"), "第01期→第03期", ["第01期", "第03期"]),
        (("上半年", "下半年"), "the order of the periods 上半年 and 下半年 is not plain", None),
        (("t9", "t10"), "is not plain", None),
    ],
)
def test_periods_that_carry_over_follow_one_another(xinzhi_frontier, tmp_path, periods, said, ordered):
    table = PLANTS
    for year, written in zip(("2020", "2021"), periods, strict=True):
        table = table.replace(f",{year},", f",{written},")
    path = tmp_path / "plants.csv"
    path.write_text(table, encoding="utf-8")
    if ordered is None:
        code, _, err = xinzhi_frontier(path, "--period", "year", *GOODS, "--carry", "debt=bad")
        assert (code, said in err) == (2, True)
        return
    goods = {"inputs": ("workers", "energy"), "outputs": ("steel",)}
    found = studies.frontier(path, period="year", carry={"debt": "bad"}, **goods)
    assert found.results["dynamic"].stages["stage"].to_list()[:2] == ordered
    apart = [note.en for note in found.notes if "neighbours" in note.en]
    assert len(apart) == bool(said)
    assert said in "".join(apart)


def test_a_negative_figure_inside_units_is_named_with_unit_and_period(xinzhi_frontier, tmp_path):
    path = tmp_path / "plants.csv"
    path.write_text(PLANTS.replace("b,2021,12,7,9,6,4", "b,2021,12,7,9,6,-4"), encoding="utf-8")
    code, _, err = xinzhi_frontier(path, "--unit", "plant", *GOODS, "--carry", "debt=bad")
    assert (code, "'debt' of b in 2021 is -4 (1 such values); --carry needs" in err) == (3, True)
    code, _, err = xinzhi_frontier(path, "--unit", "plant", "--lang", "zh", *NETWORK, "--flow", "debt=/mill")
    assert (code, "b的“debt”为-4（共1个）；--flow需要大于0的数值" in err) == (3, True)


def test_what_was_asked_of_the_inside_can_be_traced(plants):
    code, out, err = plants(*NETWORK, "--lang", "zh")
    assert (code, err) == (0, "")
    assert "流向：workers（外部→mine）、" in out
    assert "最弱的部门" in out
    assert "各部门平均" in out
    document = json.loads(plants(*NETWORK, "--json")[1])["results"][0]
    assert document["provenance"]["options"]["flow"]["ore"] == "mine/mill"
    out = plants(*GOODS, "--contents", "energy=0.7", "--lang", "zh")[1]
    assert "每单位投入所含物质：energy 0.7。" in out
    assert "物质剩余量可减少" in out
    assert "不含该物质的投入不受限制" in out
    assert "排放" not in out
    assert "最弱的时期" in plants(*GOODS, "--carry", "debt=bad", "--lang", "zh")[1]
