# Bellwether's commands. `make help` lists them.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-stamp
DEV_STAMP := $(VENV)/.dev-stamp
PACKAGES := scoring playbooks storage templates service bot web delivery sandbox bellwether
# Twice quiet: once hides progress, twice also pip's remarks about places it did not need.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Bellwether needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing Bellwether into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing Bellwether and its test tools into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(RUN_STAMP)

.PHONY: install
install: $(RUN_STAMP) ## Install the product into .venv

.PHONY: demo
demo: $(RUN_STAMP) ## Seed 80 customers, replay 90 days, serve it all on 127.0.0.1:8000 (PORT=… changes it)
	@$(BIN)/bellwether demo $(ARGS)

.PHONY: test
test: $(DEV_STAMP) ## Run every test but the slow ones, on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -m "not slow" -n auto -q $(ARGS)

.PHONY: test-slow
test-slow: $(DEV_STAMP) ## Run the slow tests: kills, replicas, fresh installs
	@$(BIN)/python -m pytest -m slow -n auto -q $(ARGS)

.PHONY: crash-matrix
crash-matrix: $(DEV_STAMP) ## Kill a process at every named point, on both databases (part of test-slow)
	@$(BIN)/python -m pytest tests/crash/test_matrix.py -n auto -q $(ARGS)

.PHONY: chaos
chaos: $(DEV_STAMP) ## 1,000 kills over 4 replicas, then 100,000 random steps: an hour (ARGS="--kills 100 --seed 7")
	@$(BIN)/python -m tests.chaos.run $(ARGS)
	@CHAOS_STEPS=$${CHAOS_STEPS:-100000} $(BIN)/python -m pytest tests/stateful -n auto -q -rP

.PHONY: bench
bench: $(DEV_STAMP) ## Measure jobs, imports, cards and HTTP beside their baselines (2k customers, 2 minutes)
	@$(BIN)/python -m benchmarks.bench $(ARGS)

.PHONY: bench-full
bench-full: $(DEV_STAMP) ## The same for 20k customers, and 100k on PostgreSQL, the past, workers: an hour, 30 GB
	@$(BIN)/python -m benchmarks.bench --customers 20000 --long $(ARGS)
	@$(BIN)/python -m benchmarks.bench --customers 100000 --only PostgreSQL --long $(ARGS)
	@$(BIN)/python -m benchmarks.past --customers 20000
	@$(BIN)/python -m benchmarks.workers --customers 100000

.PHONY: lint
lint: $(DEV_STAMP) ## Format check, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/mypy tests
	@$(BIN)/lint-imports

.PHONY: check
check: lint test ## All that must hold before a commit: lint, then test

.PHONY: format
format: $(DEV_STAMP) ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: lock
lock: ## Renew the locked requirements (needs uv on the PATH)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade --quiet --extra build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade --quiet --extra dev pyproject.toml -o requirements-dev.lock

.PHONY: clean
clean: ## Remove the environment, caches and the demo's data
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis var
