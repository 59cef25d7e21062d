# Needs Python 3.8 or newer and nothing else prepared; `make help` lists the targets.

PYTHON ?= python3
SERVICE := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run test check train bench clean prepare

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: prepare ## Start everything: environments, .env, store, model, Rasa and the service
	@exec .venv/bin/insyn serve

test: prepare ## The whole test suite: lint, types, unit, integration, bot, dialogue, e2e, browser
	@exec $(SERVICE) tests/suite.py

check: prepare ## The fast part: lint, types, unit tests
	@exec $(SERVICE) tests/suite.py lint format types unit

train: prepare ## Train the model if its inputs changed
	@exec $(SERVICE) -m insyn.runtime.training

bench: prepare ## Measure speed and size, all parts or some (make bench ARGS="cases --quick")
	@exec $(SERVICE) -m tests.bench $(ARGS)

prepare: # Both Python environments; a second when they are fresh
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "Fel: $(PYTHON) saknas. Installera Python 3.8 eller nyare." >&2; \
	  echo "Error: $(PYTHON) is missing. Install Python 3.8 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 8))' || { \
	  echo "Fel: $(PYTHON) är äldre än 3.8. Välj en nyare: make PYTHON=python3.11 ..." >&2; \
	  echo "Error: $(PYTHON) is older than 3.8. Choose a newer one: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m insyn.runtime.prepare

clean: ## Remove environments, models, logs and caches; .env and the store stay
	rm -rf .venv bot/.venv .tools models .rasa var/log var/test-results
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
