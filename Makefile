# Two commands matter: `make demo` and `make test`. Both build the environment in .venv/ first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint env clean

env: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "bolus needs Python 3.11 or newer, found " + sys.version'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	touch $@

demo: env
	$(BIN)/bolus demo --output demo

test: env
	$(BIN)/python -m pytest -n 2

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos

clean:
	rm -rf .venv demo
