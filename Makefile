# Two commands do everything: `make bench` and `make test`. Each sets up what it needs first.
#
#   make bench MODEL=base ARGS="--suite starter -k easy"    run the benchmark
#   make test  ARGS="tests/test_cases.py"                   run the tests
#   make check                                              lint, types and tests, as CI does

PYTHON ?= python3
MODEL ?= base
ARGS ?=
BIN := .venv/bin

.PHONY: bench test check lint types format setup model

bench: setup $(if $(filter base,$(MODEL)),model)
	@$(BIN)/pytest benchmarks --model=$(MODEL) $(ARGS)

test: setup model
	@$(BIN)/pytest $(or $(ARGS),tests -n 2)

check: lint types test

lint: setup
	@$(BIN)/ruff check && $(BIN)/ruff format --check

types: setup
	@$(BIN)/mypy

format: setup
	@$(BIN)/ruff check --fix && $(BIN)/ruff format

setup:
	@$(PYTHON) tools/setup.py

model: setup
	@$(BIN)/python -m pytest_llmops.engine.weights > /dev/null
