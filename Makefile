# Sonde. `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# One configuration for everything: tests are built on top of the program, and nothing twice.
SWIFT_BUILD := swift build -c release
SONDE := .build/release/sonde
NAME ?= quickstart
ARGS ?=
ROUNDS ?= 1000000
PREFIX ?= /usr/local
DESTDIR ?=
FUZZERS := "PayloadFuzz|RequestFuzz|KeyFuzz|FuzzedBytes"

.PHONY: help setup program build build-time demo test scenario scenarios labs browser-test pictures lint format docs gallery clean install \
  uninstall bench bench-svm bench-serving bench-pages soak-serving serving-clients svm-oracle exact-aggregates fault-schedules random-fleets fuzz fuzz-sanitized soak slurm-demo

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install missing system packages (Debian, Ubuntu)
	@.ci/setup

program: setup ## Build the program alone
	@$(SWIFT_BUILD) --product sonde

build: setup ## Build everything, tests included
	@$(SWIFT_BUILD) --build-tests

build-time: setup ## Build the program from nothing, elsewhere, and list the slowest modules
	@.ci/build-time $(SWIFT_BUILD) --product sonde

demo: program ## Run the quickstart scenario, and say where its report is
	@$(SONDE) run Scenarios/quickstart.yaml

test: build ## Run every test
	@swift test -c release --skip-build

scenario: program ## Run one: NAME=quickstart ARGS='--seed 7'
	@$(SONDE) run Scenarios/$(NAME).yaml $(ARGS)

scenarios: program ## Run all scenarios, with a summary table
	@$(SONDE) run $(wildcard Scenarios/*.yaml) $(ARGS)

labs: program ## Run every lab, start and solution, and hold the pages to the runs
	@Labs/check --sonde $(SONDE) $(ARGS)

browser-test: program ## Look at the live page and the report in Chromium: ARGS=--self-test damages pages
	@.ci/setup chromium fonts-dejavu-core python3-venv
	@SONDE=$(SONDE) Tests/Browser/run.sh $(ARGS)

pictures: program ## Make the pictures of README.md, of a run of a minute
	@.ci/setup chromium fonts-dejavu-core python3-venv
	@SONDE=$(SONDE) Tests/Browser/run.sh --pictures docs/pictures

bench: build ## Run the benchmarks, peers side by side
	@for script in Benchmarks/*/run.sh; do "$$script" || exit; done

bench-svm: build ## Run the benchmark of the one-class SVMs alone
	@Benchmarks/svm/run.sh

bench-serving: program ## Run the benchmark of the scoring service alone, beside FastAPI, Flask and MLServer
	@Benchmarks/serving/run.sh

bench-pages: program ## What report.html takes to write, and what those who watch a run cost it
	@Benchmarks/report/run.sh
	@Benchmarks/viewers/run.sh

soak-serving: program ## A million requests on the scoring service: memory flat, every answer right: RUN=FOLDER of a quickstart
	@python3 Benchmarks/serving/soak.py --sonde $(SONDE) --run $(RUN) $(ARGS)

serving-clients: program ## Hold the scoring service against others' clients and servers: RUN=FOLDER of a quickstart
	@Tests/Clients/run.sh $(RUN)

random-fleets: build ## Run COUNT=50 random fleets with wrong clocks, sleepers and extreme values
	@SONDE_RANDOM_FLEETS=$(or $(COUNT),50) $(if $(SEED),SONDE_FLEET_SEED=$(SEED)) \
	  swift test -c release --skip-build --filter JobFilesTests/theAccountOfRandomFleetsCloses

fault-schedules: build ## Run COUNT=200 seeded fault schedules
	@SONDE_FAULT_SCHEDULES=$(or $(COUNT),200) SONDE_FAULT_SEED=$(or $(SEED),1) \
	  swift test -c release --skip-build --filter FaultScheduleTests/drawnFaultsLoseNothingEither

svm-oracle: ## Train 240 models with scikit-learn, for ScikitLearnTests
	@Benchmarks/svm/oracle.sh

exact-aggregates: build ## Ingest hard readings, and hold the aggregates against arbitrary precision
	@Benchmarks/ingestion/exact.sh $(if $(SEED),--seed $(SEED))

fuzz: build ## Fuzz payloads, topics, requests and keys: ROUNDS=1000000, SEED=… repeats
	@SONDE_FUZZ_ROUNDS=$(ROUNDS) $(if $(SEED),SONDE_FUZZ_SEED=$(SEED)) swift test -c release --skip-build --filter $(FUZZERS)

fuzz-sanitized: setup ## The same under the address sanitizer, in a build of its own
	@SONDE_FUZZ_ROUNDS=$(ROUNDS) $(if $(SEED),SONDE_FUZZ_SEED=$(SEED)) \
	  swift test -c release --sanitize address --scratch-path .build/sanitized --filter $(FUZZERS)

soak: program ## Ingest ten million readings, and draw memory and file size into docs
	@Benchmarks/ingestion/soak.sh

slurm-demo: program ## Score the quickstart on a real Slurm, and stop it
	@.ci/setup slurm-wlm
	@.ci/slurm-demo $(SONDE) 4

lint: ## Check formatting and style
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks Tools

format: ## Put everything into the project's format
	@swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks Tools

docs: program ## Write docs/commands.md from the program's help
	@.ci/write-command-reference $(SONDE) > docs/commands.md

gallery: setup ## Draw signals, anomalies, transport faults and load into docs/gallery
	@$(SWIFT_BUILD) --product gallery
	@.build/release/gallery docs/gallery

# Through the environment, so that both may have spaces.
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export DESTDIR := $(DESTDIR)

install: program ## Install program, man page, completions and scenarios: PREFIX=/usr/local DESTDIR=
	@.ci/install $(SONDE) "$$PREFIX" "$$DESTDIR"

uninstall: ## Remove what was installed, from the same PREFIX and DESTDIR
	@.ci/install --uninstall "$$PREFIX" "$$DESTDIR"

clean: ## Remove what was built; runs are kept
	@rm -rf .build
