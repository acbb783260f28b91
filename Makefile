# Datatitle: `make run` to try it, `make test` to trust it, `make help` for the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help

help:  ## Show these lines
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Datatitle needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@

install: $(READY)  ## Create .venv with the locked dependencies

run: $(READY)  ## Start the register on SQLite with the sample register
	@$(BIN)/datatitle serve --sample

demo: $(READY)  ## Play the whole story over HTTP, step by step
	@$(BIN)/datatitle demo

test: lint types imports  ## Lint, types, import contracts, tests
	@$(BIN)/pytest -n auto --dist worksteal $(T)

lint: $(READY)  ## Check style and format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet

types: $(READY)  ## Check types
	@$(BIN)/mypy

imports: $(READY)  ## Check who may import whom
	@$(BIN)/lint-imports

fix: $(READY)  ## Repair style and format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

schema: $(READY)  ## Print the contract into schema/schema.graphql
	@$(BIN)/python -m schema > schema/schema.graphql

rulebook: $(READY)  ## Print the rules into services/RULEBOOK.md
	@$(BIN)/python -m services.rulebook

campaign: $(READY)  ## Play the state machine over parties, time and acts for about an hour
	@$(BIN)/pytest --hypothesis-profile=campaign tests/properties

bench: $(READY)  ## Measure acts and status queries per second
	@$(BIN)/python -m bench.figures

migration: $(READY)  ## Write the next step of the database: make migration M="what changes"
	@$(BIN)/python -m services.migrations "$(M)"

lock: $(READY)  ## Renew requirements.lock from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --group dev --upgrade pyproject.toml -o requirements.lock

clean:  ## Remove .venv and caches; the register's data stay
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

.PHONY: help install run demo test lint types imports fix schema rulebook campaign bench migration lock clean
