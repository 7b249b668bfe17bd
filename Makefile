# `make test` and `make demo` need git, make and Python 3.11 or newer with its venv module; everything else is
# installed into .venv from requirements/.

PYTHON ?= python3
BIN := .venv/bin
PYTEST_ROWS := 7.4 8.4 9.2
PYTHON_ROWS := 3.11 3.12 3.13

.PHONY: all test check format generated matrix case cases evaluate evaluate-update demo bench requirements clean

all: check test

test: .venv/installed  ## Run the tests.
	$(BIN)/pytest -n auto --dist worksteal

check: .venv/installed  ## Whatever reads the code without running it.
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cog --check --diff README.md
	$(BIN)/python .ci/dashboards.py --check

format: .venv/installed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

generated: .venv/installed  ## Write anew what is generated: parts of the README, the dashboards.
	$(BIN)/cog -r README.md
	$(BIN)/python .ci/dashboards.py

matrix: .venv/installed  ## The kit's tests on every supported pytest, with every supported Python that is installed.
	.ci/matrix "$(PYTEST_ROWS)" "$(PYTHON_ROWS)"

case: .venv/installed  ## Build a case, or all of a project, anew: make case RECIPE=tinydb-fixture-renamed.
	$(BIN)/python .ci/cases $(RECIPE)

cases: .venv/installed  ## Build all cases anew.
	$(BIN)/python .ci/cases --all

evaluate: .venv/installed  ## Score the rules on all cases; fails where a score is worse than in scores.json.
	$(BIN)/orchestrator rules evaluate tests/cases --baseline tests/cases/scores.json

evaluate-update: .venv/installed  ## Make today's scores those that must be held.
	$(BIN)/orchestrator rules evaluate tests/cases --format json --output tests/cases/scores.json

demo: .venv/installed  ## See a red run reviewed.
	$(BIN)/orchestrator demo

bench:  ## Measure what the kit costs; about half an hour.
	$(PYTHON) benchmarks/overhead.py

requirements: .venv/installed  ## Lock the newest versions that requirements/*.in allow.
	.ci/lock $(BIN)/uv

.venv/installed: requirements/development.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.txt
	@# setuptools warns at length of what every editable installation is
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv .venvs build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
