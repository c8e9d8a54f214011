# On a machine with Python 3.11 or newer and nothing else, `make demo` and `make test` do all
# the set-up themselves, into .venv, in the versions of constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
OUT ?= demo

.PHONY: help demo test test-quick lint docs pictures bench clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/.base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "vlm4rec needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing vlm4rec and what it runs on into $(VENV) ..."
	$(PIP) -e '.[all]'
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "Installing what tests, linters and docs need into $(VENV) ..."
	$(PIP) -e '.[all,test,lint,docs]'
	@touch $@

demo: $(VENV)/.base ## From photos to recommendations on the sample shop (SHOP=folder for another)
	$(BIN)/vlm4rec demo --out $(OUT)$(if $(SHOP),/$(notdir $(patsubst %/,%,$(SHOP))) --source $(SHOP),)

test: $(VENV)/.dev ## All tests
	scripts/chromium
	$(BIN)/python -m pytest -n 2 $(ARGS)

test-quick: $(VENV)/.dev ## The tests that take no time
	$(BIN)/python -m pytest -n 2 -m 'not slow' $(ARGS)

lint: $(VENV)/.dev ## Style, types and the direction of dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev ## The documentation, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

pictures: $(VENV)/.dev ## The pictures of the documentation, made anew
	scripts/chromium
	$(BIN)/python scripts/docs_pictures.py

bench: $(VENV)/.dev ## The benchmarks: one JSON line of ratios each
	@for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

clean: ## Remove all that was made
	rm -rf $(VENV) site demo dist build
