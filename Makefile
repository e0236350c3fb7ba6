# Everything that a person or a CI does with the project. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-services test lint unit conformance integration e2e simulate schemathesis chaos overload fuzz bench bench-peers lock image images-check clean distclean
SHELL := /bin/sh

BIN := .venv/bin
PLAIN := .venv/.attune-base
DEV := .venv/.attune-dev
INPUTS := pyproject.toml scripts/setup.sh
PYTEST := $(BIN)/pytest
ARGS ?=
JOBS ?= 3
ENGINE ?= docker
BASE ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: $(DEV) ## make the environment in .venv (Python 3.11 or newer is all it needs)

$(PLAIN): requirements/base.txt $(INPUTS)
	@scripts/setup.sh base

$(DEV): requirements/dev.txt $(INPUTS)
	@scripts/setup.sh dev

demo: $(PLAIN) ## a webhook fires a rule, a workflow deploys, a broken release is rolled back
	@$(BIN)/attune demo $(ARGS)

demo-services: $(PLAIN) ## the same over RabbitMQ and PostgreSQL with each service a process of its own
	@$(BIN)/attune demo --services $(ARGS)

test: lint ## everything that is checked: lint and all tests, JOBS files at a time
	$(PYTEST) -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

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

schemathesis: $(DEV) ## what the API answers held against its document, two minutes for each role (SECONDS=600)
	ATTUNE_SCHEMATHESIS_SECONDS=$(or $(SECONDS),120) $(PYTEST) tests/integration/api/test_described.py $(ARGS)

simulate: $(DEV) ## random runs under random faults in one thread each (SEEDS=100000; SEED=123 tells one as a story)
	@$(BIN)/python -m tests.simulator $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),2000)) $(ARGS)

chaos: $(DEV) ## six minutes of faults under load, everything counted (TARGET=dev, ARGS="--seed 1 --seconds 60")
	@$(BIN)/python -m tests.chaos --target $(or $(TARGET),services) $(ARGS)

overload: $(DEV) ## ten times more work than can be done; 100,000 items beside small work (10 minutes)
	@$(BIN)/python -m tests.chaos.overload $(ARGS)

fuzz: $(DEV) ## hostile templates and definitions, two minutes (ARGS="templates --seconds 3600 --seed 1")
	$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(DEV) ## how fast it is here, beside what is possible here (5 minutes)
	$(BIN)/python -m bench $(ARGS)

bench-peers: $(DEV) ## the same work on Prefect, DBOS, Celery and Dramatiq, each in an environment of its own
	$(BIN)/python -m bench.peers $(ARGS)

lock: $(DEV) ## renew requirements/*.txt (make lock ARGS=--upgrade for newer versions)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	scripts/lock.sh $(BIN)/uv $(ARGS)

image: ## the container image with everything in it (ENGINE=podman, BASE=an image to build on)
	$(ENGINE) build $(if $(BASE),--build-arg BASE=$(BASE)) --target all-in-one --tag attune:latest --file deploy/images/Dockerfile .

images-check: $(DEV) ## every image built and run as compose.yaml does, over real servers (ENGINE=podman, BASE=...)
	ATTUNE_TEST_ENGINE="$(ENGINE)" ATTUNE_TEST_BASE="$(BASE)" $(PYTEST) tests/e2e/test_images.py $(ARGS)

clean: ## remove caches and build output
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/results
	find libs services packs tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove the environment too
	rm -rf .venv
