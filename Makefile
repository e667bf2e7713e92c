# Warren's verbs. `make` alone lists them.
SWIFT ?= swift
# Where everything is built. Two folders can be built in at the same time.
BUILD := .build
BUILD_HERE = $(SWIFT) build --scratch-path $(BUILD)
TEST_HERE = $(SWIFT) test --scratch-path $(BUILD) --skip-build
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.DEFAULT_GOAL := help
.PHONY: help setup build release demo lab-rollouts man install test test-api test-dashboard check golden fuzz rekeys failpoints simulate bench bench-dataplane bench-packets load clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What a build is told of itself. Debug builds are not: with each commit they would be linked anew.
COMMIT = $(shell git describe --always --abbrev=10 --exclude '*' --dirty=-modified 2>/dev/null)
COMPILER = $(shell $(SWIFT) --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
RELEASE = WARREN_COMMIT='$(COMMIT)' WARREN_COMPILER='$(COMPILER)' $(BUILD_HERE) -c release

# What building, the lab and the tests need from Debian 12.
PACKAGES := ca-certificates git pkg-config libsqlite3-dev libssl-dev \
	$(if $(filter x86_64,$(shell uname -m)),libipsec-mb-dev) \
	mandoc man-db bash zsh fish \
	prometheus iproute2 iputils-ping nftables tcpdump procps util-linux kmod python3 python3-venv python3-yaml openssl \
	user-mode-linux strongswan-swanctl charon-systemd libstrongswan-standard-plugins \
	libcharon-extra-plugins libstrongswan-extra-plugins

setup: ## install the Debian packages that are needed
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f '$${db:Status-Abbrev}' $$p 2>/dev/null | grep -q '^ii' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "installing:" $$missing; \
		$(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

build: setup ## build everything, debug
	$(BUILD_HERE) --build-tests

release: setup ## build the four programs, release
	$(RELEASE) --product warren
	$(RELEASE) --product warrend
	$(RELEASE) --product warren-agent
	$(RELEASE) --product warren-tunneld

man: release ## manual pages of the four programs, in .build/man
	$(RELEASE) --product warren-manual
	$(BUILD)/release/warren-manual $(BUILD)/man "$$(git log -1 --format=%cd --date=format:'%B %-d, %Y' 2>/dev/null || date '+%B %-d, %Y')" \
		"Warren $$($(BUILD)/release/warren --version | cut -d ' ' -f 1)"
	@echo "read one with: man -l $(BUILD)/man/man1/warren-plan.1"

PREFIX ?= /usr/local
PROGRAMS := warren warrend warren-agent warren-tunneld
SHARE = $(DESTDIR)$(PREFIX)/share

install: man ## programs, manual pages and completion for the shells, below PREFIX=/usr/local
	$(SUDO) install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS:%=$(BUILD)/release/%)
	for n in 1 8; do $(SUDO) install -D -m 644 -t $(SHARE)/man/man$$n $(BUILD)/man/man$$n/*; done
	for s in bash zsh fish; do $(BUILD)/release/warren completion $$s > $(BUILD)/man/completion.$$s; done
	$(SUDO) install -D -m 644 $(BUILD)/man/completion.bash $(SHARE)/bash-completion/completions/warren
	$(SUDO) install -D -m 644 $(BUILD)/man/completion.zsh $(SHARE)/zsh/site-functions/_warren
	$(SUDO) install -D -m 644 $(BUILD)/man/completion.fish $(SHARE)/fish/vendor_completions.d/warren.fish

demo: release ## five sites joined by IPsec on this machine, proven, and taken down again
	$(SUDO) $(BUILD)/release/warren lab demo Inventory/five-sites.yaml

lab-rollouts: release ## what changes of a running mesh cost: lost packets, scenario by scenario
	$(SUDO) $(BUILD)/release/warren lab rollouts

# Suites that bind ports, make namespaces or boot guests: one after another, so that a machine of two cores is enough.
REAL := 'DriverConformance|TunnelTests|TunnelControlTests|AgentRuntimeTests|ControllerTests|APITests|CLITests|RenderTests|LabTests|FailpointTests|InteropTests'

test: build ## every test: unit, golden, repository, and the lab with real packets (as root)
	$(TEST_HERE) --skip $(REAL)
	$(SUDO) env "PATH=$$PATH" $(TEST_HERE) --no-parallel --filter $(REAL)
	$(MAKE) test-api

# From PyPI, in a virtual environment of its own.
SCHEMATHESIS := $(BUILD)/schemathesis

$(SCHEMATHESIS)/bin/schemathesis:
	python3 -m venv $(SCHEMATHESIS)
	$(SCHEMATHESIS)/bin/pip install --quiet --disable-pip-version-check schemathesis==4.32.5

test-api: build $(SCHEMATHESIS)/bin/schemathesis ## hold a real warrend against its own OpenAPI description, with requests of all kinds
	python3 Tests/Support/api-contract/run.py $(BUILD)/debug/warrend $(abspath $(SCHEMATHESIS))/bin/schemathesis Inventory/five-sites.yaml

# A browser, what drives it, and D3.
BROWSER := chromium chromium-driver python3-selenium node-d3 fonts-noto-core

test-dashboard: build ## every page of the dashboard in a headless Chromium: looks, keys, live changes, hostile agents, a real mesh (as root)
	$(MAKE) setup PACKAGES="$(BROWSER)"
	$(SUDO) env BUILD=$(BUILD)/debug Tests/Dashboard/run.sh

check: ## formatting and warnings
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Agents Tests
	WARREN_WARNINGS_ARE_ERRORS=1 $(SWIFT) build --build-tests --scratch-path $(BUILD)-check

golden: build ## regenerate the golden files: review the difference before you commit it
	WARREN_UPDATE_GOLDEN=1 $(TEST_HERE) --filter Golden
	git diff --stat -- Tests/Golden Inventory/rejected

# What `make fuzz` fuzzes (inventory; of the packet path: outer, inner, segments, joins), and for how many seconds.
TARGET ?= inventory
TIME ?= 300
FUZZER = $(firstword $(wildcard $(dir $(realpath $(shell which $(SWIFT))))../lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a))
SEEDED = $(if $(filter inventory,$(TARGET)),-max_len=8192 -dict=Tests/Fuzz/inventory.dict,-max_len=1024)

fuzz: setup ## look for inputs that stop a decoder or a rule that must hold: TARGET=inventory, for TIME=300 seconds
	@test -n "$(FUZZER)" || { echo "this Swift has no libFuzzer"; exit 1; }
	WARREN_FUZZER=$(FUZZER) $(SWIFT) build -c release --product warren-fuzz --scratch-path $(BUILD)-fuzz
	mkdir -p $(BUILD)-fuzz/corpus-$(TARGET) $(BUILD)-fuzz/findings
	WARREN_FUZZ_TARGET=$(TARGET) $(BUILD)-fuzz/release/warren-fuzz -max_total_time=$(TIME) -timeout=10 -print_final_stats=1 \
		$(SEEDED) -artifact_prefix=$(BUILD)-fuzz/findings/$(TARGET)- \
		$(BUILD)-fuzz/corpus-$(TARGET) $(if $(filter inventory,$(TARGET)),Inventory Inventory/rejected Tests/Fuzz/Pinned,$(wildcard Tests/Fuzz/Pinned/$(TARGET)))

# Which of a gateway's points `make failpoints` takes: names with commas between them, or all.
POINTS ?= all

failpoints: build ## make every program die at every point where it can be made to, one after another (as root)
	$(SUDO) env "PATH=$$PATH" WARREN_FAILPOINTS=$(POINTS) $(TEST_HERE) --no-parallel --filter FailpointTests

# How often `make rekeys` replaces SAs, over how many tunnels, at how many packets a second.
REKEYS ?= 1000
TUNNELS ?= 8
PACKETS ?= 10000

rekeys: build ## two gateways with real daemons: REKEYS=1000 over TUNNELS=8 at PACKETS=10000 a second, every packet counted (as root)
	$(SUDO) env "PATH=$$PATH" WARREN_REKEYS=$(REKEYS) WARREN_REKEY_TUNNELS=$(TUNNELS) WARREN_REKEY_PACKETS=$(PACKETS) \
		$(TEST_HERE) --no-parallel --filter RekeyLoadTests

# How many seeds `make simulate` plays, from which on, with how many gateways, and linked how: ring, hubs, groups, fullMesh (none: as
# the seed has it).
SEEDS ?= 10000
FROM ?= 1
GATEWAYS ?= 50
SHAPE ?=
# How many more are full meshes, if no shape is named; how many have 5 gateways; how many from 5 to 50, as the seed has it; and how
# many 3 to 8, with the real IKE engine in place of a model of it.
MESH_SEEDS ?= 300
SMALL_SEEDS ?= 10000
MIXED_SEEDS ?= 2000
ENGINE_SEEDS ?= 1000
# Optimised across modules, which takes a third longer to build and an eighth of the time off.
SIMULATOR := $(BUILD)-simulate
SIMULATE = $(SIMULATOR)/release/warren-simulate --from=$(FROM) --workers=$(shell nproc) $(if $(SHAPE),--shape=$(SHAPE))

simulate: setup ## a mesh in simulated time under random faults: SEEDS=10000 of GATEWAYS=50, SMALL_SEEDS=10000 of 5, ENGINE_SEEDS=1000 with real IKE
	$(SWIFT) build --scratch-path $(SIMULATOR) -c release --experimental-lto-mode=full --product warren-simulate
	$(SIMULATE) --seeds=$(SEEDS) --gateways=$(GATEWAYS)
	$(if $(SHAPE),,$(SIMULATE) --seeds=$(MESH_SEEDS) --gateways=$(GATEWAYS) --shape=fullMesh)
	$(SIMULATE) --seeds=$(SMALL_SEEDS) --gateways=5
	$(SIMULATE) --seeds=$(MIXED_SEEDS)
	$(SIMULATE) --seeds=$(ENGINE_SEEDS) --ike=engine

bench: setup ## measure against a peer in the same run, and print ratios
	$(RELEASE) --product warren-bench
	$(BUILD)/release/warren-bench

# What else is measured, and with what: all of Debian 12.
RIVALS := iperf3 ethtool wireguard-go wireguard-tools openvpn
# How often everything is measured; where the records of earlier runs are kept; and whether the README shows what came of it.
ROUNDS ?= 3
MEASURED := $(BUILD)/bench-dataplane.jsonl
RESULTS := Tests/DataPlaneBench/results
PUBLISH ?=

bench-dataplane: setup ## host to host through two gateways: Warren, plain routing, strongSwan, OpenVPN, wireguard-go in turns (as root)
	$(MAKE) setup PACKAGES="$(RIVALS)"
	$(RELEASE) --product warren-tunneld
	$(RELEASE) --product tunnel-control
	$(RELEASE) --product udp-stream
	rm -f $(MEASURED)
	$(SUDO) python3 Tests/DataPlaneBench/bench.py measure $(MEASURED) --rounds $(ROUNDS) --programs $(abspath $(BUILD)/release)
	python3 Tests/DataPlaneBench/bench.py report $(MEASURED) --into $(if $(PUBLISH),$(RESULTS) --readme README.md,$(BUILD)/bench-dataplane)
	$(SUDO) python3 Tests/DataPlaneBench/tunnels.py --programs $(abspath $(BUILD)/release)

bench-packets: setup ## what a packet costs in instructions, allocations and locks, with one tunnel and with 1,000 (as root)
	$(MAKE) setup PACKAGES=valgrind
	$(RELEASE) --product warren-packet-cost
	$(SUDO) python3 Tests/PacketCost/cost.py

# The fleet that `make load` simulates.
SITES ?= 1000
TOPOLOGY ?= hub-and-spoke

load: setup ## SITES=1000 agents with real sessions on one controller: times, answers, memory, processor
	$(RELEASE) --product warrend
	$(RELEASE) --product warren
	$(RELEASE) --product warren-load
	$(BUILD)/release/warren-load --warrend $(BUILD)/release/warrend --warren $(BUILD)/release/warren --sites $(SITES) --topology $(TOPOLOGY)

clean: ## remove what was built
	rm -rf $(BUILD) $(BUILD)-check $(BUILD)-fuzz $(SIMULATOR)
