# Everything sets itself up in .venv; `make demo` is the place to start. Relative paths only: the
# directory above may have spaces in its name.
SHELL := /bin/sh
PYTHON ?=
KAFKA ?=
ARGS ?=
# What `make faults` draws its faults from; any number, and the same again for the same run.
SEED ?=
# A file that it writes its table into.
REPORT ?=
# How many tests run beside each other, each with its own PostgreSQL and Kafka (0: one by one).
JOBS ?= 2
UV := .venv/tools/bin/uv
# Whoever has the tools for development keeps them: a demo never takes packages away.
INSTALLED := $(if $(wildcard .venv/bin/pytest),.venv/.dev,.venv/.demo)

.PHONY: demo demo-once test check faults bench simulate lock clean
.DELETE_ON_ERROR:

demo: $(INSTALLED)
	.venv/bin/fuyan demo $(if $(KAFKA),--kafka "$(KAFKA)") $(ARGS)

demo-once: $(INSTALLED)
	.venv/bin/fuyan demo --once $(if $(KAFKA),--kafka "$(KAFKA)") $(ARGS)

test: check
	.venv/bin/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/fuyan contracts check

faults: .venv/.dev
	@seed=$${SEED:-$$(date +%s)}; echo "make faults SEED=$$seed draws the same again"; \
	FUYAN_FAULTS=full FUYAN_FAULT_SEED=$$seed FUYAN_FAULT_REPORT=$(REPORT) .venv/bin/python -m pytest -q \
		tests/faults/test_matrix.py tests/faults/test_apart.py $(ARGS)

bench: .venv/.dev
	.venv/bin/python -m tests.benchmarks $(ARGS)

# SEEDS=100000 FROM=0 for many, SEED=7 to see one again.
simulate: .venv/.dev
	.venv/bin/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000) \
		--from $(or $(FROM),0)) $(ARGS)

lock: .venv/.tools
	for name in tools base demo dev; do \
		$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
			--no-emit-index-url "requirements/$$name.in" -o "requirements/$$name.txt" || exit 1; \
	done

clean:
	rm -rf .venv .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# uv lives beside the environment, not in it: it makes .venv hold exactly what is locked.
.venv/.tools: requirements/tools.txt
	@for name in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
		"$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' \
			2>/dev/null && found="$$name" && break; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Fuyan needs Python 3.11 to 3.14; name one: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi; \
	echo "Setting up .venv with $$("$$found" --version)"; \
	{ [ -x .venv/bin/python ] || "$$found" -m venv --without-pip .venv; } && \
	"$$found" -m venv .venv/tools || { \
		echo "$$found cannot make environments (Debian: apt-get install python3-venv)" >&2; \
		exit 1; \
	}
	.venv/tools/bin/python -m pip install -q --disable-pip-version-check --require-hashes \
		-r requirements/tools.txt
	touch $@

.venv/.demo: .venv/.tools requirements/demo.txt
	$(call install,requirements/demo.txt)

.venv/.dev: .venv/.tools requirements/dev.txt
	$(call install,requirements/dev.txt)

# The tree itself is on the path by a .pth file, which needs no build tools; the command finds its
# Python beside itself, as pip's do where a path is too long, or has spaces, for a `#!` line.
define install
	$(UV) pip sync -q --python .venv/bin/python --require-hashes $(1)
	pwd > "$$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/fuyan.pth"
	printf '%s\n' '#!/bin/sh' "'''exec' \"\$$(dirname \"\$$0\")/python\" \"\$$0\" \"\$$@\" #'''" \
		'import sys' 'from deploy.cli.main import main' 'sys.exit(main())' > .venv/bin/fuyan
	chmod +x .venv/bin/fuyan
	touch $@
endef
