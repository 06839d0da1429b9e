# Two commands do everything: `make bench` and `make test`. Each sets up what it needs first.
#
#   make bench MODEL=base ARGS="--suite starter -k easy"    run the benchmark
#   make test  ARGS="tests/test_cases.py"                   run the tests
#   make finetune                                           train and register the adapter lora-v1
#   make servers-check                                      deliver to a real collector, Jaeger, Prometheus
#   make sandbox-check                                      judge 10,000 drawn attacks, kill 400 sessions
#   make ray-check                                          grade on a Ray cluster of three nodes
#   make cline-check                                        judge all commits and edits of Cline, right and empty
#   make check                                              lint, types, lock and tests, as CI does
#   make lock  ARGS=--upgrade                               write requirements.lock anew
#   make docs                                               build the documentation as a site, build/docs
#   make wheel                                              build dist/*.whl
#   make up    PROFILE=mlflow                               start the servers runs can be sent to
#   make down                                               stop them; their data stays

PYTHON ?= python3
MODEL ?= base
ARGS ?=
PROFILE ?= langfuse mlflow openllmetry
BIN := .venv/bin

.PHONY: bench finetune test orders servers-check sandbox-check ray-check cline-check check docs docs-check lint types format lock lock-check setup model judge quality agents wheel up down

# Bytecode is kept whatever the environment says: without it every command compiles for a second.
unexport PYTHONDONTWRITEBYTECODE

# Keys and addresses of sinks lie in .env, where `make up` has made one.
WITH_ENV := set -a; [ ! -f .env ] || . ./.env; set +a;

bench: setup judge $(if $(filter base lora-%,$(MODEL)),model)
	@$(WITH_ENV) $(BIN)/pytest benchmarks --model=$(MODEL) $(ARGS)

finetune: setup judge model
	@$(WITH_ENV) $(BIN)/python -m finetune $(ARGS)

test: setup judge quality model agents
	@$(BIN)/pytest $(or $(ARGS),tests -n auto --dist worksteal)

orders: setup judge quality model agents # ten random orders, then one file at a time; hours, and goes on where it stopped
	@$(BIN)/python tools/orders.py $(ARGS)

servers-check: setup # makes the programs with Go, ten minutes once; or takes LLMOPS_COLLECTOR and so on
	@$(BIN)/python tools/servers.py > /dev/null
	@$(BIN)/pytest $(wildcard tests/sinks/test_collector_*.py) $(ARGS)

sandbox-check: setup judge # what a night has time for: new attacks each day, and kills at random moments
	@LLMOPS_FUZZ=10000 LLMOPS_KILLS=200 $(BIN)/pytest tests/sandbox/test_attacks_fuzz.py tests/sandbox/test_sandbox_lifecycle.py $(ARGS)

ray-check: setup judge agents # clusters on loopback whose nodes and heads die, with both suites whole
	@LLMOPS_RAY=1 $(BIN)/pytest $(wildcard tests/*/test_ray*.py) $(ARGS)

cline-check: setup judge # recorded answers in whole sessions: the reference patches, and none
	@LLMOPS_CLINE=1 $(BIN)/pytest tests/mining/test_cline_recorded.py $(ARGS)

check: lint types lock-check docs-check test

lint: setup
	@$(BIN)/ruff check && $(BIN)/ruff format --check

types: setup
	@$(BIN)/mypy

docs: setup # the pages that the code decides, then the site; a link to nowhere fails
	@$(BIN)/python tools/reference.py $(REFERENCE)
	@$(BIN)/python -m sphinx -q -n -W --keep-going -b html docs build/docs

docs-check: REFERENCE := --check
docs-check: docs

format: setup
	@$(BIN)/ruff check --fix && $(BIN)/ruff format

lock-check: setup
	@$(BIN)/python tools/lock.py --check

lock: # not after setup, which wants a lock that fits
	@$(BIN)/python tools/lock.py $(ARGS)

setup:
	@$(PYTHON) tools/setup.py

model: setup
	@$(BIN)/python -m pytest_llmops.engine.weights > /dev/null

judge: setup
	@$(BIN)/python -m pytest_llmops.sandbox.judge > /dev/null

quality: setup
	@$(BIN)/python -m pytest_llmops.quality > /dev/null

# The programs of agents, for the tests that run them; those are skipped where it fails outside of CI.
agents: setup
	@$(BIN)/python -m pytest_llmops.agents > /dev/null || [ "$$CI" != true ]

wheel: setup # in dist/, with the judge in it
	@$(BIN)/python tools/wheel.py

# `down` needs no .env, yet Compose reads the whole file and wants every variable in it.
up down:
	@docker compose version > /dev/null 2>&1 || { \
	  echo "$@: Docker with Compose 2.20 or newer is needed; see docs/deploy.md" >&2; exit 1; }
	@$(PYTHON) tools/env.py
	@docker compose $(COMPOSE_$@)

COMPOSE_up = $(addprefix --profile ,$(PROFILE)) up -d --wait --wait-timeout 600
COMPOSE_down = --profile "*" down $(ARGS)
