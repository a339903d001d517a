# Two commands: `make run` ends with a backend answering through TLS, `make test` proves it works.

PYTHON ?= python3
BIN := .venv/bin
LOCK := uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help run stop test test-fast check format bench docs golden lock clean

help: ## Show this list.
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# -- the demo ------------------------------------------------------------------------------------------------------

run: .venv/runtime ## Start the demo project in demo/ and make one real request to each of its APIs.
	@mkdir -p demo
	@test -f demo/nself.yml || $(BIN)/nself -C demo init --demo --yes
	@$(BIN)/nself -C demo start
	@$(BIN)/nself -C demo doctor --smoke
	@$(BIN)/nself -C demo urls

stop: ## Stop the demo project; its data stays.
	@if [ -x $(BIN)/nself ] && [ -f demo/nself.yml ]; then $(BIN)/nself -C demo stop; else echo "nothing to stop"; fi

# -- the proof -----------------------------------------------------------------------------------------------------

test: .venv/dev ## Install what the tests need, run the whole suite.
	@tests/packages
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS) || { \
	  echo "what failed is tried once more, by itself: what passes now depends on how busy the machine is, and is to be mended"; \
	  $(BIN)/pytest --last-failed --last-failed-no-failures none $(ARGS); }

test-fast: .venv/dev ## The suite without whole projects being started.
	$(BIN)/pytest -n 2 --dist loadfile -m "not e2e" $(ARGS)

check: .venv/dev ## Format, lint, types, import rules, docs up to date.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layout.py tests/docs -m "not e2e"

format: .venv/dev ## Rewrite the code in the house's format.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev ## Every benchmark, as a table of ratios beside a baseline of the same run.
	$(BIN)/python -m bench

docs: .venv/dev ## Rewrite the printed reference pages.
	$(BIN)/pytest -q tests/docs --update-golden

golden: .venv/dev ## Rewrite the golden files; review the diff like code.
	$(BIN)/pytest -q tests --update-golden -k golden

lock: ## Pin and hash the requirements anew (needs uv).
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) requirements/runtime.in -o requirements/runtime.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt

clean: stop ## Stop the demo and remove everything that was made here.
	rm -rf .venv demo .mypy_cache .ruff_cache .bench

# -- the environment -----------------------------------------------------------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "nself needs Python 3.11 or newer: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "this Python has no venv module; on Debian: apt-get install python3-venv"; rm -rf .venv; exit 1; }

.venv/runtime: .venv/bin/python requirements/build.txt requirements/runtime.txt pyproject.toml
	@echo "installing pinned dependencies into .venv"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src/nself || true
	@touch $@

.venv/dev: .venv/runtime requirements/dev.txt
	@echo "installing what tests and checks need into .venv"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
