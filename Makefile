# `make run` and `make test` are all that a newcomer needs; the rest is for those who change things.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What the benches measure us by, which would get in the way of what we run.
PEERS := $(VENV)/peers

# What we start starts dozens of Python processes, each of which would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test suite check-gitops lint format lock bench soak bad-input chaos chaos-settings clean

run: $(VENV)/running
	$(BIN)/python manage.py homelab $(ARGS)

# With `--jobs 2` the types are looked at while the first tests wait.
test: lint suite

# The whole suite runs in two processes; what ARGS asks for, in one with one set of services, where --pdb works.
suite: $(VENV)/developing
	$(BIN)/python -m pytest $(or $(ARGS),--numprocesses 2 --dist loadfile --no-loadscope-reorder)

# The cluster's tree, the image and the workflows: part of `make test`, and by itself where nothing else has
# changed. It needs kubectl.
check-gitops: $(VENV)/developing
	$(BIN)/python -m pytest tests/gitops tests/workflows $(ARGS)

lint: $(VENV)/developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/developing
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/installer
	for name in requirements requirements-stack requirements-review requirements-dev requirements-install; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
			--no-header $$name.in --output-file $$name.txt || exit 1; \
	done

# Brings the Swedish catalogues up to date with the sources, and compiles them. It needs GNU gettext.
messages: $(VENV)/developing
	$(BIN)/python manage.py makemessages --locale sv --no-location --no-wrap --no-obsolete \
		$(foreach name,.venv node_modules tests var,--ignore $(name))
	$(BIN)/python manage.py compilemessages --locale sv --ignore .venv

bench: $(VENV)/developing $(PEERS)/installed
	$(BIN)/python -m bench

# Does a process grow while a house lives fifty times as fast? An hour, or `make soak MINUTES=20`.
soak: $(VENV)/developing
	$(BIN)/python -m bench.soak $(if $(MINUTES),--minutes $(MINUTES))

# Everything fails at random while a house runs: twenty seeds of a minute and one of ten, an hour in all.
# `make chaos SEED=7 MINUTES=3` is one run. It needs Mosquitto, and fills a disk if it runs as root.
chaos: $(VENV)/developing
	$(BIN)/python -m tests.whole.chaos $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

# A million messages, nine of ten bad, through Mosquitto; `make bad-input MESSAGES=50000` sends fewer.
bad-input: $(VENV)/developing
	BAD_MESSAGES=$(or $(MESSAGES),1000000) $(BIN)/python -m pytest tests/whole/test_bad_input.py

# Kills processes and services in a hundred rounds while commands are made: about a quarter of an hour.
chaos-settings: $(VENV)/developing
	KILL_ROUNDS=100 $(BIN)/python -m pytest tests/whole/test_settings_kills.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/installer: requirements-install.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-install.txt
	touch $@

# A developer's environment holds all that running needs, so running never takes it apart.
$(VENV)/running: $(VENV)/installer requirements-stack.txt
	test -e $(VENV)/developing && $(MAKE) $(VENV)/developing || \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-stack.txt
	touch $@

$(VENV)/developing: $(VENV)/installer requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	touch $@

$(PEERS)/installed: $(VENV)/installer bench/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(BIN)/uv pip install --quiet --python $(PEERS)/bin/python --require-hashes -r bench/requirements.txt
	touch $@
