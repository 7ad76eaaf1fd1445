# Everything runs in .venv, which is made on first use and follows pyproject.toml and constraints.txt.

# The Python that makes .venv: 3.11 or newer.
PYTHON ?= python3
# uv, where there is one, installs about twice as fast. `make UV= demo` does without.
UV ?= $(shell command -v uv 2>/dev/null)
# A file stays on one worker, so that what its tests share (servers, built data) is set up once.
PYTEST_ARGS ?= -n logical --maxprocesses 4 --dist loadfile

PY := .venv/bin/python
CORE := .venv/.installed-core
ALL := .venv/.installed-all
BENCH := .venv/.installed-bench
CLOUD := .venv/.installed-cloud
SHOWN := .venv/.installed-dashboard

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# $(call install,'.[EXTRAS]'): editable, at the versions of constraints.txt, with byte code.
ifneq ($(UV),)
install = $(UV) pip install --quiet --compile-bytecode --python $(PY) -c constraints.txt -e $(1)
else
# compileall on all cores beats `pip --compile`. Some packages ship files that no Python compiles: never mind them.
install = $(PY) -m pip install -qq --no-compile -c constraints.txt -e $(1) \
	&& { $(PY) -m compileall -qq -j 0 -x '[\\/]tests?[\\/]' .venv/lib || true; }
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-cloud dev dashboard test lint format bench setup constraints clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(CORE) ## Install, make sample data and build everything from it
	@.venv/bin/retail demo

demo-cloud: $(CLOUD) ## The same on S3 and a stand-in of Redshift, all on this machine; compared with the folder
	@.venv/bin/retail demo-cloud

dev: $(CORE) ## Start Dagster's UI and daemon on this checkout
	@.venv/bin/retail dev

dashboard: $(SHOWN) ## Show the numbers in the browser
	@.venv/bin/retail dashboard

test: $(ALL) ## Run the tests; choose some with PYTEST_ARGS='-k calendar'
	@$(PY) -m pytest $(PYTEST_ARGS)

lint: $(ALL) ## Check style, formatting and types
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

format: $(ALL) ## Format the code and mend what can be mended
	$(PY) -m ruff check --fix-only --quiet
	$(PY) -m ruff format

bench: $(BENCH) ## Run the benchmarks; choose with BENCH_ARGS=--quick or BENCH_ARGS='month --events 42448764'
	@$(PY) -m benchmarks $(BENCH_ARGS)

setup: $(ALL) ## Install everything that developing needs

constraints: ## Resolve all dependencies afresh and pin them in constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo 'constraints.txt is made with Python 3.11, the oldest supported: make constraints PYTHON=python3.11' >&2; exit 1; }
	@set -e; new=$$(mktemp -d); trap 'rm -rf "$$new"' EXIT; \
	$(PYTHON) -m venv "$$new"; \
	"$$new/bin/python" -m pip install -qq --upgrade pip; \
	"$$new/bin/python" -m pip install -qq --no-compile -e '.[bench,cloud,dev,test]'; \
	"$$new/bin/python" -m pip freeze --exclude-editable > "$$new/pins"; \
	{ echo "# The versions that we test with. Made by 'make constraints' on Python 3.11; do not edit."; cat "$$new/pins"; } > constraints.txt
	@echo 'constraints.txt is new: run make test, then commit it.'

clean: ## Remove .venv and caches; data/ stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .tmp_dagster_home_*
	find . -path ./data -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed; say which: make PYTHON=python3.11' >&2; exit 1; }
ifneq ($(UV),)
	@$(UV) venv --quiet --seed --python $(PYTHON) .venv
else
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install -qq --upgrade pip
endif

$(CORE): EXTRAS := demo
$(SHOWN): EXTRAS := dashboard
$(CLOUD): EXTRAS := cloud,local-cloud,sales
$(BENCH): EXTRAS := bench
$(ALL): EXTRAS := test,dev
# With the tools come all packages of these.
$(ALL): INCLUDED := $(CORE) $(SHOWN)

$(CORE) $(SHOWN) $(CLOUD) $(BENCH) $(ALL): pyproject.toml constraints.txt | $(PY)
	@echo 'Installing into .venv (about a minute) ...'
	@$(call install,'.[$(EXTRAS)]')
	@touch $(INCLUDED) $@
