# The commands that developers and the CI live by. `make` alone lists them.
#
# Packages come from the lock files, with hashes. Each set-up step leaves a stamp in .venv: a second run does
# nothing, a changed lock installs again.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
.DELETE_ON_ERROR:

PORT ?= 8000
MEETINGCHECK_DATA ?= ./var
export PORT MEETINGCHECK_DATA
# Hundreds of processes of the product are started: each loads in half the time what Python has compiled and kept.
unexport PYTHONDONTWRITEBYTECODE

# One number starts every random choice of a test run, so that a failure can be run again: make test SEED=…
ifndef SEED
SEED := $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
endif
TESTS ?= tests
TEST_TIME_LIMIT ?= 40m
# How many processes test at the same time; each has its own databases, store and browser.
TEST_PROCESSES ?= 2

venv := .venv
python := $(venv)/bin/python
pip := $(python) -m pip --quiet --disable-pip-version-check
stamps := $(venv)/stamps

# The project's own build needs setuptools, and a venv brings an old one or none. pip would fetch a newest one,
# unchecked, for an isolated build; so ours comes from a lock as well, and isolation is off.
install_project = $(pip) install --require-hashes -r requirements-build.lock \
	&& $(pip) install --no-deps --no-build-isolation --editable .

.PHONY: help
help: ## list these commands
	@echo 'make demo   set up and run a filled demo on http://localhost:$(PORT) (PORT=…, MEETINGCHECK_DATA=…)'
	@echo 'make test   set up and run every test, at most $(TEST_TIME_LIMIT) (SEED=…, TESTS=path)'
	@echo 'make soak   the same tests with full counts; takes hours'
	@echo 'make check  lint, types and the guards of the architecture'
	@echo 'make bench  print the benchmark tables'
	@echo ''
	@echo 'make setup        only what the demo needs, in .venv'
	@echo 'make setup-test   only what the tests need: packages and a browser'
	@echo 'make lock         choose newer versions and write the lock files'
	@echo 'make clean        remove .venv and caches; keeps the data'

# --- set-up

# The venv is looked at on each run: one that was moved or copied, or whose Python went away, is made anew, and its
# stamps go with it. Only then are the stamps compared, hence the second make.
packages = $(MAKE) --silent

.PHONY: setup setup-packages setup-test venv
setup: venv
	@$(packages) $(stamps)/demo

setup-packages: venv
	@$(packages) $(stamps)/test

setup-test: setup-packages
	@.ci/setup browser

venv:
	@.ci/setup venv

$(stamps)/demo: requirements.lock requirements-build.lock pyproject.toml
	@echo 'Installing the packages of requirements.lock.'
	@$(pip) install --require-hashes -r requirements.lock
	@$(install_project)
	@mkdir -p $(stamps) && touch $@

$(stamps)/test: requirements-test.lock requirements-build.lock pyproject.toml
	@echo 'Installing the packages of requirements-test.lock.'
	@$(pip) install --require-hashes -r requirements-test.lock
	@$(install_project)
	@mkdir -p $(stamps) && touch $@

# Measured peers only: nothing that runs the product, hence no lock.
$(stamps)/bench: $(stamps)/test
	@echo 'Installing what the benchmarks compare with.'
	@$(pip) install --no-build-isolation --editable '.[bench]'
	@mkdir -p $(stamps) && touch $@

# --- run

# `exec` leaves no shell between make and the server, so that it gets the signals itself; setpriv, where there is
# one, ends the server also when make is killed in a way that it cannot pass on.
.PHONY: demo
demo: setup
	@if command -v setpriv >/dev/null && setpriv --pdeathsig TERM true 2>/dev/null; then \
		exec setpriv --pdeathsig TERM $(venv)/bin/meetingcheck serve --demo; \
	else \
		exec $(venv)/bin/meetingcheck serve --demo; \
	fi

pytest = MEETINGCHECK_SEED=$(SEED) $(python) -m pytest --hypothesis-seed=$(SEED) \
	--numprocesses=$(TEST_PROCESSES) --dist=loadfile --no-loadscope-reorder $(TESTS)

# The limit ends a hanging run as Ctrl-C would: pytest then shows where it hung.
.PHONY: test soak
test: setup-test
	@echo 'Seed $(SEED); the same run again: make test SEED=$(SEED)'
	@exec timeout --foreground --signal=INT --kill-after=60s $(TEST_TIME_LIMIT) env $(pytest)

soak: setup-test
	@echo 'Seed $(SEED); the same run again: make soak SEED=$(SEED)'
	@exec env MEETINGCHECK_SOAK=1 $(pytest)

.PHONY: check
check: setup-packages
	$(venv)/bin/ruff check .
	$(venv)/bin/ruff format --check .
	$(venv)/bin/mypy
	$(python) -m pytest --quiet tests/guards

.PHONY: bench
bench: setup-packages
	@$(packages) $(stamps)/bench
	@$(python) -m tests.bench

# --- upkeep

# --universal: one lock for every platform; no addresses and no notes, only versions and hashes.
compile = $(venv)/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: lock
lock: venv
	@$(python) -m venv --clear $(venv)/lock && $(venv)/lock/bin/pip --quiet install uv
	@$(compile) pyproject.toml --output-file requirements.lock
	@$(compile) pyproject.toml --extra test --constraint requirements.lock --output-file requirements-test.lock
	@echo 'setuptools>=77' | $(compile) - --output-file requirements-build.lock
	@rm -rf $(venv)/lock
	@echo 'Wrote requirements.lock, requirements-test.lock and requirements-build.lock.'

.PHONY: clean
clean:
	rm -rf $(venv) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find meetingcheck migrations tests -name __pycache__ -prune -exec rm -rf {} +
