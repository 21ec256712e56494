# `make help` lists the targets.
PYTHON ?= python3
VENV_PYTHON = .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run links test lint format types check bench screenshots messages clean environment

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## set everything up and serve it (PORT=8000, IVR_DATA_DIR=var, DEMO=1)
	@$(PYTHON) -m ivr_label.bootstrap run

links: ## new one-time sign-in links while `make run` runs
	@$(VENV_PYTHON) manage.py sign_in_links --base-url http://127.0.0.1:$${PORT:-8000}

test: ## set everything up and run all tests (ARGS="tests/unit -k lease")
	@$(PYTHON) -m ivr_label.bootstrap test -n 2 --dist loadgroup $(ARGS)

environment: # what the targets below need, and nothing else
	@$(PYTHON) -m ivr_label.bootstrap install

lint: environment ## style and format
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .

format: environment ## let ruff mend what it can
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .

types: environment ## mypy, strict in the pure rooms
	$(VENV_PYTHON) -m mypy

check: ## exactly what CI runs
	@bash .ci/run

bench: environment ## measure speed and print the figures
	$(VENV_PYTHON) -m benchmarks.labeling
	$(VENV_PYTHON) -m benchmarks.intake
	$(VENV_PYTHON) -m benchmarks.ranking kernel
	$(VENV_PYTHON) -m benchmarks.ranking rerank
	$(VENV_PYTHON) -m benchmarks.schemas
	$(VENV_PYTHON) -m benchmarks.search
	$(VENV_PYTHON) -m benchmarks.page_weight

screenshots: environment ## draw the pictures of the README anew
	$(VENV_PYTHON) docs/screenshots.py

messages: environment ## collect every string of the pages for LANGUAGE (es, pt_BR, …) into locale/
	@command -v xgettext >/dev/null || { echo "GNU gettext is missing; on Debian or Ubuntu run: apt-get install gettext"; exit 1; }
	@test -n "$(LANGUAGE)" || { echo "Say which language: make messages LANGUAGE=es"; exit 1; }
	mkdir -p locale
	$(dir $(VENV_PYTHON))django-admin makemessages -l $(LANGUAGE) -i '.venv*' -i tests -i var -i benchmarks
	$(dir $(VENV_PYTHON))django-admin makemessages -l $(LANGUAGE) -d djangojs -i '.venv*' -i tests -i var

clean: ## remove caches; data stays in var/
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
