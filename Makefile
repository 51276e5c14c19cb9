# Everything here installs what it needs by itself: pinned, hash-checked packages in .venv, made once and
# made again only when the lock or the project file changes.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first interpreter that is new enough; `make test PYTHON=python3.13` chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## a small real fleet in a temporary folder, and the dashboard on it
	@$(BIN)/agentdash demo

run: $(READY) ## the dashboard on what is here (ARGS="--projects DIR --redis URL" are passed on)
	@$(BIN)/agentdash $(ARGS)

test: $(READY) ## all tests, in parallel
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: $(READY) ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## put the code into its format, and mend what lint can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## speed, as ratios against what else a person would use
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(READY) ## draw the pictures of the documentation with the program itself
	@$(BIN)/python -m screenshots $(ARGS)

package: $(READY) ## build wheel and source archive into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist .

lock: ## make the lock of dependencies anew (needs uv)
	@uv=$$(command -v $(BIN)/uv || command -v uv) || { echo "make lock needs uv: see https://docs.astral.sh/uv" >&2; exit 2; }; \
	"$$uv" pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --output-file requirements-dev.lock

clean: ## remove the environment, caches and builds
	@rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache snapshot_report.html
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "agentdash needs Python 3.11 or newer, and found none on PATH." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "agentdash needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; \
		echo "Name another: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@test -x $(BIN)/python || { echo "Making $(VENV) with $(PYTHON) (once) …" >&2; \
		"$(PYTHON)" -m venv --clear $(VENV) || { \
		echo "That Python cannot make environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }; }
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: help demo run test check format bench screenshots package lock clean
