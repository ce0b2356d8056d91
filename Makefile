# `make` or `make help` lists what there is. Only Python 3.10+ and make are needed.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000

BIN := $(VENV)/bin
# Files that say which extras .venv has; `dev` holds the others.
EXAMPLE := $(VENV)/.installed-example
SUITE := $(VENV)/.installed-suite
DEV := $(VENV)/.installed-dev
MUTANTS := $(VENV)/.installed-mutants
MANAGE := $(BIN)/python example/manage.py
# Servers let tests wait: twice as many processes as CI has cores.
WORKERS ?= 4
TESTS ?=
SEED ?= 1
SAMPLE ?= 100

.DEFAULT_GOAL := help
.PHONY: help install run test lint type docs mutants bench faults clients package check matrix

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | tr '@' '\t' | expand -t 18

install: $(DEV) ## create .venv with everything for development and the example

$(VENV)/.installed-%: setup.py setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed: make PYTHON=python3.12 ..." if sys.version_info < (3, 10) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@ $(if $(filter dev,$*),$(EXAMPLE) $(SUITE) $(MUTANTS))

run: $(EXAMPLE) ## serve the example on http://127.0.0.1:8000 (PORT=8000)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) demo
	@exec $(MANAGE) runapistar 127.0.0.1:$(PORT)

test: $(SUITE) ## run all tests, the example's included (TESTS=path for some)
	@$(BIN)/python -m management_tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

lint: install ## check style, imports and format (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: install ## check types (mypy --strict)
	$(BIN)/mypy

docs: install ## build docs/_build/html, warnings are errors; look at its links and its search
	$(BIN)/sphinx-build -W --keep-going --quiet --fresh-env -b html docs docs/_build/html
	@$(BIN)/python -m management_tests.support.docs_site docs/_build/html

mutants: $(MUTANTS) ## plant mutants and see which the tests find (SEED=1 SAMPLE=100; minutes)
	@$(BIN)/python -m management_tests.mutants --seed "$(SEED)" --sample "$(SAMPLE)"

bench: install ## measure the promises of speed, write docs/explanation/performance.md (minutes; valgrind, wrk)
	@$(BIN)/python -m management_tests.benchmarks --wire --write-docs
	@$(BIN)/python -m management_tests.benchmarks.account --write-docs
	@$(BIN)/python -m management_tests.benchmarks.example

faults: install ## break servers and databases in full, write docs/explanation/reliability.md (minutes)
	@FAULTS=full $(BIN)/python -m pytest management_tests -m faults -n 0

clients: $(SUITE) ## generate clients from the example, check and run them (minutes; npm)
	@$(BIN)/python -m management_tests.clients $(VENV)/clients

package: $(SUITE) ## build dist/, check its metadata, run the example from the wheel and the sdist
	@PYTHON=$(abspath $(BIN)/python) bash .ci/package

check: lint type docs test ## everything that CI checks, but the matrix

# Each Python that pyenv has, apart from which tox finds what is on the PATH.
matrix: install ## run the quick tests with every Python and Django (tox)
	@PYTHON=$(BIN)/python sh .ci/matrix
