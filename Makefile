# Every target sets itself up: uv when present, else venv and pip, from requirements.lock, into .venv.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs lock clean

help: ## list the targets | 列出全部命令
	@awk -F ' ## | [|] ' '/^[a-z]+:.* ## / { sub(/:.*/, "", $$1); printf "make %-7s %-62s %s\n", $$1, $$2, $$3 }' $(MAKEFILE_LIST)

demo: $(READY) ## assess China's 31 provinces under one yardstick, into out/ | 用同一把尺子评估31个省（区、市），结果写入 out/
	$(BIN)/xinzhi assess china-provinces --protocol xinzhi-cn-2026 --out out/
	@echo
	@echo "Open out/report.html in a browser; the tables are in out/assessment.xlsx."
	@echo "请用浏览器打开 out/report.html；表格见 out/assessment.xlsx。"

test: $(READY) ## run all tests on all cores | 运行全部测试
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

lint: $(READY) ## style, format, types and who may import whom | 检查风格、格式、类型与模块引用规则
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(READY) ## measure time and memory against the promised limits | 测量耗时与内存，并与承诺的上限对照
	@status=0; for script in bench/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || status=1; done; exit $$status

docs: $(READY) ## build the documentation, warnings are errors | 生成文档，警告即错误
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "Open docs/_build/html/index.html / 请打开 docs/_build/html/index.html"

lock: ## resolve the dependencies anew into requirements.lock (needs uv) | 重新锁定依赖版本（需要 uv）
	uv pip compile pyproject.toml --group dev --extra io --extra sign --extra learn --quiet --upgrade --generate-hashes --universal \
	  --python-version 3.11 --fork-strategy fewest --no-annotate --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --output-file requirements.lock

clean: ## remove the environment, results and built pages | 删除环境、结果与生成的页面
	rm -rf $(VENV) out docs/_build docs/_generated dist

$(READY): requirements.lock pyproject.toml
	@sh .ci/setup $(VENV)
	@touch $@
