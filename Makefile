# Everything sets up .venv by itself and is quick when nothing changed. See README.md; Chinese: README.zh.md.
SHELL := bash
PY := .venv/bin/python
GRADER := .venv/bin/grader
lang ?= both

.PHONY: help setup demo lab test test-fast test-long bench attacks build verify lint lock clean
help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## set up .venv (TORCH=auto|cpu|cuda)
	@.ci/setup

demo: setup  ## release a bundle, grade the sample class in the sandbox, write build/demo/
	$(GRADER) demo build/demo

lab: setup  ## open the lessons in JupyterLab (lang=en|zh|both); your edits in work/ are never overwritten
	$(GRADER) lab work --lang $(lang)

test: setup  ## everything that CI runs, fast tiers first
	$(PY) -m tests.tiers

test-fast: setup  ## the fast tiers: seconds, no kernel, no sandbox
	$(PY) -m tests.tiers --fast

test-long: setup  ## the large counts that make test leaves out (some minutes more)
	$(PY) -m pytest -q -m long tests

bench: setup  ## time grading against stock nbgrader autograde on the same submissions, and on a cluster against here
	$(PY) -m tests.bench
	$(PY) -m tests.bench.cluster

attacks: setup  ## run the attack suite here and in plain nbgrader, and write tests/attacks/TABLE.md (some ten minutes)
	$(PY) -m tests.attacks.table

build: setup  ## build and execute the notebooks from their lesson.py
	$(GRADER) build

verify: setup  ## prove the checks: right answers pass, every named wrong one fails with its own hint
	$(GRADER) verify

lint: setup
	$(PY) -m tests.tiers lint types

lock: setup  ## write requirements.lock from what .venv holds
	@{ head -1 requirements.lock; .venv/bin/pip freeze --exclude-editable | sed 's/+cpu$$//'; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock

clean:  ## remove what was built (not .venv, not work/)
	rm -rf build .pytest_cache .ruff_cache .mypy_cache
