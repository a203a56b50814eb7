# Two commands on a fresh machine:  make run  and  make test.  Python 3.11 or newer, nothing else.
PYTHON ?= python3
# cpu: a torch without CUDA, 1.5 GB in all instead of 6.5; cu130 and the like: for that CUDA. Only where there is no .venv yet.
TORCH ?=
VENV := .venv
BIN := $(VENV)/bin
POSTGRESQL := $(strip $(wildcard /usr/lib/postgresql/*/bin/initdb) $(shell command -v initdb))
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: run test check fast format e2e collapse-table preset-search pretrained intervals mutants lock sbom docs check-wheel hostile fuzz crash-drill loadtest evidence bench gpu-check

run: $(VENV)/.app
	$(BIN)/python -m gan_core

test: $(VENV)/.dev $(VENV)/.browser $(VENV)/.postgresql
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not e2e" --numprocesses=auto --maxprocesses=8 --dist=loadfile
	$(BIN)/python -m pytest -m e2e --numprocesses=auto --maxprocesses=2 --dist=loadfile --reruns 1 # what fails is tried once more, and named as RERUN: a race to be mended

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m "not e2e and not slow" --numprocesses=auto --maxprocesses=8 --dist=loadfile

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Ganvas needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make run PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt | $(BIN)/python
	test -z "$(TORCH)" || $(BIN)/python -m pip install "uv>=0.9,<1"
	test -z "$(TORCH)" || $(BIN)/python -m uv pip install --python $(BIN)/python --torch-backend "$(TORCH)" torch torchvision
	$(BIN)/python -m pip install -r requirements.txt
	touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install -r requirements-dev.txt
	touch $@ $(VENV)/.app

# A browser for the tests: the machine's own Chromium if there is one, else Playwright's, else Debian's.
$(VENV)/.browser: $(VENV)/.dev
	test -n "$(CHROMIUM)" || $(BIN)/python -m playwright install --with-deps chromium || \
	  (apt-get update && apt-get install -y chromium)
	touch $@

# A database for the tests of sweeps over machines; without one they are skipped.
$(VENV)/.postgresql: $(VENV)/.dev
	test -n "$(POSTGRESQL)" || \
	  (timeout 120 apt-get -o Acquire::Retries=0 -o Acquire::http::Timeout=10 update && timeout 240 apt-get install -y --no-install-recommends postgresql) || \
	  echo "PostgreSQL cannot be installed; its tests are skipped."
	touch $@

# Many hours: one setting for all, the search of each method's own, and the table at those. Written as they come; stopped and
# started again it goes on. Ends with docs/collapse.md.
collapse-table: $(VENV)/.app
	$(BIN)/python -m benchmarks.collapse_table --untuned
	$(BIN)/python -m benchmarks.collapse_search
	$(BIN)/python -m benchmarks.collapse_table

# Hours of one core: the settings that the lite presets share, at equal processor time. Goes on where it stood; writes
# gan_core/presets/recipes.json. Then docs/presets.md wants to be made anew (python tools/presets_page.py RUNS_DIR).
preset-search: $(VENV)/.app
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.preset_search

# A night of one core: the models in checkpoints/pretrained. Goes on where it stood; `python tools/pretrained.py --plan` says the hours.
pretrained: $(VENV)/.app
	OMP_NUM_THREADS=1 $(BIN)/python tools/pretrained.py

# How often the 95 % intervals of every metric hold, on images whose truth is known; about 10 minutes. Writes docs/intervals.json.
intervals: $(VENV)/.app
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.intervals

# How fast each model trains beside a plain loop, in one run; about 10 minutes. Keep the machine quiet. Writes docs/speed.json and README.md.
bench: $(VENV)/.app
	$(BIN)/python benchmarks/speed.py --out docs

# Does the GPU compute what the processor does? Every family, in a few minutes; without a GPU it says so.
gpu-check: $(VENV)/.app
	$(BIN)/python benchmarks/gpu_check.py

# Pins what requirements.txt asks for, with hashes, for every system; the newest that fit. Test what came of it before you commit.
lock: | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/tools
	$(VENV)/tools/bin/pip install "uv>=0.9,<1"
	$(VENV)/tools/bin/uv pip compile requirements.txt --upgrade --generate-hashes --universal --python-version 3.11.5 \
	  --no-annotate --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock

# The wheel that `pip install .` makes: built, looked into, installed into an empty venv, and started.
check-wheel: $(VENV)/.dev $(VENV)/.browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q tests/test_wheel.py

# The site of the documentation, in site/; its links are checked by tests/test_docs.py.
docs: $(VENV)/.app requirements-docs.txt
	$(BIN)/python -m pip install -r requirements-docs.txt
	$(BIN)/python -m mkdocs build --strict

# docs/licences.md and docs/sbom.cdx.json (CycloneDX) of the packages in the lock.
sbom: $(VENV)/.app
	$(BIN)/python tools/supply.py

# Every committed table, with the command that makes it, when it was last made, and under which conditions.
evidence: | $(BIN)/python
	$(BIN)/python tools/evidence.py

# How much of the mathematics the tests hold: every formula, bound and sign is changed, one at a time, and each change runs
# its tests. Long; prints a table and writes docs/mutants.json as modules finish.
mutants: $(VENV)/.dev
	$(BIN)/python tools/mutants.py

# What strangers may send, a few ten thousand inputs of twelve classes: prints a table, writes docs/hostile.json and docs/hostile.md.
hostile: $(VENV)/.dev
	$(BIN)/python tools/hostile.py

# Coverage-guided on every parser, ten minutes each. Optional: atheris is installed for this alone.
fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install 'atheris>=3,<4'
	$(BIN)/python tools/hostile.py --fuzz 600
# Kills, cuts, flipped bits, full disks and the like, done to real runs; under 15 minutes. Writes docs/crash-drill.json.
crash-drill: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tools.crash_drill

# A class of 30 on one server beside a training, 10 minutes, and a flood of uploads. Writes docs/loadtest.json and docs/loadtest.md.
loadtest: $(VENV)/.dev
	$(BIN)/python -m tools.loadtest
