# Two commands to begin with: `make demo` and `make test`. Each sets up all it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The tests start some hundred processes: what is compiled once need not be compiled by each.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --group build \
	--custom-compile-command "make lock" pyproject.toml

.PHONY: help demo demo-loop compose-local drill quick test test-newest slow check format bench docs site workflows lock audit dist coverage \
	laws fuzz mutate mutants soak judges contract-fuzz kills clean
help:
	@echo "make demo           run examples/iris on a hub of your own: plan, apply, leaderboard, predict"
	@echo "make demo-loop      let a model be watched, retrained and replaced by a controller"
	@echo "make compose-local  run what deploy/compose.yml says without Docker: PostgreSQL, S3, Dask, two hubs"
	@echo "make drill          break each part of it under load, and look whether anything is lost (ten minutes)"
	@echo "make quick          run the tests that need no process and no search, in less than a minute"
	@echo "make test           run the tests, on a real hub, in less than five minutes"
	@echo "make check          what CI runs: format, lint, types, import contracts, docs, workflows, 'make test'"
	@echo "make slow           run the tests that 'make test' leaves out: kills, faults, whole lives"
	@echo "make format         format the code"
	@echo "make docs           generate docs/ from the commands, the models and the docstrings"
	@echo "make site           build the documentation as a site, in site/"
	@echo "make workflows      validate what CI hosts read"
	@echo "make lock           write requirements/ anew, with the newest versions that fit"
	@echo "make test-newest    run the tests with the newest of everything, lock or not"
	@echo "make audit          look for known holes in what is installed, and for dangerous code"
	@echo "make dist           build what a release publishes, in dist/"
	@echo "make bench          measure, and compare with what people would use instead"
	@echo "make coverage       run the tests and say which lines and branches none of them took"
	@echo "make laws           try each law in 10,000 worlds"
	@echo "make fuzz           give 100,000 hostile files, plans, answers and credentials"
	@echo "make mutate         break each promise once, and look whether a test notices"
	@echo "make mutants        break the planner in 3,000 ways, and look which of them no test notices"
	@echo "make soak           all that is slow, at depth: whole lives of clients, laws and fuzz in new worlds"
	@echo "make judges         let the public clients of the cloud live whole lives on a hub"
	@echo "make contract-fuzz  send 10,000 requests that the OpenAPI document allows"
	@echo "make kills          kill -9 ten experiments and look what is lost"

# requirements/ says which versions, with their hashes; pyproject.toml says which ones may be.
.venv/.hub: requirements/hub.txt pyproject.toml
	@test -x $(BIN)/python || { echo "Making .venv ..."; $(PYTHON) -m venv .venv; }
	@echo "Installing auger and its hub into .venv ..."
	@$(PIP) install --require-hashes -r requirements/hub.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements/all.txt pyproject.toml
	@test -x $(BIN)/python || { echo "Making .venv ..."; $(PYTHON) -m venv .venv; }
	@echo "Installing auger and what its tests need into .venv ..."
	@$(PIP) install --require-hashes -r requirements/all.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch .venv/.hub $@

demo: .venv/.hub
	@$(BIN)/python examples/demo.py

demo-loop: .venv/.hub
	@$(BIN)/python examples/loop/play.py

compose-local: .venv/.dev
	@$(BIN)/python -m deploy.local

drill: .venv/.dev
	@$(BIN)/python -m deploy.drill

quick: .venv/.dev
	@HYPOTHESIS_PROFILE=quick AUGER_FUZZ=25 $(PYTEST) -m "not hub and not process and not search and not slow"

test: .venv/.dev
	@$(PYTEST)

test-newest:
	@test -x .venv-newest/bin/python || $(PYTHON) -m venv .venv-newest
	@.venv-newest/bin/python -m pip --quiet install --upgrade --upgrade-strategy eager -e ".[all]"
	@.venv-newest/bin/python -m pip list
	@.venv-newest/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

slow: .venv/.dev
	@HYPOTHESIS_PROFILE=deep $(PYTEST) -m "not slow" tests/laws
	@$(PYTEST) -m "slow and not soak" || { echo "Once more, one by one, what failed beside other tests:"; \
	$(BIN)/python -m pytest -m "slow and not soak" --last-failed --last-failed-no-failures none; }

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check
	$(MAKE) --no-print-directory site workflows
	$(MAKE) --no-print-directory test

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/.dev
	$(BIN)/python docs/generate.py

site: .venv/.dev
	$(BIN)/mkdocs build --strict --quiet

workflows: .venv/.dev
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml examples/gitops/.github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/auger/action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci examples/gitops/.gitlab-ci.yml
	@if command -v actionlint > /dev/null; then actionlint .github/workflows/*.yml examples/gitops/.github/workflows/*.yml; \
	else echo "actionlint is not installed: the expressions in the workflows were not checked"; fi

lock: .venv/.dev
	@$(PIP) install "uv==0.13.9"
	$(COMPILE) --upgrade --all-extras --output-file requirements/all.txt
	$(COMPILE) --upgrade --constraints requirements/all.txt --extra hub --output-file requirements/hub.txt
	$(COMPILE) --upgrade --constraints requirements/all.txt --output-file requirements/core.txt

audit: .venv/.dev
	@$(PIP) install "bandit==1.9.4" "pip-audit==2.10.1"
	$(BIN)/bandit --quiet --recursive --severity-level high auger auger_reconcile auger_hub
	$(BIN)/pip-audit --require-hashes --disable-pip --requirement requirements/all.txt

dist: .venv/.dev
	@$(PIP) install "build==1.4.0" "twine==6.2.0"
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/twine check --strict dist/*

bench: .venv/.dev
	$(BIN)/python -m benchmarks

coverage: .venv/.dev
	$(PYTEST) -m "" --timeout 0 --cov --cov-report=term --cov-report=html --cov-fail-under=95

laws: .venv/.dev
	HYPOTHESIS_PROFILE=laws $(BIN)/python -m pytest -n 2 --timeout 0 tests/laws -m "not slow"

fuzz: .venv/.dev
	AUGER_FUZZ=25000 $(BIN)/python -m pytest -n 2 tests/fuzz

mutate: .venv/.dev
	$(BIN)/python tests/mutations/run.py

mutants: .venv/.dev
	@$(PIP) install "mutmut==3.8.1"
	$(BIN)/python tests/mutations/mutants.py

soak: .venv/.dev
	AUGER_SOAK=1 AUGER_DEFECTS=200 $(BIN)/python -m pytest -m slow --timeout 0 tests
	AUGER_TABLES=300 $(BIN)/python -m pytest -n 2 -m "slow or not slow" tests/hub/models/test_one_reading.py
	HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -n 2 --timeout 0 tests/laws -m "not slow"
	AUGER_FUZZ=25000 AUGER_FUZZ_FROM=$$(date +%s) $(BIN)/python -m pytest -n 2 tests/fuzz
	$(MAKE) --no-print-directory contract-fuzz

judges: .venv/.dev
	$(BIN)/python -m tests.hub.clients.drive

contract-fuzz: .venv/.dev
	$(BIN)/python -m tests.hub.contract_fuzz

kills: .venv/.dev
	$(BIN)/python -m benchmarks.kill_loop

clean:
	rm -rf .venv .venv-newest .pytest_cache .mypy_cache .ruff_cache .hypothesis
