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
