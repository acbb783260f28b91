# Datatitle: `make run` to try it, `make test` to trust it, `make help` for the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
YARDSTICKS := $(VENV)/yardsticks
OTHERS := .conformance
GO_CODE := /usr/share/gocode

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

campaign-kills: $(READY)  ## kill -9 a server under load at 200 random moments
	@$(BIN)/pytest -s tests/scenarios/test_kill.py --kills=200

campaign-faults: $(READY)  ## Let every write of a register at work fail once, and kill it once (needs strace)
	@EVERY_STEP=1 $(BIN)/pytest -n auto -q tests/ledger/signing/test_crashes.py
	@$(BIN)/python -m tests.faults.campaign

# TIMES=5 SEED=1 for a shorter run, or to repeat one.
GIVEN = $(if $(TIMES),--times $(TIMES)) $(if $(SEED),--seed $(SEED))

campaign-reading: $(READY)  ## Ask both readers 20,000 documents on each database, with acts in between, in half an hour
	@$(BIN)/python -m tests.schema.reading.campaign $(GIVEN)

chaos: $(READY)  ## kill -9 servers, sequencer, connections and PostgreSQL under load, 200 times
	@$(BIN)/python -m tests.cluster.chaos $(GIVEN)

failover: $(READY)  ## Kill the primary under load and promote its standby, 20 times
	@$(BIN)/python -m tests.cluster.failover $(GIVEN)

rolling: $(READY)  ## Replace every process of a register under load, 10 times
	@$(BIN)/python -m tests.cluster.rolling $(GIVEN)

lag: $(READY)  ## Offer 1,000 acts a second: how long to a published checkpoint
	@$(BIN)/python -m tests.cluster.lag $(GIVEN)

restore-drill: $(READY)  ## Back up a register, lose it and put it back, on both databases
	@$(BIN)/python -m tests.restore_drill

conformance: $(READY) $(OTHERS)/s3/.ready $(OTHERS)/npm/.ready  ## Have other people's software check an exported log, and follow a register
	@$(MAKE) --no-print-directory $(OTHERS)/check-with-go || echo "Go's checks are left out."
	@$(BIN)/pytest -o python_files='test_*.py check_*.py' tests/conformance

$(OTHERS)/s3/.ready: tests/conformance/s3_server.lock $(READY)
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip install -qq --require-hashes -r $<
	@touch $@

$(OTHERS)/npm/.ready: tests/conformance/npm/package-lock.json
	@mkdir -p $(@D)
	@cp tests/conformance/npm/package.json tests/conformance/npm/package-lock.json $(@D)
	@cd $(@D) && npm ci --loglevel=error --no-audit --no-fund
	@touch $@

# Go's own log code, as Debian packs it.
$(OTHERS)/check-with-go: tests/conformance/golang/main.go
	@test -d $(GO_CODE)/src/golang.org/x/mod && command -v go > /dev/null \
	  || { echo "Go is missing: apt-get install golang-go golang-golang-x-mod-dev" >&2; exit 1; }
	@GO111MODULE=off GOPATH=$(GO_CODE) GOCACHE=$(CURDIR)/$(OTHERS)/go-cache \
	  go build -o $@ ./tests/conformance/golang

hammer: $(READY)  ## Write to a server while many read its log and check all they read
	@$(BIN)/python -m tests.hammer

campaign-tamper: $(READY)  ## Change every byte of a log once: fsck must find each, in half an hour
	@$(BIN)/pytest -n auto -q -o python_files='campaign_*.py' tests/ledger/inspecting

races: $(READY)  ## Race sixteen rivals in four processes for one thing, a thousand times for each kind
	@$(BIN)/python -m tests.cluster.races $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

bench: $(READY) $(OTHERS)/peers/.ready  ## Measure reading beside PostGraphile, Mercurius and a hand-written endpoint
	@$(BIN)/python -m bench.reading

bench-quick: $(READY) $(OTHERS)/peers/.ready  ## The same of small registers in a minute or two, to try it
	@$(BIN)/python -m bench.reading --quick

$(OTHERS)/peers/.ready: $(wildcard bench/reading/peers/*)
	@mkdir -p $(@D)
	@cp bench/reading/peers/* $(@D)
	@cd $(@D) && npm ci --loglevel=error --no-audit --no-fund
	@touch $@

bench-ledger: $(READY) $(YARDSTICKS)/.ready  ## Measure the ledger, each figure beside its yardstick
	@PYTHONPATH=$(YARDSTICKS) $(BIN)/python -m bench.ledger $(ROWS)

bench-writes: $(READY)  ## Measure acts beside the same SQL bare, on SQLite and on PostgreSQL
	@$(BIN)/python -m bench.writes $(ROUNDS)

# What only serves to measure against is kept apart from what the product needs.
$(YARDSTICKS)/.ready: pyproject.toml $(READY)
	@rm -rf $(@D)
	@$(BIN)/python -c 'import tomllib as t; print(*t.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"])' \
	  | xargs $(BIN)/python -m pip install -qq --target $(@D)
	@touch $@

migration: $(READY)  ## Write the next step of the database: make migration M="what changes"
	@$(BIN)/python -m services.migrations "$(M)"

lock: $(READY)  ## Renew the lock files
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --group dev --upgrade pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --upgrade tests/conformance/s3_server.in -o tests/conformance/s3_server.lock

clean:  ## Remove .venv and caches; the register's data stay
	@rm -rf $(VENV) $(OTHERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

.PHONY: races help install run demo test lint types imports fix schema rulebook campaign campaign-kills campaign-faults campaign-tamper campaign-reading chaos failover rolling lag restore-drill conformance hammer bench bench-quick bench-ledger bench-writes migration lock clean
