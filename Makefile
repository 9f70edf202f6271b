GO ?= go
LINT_VERSION := v2.15.0
LINT := .cache/bin/golangci-lint-$(LINT_VERSION)
NFPM_VERSION := v2.43.0
NFPM := .cache/bin/nfpm-$(NFPM_VERSION)

# The suites over real servers run apart, as two users.
UNIT = $$($(GO) list ./... | grep -v /e2e)

# The race detector needs a C compiler, the rest does not.
RACE := $(shell command -v gcc >/dev/null && echo -race)

# A checkout whose git cannot be asked still builds.
VCS := $(shell git rev-parse -q --verify HEAD >/dev/null 2>&1 && echo true || echo false)

.PHONY: help setup servers matrix build man demo test lint check fuzz bench compose packages clean

help: ## show the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: ## install MariaDB and OpenSSH where they are missing, and start neither
	@scripts/setup.sh

servers: ## bring MySQL 5.6 to 9 and MariaDB 10.5 to 11.8 into a cache folder, each as a tree for the lab
	@scripts/setup.sh servers

build: ## build bin/replssl
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=$(VCS) -o bin/replssl ./cmd/replssl

man: ## write the manual pages to bin/man: man -M bin/man replssl
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)} \
		$(GO) run ./cmd/replssl/internal/man --dir bin/man/man1

demo: setup build ## take a cluster on this machine from plaintext to TLS
	@scripts/demo.sh

test: setup build ## run all tests, those over real servers as root (where root runs it) and as a normal user
	$(GO) vet ./...
	@$(if $(RACE),,echo "no gcc here: the tests run without the race detector")
	$(GO) test $(RACE) -timeout 20m $(UNIT)
	@GO="$(GO)" scripts/e2e.sh

lint: $(LINT) ## run the linters
	$(LINT) run ./...

check: lint test ## run everything that must pass

fuzz: ## run each fuzz target for ten seconds
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime 10s $$package || exit 1; \
		done; \
	done

matrix: servers build ## play every scenario on every pair of servers, and write docs/compatibility.md
	@GO="$(GO)" scripts/matrix.sh

bench: ## measure it, and hold it against the same change by hand
	@$(GO) run ./e2e/bench all

compose: ## try docker-compose.yml on a container engine of its own, as root
	@GO="$(GO)" scripts/compose.sh

packages: $(NFPM) ## make dist/ as a release has it, publish nothing, and open everything in it
	GO="$(GO)" NFPM=$(NFPM) scripts/packages.sh
	scripts/packages-check.sh

clean: ## remove what was built
	rm -rf bin dist .cache

$(LINT):
	GOBIN=$(CURDIR)/.cache/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv .cache/bin/golangci-lint $@

$(NFPM):
	GOBIN=$(CURDIR)/.cache/bin $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)
	mv .cache/bin/nfpm $@
