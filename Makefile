# Two commands are all a newcomer needs: `make demo` and `make test`. Each does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONTRACTS_VENV := .venv-contracts
UV_VERSION := 0.13.9
LOCK_FLAGS := --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	--custom-compile-command "make lock"
SIDE_BY_SIDE := --numprocesses logical --maxprocesses 4 --dist loadfile
export PYTHONPATH := $(CURDIR)
export GX_ANALYTICS_ENABLED := False

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "需要 Python 3.11 或更新版本。 Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.runtime: $(BIN)/uv requirements.txt pyproject.toml
	@echo "安装依赖(首次约 1 GB)… Installing dependencies (about 1 GB the first time) …"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

.PHONY: demo
demo: $(VENV)/.runtime  ## Play eight quarters of a made-up county and show the newest warning list
	@$(BIN)/python -m include.demo.run

.PHONY: loop
loop: $(VENV)/.runtime  ## Play a quarter from its warnings to a closed loop: reviews, documents, an objection, rectification
	@$(BIN)/python -m include.demo.closing

.PHONY: ui
ui: $(VENV)/.runtime  ## Start Airflow with the demo's results; prints address and login
	@$(BIN)/python -m include.demo.ui

.PHONY: test
test: $(VENV)/.dev  ## Run every test
	@$(BIN)/pytest $(SIDE_BY_SIDE)

.PHONY: test-fast
test-fast: $(VENV)/.dev  ## Run the tests that need neither Airflow nor PostgreSQL
	@$(BIN)/pytest $(SIDE_BY_SIDE) -m "not airflow and not postgres"

.PHONY: calibration
calibration: $(VENV)/.dev  ## Check on simulated counties that 90 % intervals hold the truth nine times in ten (minutes)
	@$(BIN)/python -m tests.scoring.certainty_calibration 200

.PHONY: canaries
canaries: $(VENV)/.dev  ## Plant 1,000 people in a running system and search every store and log for them (minutes)
	@$(BIN)/python -m tests.dags.canaries 1000

.PHONY: lint
lint: $(VENV)/.dev  ## Check style, types and which room may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# In an environment of its own: the linter holds back libraries that the product needs newer.
$(CONTRACTS_VENV)/.done: $(BIN)/uv requirements-contracts.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CONTRACTS_VENV)
	@$(BIN)/uv pip install --quiet --python $(CONTRACTS_VENV)/bin/python --require-hashes -r requirements-contracts.txt
	@touch $@

.PHONY: contracts
contracts: $(CONTRACTS_VENV)/.done  ## Lint the contracts as Open Data Contract Standard documents
	@$(CONTRACTS_VENV)/bin/python .ci/lint_contracts.py

.PHONY: publish-contracts
publish-contracts:  ## At a release: keep the contracts that later changes are compared with
	@cp include/feeds/contracts/*.yaml tests/feeds/published/

.PHONY: format
format: $(VENV)/.dev  ## Put the code in the house format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: lock
lock: $(BIN)/uv  ## Resolve the requirements*.in anew
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --upgrade requirements.in -o requirements.txt
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --upgrade requirements-dev.in -o requirements-dev.txt
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --upgrade requirements-contracts.in -o requirements-contracts.txt

.PHONY: clean
clean:  ## Remove the demo and its Airflow, but not the environment
	@rm -rf demo build

.PHONY: help
help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
