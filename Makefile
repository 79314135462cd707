# Sonde. `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# One configuration for everything: a test run builds what `make demo` has built already.
SWIFT_BUILD := swift build -c release --build-tests
SONDE := .build/release/sonde
NAME ?= quickstart
ARGS ?=

.PHONY: gallery help setup build demo test scenario scenarios lint format docs clean bench

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the system packages that are missing (Debian, Ubuntu)
	@.ci/setup

build: setup ## Build everything, tests included
	@$(SWIFT_BUILD)

demo: build ## Run the quickstart scenario, and say where its report is
	@$(SONDE) run Scenarios/quickstart.yaml

test: build ## Run every test
	@swift test -c release --skip-build

scenario: build ## Run one scenario: make scenario NAME=quickstart ARGS='--seed 7'
	@$(SONDE) run Scenarios/$(NAME).yaml $(ARGS)

scenarios: build ## Run all scenarios, with a summary table
	@$(SONDE) run $(wildcard Scenarios/*.yaml) $(ARGS)

bench: build ## Run the benchmarks: peers side by side, ratios printed and written as JSON
	@for script in Benchmarks/*/run.sh; do "$$script" || exit; done

lint: ## Check formatting and style
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks

format: ## Put everything into the project's format
	@swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

docs: build ## Write the reference of the command line into docs/commands.md
	@.ci/write-command-reference $(SONDE) > docs/commands.md

gallery: build ## Draw every signal and anomaly into docs/gallery, from the real generator
	@$(SONDE) gallery docs/gallery

clean: ## Remove what was built; runs are kept
	@rm -rf .build
