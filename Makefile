# Everything that a person or a CI does with the project. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-services test lint unit conformance integration e2e chaos bench lock image clean distclean
SHELL := /bin/sh

BIN := .venv/bin
BASE := .venv/.attune-base
DEV := .venv/.attune-dev
INPUTS := pyproject.toml scripts/setup.sh
PYTEST := $(BIN)/pytest
ARGS ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: $(DEV) ## make the environment in .venv (Python 3.11 or newer is all it needs)

$(BASE): requirements/base.txt $(INPUTS)
	@scripts/setup.sh base

$(DEV): requirements/dev.txt $(INPUTS)
	@scripts/setup.sh dev

demo: $(BASE) ## a webhook fires a rule, a workflow deploys, a broken release is rolled back
	@$(BIN)/attune demo $(ARGS)

demo-services: $(BASE) ## the same over RabbitMQ and PostgreSQL with each service a process of its own
	@$(BIN)/attune demo --services $(ARGS)

test: lint ## everything that is checked: lint and all tests
	$(PYTEST) $(ARGS)

lint: $(DEV) ## ruff, mypy --strict and the import rules
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(DEV) ## the fast tests, no server
	$(PYTEST) tests/unit $(ARGS)

conformance: $(DEV) ## what every bus has to do, on all of them
	$(PYTEST) tests/conformance $(ARGS)

integration: $(DEV) ## parts on a real PostgreSQL and RabbitMQ
	$(PYTEST) tests/integration $(ARGS)

e2e: $(DEV) ## the whole system, as processes
	$(PYTEST) tests/e2e $(ARGS)

chaos: $(DEV) ## six minutes of faults under load, everything counted (TARGET=dev, ARGS="--seed 1 --seconds 60")
	@$(BIN)/python -m tests.chaos --target $(or $(TARGET),services) $(ARGS)

bench: $(DEV) ## how fast it is here, beside what is possible here (5 minutes)
	$(BIN)/python -m bench $(ARGS)

lock: $(DEV) ## renew requirements/*.txt (make lock ARGS=--upgrade for newer versions)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	scripts/lock.sh $(BIN)/uv $(ARGS)

image: ## the container image with everything in it
	docker build --target all-in-one --tag attune:latest --file deploy/images/Dockerfile .

clean: ## remove caches and build output
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/results
	find libs services packs tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove the environment too
	rm -rf .venv
