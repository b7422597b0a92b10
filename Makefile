# The contents page of the house: `make help`. Needs make and Python 3.11 or newer with venv; brings everything else itself.

PYTHON ?= python3
VENV ?= .venv
STACK_FOLDER ?= var/stack

BIN := $(VENV)/bin
SERVICES := contacts outbox delivery_epost delivery_mail
STAMP := $(VENV)/.installed
PROJECTS := $(wildcard libs/*/pyproject.toml services/*/pyproject.toml deploy/*/pyproject.toml deploy/simulators/*/pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: help setup check test demo up down logs topics trace dead spec lines faults bench million schemas lock

##@ Start here
help: ## this page
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## installs everything into .venv, from the lock file; other targets do it by themselves

demo: setup ## sends real post through the whole product, on servers of its own (DOCS=folder, DEMO_REPORT=file)
	@$(BIN)/python -m demo

##@ Before a change
check: setup ## linter, format, types, import rules, sizes, compatibility of events
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --exclude /migrations/ libs services deploy tests
	@for folder in services/*/migrations; do $(BIN)/mypy $$folder || exit 1; done # each has an env.py
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest tests/architecture tests/contracts

test: setup ## every test (ARGS="tests/outbox -k collection" for some)
	@$(BIN)/pytest $(ARGS)

spec: setup ## each requirement with the tests that prove it, and those that nothing proves
	@$(BIN)/python -m house spec

lines: setup ## lines of code of each package
	@$(BIN)/python -m house lines

schemas: setup ## writes down the published events: JSON Schemas, AsyncAPI, what is kept for ever
	@$(BIN)/python -m language write

lock: setup ## writes the lock file anew (UPGRADE=--upgrade for newer versions)
	@$(BIN)/uv pip compile $(UPGRADE) --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header requirements.in --output-file requirements.lock

##@ Figures
bench: setup ## each figure beside its peer's, into bench.json (ONLY=name, ROUNDS=3, QUICK=1)
	@$(BIN)/python -m bench $(ONLY:%=--only %) $(ROUNDS:%=--rounds %) $(QUICK:1=--quick)

million: setup ## a million messages, clean and spoilt, end in the same state (COUNT=n)
	@$(BIN)/python -m bench.million $(COUNT:%=--count %)

faults: setup ## kills, cuts, fills and restores while post is sent (SEEDS=10, SEED=7, FAULTS=1000); docs/faults.md
	@$(BIN)/python -m tests.faults $(SEEDS:%=--seeds %) $(SEED:%=--seed %) $(FAULTS:%=--faults %)

##@ Local servers
up: setup ## starts Kafka and PostgreSQL here, keeping their data
	@$(BIN)/python -m stack up --folder $(STACK_FOLDER)

down: setup ## stops them
	@$(BIN)/python -m stack down --folder $(STACK_FOLDER)

logs: setup ## the last lines that they logged
	@find $(STACK_FOLDER) -name '*.log' -exec tail -n 40 {} +

topics: setup ## creates the Kafka topics from their table in code
	@$(BIN)/python -m events topics

##@ By night
trace: setup ## one story through all services, as their settings say (ID=document, delivery or correlation)
	@$(BIN)/python -m events.operator.timeline $(ID) $(SERVICES)

dead: setup ## records that a person has to look at, in all services, as their settings say
	@for service in $(SERVICES); do echo "== $$service"; $(BIN)/python -m $$service dead list || failed=1; done; exit $$failed

# uv is five times as fast as pip, which takes over where uv cannot reach the packages as pip is set up to.
$(STAMP): requirements.lock $(PROJECTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is missing: install it, or name it with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv is missing: install it, on Debian and Ubuntu with apt install python3-venv"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {found = 1} found && /# via/ {exit} found' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock || \
		$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-deps --no-build-isolation \
		$(PROJECTS:%/pyproject.toml=-e %)
	@touch $@
