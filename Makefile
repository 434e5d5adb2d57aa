# Two commands to begin with: `make demo` and `make test`. Each sets up all it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test check format bench docs site coverage laws fuzz mutate mutants soak judges contract-fuzz kills clean
help:
	@echo "make demo           run examples/iris on a hub of your own: plan, apply, leaderboard, predict"
	@echo "make test           run the tests"
	@echo "make check          what CI runs: format, lint, types, import contracts, tests, docs"
	@echo "make format         format the code"
	@echo "make docs           generate docs/ from the commands, the models and the docstrings"
	@echo "make site           build the documentation as a site, in site/"
	@echo "make bench          measure, and compare with what people would use instead"
	@echo "make coverage       run the tests and say which lines and branches none of them took"
	@echo "make laws           try each law in 10,000 worlds"
	@echo "make fuzz           give 100,000 hostile files, plans, answers and credentials"
	@echo "make mutate         break each promise once, and look whether a test notices"
	@echo "make mutants        break the planner in 3,000 ways, and look which of them no test notices"
	@echo "make soak           whole lives of clients; laws and fuzz in worlds that nobody has tried"
	@echo "make judges         let the public clients of the cloud live whole lives on a hub"
	@echo "make contract-fuzz  send 10,000 requests that the OpenAPI document allows"
	@echo "make kills          kill -9 ten experiments and look what is lost"

.venv/.hub: pyproject.toml
	@test -x $(BIN)/python || { echo "Making .venv ..."; $(PYTHON) -m venv .venv; }
	@echo "Installing auger and its hub into .venv ..."
	@$(PIP) install -e ".[hub]"
	@touch $@

.venv/.dev: .venv/.hub
	@echo "Installing what the tests need into .venv ..."
	@$(PIP) install -e ".[hub,formats,s3,stores,postgresql,dev]"
	@touch $@

demo: .venv/.hub
	@$(BIN)/python examples/demo.py

test: .venv/.dev
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check
	$(MAKE) --no-print-directory test

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/.dev
	$(BIN)/python docs/generate.py

.venv/.site: .venv/.hub
	@$(PIP) install -e ".[docs]"
	@touch $@

site: .venv/.site
	$(BIN)/mkdocs build --strict --quiet

bench: .venv/.dev
	$(BIN)/python -m benchmarks

coverage: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --timeout 0 --cov --cov-report=term

laws: .venv/.dev
	HYPOTHESIS_PROFILE=laws $(BIN)/python -m pytest -n 2 --timeout 0 tests/laws

fuzz: .venv/.dev
	AUGER_FUZZ=25000 $(BIN)/python -m pytest -n 2 tests/fuzz

mutate: .venv/.dev
	$(BIN)/python tests/mutations/run.py

mutants: .venv/.dev
	@$(PIP) "mutmut==3.8.1"
	$(BIN)/python tests/mutations/mutants.py

soak: .venv/.dev
	AUGER_SOAK=1 $(BIN)/python -m pytest tests/hub/clients tests/hub/work
	AUGER_SOAK=1 $(BIN)/python -m pytest --timeout 0 tests/laws/test_faults_over_http.py
	HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -n 2 --timeout 0 tests/laws
	AUGER_FUZZ=25000 AUGER_FUZZ_FROM=$$(date +%s) $(BIN)/python -m pytest -n 2 tests/fuzz

judges: .venv/.dev
	$(BIN)/python -m tests.hub.clients.drive

contract-fuzz: .venv/.dev
	$(BIN)/python -m tests.hub.contract_fuzz

kills: .venv/.dev
	$(BIN)/python -m benchmarks.kill_loop

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
