# 守信 Shouxin. Two commands set everything up: `make demo` and `make test`.
PY   ?= python3
VENV ?= .venv
BIN  := $(VENV)/bin
PIP  := PIP_DISABLE_PIP_VERSION_CHECK=1 $(PY) -m pip --python $(BIN)/python install -q --require-hashes --only-binary :all:

.PHONY: demo test check bench kill lock clean help

help:            ## the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/'

$(VENV)/bin/python:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Shouxin needs Python 3.11 or newer (PY=/path/to/python3 make ...)"; exit 1; }
	$(PY) -m venv --without-pip $(VENV)

$(VENV)/base.stamp: requirements/base.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up (once): $$(grep -c '==' requirements/base.lock) packages into $(VENV)"
	@$(PIP) -r requirements/base.lock
	@$(BIN)/python packaging/link.py
	@$(BIN)/python packaging/warm.py
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock $(VENV)/base.stamp
	@$(PIP) -r requirements/dev.lock
	@touch $@

demo: $(VENV)/base.stamp       ## set-up, then the whole story on a made-up company; says where the results lie
	@$(BIN)/shouxin demo

test: $(VENV)/dev.stamp        ## set-up, then the tests
	@$(BIN)/python -m pytest -q -m "not long"

check: $(VENV)/dev.stamp       ## style, types, import contracts
	@$(BIN)/ruff check src tests packaging bench
	@$(BIN)/ruff format --check src tests packaging bench
	@$(BIN)/lint-imports
	@$(BIN)/mypy src

bench: $(VENV)/dev.stamp       ## the figures, as ratios in one run -> bench/results.json
	@$(BIN)/python -m bench

kill: $(VENV)/dev.stamp        ## kill -9 at every kind of moment of the whole story (two minutes)
	@$(BIN)/python -m pytest -q -n0 tests/stories/test_kill.py

lock:            ## maintainers: resolve the locks anew (the one use of uv)
	@for f in base dev; do uv pip compile -q --upgrade --universal --python-version 3.11 --only-binary :all: --generate-hashes --no-header --no-annotate --no-emit-index-url requirements/$$f.in -o requirements/$$f.lock; done

clean:           ## remove what the commands made
	rm -rf $(VENV) demo-home bench/out
