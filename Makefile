# What a person does here.  `make try` needs only make and Python 3.11 or newer.
# Another Python: make try PYTHON=/path/to/python3.12

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
CASS := $(VENV)/bin/cass
TRY ?= error

.PHONY: help try test check lint types house generate bench clean

help:
	@echo "make try       install into $(VENV), index this machine's sessions and search them (TRY=word)"
	@echo "make test      install the tools too, run every test"
	@echo "make check     ruff, mypy and the house rules"
	@echo "make generate  write completions/ and man/ from the command table"
	@echo "make bench     say how to measure"
	@echo "make clean     remove what make made"

# The first Python that is new enough; pyenv's stand-ins may exist and still refuse, so each one is asked.
$(VENV)/made:
	@for python in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    "$$python" -m venv "$(VENV)" && $(PIP) install --upgrade pip && touch $@ && exit 0; \
	    echo "cass: $$python cannot make a virtual environment here; install its venv module (Debian and Ubuntu: apt install python3-venv)." >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "cass: needs Python 3.11 or newer, and found none; name one with: make PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/installed: $(VENV)/made pyproject.toml
	@echo "Installing cass into $(VENV) ..."
	@$(PIP) install --editable .
	@touch $@

$(VENV)/tools: $(VENV)/installed
	@echo "Installing the tools for tests ..."
	@$(PIP) install --group dev
	@touch $@

try: $(VENV)/installed
	@echo "+ cass index"
	@$(CASS) index
	@echo "+ cass search $(TRY)"
	@code=0; $(CASS) search -n 3 -- $(TRY) || code=$$?; \
	if [ $$code -eq 1 ]; then echo "Nothing found on this machine: here is cass on the sessions it brings along."; $(CASS) demo; \
	else [ $$code -eq 0 ]; fi
	@echo "Next: $(CASS) search WORDS   or   $(CASS) --help"

# Two cores, and one more for when a test waits for a process.
test: $(VENV)/tools
	$(PY) -m pytest -n 3

check: lint types house

lint: $(VENV)/tools
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(VENV)/tools
	$(PY) -m mypy

house: $(VENV)/tools
	$(PY) -m pytest tests/test_house.py

generate: $(VENV)/installed
	$(PY) -m cass.cli.generate

bench:
	@echo "benchmarks/README.md says what is measured and against what; for instance:"
	@echo "  $(PY) -m benchmarks.generate --messages 200000 --out build/bench/home-200k"
	@echo "  $(PY) -m benchmarks.cold_search --messages 200000"

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find cass tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
