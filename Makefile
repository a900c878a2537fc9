# The doors people use first; CMakePresets.json is what they open.
#   make demo    install what is needed, build, run scenarios/rr-failover.topo
#   make test    the whole test suite
#   make bench   speed, printed, never judged
#   make fuzz    every fuzzer for FUZZ_SECONDS (60)
FUZZ_SECONDS ?= 60
# A folder of compiled objects kept between builds makes no difference to what is built.
LAUNCHER := $(if $(shell command -v ccache),-DCMAKE_C_COMPILER_LAUNCHER=ccache)

.PHONY: all demo test bench fuzz deps deps-test release clang clean install
.DEFAULT_GOAL := all

all: release

deps:
	@cmake/deps.sh build
deps-test:
	@cmake/deps.sh test

release: deps
	@cmake --preset release $(LAUNCHER) >/dev/null
	@cmake --build --preset release

clang: deps-test
	@cmake --preset clang $(LAUNCHER) >/dev/null
	@cmake --build --preset clang

demo: release
	build/release/simrun/simrun scenarios/rr-failover.topo
	@echo
	@echo "The report: simrun-rr-failover/report.html"

test: deps-test release clang
	@cmake --preset test $(LAUNCHER) >/dev/null
	@cmake --build --preset test
	@ctest --preset test

bench: release
	@tests/bench/run.sh build/release

fuzz: deps-test
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz
	@tests/fuzz/run.sh build/fuzz $(FUZZ_SECONDS)

install: release
	cmake --install build/release

clean:
	rm -rf build
