# fundmix: `make demo` shows it, `make test` checks it. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
MEMBERS := libs/events libs/kit services/registry-svc services/contracts-svc services/donations-svc services/ledger-svc cli
EDITABLE := $(addprefix --editable ,$(MEMBERS))
MEMBER_FILES := $(addsuffix /pyproject.toml,$(MEMBERS))
INSTALL := $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.stamps/uv: requirements/uv.txt
	@echo "setup: the installer uv into .tools"
	@mkdir -p .stamps
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade --target .tools --require-hashes --requirement requirements/uv.txt
	@touch $@

.stamps/setup: .stamps/uv requirements/runtime.txt $(MEMBER_FILES)
	@echo "setup: Python packages for running fundmix into .venv"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(INSTALL) --require-hashes --requirement requirements/runtime.txt
	@$(INSTALL) --no-deps --no-build-isolation $(EDITABLE)
	@touch $@

.stamps/dev: .stamps/setup requirements/dev.txt
	@echo "setup: Python packages for checks and tests into .venv"
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@touch $@

.PHONY: setup
setup: .stamps/setup ## Install what running needs; leaves the command at .venv/bin/fundmix

.PHONY: setup-dev
setup-dev: .stamps/dev

.PHONY: demo
demo: .stamps/setup ## Start everything, load the sample city, show and check its funding mix
	@$(BIN)/fundmix demo $(ARGS)

.PHONY: lock
lock: .stamps/uv ## Write the hash locks anew after a change of dependencies
	@sh tools/lock

.PHONY: schemas
schemas: .stamps/setup ## Write schemas/events anew from the event classes
	@$(BIN)/python tools/export_schemas.py

.PHONY: posting-rules
posting-rules: .stamps/setup ## Write docs/posting-rules.md anew from the rules of the ledger
	@$(BIN)/python tools/posting_rules_table.py >docs/posting-rules.md

.PHONY: test
test: check test-parts test-whole ## Check and test everything, as CI does
	@echo "make test: everything passed"

.PHONY: check
check: .stamps/dev ## The quick checks: format, lint, types, imports, dependencies, domain tests
	@mkdir -p .cache
	@echo "check: format and lint"
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@echo "check: types"
	@$(BIN)/pyright --warnings
	@echo "check: imports point inward, services are independent"
	@$(BIN)/lint-imports --no-logo >.cache/imports.txt || { cat .cache/imports.txt; exit 1; }
	@echo "check: dependencies"
	@for member in $(MEMBERS); do (cd $$member && $(CURDIR)/$(BIN)/deptry src --no-ansi >/dev/null 2>$(CURDIR)/.cache/deptry.txt) || { cat .cache/deptry.txt; exit 1; }; done
	@echo "check: rules that need nothing"
	@$(BIN)/pytest --quiet --no-header libs/events services/*/tests/domain tests/repo

.PHONY: test-parts
test-parts: .stamps/dev ## Each part with a real PostgreSQL and real brokers
	@echo "test: parts, on PostgreSQL and on both brokers"
	@$(BIN)/pytest --quiet --no-header -n 2 --dist loadfile libs/kit services cli bench

.PHONY: test-whole
test-whole: .stamps/dev ## The running city: end to end, and under faults
	@echo "test: the whole, end to end and under faults"
	@$(BIN)/pytest --quiet --no-header tests/laws tests/gifts tests/exports tests/e2e
	@$(BIN)/pytest --quiet --no-header tests/faults

.PHONY: bench
bench: .stamps/dev ## Measure speed and memory; writes bench/results.json
	@$(BIN)/python -m bench

.PHONY: format
format: .stamps/dev ## Write the code the way it is checked
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
