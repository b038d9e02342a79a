# Every target sets itself up: uv when present, else venv and pip. What a user needs is in requirements-run.lock, what a developer
# needs besides in requirements.lock, both into .venv; the lowest versions that pyproject.toml allows go into .venv-lowest.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUNS := $(VENV)/.runs
LOWEST := .venv-lowest

# one file a dependency at least: narwhals, pandas, pyarrow, duckdb, ibis | fastexcel, PyYAML | highspy, SciPy | joblib | xlsxwriter,
# pyreadstat | altair, Jinja2, markupsafe | vl-convert | click, Rich | cryptography | scikit-learn | pydantic; polars, NumPy: all
TOUCH := unit/data/test_package_sources.py unit/data/test_tidy.py unit/data/test_awkward_sources.py unit/core/test_core_simplex.py \
  unit/report/test_report_writing.py unit/report/test_report_page.py unit/protocol/test_protocol_yaml.py \
  unit/frontier/test_frontier_change_bootstrap.py unit/risks/test_risks_register_flags.py unit/risks/test_risks_bubbles_verb.py \
  unit/report/certificate/test_certificate_signature.py unit/sectors/test_sectors_index_build.py unit/scope/test_scope_files.py \
  unit/sources/test_sources_by_hand.py unit/pathways/test_pathways_plan_verb.py cli/test_help_cli.py \
  unit/micro/test_micro_survey.py unit/micro/test_production_engine.py

.DEFAULT_GOAL := help
SPARK := .venv-spark
BENCH := .venv-bench

.PHONY: help demo explore test quick coverage test-web test-spark test-lowest nightly refresh lint words bench limits fuzz forge crash wheel docs lock clean

help: ## list the targets | 列出全部命令
	@awk -F ' ## | [|] ' '/^[a-z-]+:.* ## / { sub(/:.*/, "", $$1); printf "make %-11s %-62s %s\n", $$1, $$2, $$3 }' $(MAKEFILE_LIST)

demo: $(RUNS) ## assess China's 31 provinces under one yardstick, into out/ | 用同一把尺子评估31个省（区、市），结果写入 out/
	$(BIN)/xinzhi assess china-provinces --protocol xinzhi-cn-2026 --out out/
	@echo
	@echo "Open out/report.html in a browser; the tables are in out/assessment.xlsx."
	@echo "请用浏览器打开 out/report.html；表格见 out/assessment.xlsx。"

explore: $(READY) ## serve the explorer on this machine: open the address it prints | 在本机打开网页：浏览器访问所示地址
	$(BIN)/xinzhi serve

test: $(READY) ## run all tests on all cores | 运行全部测试
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

quick: $(READY) ## the tests of core, data, protocol and yardstick, a few of the others: under a minute | 快速测试，一分钟以内
	$(BIN)/python -m pytest --numprocesses auto @tests/quick.txt

coverage: $(READY) ## all tests, and which lines and branches none of them runs | 测试覆盖率
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered

test-web: $(READY) ## the pages of the explorer, in a browser too (installs chromium) | 测试网页，含浏览器测试（安装chromium）
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium)
	$(BIN)/python -m pytest tests/web -rs

test-lowest: $(LOWEST)/.ready ## the lowest versions that pyproject.toml allows do (Python 3.11) | 用允许的最低版本测试（Python 3.11）
	$(LOWEST)/bin/python -m pytest --numprocesses auto --dist loadfile $(addprefix tests/,$(TOUCH))

test-spark: $(SPARK)/.ready ## firms on Spark and on DuckDB agree (needs Java 17; 90 seconds) | 企业微观数据：Spark与DuckDB结果一致（需Java 17）
	@command -v java >/dev/null || (apt-get update -qq && apt-get install -y -qq default-jre-headless)
	$(SPARK)/bin/python -m pytest tests/reference/micro/test_micro_spark.py -rs

nightly: test-lowest test-spark wheel fuzz forge ## what takes long and seldom fails: Spark, the wheel, damaged data, forgeries | 每晚检查：Spark、wheel、数据损坏、伪造

refresh: $(READY) ## after a change of the reference protocol: write anew what is made from it | 基准协议改动后，重新生成由其得出的内容
	$(BIN)/python tools/backtest_record.py
	$(BIN)/python docs/make_readme_table.py
	$(BIN)/python docs/make_claims_page.py
	$(BIN)/python docs/make_breaks_tables.py
	$(BIN)/python docs/make_pictures.py --ruler
	$(BIN)/python -m pytest -q --snapshot-update tests/web/test_pages_snapshot.py tests/unit/report
	$(BIN)/python tests/golden/freeze.py
	@echo "Read the differences. Counts and figures in prose are yours to change:"
	@grep -nE '[0-9],[0-9]{3} (admissible|protocols)|[0-9] million' README.md README.zh.md docs/*.md tests/unit/house/*.py tests/cases/sense.yaml

lint: $(READY) ## style, format, types, imports, and counts that may only fall | 检查风格、格式、类型、引用规则与只降不升的计数
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/generate_words.py --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/guards.py

words: $(READY) ## the printed sentences against the rules of wording (half a minute) | 按行文规则检查打印出来的句子（半分钟）
	$(BIN)/python tools/lint_words.py --printed

bench: $(BENCH)/.ready ## every capability beside its best peer, into bench/RESULTS.md | 与同类软件逐项比较，结果写入bench/RESULTS.md
	$(BENCH)/bin/python bench/harness.py

limits: $(READY) ## measure time and memory against the promised limits | 测量耗时与内存，并与承诺的上限对照
	@status=0; for script in bench/bench_*.py bench/hops.py; do echo "== $$script"; $(BIN)/python $$script || status=1; done; exit $$status

fuzz: $(READY) ## damage data 1,000 times and judge each case by its effect on the headline (3 minutes) | 千次损坏数据，按对结果的影响逐一判断（3分钟）
	$(BIN)/python bench/bench_adversary.py --cases 1000

forge: $(READY) ## forge every member of a certificate and every file beside it; each must be refused | 逐项伪造证书及其文件，均须拒绝
	$(BIN)/python bench/forge.py

crash: $(READY) ## interrupt commands before every file operation: no file torn, no two runs mixed | 在每次文件操作前中断命令，文件不得残缺或混杂
	$(BIN)/python bench/crash.py

mutants: $(READY) ## change the formulas in some hundred places, one at a time, and count what a test catches | 变异测试：逐处改动公式，统计测试发现的比例
	$(BIN)/python tools/mutants.py

PYTHONS := 3.11 3.12 3.13

wheel: $(READY) ## build the wheel, install it into empty environments, run the main job there (needs uv) | 构建wheel，装入空环境试运行（需uv）
	$(BIN)/python tools/try_wheel.py $(PYTHONS)

docs: $(READY) ## build the documentation, warnings are errors | 生成文档，警告即错误
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "Open docs/_build/html/index.html / 请打开 docs/_build/html/index.html"

COMPILE := uv pip compile pyproject.toml --quiet --generate-hashes --python-version 3.11 --no-annotate --no-emit-index-url \
  --no-emit-find-links --custom-compile-command "make lock"
EXTRAS := --extra report --extra io --extra frames --extra sign --extra learn --extra micro --extra web --extra mcp --extra sdmx

lock: ## resolve the dependencies anew into requirements*.lock (needs uv) | 重新锁定依赖版本（需要 uv）
	$(COMPILE) --upgrade --universal --fork-strategy fewest --group dev $(EXTRAS) --output-file requirements.lock
	$(COMPILE) --upgrade --universal --fork-strategy fewest --group build --extra report --constraint requirements.lock --output-file requirements-run.lock
	$(COMPILE) --upgrade --universal --fork-strategy fewest --group spark --extra report --extra micro --extra spark --constraint requirements.lock --output-file requirements-spark.lock
	$(COMPILE) --upgrade --resolution lowest-direct --group build --group test $(EXTRAS) --output-file requirements-lowest.lock
	$(MAKE) $(READY) && $(BIN)/python tools/bill_of_materials.py

clean: ## remove the environment, results and built pages | 删除环境、结果与生成的页面
	rm -rf $(VENV) $(LOWEST) $(SPARK) $(BENCH) .venv-uv out docs/_build docs/_generated dist

$(READY): requirements.lock pyproject.toml
	@sh .ci/setup $(VENV) requirements.lock
	@$(BIN)/python -m compileall -q -j 0 -x /tests/ $(VENV)/lib >/dev/null 2>&1 || true # uv does not: the tests start hundreds of processes
	@touch $(RUNS) $@

$(RUNS): requirements-run.lock pyproject.toml
	@sh .ci/setup $(VENV) requirements-run.lock
	@touch $@

$(SPARK)/.ready: requirements-spark.lock pyproject.toml
	@sh .ci/setup $(SPARK) requirements-spark.lock
	@touch $@

# the peers stand in no lock; the page says which versions were measured
$(BENCH)/.ready: requirements.lock pyproject.toml
	@sh .ci/setup $(BENCH) requirements.lock bench
	@touch $@

$(LOWEST)/.ready: requirements-lowest.lock pyproject.toml
	@PYTHON="$${PYTHON:-python3.11}" sh .ci/setup $(LOWEST) requirements-lowest.lock
	@touch $@
