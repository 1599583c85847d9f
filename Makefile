# Everything a developer or a newcomer does, from Python 3.11+, pip and make alone.
# `make` by itself tells what there is.

# The first of these that is new enough; override with `make PYTHON=/path/to/python3.12`.
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11 python; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo $$candidate; exit; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.installed
PACKAGES := campaign flows outdial providers simulator store tasks tests
# Of pytest: more than cores, as much of the time is spent waiting for servers and programs.
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help venv demo test proofs bench processes torture machine mutants lint types contracts check format lock clean

help: ## Tell what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(STAMP) ## Make .venv from requirements.lock, with the project in it

# Debian's python3 may lack ensurepip: then pip comes from the pip that is there.
# --no-deps: the lock is whole, and pip 23 would take the newest `sqlalchemy[asyncio]` for unpinned.
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "outdial needs Python 3.11 or newer, and found none (PYTHON='$(PYTHON)')." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) >/dev/null || { \
		"$(PYTHON)" -m venv --clear --without-pip $(VENV) \
		&& "$(PYTHON)" -m pip --python $(BIN)/python install --quiet pip; }
	@echo "Installing what requirements.lock names into $(VENV) (a minute or two the first time)"
	@$(PIP) install --quiet --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(PIP) check
	@touch $@

demo: $(STAMP) ## Run the example campaign over all five providers, against the simulator
	@$(BIN)/outdial demo

test: $(STAMP) ## Run the tests (WORKERS=3)
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup

proofs: $(STAMP) ## Prove at length what make test tries: every API, the demo, programs that are ended (CI does)
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m proof

torture: $(STAMP) ## Prove the protocol at length, for hours (SEED=1, MINUTES=60, ONLY=vogent, SAMPLE=100, RESULTS=file to go on from)
	@$(BIN)/python -m tests.protocol.torture $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(ONLY),--only '$(ONLY)') $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(RESULTS),--results $(RESULTS))

processes: $(STAMP) ## Prove with whole programs: two at once, asleep, killed, without their database or worker
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m '' tests/processes

# mutmut is needed only here; it lives in a folder that is thrown away, beside the versions we have.
mutants: $(STAMP) ## Break the submit path in small ways, and write who noticed into docs/mutation-report.md (ONLY=http)
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	$(PIP) freeze --exclude-editable > "$$tmp/pins"; \
	$(PIP) install --quiet --target "$$tmp/tool" --constraint "$$tmp/pins" mutmut==3.8.1; \
	$(BIN)/python -m tests.mutants --tool "$$tmp/tool" --children $(WORKERS) $(if $(ONLY),--only '$(ONLY)')

bench: $(STAMP) ## Plan a million people, and tell the time and the memory it takes
	@$(BIN)/python -m tests.benchmarks

machine: $(STAMP) ## Look for an order of events that breaks a promise, at length (EXAMPLES=500)
	@OUTDIAL_TEST_MACHINE_EXAMPLES=$(or $(EXAMPLES),500) $(BIN)/pytest tests/machine -n $(WORKERS) --dist loadgroup

lint: $(STAMP) ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## Check types, strictly
	@$(BIN)/basedpyright

contracts: $(STAMP) ## Check which package may import which
	@$(BIN)/lint-imports --no-logo

check: lint types contracts test proofs ## Everything that must pass before a commit lands

format: $(STAMP) ## Format the code and repair what can be repaired
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

# uv is needed only here; it lives in a folder that is thrown away.
lock: ## Resolve requirements.lock anew
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	"$(PYTHON)" -m venv "$$tmp/uv"; \
	"$$tmp/uv/bin/pip" install --quiet --disable-pip-version-check uv; \
	"$$tmp/uv/bin/uv" pip compile pyproject.toml --extra redis --group dev --universal --python-version 3.11 \
		--upgrade --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean: ## Remove .venv, caches and builds
	rm -rf $(VENV) .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find $(PACKAGES) -name __pycache__ -type d -prune -exec rm -rf {} +
