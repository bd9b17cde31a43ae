# The only front door. `make help` lists what it offers.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
PY := $(VENV)/bin/python
STACK := $(PY) -m kechuang_embedded
OURS := shared services/enterprise-registry services/commissioner-matching services/project-bidding \
        services/indicators services/portal deploy/embedded
SOURCES := shared services deploy tests
MANIFESTS := requirements/prod.txt requirements/dev.txt $(OURS:%=%/pyproject.toml)
READY := $(VENV)/.ready

##@ 准备 · Preparation
.PHONY: help setup
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## install everything into .venv, from the lock files with hashes

# A new lock or manifest makes the stamp old; otherwise this costs nothing. `sync` also removes what the lock
# no longer names, so that a forgotten dependency fails here and not only on the next new machine.
$(READY): $(MANIFESTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; say which with: make setup PYTHON=/path/to/python"; exit 1; }
	@echo "[1/4] $(VENV) with $$($(PYTHON) -V)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "[2/4] the installer"
	@awk '/^uv==/ { found = 1 } found { print } found && !/\\$$/ { exit }' requirements/dev.txt > $(VENV)/uv.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.txt \
	  || echo "      uv cannot be installed here; pip does it, more slowly"
	@echo "[3/4] $$(cat requirements/prod.txt requirements/dev.txt | grep -c ==) locked packages"
	@$(VENV)/bin/uv pip sync --system-certs --compile-bytecode --python $(PY) --require-hashes \
	    requirements/prod.txt requirements/dev.txt \
	  || for lock in prod dev; do \
	    $(PY) -m pip install --disable-pip-version-check --progress-bar on --no-deps --require-hashes \
	      -r requirements/$$lock.txt || exit 1; \
	  done
	@echo "[4/4] our own packages, in place"
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(OURS:%=-e ./%)
	@$(PY) -m compileall -q $(wildcard */src services/*/src deploy/*/src)
	@touch $@
	@echo "ready"

##@ 运行 · The stack on this machine
.PHONY: up down reset status logs demo token migrate
up: $(READY) ## start everything; when it runs already, renew the tokens in .run/stack.json
	@$(STACK) up
down: $(READY) ## stop everything; data survives
	@$(STACK) down
reset: $(READY) ## stop everything and remove all data
	@$(STACK) reset
status: $(READY) ## what runs
	@$(STACK) status
logs: $(READY) ## the logs; P=<program> for one, F=1 to follow
	@$(STACK) logs $(P) $(if $(F),--follow)
demo: $(READY) ## four synthetic cities, and the main story through the gateway; A="--organisations 500" …
	@$(PY) -m kechuang_embedded.demo $(A)
token: $(READY) ## a token: A="--principal city_officer", A="--role county_officer --area 440703" …
	@$(STACK) token $(A)
migrate: $(READY) ## bring the databases of the running stack to the newest version (`up` does so too)
	@$(STACK) migrate

##@ 开发 · Development
.PHONY: test check format bench packs specs
test: $(READY) ## all tests, on real engines of their own; JOBS=1 one after the other, A="tests/rows" some
	@$(PY) -m pytest -n $(JOBS) $(A)
check: $(READY) ## style, types, import rules, policy packs, committed specs
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/ruff format --check $(SOURCES)
	$(VENV)/bin/mypy $(wildcard */src services/*/src deploy/*/src)
	$(VENV)/bin/lint-imports
	@$(MAKE) packs
	@$(MAKE) specs A=--check
format: $(READY) ## let ruff lay out and mend what it can
	$(VENV)/bin/ruff format $(SOURCES)
	$(VENV)/bin/ruff check --fix $(SOURCES)
bench: $(READY) ## throughput and latency, each beside the limit measured in the same run
	@$(PY) -m kechuang_embedded.bench $(A)
packs: $(READY) ## validate the policy packs, with file and line
	$(PY) -m kechuang_packs validate deploy/policy-packs
specs: $(READY) ## write docs/specs and the documents that come from the code; A=--check only compares
	@$(PY) -m kechuang_embedded.specs $(A)
	@$(PY) -m kechuang_embedded.docs $(if $(findstring --check,$(A)),check,write)
