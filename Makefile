# make course · make test · make lab · make bench · make notebooks · make clean
#
#   make course DATA=data/fer2013.csv    the lessons on your own copy of FER2013, at lesson scale
#   make course SCALE=full SEED=3        another scale, another seed

PYTHON ?= python3
DATA   ?= drawn
SCALE  ?= $(if $(filter drawn,$(DATA)),smoke,lesson)
SEED   ?= 0
JOBS   ?= 1

python := .venv/bin/python
# Threads that spin while they wait are slower than one thread, as soon as anything else runs on the machine.
export OMP_WAIT_POLICY ?= passive
quiet := FERCOURSE_HEADLESS=1 FERCOURSE_SCALE=smoke FERCOURSE_DATA=drawn TQDM_DISABLE=1

.PHONY: course test lab bench notebooks environment clean

course: environment
	@$(python) -m fercourse run --scale $(SCALE) --data $(DATA) --seed $(SEED) --jobs $(JOBS)

test: environment
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m fercourse build --check
	$(python) -m fercourse results --check
	$(quiet) $(python) -m pytest notebooks --nbval-lax --nbval-current-env --nbval-cell-timeout=300 \
		--nbval-sanitize-with=tests/nbval_sanitize.cfg
	$(python) -m pytest

# In a container one is often root, and JupyterLab wants that said.
lab: environment
	@$(python) -m jupyterlab notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

bench: environment
	@$(python) benchmarks/read_csv.py $(filter-out drawn,$(DATA))
	@$(python) benchmarks/augment.py
	@$(python) benchmarks/training.py
	@$(python) benchmarks/peers.py
	@$(python) benchmarks/drawn_order.py

notebooks: environment
	$(python) -m fercourse build --execute

environment: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fercourse needs Python 3.11 or newer: make PYTHON=python3.12")'
	@echo "Installing the course into .venv: a few minutes, once; about 8 GB, most of it PyTorch."
	@$(PYTHON) -m venv .venv
	@$(python) -m pip install -qq --disable-pip-version-check --constraint constraints.txt \
		--editable ".[lab,course,download,tf,grade,test]"
	@$(python) -m pip check --disable-pip-version-check
	@# nbgrader's menus in JupyterLab are for hubs.
	@$(python) -m jupyter labextension disable --level=sys_prefix @jupyter/nbgrader 2>/dev/null
	@rm -f .venv/etc/jupyter/jupyter_server_config.d/nbgrader.json
	@touch $@

clean:
	rm -rf .venv build runs
