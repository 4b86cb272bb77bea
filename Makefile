# make train        installs, then trains: about twelve minutes on two cores
# make test         installs, then passes the tests
# make test-slurm   the tests on a real SLURM, which it installs (Debian or Ubuntu, as root or by sudo) and starts itself
# make soak         half an hour of episodes on a simulator that keeps failing
# make check-towns  ASAM's checker on the towns' OpenDRIVE documents, in an environment of its own
# make install      stops after the environment

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOWNS_VENV := .venv-towns
UNIT_TESTS := $(addprefix tests/,agents checkpoints cli cluster config diagnostics doctor env evaluation machine policies replay report runs training \
    watch test_metrics.py) \
    $(wildcard tests/simulator/test_*.py)
ALONE := $(addprefix tests/system/,test_forecast.py test_shared_machine.py)

.PHONY: train test test-slurm soak check-towns install lint clean

train: install
	$(BIN)/python launch.py

# For two cores: tests of one thread each run two at a time, and those that measure time and cores one by one.
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=2 $(UNIT_TESTS)
	$(BIN)/python -m pytest --numprocesses=2 tests/docs
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=2 --dist=worksteal $(addprefix --ignore=,$(UNIT_TESTS) $(ALONE) tests/docs)
	$(BIN)/python -m pytest $(ALONE)

test-slurm: install
	command -v slurmctld || PATH=$$PATH:/usr/sbin command -v slurmctld || { \
	    sudo=$$(command -v sudo || true); $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends slurm-wlm; }
	$(BIN)/python -m pytest --numprocesses=3 --dist=loadfile tests/slurm

# Two thousand short episodes on a stand-in for CARLA that keeps failing: half an hour.
soak: install
	$(BIN)/python -m tests.soak

check-towns: install $(TOWNS_VENV)/.installed
	$(BIN)/python -m tests.check_towns $(TOWNS_VENV)/bin/qc_opendrive

$(TOWNS_VENV)/.installed: constraints-towns.txt
	$(PYTHON) -m venv $(TOWNS_VENV)
	$(TOWNS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-towns.txt asam-qc-opendrive
	@touch $@

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import platform, sys; \
	    ok = (3, 10) <= sys.version_info[:2] <= (3, 12) and sys.platform == "linux" and platform.machine() == "x86_64"; \
	    sys.exit(None if ok else f"error: carla 0.9.16 has wheels for Python 3.10 to 3.12 on Linux x86-64; this is Python " \
	    f"{platform.python_version()} on {platform.system()} {platform.machine()}. Another interpreter: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,window,export,baselines,dev,optuna]'
	@touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) $(TOWNS_VENV) outputs/2*
