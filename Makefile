# The commands of the project. `make` alone lists them.
PY := .venv/bin/python
SETUP := bash tools/setup.sh
# Tests start hundreds of processes: bytecode is written for the next ones even where the environment forbids it.
PYTEST := PYTHONDONTWRITEBYTECODE= .venv/bin/pytest
# Two workers with a private cluster each; on your own server (ZHIJIE_DATABASE_URL) one process.
WORKERS := $(if $(ZHIJIE_DATABASE_URL),,-n 2 --dist loadfile --no-loadscope-reorder)
# The folders of tests/, for `make test ROOM=…`; those of pure code need neither PostGIS nor a browser.
ROOMS := $(filter-out support __pycache__,$(notdir $(patsubst %/,%,$(sort $(wildcard tests/*/)))))
PURE_ROOMS := core geo law
ifneq ($(filter test,$(MAKECMDGOALS)),)
$(if $(filter-out $(ROOMS),$(ROOM)),$(error no tests of room $(ROOM); rooms: $(ROOMS)))
endif

.DEFAULT_GOAL := help
.PHONY: help setup setup-system setup-browser demo test check docs bench serve data messages lock clean

help: ## 列出命令 | list the commands
	@awk -F ':.*## | [|] ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, ENVIRON["ZHIJIE_LANG"] == "en" ? $$3 : $$2}' Makefile

setup: ## 安装 Python 与前端依赖 | install Python and front-end packages
	@$(SETUP) python
	@$(SETUP) node

setup-system: setup ## 安装 PostgreSQL 与 PostGIS（如缺） | install PostgreSQL and PostGIS if missing
	@$(SETUP) postgis

setup-browser: setup ## 安装测试用浏览器（如缺） | install the browser for the tests if missing
	@$(SETUP) browser

demo: setup setup-system ## 演示：核查一宗举报并打开地图（SERVE=0 不开地图） | check a report and serve its map (SERVE=0: no map)
	@.venv/bin/zhijie demo $(if $(filter 0,$(SERVE)),--no-serve)

test: setup $(if $(filter $(PURE_ROOMS),$(ROOM)),,setup-system setup-browser) ## 全部测试（ROOM=geo 只测一个房间） | all tests (ROOM=geo: those of one room)
	@$(PYTEST) $(WORKERS) $(addprefix tests/,$(ROOM))

check: setup ## 规范、类型、分层与文档检查 | style, types, import rules, documents
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PYTEST) -m docs

docs: setup ## 由代码生成命令、设置与接口文档 | generate the reference pages of docs/ from the code
	@$(PY) tools/reference_docs.py

bench: setup setup-system ## 基准测试，与同类软件同台（QUICK=1 约一分钟） | benchmarks against peers (QUICK=1: about a minute)
	@$(SETUP) bench
	@$(PY) -m benchmarks.run $(if $(QUICK),--quick)

serve: setup setup-system ## 启动服务与地图 | serve the API and the map
	@.venv/bin/zhijie serve

data: setup ## 重建基础数据 | rebuild the reference data
	@$(PY) tools/build_reference.py
	@$(PY) tools/build_calendar.py
	@$(PY) tools/sign.py

messages: setup ## 更新中文词条 | update the Chinese catalogue
	@$(PY) tools/catalogue.py

lock: setup ## 重新锁定依赖版本 | lock the dependencies again
	@$(SETUP) lock

clean: ## 删除可重建的文件（保留数据库） | remove files that can be rebuilt (keeps the database)
	rm -rf .venv node_modules maps/static/vendor build *.egg-info test-results
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
