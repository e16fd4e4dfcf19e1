# Two commands matter: `make demo` and `make test`. Both build the environment in .venv/ first.
PYTHON ?= python3
BIN := .venv/bin

SHIPPED := src/bolus/estimators/shipped

.PHONY: demo test wheel lint structure docs fuzz study-small weights weights-paper weights-spinned clean

demo: .venv/.ready
	$(BIN)/bolus demo --output demo --overwrite

# A file's tests stay on one worker, which then makes what they share but once. A worker has one thread: two fill two cores.
# Memory that was freed is kept: asking the kernel for it again costs a twentieth of the time.
test: .venv/.ready-dev
	MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_TOP_PAD_=67108864 \
	    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: .venv/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos
	$(BIN)/hadolint Dockerfile
	for part in environment post runscript test; do \
	    sed -n "/^%$$part/,/^%/{/^%/d;p}" bolus.def | $(BIN)/shellcheck --shell sh - || exit 1; done

# Figures of the structure beside their limits; --where (WHERE=1) lists the places counted.
structure:
	$(PYTHON) tools/structure.py $(if $(WHERE),--where)

# The site, into docs/_build/html; it runs the scripts of its gallery.
docs: .venv/.ready-dev
	$(BIN)/sphinx-build -E -W --keep-going -b html docs docs/_build/html

# Broken and absurd input, about 1700 cases in five minutes; writes docs/fuzz.md, and fails where it finds a fault.
fuzz: .venv/.ready-dev
	cd tests && ../$(BIN)/python -m fuzz ../docs/fuzz.md

# A whole study, small, to see that it runs and what it writes: its 4 patients say nothing of the methods.
study-small: .venv/.ready
	$(BIN)/bolus simulate cohort -o study/cohort --low 2 --high 2 --matrix 28,28,4 --frames 36 --overwrite
	$(BIN)/bolus study study/cohort -o study/results --snr none,20 --overwrite

# The weights that come with the package, from their seeds: about 12 minutes on two cores; those of the published
# network took three hours on cores that did other work too.
weights: .venv/.ready-dev
	mkdir -p weights
	$(BIN)/bolus train -o weights/phae.safetensors --preset phae --seed 0 --overwrite
	cp weights/phae.safetensors $(SHIPPED)/

weights-paper: .venv/.ready-dev
	mkdir -p weights
	$(BIN)/bolus train -o weights/phae-paper.safetensors --preset paper --seed 0 \
	    --patients 207 --voxels 500 --batch 96 --epochs 65 --overwrite
	cp weights/phae-paper.safetensors $(SHIPPED)/

weights-spinned: .venv/.ready-dev
	mkdir -p weights
	$(BIN)/bolus train -o weights/spinned.safetensors --preset spinned --seed 0 --overwrite
	cp weights/spinned.safetensors $(SHIPPED)/

# The wheel, in an environment of its own with what it asks for and nothing else: its maps, and its size (600 MB at most).
wheel: .venv/.ready
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	$(PYTHON) -m venv --without-pip dist/fresh
	$(BIN)/python -m pip --python dist/fresh/bin/python install --quiet --no-compile --constraint constraints.txt dist/bolus-*.whl
	cd dist && size=$$(du -sm fresh/lib | cut -f1) && echo "installed: $$size MB" && test "$$size" -le 600
	cd dist && fresh/bin/bolus simulate patient -o patient --matrix 28,28,4 --frames 36 --quiet \
	    && fresh/bin/bolus maps patient/dsc.nii.gz -o maps --motion off --quiet

# What the program needs. Most modules of what is installed are never imported: Python compiles those that are.
.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "bolus needs Python 3.11 or newer, found " + sys.version'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable .
	touch $@

# What its development needs besides (torch is among it: large).
.venv/.ready-dev: .venv/.ready
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --group dev
	touch $@

clean:
	rm -rf .venv demo dist study docs/_build docs/auto_gallery
