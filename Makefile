# Attention to Labels. `make lab` to learn, `make test` to check everything.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export TOKENIZERS_PARALLELISM := false

.PHONY: help lab test build clean

help:  ## say what there is
	@echo "make lab    set up, then open the first lesson in JupyterLab"
	@echo "make test   set up, then lint, types, unit tests, the lessons in a browser, every notebook, nbgrader"
	@echo "make build  write lessons/ and solutions/*.ipynb from solutions/*.py"
	@echo "make clean  remove the environment and all caches of this folder"

lab: $(READY)
	@$(BIN)/course lab

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@# Trained once per machine, here, with a progress bar, so that no notebook and no browser has to wait for it.
	$(BIN)/python -c "from course_utils.assets import checkpoints; checkpoints.fine_tuned()"
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest -c tests/notebooks/nbval.ini --rootdir=. lessons solutions
	$(BIN)/python -m tests.try_nbgrader

build: $(READY)
	$(BIN)/course build

clean:
	rm -rf $(VENV) .venv-* .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Written last, so that a set-up that was interrupted starts again, and a finished one costs nothing.
$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Python was not found ($(PYTHON)). Install Python 3.11 or later, or say which to use: make lab PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("The course needs Python 3.11 or later, and $(PYTHON) is Python %d.%d. Say which to use: make lab PYTHON=python3.12" % v)'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "Making $(VENV) ..."; $(PYTHON) -m venv --clear $(VENV); }
	@echo "Setting up, 1 of 2: PyTorch, the largest package (about a minute) ..."
	@$(BIN)/python -m pip install --quiet -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	@echo "Setting up, 2 of 2: everything else, weights and reviews included (about two minutes) ..."
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[test]"
	@touch $@
