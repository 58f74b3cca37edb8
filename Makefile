# Everything here needs Python >= 3.11 and make, nothing else.
PORT ?= 8000
VENV := .venv
PYTHON_RUN := $(VENV)/bin/python
UV_VERSION := 0.13.8
# What a change waits for too, and the first run does not.
LONG := browser or thorough
export PORT

.DEFAULT_GOAL := help
.PHONY: help run test test-thorough chaos figures check lock setup setup-dev format

help:
	@echo "make run     start Gatehouse with demo organizations (PORT=8765 make run)"
	@echo "make test    run the test suite, in minutes (TESTS=tests/tenants for a part)"
	@echo "make test-thorough   and what takes long: the browser, generated calls, killed processes"
	@echo "make chaos   1,000 requests while workers, broker, database and clock fail (CHAOS='--tickets 60')"
	@echo "make figures chaos, then speed: under load, of deletions, of reads under a grant (20 minutes)"
	@echo "make check   linters, types, layers, deployment and schema checks"
	@echo "make format  format the Python code"
	@echo "make lock    resolve the dependencies again"

setup:
	@sh deploy/environment.sh requirements.lock

setup-dev:
	@sh deploy/environment.sh requirements-dev.lock

run: setup
	@DEMO=true exec $(PYTHON_RUN) manage.py up

test: setup-dev
	@$(PYTHON_RUN) -m pytest $(if $(TESTS),$(TESTS),-m "not ($(LONG) or chaos)")

# In two processes: Playwright's loop makes Django's connections those of a context, no thread's.
test-thorough: setup-dev
	@$(PYTHON_RUN) -m pytest -m browser; browser=$$?; \
		$(PYTHON_RUN) -m pytest -m "thorough and not browser" && exit $$browser

chaos: setup-dev
	@$(PYTHON_RUN) -m tests.chaos $(CHAOS)

figures: chaos
	@$(PYTHON_RUN) -m tests.chaos.speed
	@eval "$$($(PYTHON_RUN) .ci/services.py)" && $(PYTHON_RUN) -m tests.benchmarks.erase \
		&& $(PYTHON_RUN) -m tests.benchmarks.reads

check: setup-dev
	@sh deploy/check.sh

format: setup-dev
	@$(PYTHON_RUN) -m ruff check --fix-only -q . ; $(PYTHON_RUN) -m ruff format .

lock: setup-dev
	@test -x .tools/uv/bin/uv || $(PYTHON_RUN) -m venv .tools/uv
	@.tools/uv/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@.tools/uv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header -q pyproject.toml -o requirements.lock
	@.tools/uv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header -q -c requirements.lock --group dev pyproject.toml \
		-o requirements-dev.lock
