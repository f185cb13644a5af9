# `make` lists what can be made. Variables are set behind it:
#
#   make course DATA=data/fer2013.csv    the lessons on your own copy of FER2013, at lesson scale
#   make course SCALE=full SEED=3        another scale, another seed
#   make lab TORCH=cpu                   where there is no GPU: an environment of 4 GB, not of 9

PYTHON ?= python3
DATA   ?= drawn
SCALE  ?= $(if $(filter drawn,$(DATA)),smoke,lesson)
SEED   ?= 0
JOBS   ?= 1
WORKERS ?= 2
TORCH  ?=

python := .venv/bin/python
# Threads that spin while they wait are slower than one thread, as soon as anything else runs on the machine.
export OMP_WAIT_POLICY ?= passive
# The tests of one file and the cells of one notebook stay together; each worker computes with one thread.
pytest := OMP_NUM_THREADS=1 $(python) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
quiet := FERCOURSE_HEADLESS=1 FERCOURSE_SCALE=smoke FERCOURSE_DATA=drawn TQDM_DISABLE=1

.PHONY: help course test lab site bench notebooks slides environment clean

help:  ## prints these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

course: environment  ## runs every lesson and makes one page of results; SCALE=lesson, DATA=data/fer2013.csv, SEED=3
	@$(python) -m fercourse run --scale $(SCALE) --data $(DATA) --seed $(SEED) --jobs $(JOBS)

test: environment  ## runs every check and every test, in WORKERS=2 processes
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m fercourse build --check
	$(python) -m fercourse results --check
	$(quiet) $(pytest) docs/lessons --nbval-lax --nbval-current-env --nbval-cell-timeout=300 \
		--nbval-sanitize-with=tests/nbval_sanitize.cfg
	$(pytest)

# In a container one is often root, and JupyterLab wants that said.
lab: environment  ## opens JupyterLab on the lessons
	@$(python) -c "$(call shortages,2)"
	@$(python) -m jupyterlab notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

site: environment  ## builds the course as web pages, with slides: open build/site/index.html
	@$(python) -m mkdocs build --quiet
	@echo "Open build/site/index.html. What a web server is given is the folder build/site."

bench: environment  ## measures speed; DATA=data/fer2013.csv measures on the real file
	@$(python) benchmarks/read_csv.py $(filter-out drawn,$(DATA))
	@$(python) benchmarks/augment.py
	@$(python) benchmarks/training.py
	@$(python) benchmarks/peers.py
	@$(python) benchmarks/drawn_order.py

notebooks: environment  ## rebuilds the notebooks from lessons/ and executes them
	$(python) -m fercourse build --execute

slides: environment  ## makes a deck of slides with speaker notes of each lesson, in build/slides/
	@$(python) -m fercourse slides

environment: .venv/ready  ## installs everything into .venv, once; TORCH=cpu leaves out what only a GPU needs

what := --constraint constraints.txt --editable ".[lab,course,download,tf,grade,cluster,transfer,deploy,site,test]"
pip := $(python) -m pip install -qq --disable-pip-version-check
uv := $(python) -m uv pip install --quiet --system-certs --python $(python) --compile-bytecode $(if $(TORCH),--torch-backend $(TORCH))

# uv reads no settings of pip's, such as the index of a company: where it fails, pip is tried. But pip knows no TORCH.
by_pip = { echo "uv could not be used here. pip takes longer."; $(pip) $(what); }
give_up = { echo "Nothing is installed: only uv knows TORCH=$(TORCH), and it could not be used here. Mend that, or leave out TORCH: 9 GB."; exit 1; }

size := $(if $(filter cpu,$(TORCH)),4,9)
# Says, before something long, where disk (so many GB) or memory are short.
shortages = from fercourse.shortage import say_shortages; say_shortages('.', disk=$(1) * 10**9)

.venv/ready: pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fercourse needs Python 3.11 or newer: make PYTHON=python3.12")'
	@"$(PYTHON)" -c "$(call shortages,$(size))"
	@echo "Installing the course into .venv: a few minutes, once; about $(size) GB."
	@"$(PYTHON)" -m venv .venv
	@$(pip) --constraint constraints.txt uv && $(uv) $(what) || $(if $(TORCH),$(give_up),$(by_pip))
	@$(python) -m pip check --disable-pip-version-check
	@# nbgrader's menus in JupyterLab are for hubs.
	@$(python) -m jupyter labextension disable --level=sys_prefix @jupyter/nbgrader 2>/dev/null
	@rm -f .venv/etc/jupyter/jupyter_server_config.d/nbgrader.json
	@touch $@

clean:  ## removes .venv, build/ and runs/
	rm -rf .venv build runs
