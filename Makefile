# Giaoban. `make demo` runs it, `make test` proves it; everything else serves these two.
PYTHON ?= python3
PORT ?= 8080
DATA ?= giaoban-data
PEERS ?= build/peers
MINUTES ?= 30
SECONDS ?= 60
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest --durations=25
# Browsers and other people's programs need time of their own, so they come after the rest: pages in two browsers beside each
# other, and one by one what measures times. One worker and not none, because a process that had to be ended is replaced
# (tests/limits.py).
PAGES := tests/browser
ALONE := tests/lab tests/interop

# A program that is read anew by each of the servers that tests start takes half of its start for that.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench bench-peers bench-quality soak fuzz clean

help:
	@echo "make demo            install into .venv and start http://127.0.0.1:$(PORT) (PORT=9000 make demo)"
	@echo "make test            install what the tests need, check the code, run every test"
	@echo "make lint            ruff, mypy, and oxlint for the scripts"
	@echo "make bench           the performance figures, as ratios, with their targets"
	@echo "make bench-quality   what bad lines do to a call, beside Janus (root, Debian's janus)"
	@echo "make bench-peers     the same load on Janus and mediasoup, built into PEERS=$(PEERS) first"
	@echo "make soak            people come and go for MINUTES=$(MINUTES): nothing may grow"
	@echo "make fuzz            every parser of network bytes, SECONDS=$(SECONDS) each"

$(BIN)/python:
	@sh deploy/venv.sh $(PYTHON) $(VENV)

# Reinstalled when the project's declaration or the native core changes.
$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt $(wildcard media/*.pyx media/*.pxi)
	@echo "Installing into $(VENV) (a few minutes the first time)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

demo: $(VENV)/.installed
	@exec $(BIN)/giaoban demo --port $(PORT) --data $(DATA)

test: $(VENV)/.installed-test
	@sh tests/debian.sh
	$(MAKE) --no-print-directory lint
	@failed=0; \
	$(PYTEST) -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(patsubst %,--ignore=%,$(PAGES) $(ALONE)) || { failed=$$?; [ $$failed = 1 ] || exit $$failed; }; \
	$(PYTEST) -n auto --maxprocesses 2 --dist loadfile --no-loadscope-reorder --verbose $(PAGES) || failed=$$?; \
	$(PYTEST) -n 1 --verbose $(ALONE) || failed=$$?; \
	exit $$failed

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/oxlint --deny-warnings

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-test
	$(BIN)/python -m bench

bench-quality: $(VENV)/.installed-test
	@sh tests/debian.sh
	$(BIN)/python -m bench.quality

bench-peers: $(VENV)/.installed-test
	bash bench/peers.sh $(PEERS)
	$(BIN)/python -m bench.rivals $(PEERS)

soak: $(VENV)/.installed-test
	$(BIN)/python -m bench.soak --minutes $(MINUTES)

fuzz: $(VENV)/.installed-test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt atheris
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

clean:
	rm -rf $(VENV) build *.egg-info media/_forward.c media/*.so
