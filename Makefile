# `make` shows what there is; `make check` is exactly what CI runs. Go is needed, and for the tests Dovecot and the client
# programs of Postgres; its server is fetched where it is missing, and for root on Debian the others too. The tools come
# through the module proxy, pinned here.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GOLANGCI      := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOTESTSUM     := go run gotest.tools/gotestsum@v1.13.0
WORKFLOWCHECK := go run go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0

# The environment of the tests and of all that they start. Garbage is collected when four times as much as is in use has come
# to it (a gigabyte and a half in all at most), not once as much: that was a tenth of the processor time of a desk and a
# quarter of that of the rules' proofs. A program with the race detector in it, of which hundreds are started, ends at once; by
# default it sleeps for a second before. And Temporal's SDK does not take a workflow for deadlocked that a busy machine lets
# wait for a second: it goes on beside it then, which the race detector sees. The programs that are started keep that guard.
HASTE := GOGC=$${GOGC:-400} GOMEMLIMIT=$${GOMEMLIMIT:-1536MiB} GORACE="atexit_sleep_ms=0 $${GORACE:-}" TEMPORAL_DEBUG=1

# What `make generate` writes.
GENERATED := docs/lifecycle.md docs/configuration.md api/openapi api/client

# The race detector needs a C compiler. CI has one and must use it; without one, `make test` says so and goes on.
RACE := $(if $(or $(CI),$(shell command -v gcc || command -v clang)),-race)

# The flags with which `duradesk up` builds devserver/: with the same ones its thousand packages are compiled once.
DEVSERVER := -trimpath -ldflags='-s -w'

# The packages whose tests take longest, the longest first: two are tested at a time, and none of these is left for the end.
LONG := ./e2e ./postgres ./lifecycle ./cmd/duradesk ./workflows/replay ./api ./postgres/cluster ./mail ./deploy ./postgres/crowd ./dispatch ./mail/receive ./mail/world ./cmd/duradesk/doctor

# Further flags for `make bench`, for instance BENCH='--only latency --part 0.1' (see go run ./cmd/bench --help).
BENCH ?=

# For how long `make fuzz` looks with each target; `make soak` takes ten minutes.
FUZZTIME ?= 1m

# For how many seconds `make check` does.
BRIEFLY ?= 60

# Every fuzz target, as file:func FuzzX.
FUZZES = grep -roE --include='*_test.go' '^func Fuzz[A-Za-z]+' . | sort

# How many storms `make chaos` raises, the seed of the first (each further one has the next), and how long each is.
SEEDS ?= 20
SEED  ?= 1
STORM ?= 60s

.PHONY: help
help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: check
check: layout vet lint workflows fresh tidy fuzz-briefly test ## All that CI checks: layout, linters, generated files, every test

.PHONY: test
test: ## Run every test: -race, real Postgres, real Temporal (built the first time: about five minutes)
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin"; command -v dovecot >/dev/null || [ "$$(id -u)" = 0 ] || { \
	  echo "The tests speak with a real mail server, Dovecot, which is not installed. Run: sudo apt-get install dovecot-imapd dovecot-lmtpd" >&2; exit 1; }
	@compgen -G '/usr/lib/postgresql/*/bin/pg_dump' >/dev/null || command -v pg_dump >/dev/null || [ "$$(id -u)" = 0 ] || { \
	  echo "The tests take backups with Postgres' own programs, which are not installed. Run: sudo apt-get install postgresql-client" >&2; exit 1; }
	@$(if $(RACE),,echo "No C compiler here: testing without the race detector (Debian: apt-get install gcc)." >&2)
	@mkdir -p tmp
	@go build -ldflags='-s -w' -o tmp/duradesk ./cmd/duradesk; DURADESK_TEST_PROGRAM=$$PWD/tmp/duradesk; \
	DURADESK_TEST_TEMPORAL=$$(tmp/duradesk devserver); export DURADESK_TEST_PROGRAM DURADESK_TEST_TEMPORAL $(HASTE); \
	(cd devserver && $(GOTESTSUM) --format pkgname --hide-summary=skipped -- $(DEVSERVER) -vet=off -timeout 10m ./...); \
	$(GOTESTSUM) --format pkgname --format-hide-empty-pkg --hide-summary=skipped --jsonfile tmp/test.json -- $(RACE) -vet=off -timeout 30m $(LONG) ./...; \
	grep -q '"Action":"pass".*"Test":' tmp/test.json || { echo "no test was run" >&2; exit 1; }

.PHONY: fuzz
fuzz: ## Look for FUZZTIME (1m) with each fuzz target: mail, search, calendars, API bodies, signals
	@$(FUZZES) | while IFS=: read -r file target; do \
	  package=$$(dirname $$file) target=$${target#func }; echo "$$package $$target"; \
	  go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
	done

# Without coverage to guide it, for the compiler would build everything anew for that; with what `make test` builds. In rounds
# of so many inputs, for a fuzzer that a busy machine keeps beyond its time fails for that (golang/go#75804). The
# dice of a round are always the same: what CI says of a change must not hang on chance; `make fuzz` rolls others. Before the
# tests, for CI ends with their summary.
.PHONY: fuzz-briefly
fuzz-briefly: ## The same a minute each, two at a time, with dice that are always the same
	@mkdir -p tmp/fuzz; $(FUZZES) | while IFS=: read -r file target; do \
	  package=$$(dirname $$file) target=$${target#func } program=$$PWD/tmp/fuzz/$$(dirname $$file | tr ./ _).test; \
	  [ "$$program" = "$${built:-}" ] || go test $(RACE) -vet=off -c -o $$program $$package; built=$$program; \
	  echo $$package $$target $$program; \
	done >tmp/fuzz/targets; \
	xargs -P 2 -L 1 bash -c 'cd $$0; n=0; SECONDS=0; while ((SECONDS < $(BRIEFLY))); do n=$$((n+1)); \
	  GODEBUG=fuzzseed=$$n $$2 -test.run "^$$" -test.fuzz "^$$1$$" -test.fuzztime 2000x -test.parallel 1 -test.fuzzcachedir $$(dirname $$2)/inputs >$$2.$$1.log 2>&1 || \
	    { cat $$2.$$1.log >&2; echo "$$0 $$1: round $$n found what is above" >&2; exit 255; }; \
	  done; echo "$$0 $$1: $$n rounds of 2,000 inputs"' <tmp/fuzz/targets

.PHONY: soak
soak: ## Look longer: every property 20,000 times, every fuzz target for ten minutes, the race tests three times over
	go test -timeout 2h ./lifecycle -rapid.checks=20000
	$(MAKE) fuzz FUZZTIME=10m
	DURADESK_SOAK=1 DURADESK_REQUESTS=20000 go test $(RACE) -timeout 1h -run '^(TestRandomRequests|TestNobodySeesWhatIsNotHis)$$' ./api
	DURADESK_SOAK=1 go test -timeout 1h -run '^TestPlans$$' ./postgres
	DURADESK_SOAK=1 go test -timeout 1h -v -run '^(TestHowLongListsTake|TestEveryListIsAlongAnIndex)$$' ./postgres/crowd
	DURADESK_SOAK=1 DURADESK_TEST_TEMPORAL=$$(go run ./cmd/duradesk devserver) go test -timeout 1h -v -run '^(TestEachWebhook|TestAKilledSender|TestABulkJob|TestATableChanged|TestHowSoon)' ./workflows/replay
	DURADESK_SOAK=1 DURADESK_TEST_TEMPORAL=$$(go run ./cmd/duradesk devserver) go test -timeout 1h -v -run '^TestTheGuideIsFollowed$$' ./deploy
	DURADESK_SOAK=1 DURADESK_TEST_TEMPORAL=$$(go run ./cmd/duradesk devserver) go test -tags soak -timeout 3h -v \
	  -run '^(TestConsoleInABrowser|TestTheConsoleIsQuick|TestBacklog|TestTwoWorkersAtOneMailbox|TestFloodOnOneTicket|TestHowLateTimersAre)$$' ./e2e
	$(MAKE) chaos
	DURADESK_RACE=1 DURADESK_TEST_TEMPORAL=$$(go run ./cmd/duradesk devserver) go test $(RACE) -count 3 -timeout 2h ./...

.PHONY: chaos
chaos: ## Kill anything: SEEDS=20 storms of a minute, every crash point twice, planted defects that must be found, full disks (as root)
	DURADESK_TEST_TEMPORAL=$$(go run ./cmd/duradesk devserver); export DURADESK_TEST_TEMPORAL; \
	DURADESK_SEEDS=$(SEEDS) DURADESK_SEED=$(SEED) DURADESK_STORM=$(STORM) go test -timeout 3h -v -run '^TestKillEverything$$' ./e2e; \
	DURADESK_SOAK=1 go test -tags soak -timeout 2h -v -run '^(TestEveryCrashPointIsTried|TestPlantedDefectsAreFound|TestDisks)$$' ./e2e

.PHONY: bench
bench: ## Measure the desk beside the bare limits of this machine (under 30 minutes); writes docs/benchmarks.md
	go run ./cmd/bench --write docs/benchmarks.md $(BENCH)

.PHONY: day
day: ## Play a business day of 200 agents, 5,000 tickets and 12,000 mails in ten minutes; writes docs/a-day.md
	go run ./cmd/bench --day --write docs/a-day.md $(BENCH)

.PHONY: steady
steady: ## Load the desk evenly for ten minutes: memory, latency and growth must stay as they are; writes docs/steady.md
	go run ./cmd/bench --steady 10m --write docs/steady.md $(BENCH)

.PHONY: bench-1m
bench-1m: ## Measure lists and searches over a million tickets beside a hundred thousand; writes docs/benchmarks-1m.md
	go run ./cmd/bench --only lists --crowd 1000000 --write docs/benchmarks-1m.md $(BENCH)

.PHONY: generate
generate: ## Write anew what is generated: the picture of the process, the settings, the API's server interface and client
	go generate ./...
	go run ./cmd/duradesk config --write docs/configuration.md

.PHONY: fresh
fresh: ## Check that generated files say what their sources say
	@sums() { find $(GENERATED) -type f | sort | xargs sha256sum; }; \
	before=$$(sums); $(MAKE) generate >&2; after=$$(sums); \
	if [ "$$before" != "$$after" ]; then \
	  echo "Generated files were stale. They are fresh now; look at the difference and commit it:" >&2; \
	  diff <(echo "$$before") <(echo "$$after") | sed -n 's/^> [0-9a-f]*//p' >&2; exit 1; \
	fi

.PHONY: fmt
fmt: ## Lay out the Go code: gofumpt, imports in order
	$(GOLANGCI) fmt

.PHONY: layout
layout: ## Like fmt, but only look
	@$(GOLANGCI) fmt --diff || { echo "Run: make fmt" >&2; exit 1; }

.PHONY: vet
vet: ## Find what the compiler lets pass and is wrong
	go vet ./...
	go vet -tags soak ./e2e
	cd devserver && go vet -trimpath ./...

.PHONY: lint
lint: ## Run the linters (.golangci.yml says which and why)
	$(GOLANGCI) run

.PHONY: workflows
workflows: ## Check that workflow code replays the same
	$(WORKFLOWCHECK) -config .workflowcheck.yaml ./...

.PHONY: tidy
tidy: ## Check that go.mod lists what is used, no more
	@go mod tidy -diff || { echo "Run: go mod tidy" >&2; exit 1; }
	@cd devserver && go mod tidy -diff || { echo "Run: go mod tidy, in devserver" >&2; exit 1; }

.PHONY: devserver
devserver: ## Build the small Temporal server that `duradesk up` and the tests run, and print where it is
	@go run ./cmd/duradesk devserver

.PHONY: clean
clean: ## Remove what building and testing left here (not .duradesk, the state of `duradesk up`)
	rm -rf bin tmp coverage.out
