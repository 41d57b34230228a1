# The commands of the project. `make help` lists them; `make book` and `make test` are the two to know.
# PYTHON=…   the Python to start from (else the first of 3.11 to 3.13 on the path)
# BROWSER=0  leaves the browser tests out of `make test`
# JOBS=…     tests and notebooks side by side (2)

# Naming a shell makes old versions of make look for commands in the path that is exported below.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help book html test lint unit nbval strict pages notebooks lab chapter colab links chromium clean
.NOTPARALLEL:

JOBS    ?= 2
BROWSER ?= 1
READY   := .venv/ready

OUTER   := $(PATH)

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# One thread a process: small steps are faster so, and two notebooks run side by side.
export OMP_NUM_THREADS ?= 1

step = @printf '\n== %s\n'

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

book: html ## install, execute, build and serve the book; prints its address
	@python tools/serve.py

html: $(READY) ## the same without serving: the book in _build/html
	$(step) 'Executing the chapters that changed'
	@python tools/execute.py
	$(step) 'Building the pages'
	@jupyter-book build $(BOOK_OPTIONS) .

test: chromium-found lint unit nbval strict pages ## everything: style, types, package, notebooks, book, browser
	@printf '\n== All tests passed.\n'

lint: $(READY) ## style and types alone: ruff and mypy
	$(step) 'Style and types'
	@ruff check .
	@mypy

unit: $(READY) ## the tests of package, tools and widgets alone
	$(step) 'Package, tools and repository'
	@pytest -q -n$(JOBS) --ignore=tests/book --ignore=tests/browser tests
	$(step) 'Widgets in Node'
	@node --test 'tests/**/*.test.mjs'

nbval: $(READY) ## the notebooks alone, executed as read and as handed out
	$(step) 'Notebooks, executed'
	@PRIMER_STRICT=1 pytest -q -n$(JOBS) --dist loadscope --nbval-lax --nbval-current-env notebooks

strict: $(READY) ## the book built anew, any warning an error
	@$(MAKE) --no-print-directory html BOOK_OPTIONS='--all -W --keep-going'

pages: $(READY) ## the built book alone: its files, and every page in Chromium
	$(step) 'The pages of the book'
	@pytest -q -n$(JOBS) tests/book $(if $(filter 0,$(BROWSER)),,tests/browser)
ifeq ($(BROWSER),0)
	@printf 'BROWSER=0: the browser tests were left out.\n'
endif

notebooks: $(READY) ## write the notebooks again from the chapters and exercises
	@python -m tools.notebooks

lab: $(READY) ## open the notebooks in JupyterLab
	@jupyter lab --notebook-dir=notebooks

chapter: $(READY) ## start a chapter from the template: make chapter NAME=04-classical
	@python -m tools.chapter $(NAME)

colab: ## run the notebooks under Colab's versions: make colab LIST=pip-freeze.txt [TORCH=torch==…]
	@$(FIND_PYTHON) $$found -m tools.colab $(LIST) $(TORCH)

links: $(READY) ## check every outside link of the book (needs the network)
	@jupyter-book build --builder linkcheck .

chromium: $(READY) ## download Playwright's Chromium, where the system has none
	@playwright install chromium

clean: ## remove what was built; remove .venv by hand to start afresh
	@rm -rf _build build dist .pytest_cache .mypy_cache .ruff_cache
	@find src tests tools book -name __pycache__ -prune -exec rm -rf {} +

# Before anything is installed or run: is there a browser for the browser tests?
.PHONY: chromium-found
chromium-found:
	@$(FIND_PYTHON) test '$(BROWSER)' = 0 || $$found tools/chromium.py >/dev/null

# The environment. The file is written last, so that an interrupted installation is seen and done again.
$(READY): pyproject.toml constraints.txt package.json package-lock.json
	@$(FIND_PYTHON) $$found tools/bootstrap.py

define FIND_PYTHON
PATH='$(OUTER)'; for found in $(or $(PYTHON),python3 python python3.13 python3.12 python3.11) ''; do \
  $$found -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && break; \
done; \
if [ -z "$$found" ]; then \
  echo 'Python 3.11, 3.12 or 3.13 is needed and none was found: install one, or name it with PYTHON=/path/to/python.' >&2; \
  exit 1; \
fi;
endef

# A Python that was upgraded or a folder that was moved leaves a .venv that cannot start: make it again.
ifneq ($(wildcard $(READY)),)
  ifneq ($(shell .venv/bin/python -c 'import primer; print("works")' 2>/dev/null),works)
    $(shell rm -f $(READY))
  endif
endif
