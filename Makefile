# Everything a fresh machine needs: Python 3.11 or newer with pip, git and make.
# `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# Twice quiet: errors only.
PIP_INSTALL := $(PY) -m pip install -qq --disable-pip-version-check \
	--constraint constraints.txt
# For the two cores of the smallest machine that is promised to pass: a third of the time
# of the tests is waiting.
WORKERS ?= 3
# What has failed beside others, tried once more by itself: one that was starved of its
# core passes then, a fault fails again. Both are in the output; see CONTRIBUTING.
ALONE := { [ $$? -eq 1 ] && echo 'Once more, what has failed, by itself:' && \
	$(PY) -m pytest --last-failed --last-failed-no-failures none --maxfail 5; }
# What the browser clients are built from; the build of the package builds them too.
WEB := $(shell find clients/web -type f -not -path '*/node_modules/*' \
	-not -path '*/dist/*')
# Written last by npm.
NODE_MODULES := clients/web/node_modules/.package-lock.json
# What is checked without running anything, the slowest first.
STATIC := static-pyright static-mypy static-web static-rest

.DEFAULT_GOAL := help
.PHONY: help demo test coverage check fmt fuzz soak faults bench docs dist sbom newcomer clean $(STATIC)

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## Install, serve a seeded shop, print how to join
	$(BIN)/shopwire demo

test: $(VENV)/.test $(NODE_MODULES) ## Install what the tests need, a browser too if it can, run them all
	$(PY) -m tests.browser.chromium
	$(PY) hatch_build.py test
	$(PY) -m pytest --numprocesses $(WORKERS) --dist loadgroup || $(ALONE)

# Apart, since being watched makes the tests take half as long again.
coverage: $(VENV)/.test ## Run the tests, and gate what they reach
	$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest --numprocesses $(WORKERS) --dist loadgroup
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report

check: $(VENV)/.dev $(NODE_MODULES) ## Format, lint, types, contracts, tests: what CI runs
	@$(MAKE) --no-print-directory --jobs $(WORKERS) $(STATIC)
	@$(MAKE) --no-print-directory test

# Side by side: each of them keeps one core busy, and the slowest half a minute.
static-pyright:
	$(BIN)/basedpyright
static-mypy:
	$(BIN)/mypy
static-web:
	$(PY) hatch_build.py run check
static-rest:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(PY) -m tests.shape.measure
	$(BIN)/towncrier build --draft > $(VENV)/changelog-draft.md

fmt: $(VENV)/.dev $(NODE_MODULES) ## Format, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(PY) hatch_build.py run fmt

fuzz: $(VENV)/.test ## Fire 100,000 bad handshakes and frames at a broker; let a storm come
	$(PY) -m tests.fuzz --count 100000
	$(PY) -m tests.fuzz --count 100000 --path portable
	$(PY) -m tests.fuzz.storm
	$(PY) -m tests.fuzz.storm --path portable

faults: $(VENV)/.test ## Kill a broker 50 times under load, damage 160 folders: what came of it
	$(PY) -m tests.damage

MINUTES ?= 30
soak: $(VENV)/.test ## Load a broker for MINUTES (30), and see whether anything grows
	$(PY) -m tests.soak --minutes $(MINUTES)

bench: $(VENV)/.test ## Measure this machine: see docs/performance.md
	$(PY) -m benchmarks

docs: $(VENV)/.test ## Write the generated pages of docs/ anew, and the site into build/docs
	$(PY) docs/generate.py
	$(PY) -m sphinx -q -W --keep-going -d build/docs.read docs build/docs
	@echo "Open build/docs/index.html"

dist: $(VENV)/.dev ## Build the wheel and the source archive into dist/
	$(PY) -m build --no-isolation

sbom: $(VENV)/.test ## Write what all of it is made of into dist/sbom.json
	@mkdir -p dist
	$(PY) deploy/sbom.py dist/sbom.json

newcomer: dist ## Do on a bare machine what a newcomer does, from the wheel; leave nothing
	PYTHON=$(PY) deploy/newcomer/run.sh dist/*.whl

clean: ## Remove what was built and measured; the environment in .venv stays
	rm -rf build dist htmlcov .coverage .coverage.* \
		.hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# One stamp per set of dependencies: installed once, and again when they change.
# `.dev` holds the other two, so that `make check` installs in one go.
$(VENV)/.run: pyproject.toml constraints.txt hatch_build.py $(WEB) | $(PY)
	@echo "Installing Shopwire into $(VENV), once"
	@$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt hatch_build.py $(WEB) | $(PY)
	@echo "Installing Shopwire and what its tests need into $(VENV), once"
	@$(PIP_INSTALL) --editable '.[test]'
	@touch $(VENV)/.run $@

$(VENV)/.dev: pyproject.toml constraints.txt hatch_build.py $(WEB) | $(PY)
	@echo "Installing Shopwire and its developers' tools into $(VENV), once"
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $(VENV)/.run $(VENV)/.test $@

$(NODE_MODULES): clients/web/package-lock.json | $(VENV)/.test
	$(PY) hatch_build.py ci
	@touch $@

# Debian keeps `ensurepip` in a package of its own; where only pip is there, it installs
# into the environment from outside.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Shopwire needs Python 3.11 or newer; name one: make PYTHON=python3.13'; \
		exit 1; }
	@$(PYTHON) -m venv $(VENV) > /dev/null 2>&1 || \
		{ rm -rf $(VENV); $(PYTHON) -m venv --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(PY) install --quiet pip; } || { \
		rm -rf $(VENV); \
		echo 'Python could not make an environment here. Install its venv module'; \
		echo 'and pip, on Debian and Ubuntu: apt-get install python3-venv'; \
		exit 1; }
